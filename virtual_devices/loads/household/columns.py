"""A column of times, and of the columns of numbers beside it the one that is the household's."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.tables import Row, Table, column, decimal_sign, is_missing, number
from virtual_devices.loads.household.headings import is_bought, is_outward, is_share, is_used, is_whole, without_tariff
from virtual_devices.loads.household.series import Series, listed
from virtual_devices.loads.household.times import head_of, sample_of, stamps_of, width_of
from virtual_devices.loads.household.units import is_other, is_unit, unit_in, unit_named

_WITH_UNIT = re.compile(r"([+-]?[\d.,'\s]*\d)\s*([A-Za-z]+)")
_LONGEST = 20
"""Digits of a number at most."""
_COUNTED = 10
"""Rows that count up, from which on a column numbers them."""
_SIDES = ("min", "max", "minimum", "maximum", "peak")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """columns: added up.  unit: by a column of its own.  doubts: what may be meant otherwise."""

    columns: list[int]
    unit: str
    doubts: list[str]


def read_columns(table: Table, name: str, wanted: str | None, *, added: bool = False) -> Series:
    """The series of the household's column. added: rows of one time are. Raises ConfigurationError."""
    _whole_rows(table, name)
    taken, series = stamps_of(table)
    chosen = _values(table, name, taken, wanted)
    values = chosen.columns
    heads = [head_of(table, j) for j in values]
    decimal = decimal_sign((cell for j in values for cell in column(table.rows, j)), table.separator)
    texts = column(table.rows, values[0]) if values else [""] * len(table.rows)
    if len(values) > 1:
        texts = [_sum([cells[j] if j < len(cells) else "" for j in values], decimal) for _, cells in table.rows]
        decimal = "."
    texts, beside = _without_units(texts)
    named = any(unit_in(head) for head in heads)
    unit = "" if named else chosen.unit or beside or unit_above(table.preamble)
    found = replace(series, values=texts, heading=" + ".join(heads), unit=unit, decimal=decimal, doubts=chosen.doubts)
    return _by_time(found) if added else found


def _whole_rows(table: Table, name: str) -> None:
    """Raises ConfigurationError where numbers are cut at the comma of their decimals."""
    if table.separator != "," or not table.heading:
        return
    longer = [row for row in table.rows if len(row[1]) > len(table.heading) and all(row[1][len(table.heading) - 1 :])]
    if len(longer) * 2 > len(table.rows):
        raise ConfigurationError(
            f"{name}, line {longer[0][0]}: it has more cells than the heading; if commas are decimal signs here, save the file with semicolons between its columns"
        )


def _by_time(series: Series) -> Series:
    """Rows of one time added up."""
    sums: dict[str, tuple[int, str]] = {}
    for line, stamp, value in zip(series.lines, series.stamps, series.values, strict=True):
        first, before = sums.get(stamp, (line, ""))
        sums[stamp] = first, value if is_missing(before) else _sum([before, value], series.decimal).replace(".", series.decimal)
    return replace(series, lines=[line for line, _ in sums.values()], stamps=list(sums), values=[value for _, value in sums.values()])


# -- which ------------------------------------------------------------------------------------------------------------------


def _values(table: Table, name: str, taken: set[int], wanted: str | None) -> _Chosen:
    unit = ""
    numeric: list[int] = []
    for j in range(width_of(table)):
        cells = sample_of(table, j)
        if j in taken or not cells:
            continue
        if all(is_unit(cell) for cell in cells) and len({cell.lower() for cell in cells}) == 1:
            unit = cells[0]
        elif _numeric(cells, table.separator):
            numeric.append(j)
    heads = {j: head_of(table, j) for j in numeric}
    if wanted is not None:
        return _Chosen([_wanted(table, wanted, numeric, name)], unit, [])
    if not numeric:
        return _Chosen([1] if 1 not in taken else [], unit, [])
    if all(heads[j] and is_outward(heads[j]) and not is_share(heads[j]) for j in numeric):
        raise ConfigurationError(
            f"{name}: no column is what a house draws, only {listed(list(heads.values()))}; export its consumption, or name one of them with file_column"
        )
    chosen = _chosen(table, numeric)
    for j in chosen:
        if is_other(heads[j]):
            raise ConfigurationError(f"{name}: the column {heads[j]!r} is no power and no energy; name another with file_column, or say what it is with file_unit")
    return _Chosen(chosen, unit, _doubts(table, numeric, chosen))


