"""What a run came to, as it closes in a terminal: sentences, the bill, tables. Nothing is wider than 80 columns, and nothing is said twice."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from virtual_devices.answers.findings.findings import Findings
from virtual_devices.answers.findings.words import money, percent, period, sentences

WIDE = 78
_NAME = 20
_NOTHING = "–"


def closing(found: Findings) -> list[str]:
    """All of it, in lines."""
    lines = [f"{found.home}: {period(found)}", ""]
    lines += wrapped(sentences(found))
    for part in (_bill(found), _months(found), _loads(found), _arrays(found), _batteries(found), _losses(found)):
        lines += ["", *part] if part else []
    return lines


def wrapped(texts: Iterable[str]) -> list[str]:
    """Sentences as lines, each a little to the right."""
    each = textwrap.TextWrapper(WIDE, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False, break_long_words=False)
    return [line for text in texts for line in each.wrap(text)]


def _bill(found: Findings) -> list[str]:
    bill, energy = found.bill, found.energy_kwh
    if bill is None:
        return []
    rows = [("imported", f"{energy['grid_import']:.1f} kWh", bill.energy)]
    rows += [("fixed", "", bill.fixed)] if bill.fixed else []
    rows += [("exported", f"{energy['grid_export']:.1f} kWh", -bill.income)] if energy["grid_export"] or bill.income else []
    rows.append(("the bill", "", bill.amount))
    if found.batteries:
        change = sum(each.stored_start_kwh - each.stored_end_kwh for each in found.batteries.values())
        rows += [("to refill what the battery gave", f"{round(change, 1) + 0.0:+.1f} kWh", bill.refill), ("to compare by", "", bill.total)]
    return [f"  {name:<32} {what:>14} {money(value, bill.currency):>20}" for name, what, value in rows]


def _months(found: Findings) -> list[str]:
    if len(found.months) < 2:  # noqa: PLR2004 - it would say the same once more
        return []
    rows = []
    for each in found.months:
        energy = each.energy_kwh
        values = [energy[name] for name in ("pv_used", "load_served", "grid_import", "grid_export")]
        cells = [each.month, *(f"{value:.1f}" for value in values), percent(each.self_sufficiency), _hours(each.dark_hours)]
        rows.append([*cells, _digits(each.cost, 2)])
    currency = found.bill.currency if found.bill is not None else ""
    return _table(["month", "sun kWh", "loads", "import", "export", "self-suff.", "dark h", f"bill {currency}".strip()], rows)


def _loads(found: Findings) -> list[str]:
    if not found.loads:
        return []
    if not any(each.without_power_hours for each in found.loads.values()):
        return [*_table(["load", "heat kWh"], [[name, f"{each.energy_kwh:.2f}"] for name, each in found.loads.items()]), "  every load had power when it wanted it"]
    rows = [
        [name, f"{each.energy_kwh:.2f}", _digits(each.without_power_hours, 2), _digits(each.longest_without_power_hours, 2), f"{each.unserved_kwh:.3f}"]
        for name, each in found.loads.items()
    ]
    return [
        *_table(["load", "heat kWh", "off while wanting h", "longest h", "unserved kWh"], rows),
        "  unserved: demand while there was no power, of a thermostat for as long as its",
        "  contact is closed; `virtual-devices survive` says what was missing in the end.",
    ]


def _arrays(found: Findings) -> list[str]:
    rows = [
        [name, _digits(each.kwp, 2), f"{each.energy_kwh:.1f}", _digits(each.specific_yield, 1), percent(each.performance_ratio), f"{each.curtailed_kwh:.1f}", _digits(each.clipped_kwh, 1)]
        for name, each in found.arrays.items()
    ]
    return _table(["array", "kWp", "used kWh", "kWh/kWp", "ratio", "curtailed", "clipped"], rows) if rows else []


def _batteries(found: Findings) -> list[str]:
    rows = [
        [name, f"{each.charged_kwh:.2f}", f"{each.discharged_kwh:.2f}", f"{each.lost_kwh:.2f}", f"{each.stored_start_kwh:.2f}", f"{each.stored_end_kwh:.2f}", percent(each.soc_end)]
        for name, each in found.batteries.items()
    ]
    return _table(["battery, kWh", "charged", "gave", "lost in it", "held at first", "in the end", "SOC"], rows) if rows else []


def _losses(found: Findings) -> list[str]:
    batteries = sum(each.lost_kwh for each in found.batteries.values())
    rest = found.energy_kwh["losses"] - batteries
    return [f"  lost on the way: {rest:.1f} kWh in the inverter, {batteries:.1f} kWh in batteries"] if found.energy_kwh["losses"] >= 0.05 else []  # noqa: PLR2004


def _hours(value: float | None) -> str:
    return _digits(value, 1)


def _digits(value: float | None, digits: int) -> str:
    return _NOTHING if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, the others to the right."""
    widths = [max(len(line[index]) for line in [head, *rows]) for index in range(len(head))]
    widths[0] = min(widths[0], _NAME)
    lines = []
    for line in [head, *rows]:
        first = line[0] if len(line[0]) <= widths[0] else f"{line[0][: widths[0] - 1]}…"
        lines.append(f"  {first:<{widths[0]}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True)))
    return lines
