"""How the power of a device, and what a store holds, went up and down in a period of a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from virtual_devices.record.reading.cutting import Cut
from virtual_devices.record.reading.periods import unequal


@dataclass(frozen=True, slots=True)
class PowerOfPeriod:
    """Of one device in a period: positive is what a consumer takes, and what everybody else gives to the home.

    start, end: UTC seconds, of the whole period.  step: s.  steps: how many are recorded.  sum: mJ, of all.  low, high, last: mJ, of
    single steps.
    """

    start: int
    end: int
    step: int
    steps: int
    sum: int
    low: int
    high: int
    last: int

    @property
    def seconds(self) -> int:
        """Of the period, that are recorded."""
        return self.step * self.steps

    @property
    def mean_power(self) -> float:
        """W."""
        return self.sum / self.seconds / 1000

    @property
    def lowest_power(self) -> float:
        """W, of a step."""
        return self.low / self.step / 1000

    @property
    def highest_power(self) -> float:
        """W, of a step."""
        return self.high / self.step / 1000

    @property
    def last_power(self) -> float:
        """W, of the last step that is recorded."""
        return self.last / self.step / 1000


@dataclass(frozen=True, slots=True)
class StoredInPeriod:
    """What a store held in a period, as far as it was there. start, end: UTC seconds, of the whole period.  seconds: of it, that are recorded.

    low, high, last: mJ, after the lowest, the highest and the last step.
    """

    start: int
    end: int
    seconds: int
    low: int
    high: int
    last: int


def powers(cut: Cut, name: str) -> Iterator[PowerOfPeriod]:
    """A series of powers, period by period, oldest first. Raises ConfigurationError for steps that are not equal in a period."""
    if not cut.bounds:
        return
    quarters, period = cut.quarters, cut.period
    begins = np.unique(period, return_index=True)[1]
    step = quarters.step[begins]
    other = np.flatnonzero(quarters.step != step[period])
    if len(other):
        raise unequal(int(step[period[other[0]]]), int(quarters.step[other[0]]), int(quarters.start[other[0]]))
    series = quarters.swings(name)
    ends = np.append(begins[1:], len(period)) - 1
    lines = (
        step, quarters.total(quarters.steps, period), quarters.total(series.sum, period),
        np.minimum.reduceat(series.low, begins), np.maximum.reduceat(series.high, begins), series.last[ends],
    )  # fmt: skip
    for bounds, *numbers in zip(cut.bounds, *(line.tolist() for line in lines), strict=True):
        yield PowerOfPeriod(*bounds, *numbers)


def levels(cut: Cut, name: str) -> Iterator[StoredInPeriod]:
    """A series of what is stored, in the periods in which its store was there, oldest first."""
    quarters, series = cut.quarters, cut.quarters.swings(name)
    if not len(series.rows):
        return
    there, begins = np.unique(cut.period[series.rows], return_index=True)
    ends = np.append(begins[1:], len(series.rows)) - 1
    seconds = quarters.total(quarters.step * quarters.steps, cut.period)[there]
    lines = seconds, np.minimum.reduceat(series.low, begins), np.maximum.reduceat(series.high, begins), series.last[ends]
    for place, *numbers in zip(there.tolist(), *(line.tolist() for line in lines), strict=True):
        yield StoredInPeriod(*cut.bounds[place], *numbers)
