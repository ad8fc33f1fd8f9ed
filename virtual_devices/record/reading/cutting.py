"""Many quarters cut into periods at once, by the same rule as ``periods`` cuts them one by one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from virtual_devices.kit.calendar import DAY, Calendar, calendar
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.record.reading.columns import Columns, Integers
from virtual_devices.record.reading.periods import HOUR, length_of

_A_DAY = DAY // QUARTER
_LONGEST_MONTH = 32 * DAY


@dataclass(frozen=True, slots=True)
class Cut:
    """Quarters, and the periods that they make. period: the number of each quarter's.  bounds: start and end of each, see ``Period``."""

    quarters: Columns
    period: Integers
    bounds: list[tuple[int, int]]


def cut(quarters: Columns, every: str, zone: str) -> Cut:
    """Quarters, cut into periods. every, zone: see ``periods``, and so what it raises."""
    return Cut(quarters, *placed(quarters.start, every, zone))


def placed(starts: Integers, every: str, zone: str) -> tuple[Integers, list[tuple[int, int]]]:
    """Of quarters by their starts, ascending, the number of the period that each is in, and the periods' bounds. every, zone: as above."""
    length, local = length_of(every), calendar(zone)
    if not len(starts):
        return starts, []
    margin = _LONGEST_MONTH if length is None else length + 2 * DAY
    first = int(starts[0]) - margin
    times = np.arange(first, int(starts[-1]) + margin, QUARTER)
    begins = _begins(times, length, local)
    of_all = np.searchsorted(begins, (starts - first) // QUARTER, side="right") - 1
    used, period = np.unique(of_all, return_inverse=True)
    bounds = zip(times[begins[used]].tolist(), times[begins[used + 1]].tolist(), strict=True)
    return period.astype(np.int64, copy=False), list(bounds)


def _begins(times: Integers, length: int | None, local: Calendar) -> Integers:
    """Which of these quarters, next to each other, begin a period. length: see ``length_of``."""
    offsets = _offsets(times, local)
    days, seconds = np.divmod(times + offsets, DAY)
    if length is None:
        differs = np.diff(days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)) != 0
    else:
        differs = (np.diff(days) != 0) | (np.diff(seconds // length) != 0)
        if length <= HOUR:
            differs |= np.diff(offsets) != 0
    return np.concatenate([np.zeros(1, np.int64), np.flatnonzero(differs) + 1])


def _offsets(times: Integers, local: Calendar) -> Integers:
    """Seconds that local time is ahead; looked up once a day where it is as much a day later: no clock changes twice in between."""
    places = [*range(0, len(times), _A_DAY), len(times) - 1]
    known = [local.offset(int(times[place])) for place in places]
    found = np.empty(len(times), np.int64)
    for (begin, end), (before, after) in zip(pairwise(places), pairwise(known), strict=True):
        found[begin : end + 1] = before if before == after else [local.offset(int(time)) for time in times[begin : end + 1]]
    return found
