"""Quarters added up to hours, days and months, as the clock on the wall of the home counts them.

A quarter belongs to the period in which it starts. Where the clocks change, a day has 23 or 25 hours and a period of several hours one
less or more; an hour that comes twice is two periods.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from virtual_devices.kit.calendar import DAY, Calendar, calendar
from virtual_devices.kit.durations import parse_duration
from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.ledger.quarters import QUARTER, Quarter
from virtual_devices.kit.ledger.series import Tally, together

HOUR = 3600
"""Seconds; of longer periods one that comes twice, since the clocks change, is one."""
_FORM = "use 15min, 30min, 1h, 2h, 3h, 4h, 6h, 8h, 12h, day or month"


@dataclass(frozen=True, slots=True)
class Period:
    """What is known of a period. start, end: UTC seconds, of the whole period.  step: s.  steps: how many of it are known."""

    start: int
    end: int
    step: int
    steps: int
    series: Mapping[str, Tally]

    @property
    def seconds(self) -> int:
        """Of it, that are known."""
        return self.step * self.steps


def periods(quarters: Iterable[Quarter], every: str, zone: str) -> Iterator[Period]:
    """The periods of which anything is known, oldest first.

    quarters: of one run, oldest first.  every: ``15min``, ``1h`` or another duration that fits into a day without a rest, ``day``,
    ``month``.  zone: see ``Calendar``.  Raises ConfigurationError for another ``every`` or zone, and for quarters of unequal steps.
    """
    return _periods(quarters, _period_of(every, calendar(zone)))


def _periods(quarters: Iterable[Quarter], period_of: Callable[[int], Hashable]) -> Iterator[Period]:
    found: Period | None = None
    for quarter in quarters:
        if found is not None and found.start <= quarter.start < found.end:
            found = _with(found, quarter)
            continue
        if found is not None:
            yield found
        start, end = _bounds(quarter.start, period_of)
        found = Period(start, end, quarter.step, quarter.steps, quarter.series)
    if found is not None:
        yield found


def unequal(step: int, other: int, start: int) -> ConfigurationError:
    """What is wrong with steps of so many seconds of which some have, from a quarter on, others."""
    return ConfigurationError(f"steps of {step} s and, from {start} on, of {other} s do not add up; ask about each run by itself")


def _with(period: Period, quarter: Quarter) -> Period:
    if quarter.step != period.step:
        raise unequal(period.step, quarter.step, quarter.start)
    series = together(period.series, quarter.series)
    return Period(period.start, period.end, period.step, period.steps + quarter.steps, series)


def _bounds(time: int, period_of: Callable[[int], Hashable]) -> tuple[int, int]:
    """Where the period around a quarter's start begins and ends: it is all quarters on either side that are of the same period."""
    period, start, end = period_of(time), time, time + QUARTER
    while period_of(start - QUARTER) == period:
        start -= QUARTER
    while period_of(end) == period:
        end += QUARTER
    return start, end


def length_of(every: str) -> int | None:
    """Seconds of a period by the clock on the wall; None for a month. Raises ConfigurationError for what is no period."""
    if every == "month":
        return None
    if not isinstance(every, str):
        raise ConfigurationError(f"{shown(every)} is no period; {_FORM}")
    try:
        length = DAY if every == "day" else parse_duration(every)
    except ConfigurationError:
        raise ConfigurationError(f"{shown(every)} is no period; {_FORM}") from None
    if length % QUARTER or DAY % length:
        raise ConfigurationError(f"periods of {every} do not fill a day, or are not filled by quarters of an hour; {_FORM}")
    return length


def _period_of(every: str, local: Calendar) -> Callable[[int], Hashable]:
    """By what the starts of quarters that belong to one period are told from others next to them."""
    length = length_of(every)
    if length is None:
        return local.month
    if length > HOUR:
        return lambda time: (local.day(time), local.second_of_day(time) // length)
    return lambda time: (local.day(time), local.second_of_day(time) // length, local.offset(time))
