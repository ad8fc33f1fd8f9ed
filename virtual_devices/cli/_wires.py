"""What flows on each wire of a home, painted with characters: a line for each, with a bar, its power, and what it has carried."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from virtual_devices.cli._frame import COLORS, Row, framed, short
from virtual_devices.edge.visitor.picture import STILL, Now, watts
from virtual_devices.edge.visitor.wires import WireFlow, WireFlows

_NAME, _POWER, _ENERGY = 14, 8, 11
_BESIDE = 1 + _NAME + 1 + 1 + _NAME + _POWER + _ENERGY + 1
"""Columns of a line that its bar does not take."""
_LISTED = 8
_HEAD = "J that were carried since you look, and W, the mean of the last window"
_WAITS = "waits for the next window"
_SILENT = "the inverter does not tell what flows any more: its setting flows is off"


def painter(wires: WireFlows) -> Callable[[Now, int, int, Sequence[str], str], list[Row]]:
    """A picture of what flows just now, for a view that has a home to show."""
    return lambda now, width, height, footer, note: paint_wires(now, wires.now(), width, height, footer, note, told=wires.told)


def liner(wires: WireFlows) -> Callable[[Now], str]:
    """The same in one line, for where there is no terminal."""
    return lambda now: wire_line(now, wires.now(), told=wires.told)


def paint_wires(
    now: Now, wires: Sequence[WireFlow], width: int, height: int, footer: Sequence[str] = (), note: str = "", *, told: bool = True
) -> list[Row]:
    """The picture in ``height`` lines of ``width`` columns at most; where there are too many wires, those with most power.

    told: whether the inverter tells what flows.
    """
    closing: list[Row] = [[(f" {text}", "dim")] for text in footer]
    words = _SILENT if not told else _HEAD if wires else _WAITS
    room = max(1, height - 3 - (len(closing) + 1 if closing else 0))
    shown = _most(wires, room)
    highest = max((wire.power for wire in shown), default=0.0)
    rows: list[Row] = [_row(wire, width - 2 - _BESIDE, highest) for wire in shown]
    if len(shown) < len(wires):
        rows.append([(f" … and {len(wires) - len(shown)} more, with less", "dim")])
    return framed(now, note, width, [[(f" {words}", "dim")], *rows], closing)[:height]


def wire_line(now: Now, wires: Sequence[WireFlow], *, told: bool = True) -> str:
    """The time, and the wires with most power."""
    time = "" if now.time is None else f"{now.time:%H:%M}" + (" paused" if now.paused else "") + "  "
    if not told:
        return time + _SILENT
    flowing = sorted((wire for wire in wires if wire.power >= STILL), key=lambda wire: -wire.power)
    more = [f"and {len(flowing) - _LISTED} more"] if len(flowing) > _LISTED else []
    listed = [f"{wire.source}>{wire.sink} {watts(wire.power)}" for wire in flowing[:_LISTED]]
    return time + (", ".join([*listed, *more]) or ("nothing flows" if wires else _WAITS))


def _most(wires: Sequence[WireFlow], room: int) -> list[WireFlow]:
    """All in their order where they fit; else those with most power, and a line is left for the others."""
    if len(wires) <= room:
        return list(wires)
    kept = sorted(wires, key=lambda wire: (-wire.power, wire.source, wire.sink))[: room - 1]
    return [wire for wire in wires if wire in kept]


def _row(wire: WireFlow, width: int, highest: float) -> Row:
    """Source, a bar as long as its share of the highest power, sink, W and J."""
    style = next((COLORS[name] for name in (wire.source, wire.sink) if name in COLORS), "cyan")
    flows = wire.power >= STILL
    length = max(1, round(wire.power / highest * width)) if flows else 0
    bar: Row = [("━" * (length - 1) + "▶", style), ("┄" * (width - length), "dim")] if flows else [("┄" * width, "dim")]
    return [
        (" " + short(wire.source, _NAME) + " ", "" if flows else "dim"),
        *bar,
        (" " + short(wire.sink, _NAME), "" if flows else "dim"),
        (watts(wire.power).rjust(_POWER), f"bold {style}" if flows else "dim"),
        (joules(wire.energy).rjust(_ENERGY) + " ", ""),
    ]


def joules(energy: int) -> str:
    """An energy in four digits at least: ``812 J``, ``9999 kJ``, ``12.35 MJ``."""
    if energy < 10_000:  # noqa: PLR2004 - four digits are read at a glance
        return f"{energy} J"
    return f"{energy / 1e3:.0f} kJ" if energy < 9_999_500 else f"{energy / 1e6:.2f} MJ"  # noqa: PLR2004
