"""Home Assistant's exports as tables: its history, its statistics, its energy dashboard."""

from __future__ import annotations

import re

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.tables import Table, column, decimal_sign
from virtual_devices.loads.household.series import Series, one_of
from virtual_devices.loads.household.units import is_unit, unit_in


def read_exported(table: Table, name: str, wanted: str | None) -> Series | None:
    """The series of one entity; None for a table that Home Assistant did not make. Raises ConfigurationError."""
    heading = [cell.lower() for cell in table.heading]
    first = [cell.lower() for cell in table.rows[0][1]] if table.rows else []
    if first[:3] == ["entity_id", "type", "unit"]:
        return _energy_dashboard(table, name, wanted)
    if "entity_id" in heading and "state" in heading:
        return _history(table, name, wanted)
    if "statistic_id" in heading and "start" in heading:
        return _statistics(table, name, wanted)
    return None


def guessed(entity: str) -> tuple[str, bool | None]:
    """Unit and whether it is a counter, of an entity whose file names no unit, by its name and Home Assistant's habits."""
    named = unit_in(entity.replace("_", " "))
    if named is not None:
        return named.name, named.energy
    found = set(re.split(r"[^a-z]+", entity.lower()))
    if found & {"energy", "kwh", "consumption", "verbrauch", "zahler", "zahlerstand", "import"}:
        return "kWh", True
    return ("W", False) if found & {"power", "watt", "watts", "w", "leistung"} else ("", None)


def _history(table: Table, name: str, wanted: str | None) -> Series:
    """``entity_id,state,last_changed``: a row for each change."""
    heading = [cell.lower() for cell in table.heading]
    entity, state = heading.index("entity_id"), heading.index("state")
    when = next((heading.index(word) for word in ("last_changed", "last_updated", "last_reported") if word in heading), None)
    if when is None:
        raise ConfigurationError(f"{name}: the heading has no last_changed; export the history once more")
    chosen = one_of(column(table.rows, entity), name, wanted)
    rows = [row for row in table.rows if len(row[1]) > max(entity, state, when) and row[1][entity] == chosen]
    values = [cells[state] for _, cells in rows]
    unit, counter = guessed(chosen)
    if "unit_of_measurement" in heading:
        unit = next((cell for cell in column(rows, heading.index("unit_of_measurement")) if is_unit(cell)), unit)
    return Series(
        [line for line, _ in rows], [cells[when] for _, cells in rows], values, heading=chosen, time_heading=table.heading[when], unit=unit,
        decimal=decimal_sign(values, table.separator), zone="UTC", counter=counter, changes=True,
    )  # fmt: skip


def _statistics(table: Table, name: str, wanted: str | None) -> Series:
    """``statistic_id,unit,start,mean`` or ``…,sum,state``: a row for each hour."""
    heading = [cell.lower() for cell in table.heading]
    entity = heading.index("statistic_id")
    chosen = one_of(column(table.rows, entity), name, wanted)
    rows = [row for row in table.rows if len(row[1]) > entity and row[1][entity] == chosen]
    which = next((word for word in ("mean", "delta", "change", "sum", "state") if word in heading and any(column(rows, heading.index(word)))), None)
    if which is None:
        raise ConfigurationError(f"{name}: the heading has no mean, delta, sum or state; export the statistics once more")
    values = column(rows, heading.index(which))
    units = [cell for cell in column(rows, heading.index("unit")) if is_unit(cell)] if "unit" in heading else []
    unit = units[0] if units else guessed(chosen)[0]
    return Series(
        [line for line, _ in rows], column(rows, heading.index("start")), values, heading=f"{chosen} {which}", time_heading="start", unit=unit,
        decimal=decimal_sign(values, table.separator), ends=False, counter=which in ("sum", "state"),
    )  # fmt: skip


def _energy_dashboard(table: Table, name: str, wanted: str | None) -> Series:
    """``entity_id,type,unit,`` and a column for each hour: what was used in it."""
    _, stamps = table.rows[0][0], table.rows[0][1][3:]
    rows = [row for row in table.rows[1:] if len(row[1]) > 3]  # noqa: PLR2004 - the columns before the hours
    names = [cells[0] for _, cells in rows]
    drawn = [cells[0] for _, cells in rows if "consumption" in cells[1].lower()]
    chosen = one_of(drawn or names, name, wanted)
    line, cells = next(row for row in rows if row[1][0] == chosen)
    values = [*cells[3:], *[""] * len(stamps)][: len(stamps)]
    return Series(
        [line] * len(stamps), list(stamps), values, heading=f"{chosen} {cells[1]}", time_heading="start", unit=cells[2],
        decimal=decimal_sign(values, table.separator), ends=False, zone="UTC", counter=False,
    )  # fmt: skip
