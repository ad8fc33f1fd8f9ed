"""A row for each day, and a column for each interval of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from virtual_devices.kit.stamps import time_of_day
from virtual_devices.kit.tables import Table, decimal_sign, is_missing
from virtual_devices.loads.household.columns import unit_above
from virtual_devices.loads.household.headings import zone_in
from virtual_devices.loads.household.series import Series
from virtual_devices.loads.household.times import begins, head_of, width_of
from virtual_devices.loads.household.units import is_unit, unit_in

WIDE = 23
"""Headings that are times of day, from which on a file has a row for each day."""
DAY = 1440
LENGTHS = {24: 60, 48: 30, 96: 15, 144: 10, 288: 5}
"""Minutes of an interval, by how many a day has; an hour more of them is that of a day on which clocks go back."""
_NUMBERED = re.compile(r"([^\W\d_]{0,8})[ _.]?(\d{1,3})")
_SPAN = re.compile(r"(\d{1,2}:\d{2})(?::00)?\s*[-–]\s*\d{1,2}:\d{2}(?::00)?")
Clocks = list[tuple[int, int]]
"""Columns, and the minute of the day at which the interval of each begins; beyond 1440 the hour that comes twice."""


def clocks_of(heading: Sequence[str]) -> Clocks:
    """The columns of a heading that are intervals of a day: by times of day, by spans, or by numbers. Empty where it has no such row."""
    return _by_times(heading) or _by_numbers(heading)


def _by_times(heading: Sequence[str]) -> Clocks:
    spans = {j: match[1] for j, cell in enumerate(heading) if (match := _SPAN.fullmatch(cell))}
    clocks = spans or dict(enumerate(heading))
    found = [(j, round(second / 60)) for j, cell in clocks.items() if (second := time_of_day(cell)) is not None]
    if len(found) < WIDE:
        return []
    late = not spans and found[0][1] != 0 and found[-1][1] in (0, DAY)  # 00:30 … 24:00
    step = found[0][1] if late else 0
    return [(j, (minute or (DAY if late else 0)) - step) for j, minute in found]


def _by_numbers(heading: Sequence[str]) -> Clocks:
    """``1`` … ``96``, ``H01`` … ``H24``, ``Hour 0`` … are columns of intervals."""
    runs: dict[str, list[tuple[int, int]]] = {}
    for j, cell in enumerate(heading):
        if match := _NUMBERED.fullmatch(cell.strip()):
            runs.setdefault(match[1].lower(), []).append((j, int(match[2])))
    for found in runs.values():
        first = found[0][1]
        if first in (0, 1) and [number for _, number in found] == list(range(first, first + len(found))):
            for many, minutes in LENGTHS.items():
                if many <= len(found) <= many + 60 // minutes:
                    return [(j, (number - first) * minutes) for j, number in found]
    return []


def read_days(table: Table, clocks: Clocks) -> Series:
    """A value for each day and interval; blank ones are gaps."""
    dates = next((j for j in range(width_of(table)) if begins([cells[j] if j < len(cells) else "" for cells in [table.rows[0][1]]])), 0)
    lines, stamps, values = [], [], []
    for line, cells in table.rows:
        present = [(minute, cells[j]) for j, minute in clocks if j < len(cells) and not is_missing(cells[j])]
        longer = max((minute for minute, _ in present), default=0) - DAY
        again = 60 if longer >= 0 else 0  # an hour from 02:00 on comes twice
        for minute, value in present:
            clock = minute - again if minute >= 180 and again else minute  # noqa: PLR2004 - 03:00
            lines.append(line)
            stamps.append(f"{cells[dates] if dates < len(cells) else ''} {clock // 60:02}:{clock % 60:02}")
            values.append(value)
    beside = next((cell for j, cell in enumerate(table.rows[0][1]) if j < clocks[0][0] and is_unit(cell)), "")
    heads = [head for head in table.heading if unit_in(head)]
    head = head_of(table, dates)
    return Series(
        lines, stamps, values, heading=heads[0] if heads else table.heading[clocks[0][0]], time_heading=head, unit=beside or ("" if heads else unit_above(table.preamble)),
        decimal=decimal_sign(values, table.separator), ends=False, zone=zone_in(head),
    )  # fmt: skip
