"""Which columns of a table hold the times of its rows: one of date and time, a date beside a time of day, or beside the number of an hour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from virtual_devices.kit.stamps import moment, time_of_day
from virtual_devices.kit.tables import Table, column
from virtual_devices.loads.household.headings import which_end, zone_in
from virtual_devices.loads.household.series import Series
from virtual_devices.loads.household.units import words

SAMPLE = 60
MOST_HOURS, MOST_PERIODS = 25, 50
"""Hours and half hours of a day on which clocks go back."""
_RANGE = re.compile(r"\s+(?:to|bis|until|-|–)\s+|(?<=:\d{2})\s?[-–](?=\d{1,2}:\d{2}(?::\d{2})?$)")
_HOURS = frozenset(["hour", "hora", "heure", "stunde", "he", "uur", "ora", "hr"])
MINUTES = 60
_MINUTES = frozenset(["minute", "minutes", "min", "minuto"])
_PERIODS = frozenset(["period", "settlement_period", "settlementperiod", "hh"])


def begin_of(cell: str) -> str:
    """The first of the two times of a cell that holds a span."""
    if cell[4:5] == "-" and len(cell) <= len("2025-01-31 06:00:00"):  # most cells, and soon seen
        return cell
    return _RANGE.split(cell, maxsplit=1)[0] if " " in cell or cell.count(":") > 1 else cell


def is_time(cell: str) -> bool:
    """Whether a cell is a date, or a date and a time, whichever of day and month comes first."""
    return moment(cell) is not None or moment(cell, day_first=False) is not None


def begins(cells: Sequence[str]) -> bool:
    """Whether cells hold a date or a time, as rows of values do."""
    return any((cell[:1].isdigit() or (cell[:2].isalpha() and " " in cell)) and is_time(begin_of(cell)) for cell in cells[:12])


def head_of(table: Table, index: int) -> str:
    """The heading of a column, empty where it has none."""
    return table.heading[index] if index < len(table.heading) else ""


def width_of(table: Table) -> int:
    """Most columns of its first rows."""
    return max(len(cells) for _, cells in table.rows[:SAMPLE])


def sample_of(table: Table, index: int) -> list[str]:
    """Some cells of a column from all over the table, without blank ones."""
    rows = table.rows
    return [cell for cell in column([*rows[:SAMPLE], *rows[SAMPLE :: max(1, len(rows) // SAMPLE)]], index) if cell]


@dataclass(slots=True)
class _Roles:
    """Columns by what times they hold: date and time, a date, a time of day, the number of an hour, of a half hour."""

    full: list[int] = field(default_factory=list)
    dates: list[int] = field(default_factory=list)
    clocks: list[int] = field(default_factory=list)
    hours: list[int] = field(default_factory=list)
    periods: list[int] = field(default_factory=list)

    @property
    def all(self) -> set[int]:
        """The columns."""
        return {*self.full, *self.dates, *self.clocks, *self.hours, *self.periods}


def _roles(table: Table) -> _Roles:
    roles = _Roles()
    for j in range(width_of(table)):
        cells = [begin_of(cell) for cell in sample_of(table, j)]
        head = words(head_of(table, j))
        if not cells:
            continue
        if all(map(is_time, cells)) or (j == 0 and is_time(cells[0])):
            if all(map(_since_1970, cells)) and len(set(cells)) == 1 < len(cells):
                continue  # somebody's number
            (roles.full if all(map(_has_clock, cells)) else roles.dates).append(j)
        elif all(time_of_day(cell) is not None for cell in cells):
            roles.clocks.append(j)
        elif head & (_HOURS | _PERIODS) and all(cell.isdecimal() and int(cell) <= MOST_PERIODS for cell in cells):
            halves = head & _PERIODS and any(int(cell) > MOST_HOURS for cell in cells)
            (roles.periods if halves else roles.hours).append(j)
    return roles


def _since_1970(cell: str) -> bool:
    return cell.replace(".", "", 1).isdecimal() and len(cell) != len("20250131")


def _has_clock(cell: str) -> bool:
    return ":" in cell or _since_1970(cell) or re.search(r"\dh\d", cell) is not None


def stamps_of(table: Table) -> tuple[set[int], Series]:
    """Which columns hold times, and the series with its stamps."""
    roles = _roles(table)
    if roles.dates and roles.clocks and len(table.rows) > 1 and all(len(set(column(table.rows, j))) == 1 for j in roles.full):
        roles = replace(roles, full=[])  # such as when the file was made
    times = roles.full or roles.dates or [0]
    chosen = _starting(table, times)
    head, texts = head_of(table, chosen), [begin_of(cell) for cell in column(table.rows, chosen)]
    ends, zone = which_end(head), zone_in(head)
    parts = roles.clocks or roles.hours or roles.periods
    if not roles.full and roles.dates and parts:
        beside = _starting(table, parts)
        cells = column(table.rows, beside)
        ends = which_end(head_of(table, beside)) or ends
        zone = zone or zone_in(head_of(table, beside))
        if roles.clocks:
            ends = "end" if _to_midnight(cells) else ends
        elif roles.hours:
            ends = "end" if "24" in cells and "0" not in cells and "00" not in cells else ends
            cells = [f"{cell}:{minute:>02}" for cell, minute in zip(cells, _minutes(table), strict=True)]
        else:
            ends = "start"
            cells = [_half_hour(cell) for cell in cells]
        texts = [f"{date} {begin_of(cell)}" if cell else date for date, cell in zip(texts, cells, strict=True)]
    elif roles.full and _to_midnight([cell.rpartition(" ")[2] for cell in texts]):
        ends = "end"
    lines = [line for line, _ in table.rows]
    return {*roles.all, chosen}, Series(lines, texts, [], time_heading=head, ends=None if ends is None else ends == "end", zone=zone)


def _minutes(table: Table) -> list[str]:
    """The minutes beside the number of an hour; 0 where no column has them."""
    for j, head in enumerate(table.heading):
        cells = column(table.rows, j)
        if words(head) & _MINUTES and all(cell.isdecimal() and int(cell) < MINUTES for cell in cells):
            return cells
    return ["00"] * len(table.rows)


def begins_by_parts(cells: Sequence[str]) -> bool:
    """Whether cells begin with a year, a month and a day."""
    year, month, day = (int(cell) if cell.isdecimal() and len(cell) < 5 else 0 for cell in [*cells[:3], "", "", ""][:3])  # noqa: PLR2004 - digits
    return len(cells) > 3 and 1970 <= year < 2200 and 1 <= month <= 12 and 1 <= day <= 31  # noqa: PLR2004 - a date


def by_parts(table: Table) -> Table:
    """A table whose rows begin with year, month and day in columns of their own, these made one."""
    def joined(cells: list[str]) -> list[str]:
        return [f"{cells[0]}-{cells[1]:>02}-{cells[2]:>02}", *cells[3:]]

    return replace(table, heading=["date", *table.heading[3:]], rows=[(line, joined(cells)) for line, cells in table.rows])


def _to_midnight(clocks: list[str]) -> bool:
    """Whether days have a 24:00 and no 00:00."""
    return any(cell.startswith("24:00") for cell in clocks) and not any(cell.startswith(("00:00", "0:00")) for cell in clocks)


def _starting(table: Table, columns: list[int]) -> int:
    """Of columns of times one that changes and whose heading says that it begins an interval, else the first that changes."""
    changing = [j for j in columns if len(table.rows) == 1 or len(set(column(table.rows, j))) > 1] or columns
    return next((j for j in changing if which_end(head_of(table, j)) == "start"), changing[0])


def _half_hour(cell: str) -> str:
    """Where the half hour of a number from 1 begins."""
    minutes = (int(cell) - 1) * 30 if cell.isdecimal() and len(cell) < 3 else -1  # noqa: PLR2004 - digits
    return f"{minutes // 60:02}:{minutes % 60:02}" if minutes >= 0 else cell
