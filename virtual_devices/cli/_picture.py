"""A home painted with characters: rows of (text, style) for a terminal of a given size. It knows no terminal itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from virtual_devices.cli._branches import Branch, branches
from virtual_devices.cli._frame import COLORS, Row, cut, fit, framed, length_of, short
from virtual_devices.edge.visitor.picture import SWITCHED_OFF, Flow, Now, watts

NARROWEST, LOWEST = 78, 14
"""Columns and lines below which there is no picture."""

_BOX = 13
_LABEL, _WORDS, _POWER, _ARROW = 9, 13, 7, 2
_LEFT = _LABEL + _WORDS + _POWER + 1 + _ARROW
_NAME, _SUPPLY = 14, 8
_LOAD = _ARROW + 1 + _NAME + 1 + _SUPPLY
_WIDEST_NAME = 24
_DEEPEST = 8  # columns for what a load hangs on
_BAR = 24
_STILL = 0.5
_BAR_GLYPHS = {"sun": "█", "battery": "▓", "grid": "░"}
_SWITCHED = {"open": ("open", "yellow"), "tripped": ("tripped", "red"), SWITCHED_OFF: ("off", "dim")}
_CONDITIONS = {"ok": "green", "alarm": "yellow", "fault": "bold red"}


def paint(now: Now, width: int, height: int, footer: Sequence[str] = (), note: str = "") -> list[Row]:
    """The picture in ``height`` lines of ``width`` columns at most.

    footer: lines at the bottom.  note: beside the home's name.
    """
    inner = width - 2
    stats = _stats(now, inner)
    closing = [[(f" {text}", "dim")] for text in footer]
    room = max(4, height - 4 - len(stats) - (len(closing) + 1 if closing else 0))
    body = _body(now, inner, room)
    middle: list[Row] = [[(" " + _ambience(now), "dim")], *body]
    return framed(now, note, width, middle, stats, closing)[:height]


# -- words --------------------------------------------------------------------------------------------------------------


def _ambience(now: Now) -> str:
    if now.time is not None:
        return now.weather
    return "waits for the first window" + (f"; offline: {', '.join(now.offline)}" if now.offline else "")


def _stats(now: Now, inner: int) -> list[Row]:
    bar: Row = [(" now    ", "dim")]
    for name, share in now.shares.items():
        bar.append((_BAR_GLYPHS[name] * round(share * _BAR), COLORS[name]))
    if now.shares:
        bar += [("  ", "")] + [(f"{name} {share * 100:.0f} %  ", COLORS[name]) for name, share in now.shares.items() if share > 0]
    bar.append((f"loads {watts(now.load)}", COLORS["loads"]))
    rows = [bar]
    words = _today(now.today)
    if now.cost is not None:
        words.append((f"cost {now.cost:.2f} {now.currency}".rstrip().replace("-", "−"), "bold"))
    rows += _wrapped(" today  ", words or [("–", "")], inner)
    if now.offline and now.time is not None:
        rows += _wrapped(" offline", [(f" {name}", "red") for name in now.offline], inner)[:2]
    return rows


def _today(today: Mapping[str, float]) -> list[tuple[str, str]]:
    found = [
        (f"{name} {_energy(today[name])}", COLORS.get(name, "")) for name in ("sun", "loads", "import", "export") if name in today
    ]
    if "charged" in today and "discharged" in today:
        battery = f"battery +{_energy(today['charged'])} −{_energy(today['discharged'])}"
        found.append((battery, COLORS["battery"]))
    return [*found[:-1], (f"{found[-1][0]} kWh", found[-1][1])] if found else []


def _energy(energy: float) -> str:
    return f"{energy:.2f}" if energy < 10 else f"{energy:.1f}"  # noqa: PLR2004 - three digits


def _wrapped(label: str, words: Sequence[tuple[str, str]], inner: int) -> list[Row]:
    rows: list[Row] = []
    row: Row = [(label, "dim")]
    for text, style in words:
        if length_of(row) + len(text) > inner and len(row) > 1:
            rows.append(row)
            row = [(" " * len(label), "")]
        row += [(text, style), ("  ", "")]
    return [*rows, row]


# -- flows --------------------------------------------------------------------------------------------------------------


def _body(now: Now, inner: int, room: int) -> list[Row]:
    left, joined_left = _supply(now, room)
    width = inner - _LEFT - _BOX - 5
    right, joined_right = _loads(now, width, room)
    size = max(len(left), len(right), 4)
    above_left, above_right = (size - len(left)) // 2, (size - len(right)) // 2
    middle = (size - 1) // 2
    box = dict(enumerate(_box(now), start=middle - 1))
    trunk = _trunk({row + above_left for row in joined_left}, middle, "╮┤╯├┬┴┼")
    branches = _trunk({row + above_right for row in joined_right}, middle, "╭├╰┤┬┴┼")
    rows = []
    for index in range(size):
        row = fit(left[index - above_left] if 0 <= index - above_left < len(left) else [], _LEFT)
        at_box = "─" if index == middle else " "
        row += [(trunk.get(index, " "), "dim"), (at_box if trunk else " ", "dim")]
        row += fit(box.get(index, []), _BOX)
        row += [(at_box if branches else " ", "dim"), (branches.get(index, " "), "dim")]
        row += right[index - above_right] if 0 <= index - above_right < len(right) else []
        rows.append(row)
    return rows


def _trunk(joined: set[int], middle: int, signs: str) -> dict[int, str]:
    """The vertical line that joins the rows of one side to the box. signs: first, between, last; box; three crossings."""
    if not joined:
        return {}
    first, last = min(*joined, middle), max(*joined, middle)
    found = {}
    for index in range(first, last + 1):
        place = 0 if index == first else 2 if index == last else 1
        if index == middle and index in joined:
            sign = "─" if first == last else signs[(4, 6, 5)[place]]
        elif index == middle:
            sign = {"├": "╭├╰", "┤": "╮┤╯"}[signs[3]][place]
        else:
            sign = signs[place] if index in joined else "│"
        found[index] = sign
    return found


def _box(now: Now) -> list[Row]:
    width = _BOX - 2
    word = now.condition.split(",")[0]
    return [
        [("╭" + "─" * width + "╮", "dim")],
        [("│", "dim"), (short(now.inverter or "no inverter", width).strip().center(width), "bold"), ("│", "dim")],
        [("│", "dim"), (word[:width].center(width), _CONDITIONS.get(word, "")), ("│", "dim")],
        [("╰" + "─" * width + "╯", "dim")],
    ]


def _arrow(power: float | None, style: str) -> tuple[str, str]:
    if power is None or abs(power) < _STILL:
        return "┄┄", "dim"
    return ("━▶" if power > 0 else "◀━"), style


def _flow(label: str, words: str, flow: Flow, style: str) -> Row:
    """A row that joins the trunk."""
    power = "offline" if not flow.online else watts(None if flow.power is None else abs(flow.power))
    return [
        (f" {label}".ljust(_LABEL), "bold " + style),
        (short(words, _WORDS), "" if flow.fine else "red"),
        (power.rjust(_POWER), style if flow.online else "red"),
        (" ", ""),
        _arrow(flow.power if flow.online else None, style),
    ]


def _supply(now: Now, room: int) -> tuple[list[Row], set[int]]:
    rows: list[Row] = []
    joined: set[int] = set()
    below = 2 * len(now.stores) + 2 * len(now.grids)
    for index, flow in enumerate(_most(now.sources, max(1, room - below))):
        joined.add(len(rows))
        rows.append(_flow("" if index else "sun", flow.name, flow, COLORS["sun"]))
    for index, flow in enumerate(now.stores):
        level = flow.level or 0.0
        full = min(_WORDS, max(0, round(level * _WORDS)))
        gauge: Row = [(" " * _LABEL if index else " battery".ljust(_LABEL), "bold green")]
        gauge += [("█" * full, "green"), ("░" * (_WORDS - full), "dim")]
        gauge += [(("– %" if flow.level is None else f"{level * 100:.0f} %").rjust(_POWER), "bold")]
        rows.append(gauge)
        joined.add(len(rows))
        rows.append(_flow("", flow.note if len(now.stores) == 1 else flow.name, flow, COLORS["battery"]))
    for index, flow in enumerate(now.grids):
        joined.add(len(rows))
        rows.append(_flow("" if index else "grid", flow.note or flow.name, flow, COLORS["grid"]))
        if flow.change:
            rows.append([(" " * _LABEL, ""), (flow.change, "dim")])
    return rows[:room], {index for index in joined if index < room}


def _loads(now: Now, width: int, room: int) -> tuple[list[Row], set[int]]:
    many = len(now.circuits) + len(now.loads) > room
    columns = 2 if many and width >= 2 * _LOAD + 1 else 1
    each = (width - columns + 1) // columns
    shown = branches(now.circuits, now.loads, room * columns)
    height = -(-len(shown) // columns)
    rows: list[Row] = []
    for index in range(height):
        row = _load(shown[index], each)
        if columns > 1 and index + height < len(shown):
            row = [*fit(row, each), (" ", ""), *_load(shown[index + height], each)]
        rows.append(row)
    return rows, {index for index in range(height) if not shown[index].stem}


def _load(branch: Branch, width: int) -> Row:
    flow, stem = branch.flow, branch.stem[-_DEEPEST:]
    spare = width - _LOAD
    name = min(_NAME + max(0, spare), _WIDEST_NAME) - len(stem)
    if not flow.online:
        power, style = "offline", "red"
    elif flow.note in _SWITCHED:
        power, style = _SWITCHED[flow.note]
    elif not flow.fine:
        power, style = "no power", "red"
    else:
        power, style = watts(flow.power), COLORS["loads"]
    row: Row = [
        *([(stem, "dim")] if stem else []),
        _arrow(flow.power if flow.online and flow.fine else None, style),
        (" " + short(flow.name, name), "" if flow.fine else "red"),
        (power.rjust(_SUPPLY + 1), style),
    ]
    return cut([*row, (f"  {flow.change}", "dim")], width) if flow.change else row


def _most(flows: Sequence[Flow], room: int) -> list[Flow]:
    """All by name where they fit; else those that matter most, and the rest in one."""
    if len(flows) <= room:
        return list(flows)
    ranked = sorted(flows, key=lambda flow: (-max(flow.power or 0, flow.wanted or 0), flow.name))
    kept, rest = ranked[: room - 1], ranked[room - 1 :]
    power = sum(flow.power or 0 for flow in rest)
    return [*sorted(kept, key=lambda flow: flow.name), Flow(f"{len(rest)} more", power)]
