"""Which layout a table has: columns of time and power, a row for each day, several registers below one another, the words of Home Assistant.

What a value means, ``virtual_devices.loads.household.load_file`` finds out.
"""

from __future__ import annotations

import re
from dataclasses import replace

from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.stamps import time_of_day
from virtual_devices.kit.tables import Table, read_table
from virtual_devices.loads.household.columns import read_columns
from virtual_devices.loads.household.days import clocks_of, read_days
from virtual_devices.loads.household.home_assistant import read_exported
from virtual_devices.loads.household.nem12 import is_nem12, read_nem12
from virtual_devices.loads.household.registers import one_register
from virtual_devices.loads.household.series import Series
from virtual_devices.loads.household.times import begins, begins_by_parts, by_parts
from virtual_devices.loads.household.units import is_unit, unit_in

_FORM = "write lines such as 2025-01-31T06:00:00,150"
_FOOTER = re.compile(
    r"(?:grand |sub)?(?:total|sum(?:me|ma)?|gesamt|somme|suma|totaal|averages?|mean|mittelwert|durchschnitt|minimum|maximum|min|max|"
    r"erstellt|created|generated|exported|copyright|end of|source|quelle|note|hinweis)\w*\b",
    re.IGNORECASE,
)
"""How last lines begin that are no rows of values."""
MOST_BELOW = 8
"""Such lines at most."""
_NO_UNITS = frozenset(["", "%", "v", "a", "hz", "var", "va", "°c"])


def read_series(text: str, name: str, wanted: str | None) -> Series:
    """The series of a table. wanted: the column, register or entity that its owner names. Raises ConfigurationError."""
    if is_nem12(text):
        return read_nem12(text, name, wanted)
    table = _under_one_heading(read_table(text, name, begins))
    if not table.rows and (parts := read_table(text, name, begins_by_parts)).rows:
        table = by_parts(parts)
    exported = read_exported(table, name, wanted)
    if exported is not None:
        return exported
    table = _without_footer(table)
    if not table.rows:
        raise ConfigurationError(f"{name}: {_why_no_rows(text)}")
    found = one_register(table, name, wanted)
    clocks = clocks_of(table.heading)
    series = read_days(found.table, clocks) if clocks else read_columns(found.table, name, found.wanted, added=found.added)
    return series if series.unit or unit_in(series.heading) else replace(series, unit=found.unit)


def _why_no_rows(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) < 2:  # noqa: PLR2004 - a heading alone
        return f"has no rows; {_FORM}"
    return f"has no rows that begin with a date and a time: the last line is {shown(lines[-1].strip())}; {_FORM}"


def _under_one_heading(table: Table) -> Table:
    """A row of units below the heading made one with it."""
    units = [cell.strip("[]() ").lower() for cell in table.heading]
    above = table.preamble[-1][1] if table.preamble else []
    if len(above) != len(units) or not any(map(is_unit, units)) or not all(is_unit(cell) or cell in _NO_UNITS for cell in units[1:]):
        return table
    heading = [f"{name} [{unit.strip('[]() ')}]" if unit and j else name or unit for j, (name, unit) in enumerate(zip(above, table.heading, strict=True))]
    return replace(table, preamble=table.preamble[:-1], heading=heading)


def _without_footer(table: Table) -> Table:
    """Last rows that are totals, or say of the file itself, left out."""
    rows = table.rows
    last = len(rows)
    while last and _is_footer(rows[last - 1][1]):
        last -= 1
    return replace(table, rows=rows[:last]) if last and len(rows) - last <= MOST_BELOW else table


def _is_footer(cells: list[str]) -> bool:
    return (not cells[0] or _FOOTER.match(cells[0]) is not None) and all(time_of_day(cell) is None for cell in cells)
