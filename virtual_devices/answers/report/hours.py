"""Powers by day and hour, as the clock on the home's wall counts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from virtual_devices.answers.charts.thinning import Floats
from virtual_devices.answers.report.reading import RunSeen
from virtual_devices.kit.calendar import DAY

MAPPED = ("load", "import", "sun")
_HOUR = 3600
_HOURS = 24


@dataclass(frozen=True, slots=True)
class HourGrid:
    """first: number of the first day, see ``Calendar.day``.  start, end: UTC seconds, of the whole days.  values: by ``MAPPED``, mean kW, an hour a row, a day a column; not finite where nothing is recorded.

    An hour that comes twice is the mean of both.
    """

    first: int
    start: int
    end: int
    values: dict[str, Floats]


def hours_of(seen: RunSeen) -> HourGrid:
    """Every hour of a run."""
    local, flows = seen.local, seen.flows
    hourly = flows.start // _HOUR * _HOUR
    times, back = np.unique(hourly, return_inverse=True)
    offsets = np.array([local.offset(int(time)) for time in times], np.int64)[back]
    wall = flows.start + offsets
    days, rows = wall // DAY, wall % DAY // _HOUR
    first, last = int(days[0]), int(days[-1])
    width = last - first + 1
    place = rows * width + (days - first)
    seconds = np.bincount(place, flows.seconds, _HOURS * width)
    values = {}
    for name in MAPPED:
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(seconds > 0, np.bincount(place, flows.energy[name], _HOURS * width) / seconds / 1000, np.nan)
        values[name] = mean.reshape(_HOURS, width)
    return HourGrid(first, local.midnight(seen.start), local.next_midnight(seen.end - 1), values)
