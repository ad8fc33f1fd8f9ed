"""Several meters, registers or fields below one another in one table: which of them are the household's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.tables import Table, column, decimal_sign, is_missing, number
from virtual_devices.loads.household.days import clocks_of
from virtual_devices.loads.household.headings import is_outward, is_used, is_whole, without_tariff
from virtual_devices.loads.household.series import listed
from virtual_devices.loads.household.times import head_of, is_time, sample_of, stamps_of, width_of
from virtual_devices.loads.household.units import is_unit, unit_in

MOST = 60
"""Names in a column up to which they may be those of registers."""
SELDOM = 10
"""Share of rows whose time has come before, from which on there is more than one series."""
_NUMBERED = ("meter", "register", "channel", "table", "nmi", "ean", "customer", "id", "kanal", "point")
"""Headings whose numbers may be names."""


@dataclass(frozen=True, slots=True)
class OneRegister:
    """Rows of what a house drew. added: those of one time are to be added up.  wanted: the column that its owner wants, if it was no register.

    unit: that the register's name says.
    """

    table: Table
    added: bool = False
    wanted: str | None = None
    unit: str = ""


def one_register(table: Table, name: str, wanted: str | None) -> OneRegister:
    """The rows of the household's register. Raises ConfigurationError where only what it gave is there, or where nobody can tell."""
    named = _named_columns(table)
    for j, names in named.items():
        if wanted is not None and wanted in names:
            return OneRegister(_only(table, j, {wanted}), unit=_unit([wanted]))
    for names in named.values():
        if all(map(is_outward, names)) and wanted is None and not any(map(is_used, table.heading)):
            raise ConfigurationError(
                f"{name}: all its rows are of {listed(sorted(names), 4)}, which the house gives; export what it draws, or name its column with file_column"
            )
    several = [j for j, names in named.items() if len(names) > 1]
    key = _repeated(table, several) if several else None
    if key is None:
        alone = [each[0] for each in named.values() if len(each) == 1]
        return OneRegister(table, wanted=wanted, unit=_unit(alone))
    names = [each for each in named[key] if not is_outward(each)]
    chosen, added = _drawn(names)
    if not chosen:
        raise ConfigurationError(f"{name}: rows of {listed(names)} stand below one another; say which is the household's, with file_column")
    return OneRegister(_only(table, key, chosen), added, wanted, _unit(sorted(chosen)))


def _unit(names: list[str]) -> str:
    """The unit that registers' names say, such as ``Active Import Interval (kW)``, where they say one."""
    found = {unit.name for each in names if (unit := unit_in(each)) and unit.name not in ("W", each)}
    return found.pop() if len(found) == 1 else ""


def _named_columns(table: Table) -> dict[int, list[str]]:
    """Columns of words that come again and again, with those words."""
    found = {}
    for j in range(width_of(table)):
        cells = sample_of(table, j)
        if not cells or any(map(is_time, cells[:3])) or all(map(is_unit, cells)):
            continue
        decimal = decimal_sign(cells, table.separator)
        numbers = any(number(cell, decimal) is not None or is_missing(cell) for cell in cells)
        if numbers and not any(word in head_of(table, j).lower() for word in _NUMBERED):
            continue
        names = list(dict.fromkeys(column(table.rows, j)))
        if len(names) <= MOST and all(names):
            found[j] = names
    return found


def _repeated(table: Table, columns: list[int]) -> int | None:
    """The column by whose words times that come several times are told apart; None where times do not repeat, or no column does."""
    taken, series = stamps_of(table)
    times = series.stamps
    if (len(times) - len(set(times))) * SELDOM < len(times):  # at most the hour that comes twice
        return None
    days = bool(clocks_of(table.heading))
    for j in sorted(columns, key=lambda j: len(set(column(table.rows, j)))):
        if j not in taken or days:
            keys = set(zip(times, column(table.rows, j), strict=True))
            if len(keys) == len(times):
                return j
    return None


def _drawn(names: list[str]) -> tuple[set[str], bool]:
    """The registers that are the household's, and whether they are added up; none where nobody can tell."""
    if len(names) == 1:
        return set(names), False
    for fits in (lambda each: is_used(each) and is_whole(each), is_whole):
        found = [each for each in names if fits(each)]
        if len(found) == 1:
            return set(found), False
    bare = {without_tariff(each) for each in names}
    return (set(names), True) if len(bare) == 1 and None not in bare else (set(), False)


def _only(table: Table, index: int, names: set[str]) -> Table:
    return replace(table, rows=[row for row in table.rows if index < len(row[1]) and row[1][index] in names])
