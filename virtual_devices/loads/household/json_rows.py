"""JSON whose rows are a table: what interfaces of suppliers and of energy monitors answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from virtual_devices.kit.tables import Table
from virtual_devices.loads.household.columns import read_columns
from virtual_devices.loads.household.series import Series
from virtual_devices.loads.household.times import is_time
from virtual_devices.loads.household.units import is_unit, unit_in

_DEEPEST = 6
_OURS = frozenset(["entity_id", "last_changed", "last_updated", "lu", "lc"])
"""Keys by which rows are Home Assistant's."""
_OCTOPUS = {"consumption", "interval_start", "interval_end"}
_KNOWN_UNIT = "kWh"
"""Of Octopus' answer, which names none."""


def read_rows(found: Any, name: str, wanted: str | None) -> Series | None:
    """The series of the first list of rows in which times stand; None where there is none. Raises ConfigurationError."""
    table = _table(found, _DEEPEST)
    if table is None:
        return None
    if set(table.heading) >= _OCTOPUS:
        heading = [f"{head} [{_KNOWN_UNIT}]" if head == "consumption" else head for head in table.heading]
        table = Table(table.separator, table.preamble, heading, table.rows)
    series = read_columns(table, name, wanted)
    if series.unit or unit_in(series.heading):
        return series
    return replace(series, unit=_unit_beside(found, _DEEPEST))


def _unit_beside(found: Any, deepest: int) -> str:
    """A unit that is named beside the rows; empty for none."""
    if not deepest or not isinstance(found, dict):
        return ""
    for key, value in found.items():
        if "unit" in str(key).lower() and isinstance(value, str) and is_unit(value):
            return value
    return next((unit for value in found.values() if (unit := _unit_beside(value, deepest - 1))), "")


def _table(found: Any, deepest: int) -> Table | None:
    if isinstance(found, list) and found and (table := _of_rows(found)):
        return table
    if deepest and isinstance(found, (dict, list)):
        for each in found.values() if isinstance(found, dict) else found[:20]:
            if isinstance(each, (dict, list)) and (table := _table(each, deepest - 1)):
                return table
    return None


def _of_rows(found: list[Any]) -> Table | None:
    """A table of rows that are records, or pairs of a time and a value."""
    if all(isinstance(row, dict) and row for row in found):
        keys = list(dict.fromkeys(key for row in found[:50] for key, value in row.items() if not isinstance(value, (dict, list))))
        if _OURS & set(keys) or ("start" in keys and set(keys) & {"mean", "sum", "change", "state"}):
            return None
        rows = [[_written(row.get(key)) for key in keys] for row in found]
    elif all(isinstance(row, list) and len(row) == 2 for row in found):  # noqa: PLR2004 - time and value
        keys, rows = ["time", "value"], [[_written(cell) for cell in row] for row in found]
    else:
        return None
    if not any(is_time(cell) for cell in rows[0]):
        return None
    return Table("", [], keys, list(enumerate(rows, 1)))


def _written(value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        return ""
    return value.strip() if isinstance(value, str) else repr(value)