def _chosen(table: Table, numeric: list[int]) -> list[int]:
    """Of columns with numbers those of the house: by the unit above them, by words, or the one that is next to the time."""
    heads = {j: head_of(table, j) for j in numeric}
    shares = [j for j in numeric if is_share(heads[j]) and unit_in(heads[j])]
    if len(shares) > 1:
        return shares
    rules: tuple[Callable[[int], bool], ...] = (
        lambda j: not is_other(heads[j]),
        lambda j: bool(heads[j]) and not is_outward(heads[j]),
        lambda j: unit_in(heads[j]) is not None,
        lambda j: is_used(heads[j]),
        lambda j: is_bought(heads[j]),
        lambda j: is_whole(heads[j]),
        lambda j: not set(heads[j].lower().split()) & set(_SIDES),
        lambda j: not _says_nothing(sample_of(table, j)),
    )
    for rule in rules:
        numeric = [j for j in numeric if rule(j)] or numeric
    bare = without_tariff(heads[numeric[0]])
    same = [j for j in numeric if bare is not None and without_tariff(heads[j]) == bare]
    return same if len(same) > 1 else numeric[:1]


def _doubts(table: Table, numeric: list[int], chosen: list[int]) -> list[str]:
    """What else could be the household's, and what it hides."""
    heads = {j: head_of(table, j) for j in numeric}
    taken = " + ".join(heads[j] or f"column {j + 1}" for j in chosen)
    rest = [j for j in numeric if j not in chosen and not is_outward(heads[j]) and not is_other(heads[j])]
    clear = any(is_used(heads[j]) or is_share(heads[j]) for j in chosen)
    others = [heads[j] or f"column {j + 1}" for j in rest if (unit_in(heads[j]) or not table.heading) and not (clear and not is_used(heads[j]))]
    found = [f"the column {taken!r} is taken, not {listed(others, 4)}; say file_column if another is meant"] if others else []
    given = [heads[j] for j in numeric if j not in chosen and unit_in(heads[j]) and is_outward(heads[j]) and _nonzero(sample_of(table, j), table.separator)]
    if given and not clear and any(is_bought(heads[j]) for j in chosen):
        found.append(
            f"{taken!r} is what the grid gave, and there is {listed(given, 2)} too: behind its panels the house used more than that; "
            "give a column of all that it used, or measure it where panels do not count"
        )
    return found


def _nonzero(cells: list[str], separator: str) -> bool:
    decimal = decimal_sign(cells, separator)
    return len({number(cell, decimal) or 0.0 for cell in cells}) > 1 or any(number(cell, decimal) for cell in cells[1:])


def _says_nothing(cells: list[str]) -> bool:
    """Whether a column is somebody's number, the number of its row, or always the same."""
    whole = [int(cell) for cell in cells if cell.isdecimal() and len(cell) < _LONGEST]
    if len(whole) < len(cells) or len(cells) == 1:
        return len(set(cells)) == 1 and cells[0].isdecimal()
    return len(set(whole)) == 1 or whole[: _COUNTED] == list(range(whole[0], whole[0] + len(whole[:_COUNTED])))


def _wanted(table: Table, wanted: str, numeric: list[int], name: str) -> int:
    for j, head in enumerate(table.heading):
        if head.casefold() == wanted.strip().casefold():
            return j
    known = ", ".join(repr(head_of(table, j)) for j in numeric) or "no column with numbers"
    raise ConfigurationError(f"{name}: it has no column {wanted!r}; file_column may be one of {known}")


# -- cells ------------------------------------------------------------------------------------------------------------------


def _numeric(cells: list[str], separator: str) -> bool:
    present = [match[1] if (match := _WITH_UNIT.fullmatch(cell)) and is_unit(match[2]) else cell for cell in cells if not is_missing(cell)]
    decimal = decimal_sign(present, separator)
    return bool(present) and sum(number(cell, decimal) is not None for cell in present) * 2 > len(present)


def _sum(cells: list[str], decimal: str) -> str:
    if all(map(is_missing, cells)):
        return ""
    parts = [0.0 if is_missing(cell) else number(cell, decimal) for cell in cells]
    return next((cell for cell, part in zip(cells, parts, strict=True) if part is None), None) or repr(sum(part or 0.0 for part in parts))


def _without_units(texts: list[str]) -> tuple[list[str], str]:
    """Cells such as ``312.5 W`` as numbers, and their unit where all have the same."""
    matches = [_WITH_UNIT.fullmatch(text) for text in texts if not is_missing(text)]
    units = {match[2] if match else "" for match in matches}
    if len(units) != 1 or not is_unit(unit := units.pop()):
        return texts, ""
    return [match[1] if (match := _WITH_UNIT.fullmatch(text)) else text for text in texts], unit


def unit_above(preamble: Sequence[Row]) -> str:
    """A unit that stands alone in a cell above the heading, or at the end of a line there."""
    cells = [cell for _, row in preamble for cell in row]
    found = {unit.name for cell in cells if (unit := unit_named(cell))}
    found = found or {unit.name for cell in cells if (unit := unit_in(cell)) and unit.name not in ("W", "mW", "MJ")}
    return found.pop() if len(found) == 1 else ""
