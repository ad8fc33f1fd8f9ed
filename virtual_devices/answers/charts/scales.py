"""From values to places on a picture, and the round values that an axis names: numbers in steps of 1, 2 or 5, times by the clock on the home's wall."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from virtual_devices.kit.calendar import DAY, Calendar

HOUR = 3600
_ROUND = (1.0, 2.0, 5.0, 10.0)
_HOURS = (1, 2, 3, 6, 12)
_SHORT, _OF_DAYS, _OF_WEEKS, _OF_MONTHS = 3 * DAY, 16 * DAY, 75 * DAY, 1100 * DAY
"""Up to how long a time is marked by hours, days, weeks, months; longer ones by years."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight one. low, high: values.  at_low, at_high: where they are, pixels."""

    low: float
    high: float
    at_low: float
    at_high: float

    def __call__(self, value: float) -> float:
        """Where a value is; the middle where all values are the same."""
        if self.high == self.low:
            return (self.at_low + self.at_high) / 2
        return self.at_low + (value - self.low) * (self.at_high - self.at_low) / (self.high - self.low)


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values that hold all between two: the first at or below ``low``, the last at or above ``high``, about ``most`` of them."""
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"no axis goes from {low} to {high}")
    if high <= low:
        high = low + (abs(low) or 1.0)
    raw = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((factor * power for factor in _ROUND if factor * power >= raw * (1 - 1e-9)), 10 * power)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, last + 1)]


def tick_texts(ticks: Sequence[float]) -> list[str]:
    """As many decimals as tell them apart, the same for all."""
    step = min((abs(b - a) for a, b in pairwise(ticks)), default=1.0)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return [f"{tick + 0.0:,.{decimals}f}" for tick in ticks]


@dataclass(frozen=True, slots=True)
class TimeTick:
    """time: UTC seconds.  text: what stands there."""

    time: int
    text: str


def time_ticks(start: int, end: int, local: Calendar, most: int = 12) -> list[TimeTick]:
    """Round times from ``start`` to ``end`` (UTC seconds): hours, days, Mondays, months or years, whichever gives no more than about ``most``."""
    length = end - start
    if length <= 0:
        return []
    if length <= _SHORT:
        hours = next((hours for hours in _HOURS if length / (hours * HOUR) <= most), 24)
        return _by_hours(start, end, local, hours)
    if length <= _OF_DAYS:
        return _thinned([TimeTick(time, f"{local.local(time):%a} {local.local(time).day}") for time in _days(start, end, local)], most)
    if length <= _OF_WEEKS:
        mondays = [time for time in _days(start, end, local) if local.local(time).weekday() == 0]
        return _thinned([TimeTick(time, f"{local.local(time).day} {local.local(time):%b}") for time in mondays], most)
    months = _months(start, end, local)
    if length <= _OF_MONTHS:
        return _thinned([TimeTick(time, f"{local.local(time):%Y}" if local.local(time).month == 1 else f"{local.local(time):%b}") for time in months], most)
    return _thinned([TimeTick(time, f"{local.local(time):%Y}") for time in months if local.local(time).month == 1], most)


def _by_hours(start: int, end: int, local: Calendar, hours: int) -> list[TimeTick]:
    """An hour that comes twice is marked twice, and one that there is not, not."""
    found = []
    for time in range(start - start % 900, end + 1, 900):
        second = local.second_of_day(time)
        if time >= start and second % (hours * HOUR) == 0:
            moment = local.local(time)
            found.append(TimeTick(time, f"{moment:%H:%M}" if second else f"{moment:%a} {moment.day}"))
    return found


def _days(start: int, end: int, local: Calendar) -> list[int]:
    return _begins(start, end, local.midnight, local.next_midnight)


def _months(start: int, end: int, local: Calendar) -> list[int]:
    return _begins(start, end, local.month_start, local.next_month)


def _begins(start: int, end: int, first: Callable[[int], int], following: Callable[[int], int]) -> list[int]:
    time, found = first(start), []
    while time <= end:
        if time >= start:
            found.append(time)
        time = following(time)
    return found


def _thinned(ticks: list[TimeTick], most: int) -> list[TimeTick]:
    return ticks[:: -(-len(ticks) // most)] if len(ticks) > most else ticks
