"""A home's month of outages for people: the answer, a picture with a row for each day, and a table of what was compared."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.util import find_spec
from typing import Any

import click

from virtual_devices.answers.survive import BIGGER, hours
from virtual_devices.cli._frame import Row, plain
from virtual_devices.cli._results import gaps
from virtual_devices.cli._width import columns, filled
from virtual_devices.kit.ledger.darkness import SIGNS

WIDE = 100
"""Columns that the picture needs; with less it has a sign for an hour instead of half an hour."""
_MARKS = dict(zip(SIGNS, (("·", "dim"), ("░", "green"), ("█", "bold red")), strict=True))
_LEGEND = dict(zip(SIGNS, ("grid there", "outage, survived", "outage, partly dark"), strict=True))
_BAR = 10
_LABEL, _LEVEL, _DARK = 12, 7, 9
_MOST_NAMED = 8
NOTHING = "0.00"


def show(result: Mapping[str, Any]) -> None:
    """Print it: in colours on a terminal that has them, else as text."""
    if sys.stdout.isatty() and find_spec("rich") is not None:
        from rich.console import Console  # noqa: PLC0415 - for terminals only
        from rich.text import Text  # noqa: PLC0415

        console = Console(highlight=False, emoji=False, markup=False)
        if not console.is_dumb_terminal:
            for row in plain(report(result, console.width), console.encoding):
                console.print(Text.assemble(*row), soft_wrap=True)
            return
    for row in plain(report(result, columns() or WIDE), sys.stdout.encoding):
        click.echo("".join(text for text, _ in row).rstrip())


def report(result: Mapping[str, Any], width: int) -> list[Row]:
    """All of it, in rows."""
    now = result["cases"][0]
    month = date.fromisoformat(f"{result['month']}-01")
    count = len(now["days"])
    days = f", {count} {'day' if count == 1 else 'days'}" if count else ""
    asked = f"stage {result['stage']}" if result["stage"] is not None else "without a grid"
    rows: list[Row] = [*_said(result["answer"], "bold green" if result["survives"] else "bold red"), []]
    rows.append([(f"{result['home']}, {now['title']}: {asked} in {month:%B %Y}{days}", "bold")])
    if "winters" in result:
        for which in ("median", "worst"):
            shown = result[which]
            rows += [[], [(f"the {which} of {len(result['winters'])} {result['season']}, {shown['winter']}", "bold")], *picture(shown["cases"], width)]
        rows += [[], *ranges(result["ranges"], width)]
        cases = result["worst"]["cases"]
    else:
        cases = result["cases"]
        rows += [*picture(cases, width), [], *table(cases, width)]
    rows += _lacking(cases[0], " in the worst" if "winters" in result else "")
    if result["not_covered"]:
        rows += [[], *(row for line in gaps(result["not_covered"]) for row in _said(line))]
    if result["conditions"]:
        rows += [[], *(row for line in result["conditions"] for row in _said(line))]
    return rows


def _said(text: str, style: str = "") -> list[Row]:
    """A sentence in rows that fit."""
    return [[(line, style)] for line in filled(text, further="  ").splitlines()]


def _lacking(case: Mapping[str, Any], when: str) -> list[Row]:
    """What its loads went without. when: in which of several years."""
    rows: list[Row] = []
    if case["hours_without"]:
        named = [f"{name} {hours(value)}" for name, value in case["hours_without"].items()]
        rows += [[], *_said(f"in outages without the power they wanted{when}: {_listed(named)}")]
    missed = sorted(((each["not_delivered_kwh"], name) for name, each in case["loads"].items()), key=lambda item: (-item[0], item[1]))
    if named := [f"{name} {kilowatt_hours(energy)}" for energy, name in missed if kilowatt_hours(energy) != NOTHING]:
        rows += [[], *_said(f"not delivered{when}, of what they take without outages, kWh: {_listed(named)}")]
    return rows


def _listed(named: list[str]) -> str:
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return ", ".join(named[:_MOST_NAMED]) + more


def kilowatt_hours(energy: float) -> str:
    """Two decimals, and nothing below nothing."""
    return f"{round(energy, 2) + 0.0:.2f}"


def picture(cases: Sequence[Mapping[str, Any]], width: int) -> list[Row]:
    """One row for each day of the first case: what its hours were like, how low the battery fell, how long it was dark."""
    now = cases[0]
    larger = next((case for case in cases if case["case"] == BIGGER), None)
    each = 2 if width < WIDE else 1  # half hours in a sign
    signs = len(now["days"][0]["marks"]) // each
    stored = now["lowest_soc"] is not None
    clock = "".join(f"{hour:<{6 // each}}" for hour in range(0, 24, 3))
    head = " " * _LABEL + f"{clock:<{signs}}"
    head += f"  {'lowest SOC':<{_BAR + _LEVEL}}" if stored else ""
    head += f"{'dark':>{_DARK}}"
    head += f"at {larger['battery_kwh']:g} kWh".rjust(_DARK + 2) if larger else ""
    rows: list[Row] = [[(head, "dim")]]
    for index, day in enumerate(now["days"]):
        row: Row = [(f"{date.fromisoformat(day['date']):%a %d %b}".ljust(_LABEL), ""), *_marks(day["marks"], each)]
        if stored:
            row += _level(day["lowest_soc"])
        row.append((_dark(day).rjust(_DARK), "red"))
        if larger:
            row.append((_dark(larger["days"][index]).rjust(_DARK + 2), "red"))
        rows.append(row)
    rows.append([(" " * _LABEL, "")])
    for sign, text in _LEGEND.items():
        rows[-1] += [_MARKS[sign], (f" {text}  ", "dim")]
    return rows


def _marks(marks: str, each: int) -> Row:
    found: Row = []
    for index in range(0, len(marks), each):
        text, style = _MARKS[max(marks[index : index + each], key=SIGNS.index)]
        if found and found[-1][1] == style:
            found[-1] = (found[-1][0] + text, style)
        else:
            found.append((text, style))
    return found


def _level(soc: float) -> Row:
    full = round(soc * _BAR)
    return [("  ", ""), ("█" * full, "green"), ("░" * (_BAR - full), "dim"), (f"{100 * soc:.0f} %".rjust(_LEVEL), "")]


def _dark(day: Mapping[str, Any]) -> str:
    return hours(day["dark_hours"]) if day["dark_hours"] else ""


def table(cases: Sequence[Mapping[str, Any]], width: int) -> list[Row]:
    """What was compared, one row for each case under two rows of headings; the last columns go where there is no room. Without a grid nobody knows a price."""
    return _table(
        [
            ("", "", [case["title"] for case in cases]),
            ("outages", "h", [f"{case['outage_hours']:.1f}" for case in cases]),
            ("dark", "h", [f"{case['dark_hours']:.1f}" for case in cases]),
            ("lowest", "SOC", [_percent(case["lowest_soc"]) for case in cases]),
            ("not", "essential", [kilowatt_hours(case["not_delivered_essential_kwh"]) for case in cases]),
            ("delivered", "all kWh", [kilowatt_hours(case["not_delivered_kwh"]) for case in cases]),
            ("import", "kWh", [f"{case['import_kwh']:.1f}" for case in cases]),
            *([("cost", cases[0]["currency"], [f"{case['cost']:.2f}" for case in cases])] if cases[0]["currency"] else []),
            ("longest", "dark h", [f"{case['longest_dark_hours']:.1f}" for case in cases]),
            ("autonomy", "", [_percent(case["autonomy"]) for case in cases]),
        ],
        width,
    )


def ranges(found: Sequence[Mapping[str, Any]], width: int) -> list[Row]:
    """The same of several years: from the least to the most."""

    def span(each: Mapping[str, Any], name: str, digits: int, scale: float = 1.0) -> str:
        if each[name] is None:
            return "–"
        low, high = (f"{value * scale:.{digits}f}" for value in (each[name][0], each[name][-1]))
        return low if low == high else f"{low} to {high}"

    return _table(
        [
            ("", "", [each["title"] for each in found]),
            ("dark", f"of {found[0]['winters']}", [str(each["dark"]) for each in found]),
            ("dark", "h", [span(each, "dark_hours", 1) for each in found]),
            ("lowest", "SOC, %", [span(each, "lowest_soc", 0, 100.0) for each in found]),
            *([("cost", found[0]["currency"], [span(each, "cost", 0) for each in found])] if found[0]["currency"] else []),
            ("import", "kWh", [span(each, "import_kwh", 0) for each in found]),
            ("not delivered", "kWh", [span(each, "not_delivered_kwh", 1) for each in found]),
        ],
        width,
    )


def _table(columns: Sequence[tuple[str, str, list[str]]], width: int) -> list[Row]:
    lines = [""] * (2 + len(columns[0][2]))
    for head, unit, values in columns:
        cells = [head, unit, *values]
        size = max(map(len, cells))
        if lines[0] and len(lines[0]) + 2 + size > width:
            break
        lines = [f"{line}  {cell:>{size}}" if line else f"{cell:<{size}}" for line, cell in zip(lines, cells, strict=True)]
    return [[(line, "dim" if number < 2 else "")] for number, line in enumerate(lines)]  # noqa: PLR2004 - the headings


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
