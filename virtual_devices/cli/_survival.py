"""A home's month of outages for people: the answer, a picture with a row for each day, and a table of what was compared."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import click

from virtual_devices.cli._picture import Row, plain
from virtual_devices.fleet.survive import BIGGER, hours
from virtual_devices.kit.darkness import SIGNS

WIDE = 100
"""Columns that the picture needs; with less it has a sign for an hour instead of half an hour."""
_MARKS = dict(zip(SIGNS, (("·", "dim"), ("░", "green"), ("█", "bold red")), strict=True))
_LEGEND = dict(zip(SIGNS, ("grid there", "outage, survived", "outage, dark in a part of it"), strict=True))
_BAR = 10
_LABEL, _LEVEL, _DARK = 12, 7, 9
_MOST_NAMED = 8


def show(result: Mapping[str, Any]) -> None:
    """Print it: in colours on a terminal that has them, else as text."""
    if sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415 - for terminals only
        from rich.text import Text  # noqa: PLC0415

        console = Console(highlight=False, emoji=False, markup=False)
        if not console.is_dumb_terminal:
            for row in plain(report(result, console.width), console.encoding):
                console.print(Text.assemble(*row), soft_wrap=True)
            return
    for row in plain(report(result, WIDE), sys.stdout.encoding):
        click.echo("".join(text for text, _ in row).rstrip())


def report(result: Mapping[str, Any], width: int) -> list[Row]:
    """All of it, in rows."""
    now = result["cases"][0]
    month = date.fromisoformat(f"{result['month']}-01")
    days = f", {len(now['days'])} days" if now["days"] else ""
    rows: list[Row] = [[(result["answer"], "bold green" if result["survives"] else "bold red")], []]
    rows.append([(f"{result['home']}, {now['title']}: stage {result['stage']} in {month:%B %Y}{days}", "bold")])
    rows += [*picture(result["cases"], width), [], *table(result["cases"])]
    if now["hours_without"]:
        named = [f"{name} {hours(value)}" for name, value in now["hours_without"].items()]
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        rows += [[], [(f"in outages without the power they wanted: {', '.join(named[:_MOST_NAMED])}{more}", "")]]
    return rows


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
        rows[-1] += [_MARKS[sign], (f" {text}    ", "dim")]
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


def table(cases: Sequence[Mapping[str, Any]]) -> list[Row]:
    """What was compared, one row for each case under two rows of headings."""
    currency = str(cases[0]["currency"])
    lines = [
        ("", "outages", "dark", "longest", "lowest", "unserved kWh", "", "import", "cost", "autonomy"),
        ("", "h", "h", "h", "SOC", "essential", "all", "kWh", currency, ""),
        *(_cells(case) for case in cases),
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    widths[5] = max(len(line[5]) for line in lines[1:])  # its heading reaches over two columns
    rows: list[Row] = []
    for number, line in enumerate(lines):
        text = line[0].ljust(widths[0])
        for cell, width in zip(line[1:], widths[1:], strict=True):
            text += "  " + cell.rjust(width)
        rows.append([(text, "dim" if number < 2 else "")])  # noqa: PLR2004 - the headings
    return rows


def _cells(case: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        case["title"],
        *(f"{case[name]:.1f}" for name in ("outage_hours", "dark_hours", "longest_dark_hours")),
        _percent(case["lowest_soc"]),
        *(f"{case[name]:.2f}" for name in ("unserved_essential_kwh", "unserved_kwh")),
        f"{case['import_kwh']:.1f}",
        f"{case['cost']:.2f}",
        _percent(case["autonomy"]),
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
