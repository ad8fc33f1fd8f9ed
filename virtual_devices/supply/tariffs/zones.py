"""Price zones: prices that hold on some days, at some hours, in some months. The last one that fits wins; so does the last that adds.

The form is that of evcc (docs.evcc.io, tariffs): ``days: Mon-Fri``, ``hours: 6-9``, ``months: Jun-Aug``, each a list or
left out; here ``Hol`` is a day too, a public holiday. What is not in any zone has no price of its own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from virtual_devices.kit.calendar import Calendar, DailyTimes
from virtual_devices.kit.weekdays import WEEKDAYS, days_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

DAYS = WEEKDAYS
HOLIDAY = len(DAYS)
"""Number of the day that a public holiday is."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FOREVER = 1 << 62
"""A time that no home reaches."""
MICRO = 1_000_000
"""Parts of the currency that prices are counted in."""
HIGHEST = 100_000
"""Of the currency for a kWh, either way."""

_QUARTER = 900  # every UTC offset in use changes on a quarter of an hour of UTC
_KEPT = 400
_WHOLE_HOUR = re.compile(r"(?<![\d:])(\d{1,2})(?![\d:])")


@dataclass(frozen=True, slots=True)
class Cap:
    """How much a zone's price is for. number: of the counter.  limit: mJ, of a day or else of a billing month."""

    number: int
    limit: int
    daily: bool


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone.

    price: millionths of the currency per kWh; None: it adds ``add`` to whatever the price is.  days: 0 Monday to 6 Sunday, 7 a public
    holiday.  hours: of the local day.  months: 0 January to 11.  None: all of them.  cap: its price is for so much only.
    """

    price: int | None
    days: frozenset[int] | None = None
    hours: DailyTimes | None = None
    months: frozenset[int] | None = None
    add: int = 0
    cap: Cap | None = None

    def on(self, kind: int, month: int) -> bool:
        """Whether it holds, at some hour, on a day of that kind (0 to 7) in that month (0 to 11)."""
        return (self.days is None or kind in self.days) and (self.months is None or month in self.months)

    @property
    def names_holidays(self) -> bool:
        """Whether public holidays are among its days by name."""
        return self.days is not None and HOLIDAY in self.days


@dataclass(frozen=True, slots=True)
class Holidays:
    """Public holidays. count_as: the weekday (0 to 6) that one counts as where no zone names holidays, None its own."""

    contains: Callable[[date], bool]
    count_as: int | None = None


@dataclass(frozen=True, slots=True)
class ZonePrices:
    """What zones say of a time, in millionths of the currency per kWh.

    price: of the last zone without a cap; None: there is none.  add: what comes on top of any price.  capped: prices that win before it,
    the first first, for as long as their caps last.
    """

    price: int | None = None
    add: int = 0
    capped: tuple[tuple[Cap, int], ...] = ()


NOTHING = ZonePrices()


@dataclass(frozen=True, slots=True)
class _Day:
    """The prices of one local day: from which UTC second on which hold, and when the day ends."""

    starts: list[int]
    prices: list[ZonePrices]
    end: int


class Zones:
    """Zones over time, by the clock on the wall of one home."""

    def __init__(self, zones: Sequence[Zone], local: Calendar, holidays: Holidays | None = None) -> None:
        self._zones, self._local, self._holidays = tuple(zones), local, holidays
        self._named = any(zone.names_holidays for zone in zones)
        self._days: dict[int, _Day] = {}

    @property
    def all(self) -> tuple[Zone, ...]:
        """Each of them."""
        return self._zones

    def at(self, time: int) -> tuple[ZonePrices, int]:
        """What they say of ``time`` (UTC seconds), and when that may change next."""
        if not self._zones:
            return NOTHING, FOREVER
        number = self._local.day(time)
        day = self._days.get(number)
        if day is None:
            if len(self._days) >= _KEPT:
                self._days.clear()
            day = self._days[number] = self._day(time)
        place = bisect_right(day.starts, time)
        return day.prices[place - 1], day.starts[place] if place < len(day.starts) else day.end

    def _day(self, time: int) -> _Day:
        begin, end = self._local.midnight(time), self._local.next_midnight(time)
        today = self._local.local(time).date()
        kind = self._kind(today)
        zones = [zone for zone in reversed(self._zones) if zone.on(kind, today.month - 1)]
        bounds = {bound for zone in zones if zone.hours for period in zone.hours.periods for bound in period}
        day = _Day([], [], end)
        for start in _cuts(self._local, begin, end, bounds):
            second = self._local.second_of_day(start)
            prices = _said(zone for zone in zones if zone.hours is None or zone.hours.at(second))
            if not day.prices or day.prices[-1] != prices:
                day.starts.append(start)
                day.prices.append(prices)
        return day

    def _kind(self, today: date) -> int:
        if self._holidays is None or not self._holidays.contains(today):
            return today.weekday()
        if self._named:
            return HOLIDAY
        return today.weekday() if self._holidays.count_as is None else self._holidays.count_as


def _said(zones: Iterable[Zone]) -> ZonePrices:
    """What zones that fit a time say of it, those that win first."""
    capped: list[tuple[Cap, int]] = []
    price, add = None, None
    for zone in zones:
        if zone.price is None:
            add = zone.add if add is None else add
        elif price is None and zone.cap is not None:
            capped.append((zone.cap, zone.price))
        elif price is None:
            price = zone.price
    return ZonePrices(price, add or 0, tuple(capped))


def _cuts(local: Calendar, begin: int, end: int, bounds: set[int]) -> list[int]:
    """UTC seconds from ``begin`` to ``end`` at which the wall shows one of ``bounds``, or its clock is changed."""
    cuts, expected = {begin}, local.second_of_day(begin)
    for quarter in range(begin, end, _QUARTER):
        second = local.second_of_day(quarter)
        if second != expected:
            cuts.add(quarter)
        cuts.update(quarter + bound - second for bound in bounds if second <= bound < second + _QUARTER)
        expected = second + _QUARTER
    return sorted(cuts)


def read_days(text: str) -> frozenset[int]:
    """Numbers of the days in ``"Mon-Fri"`` or ``"Sat,Sun,Hol"``. Raises ValueError with the remedy."""
    found: set[int] = set()
    for item in _items(text, "days", "Mon-Fri or Sat,Sun,Hol"):
        found |= {HOLIDAY} if item.casefold() == "hol" else days_in(item, DAYS, "day", "Mon-Fri, Sat or Hol")
    return frozenset(found)


def read_months(text: str) -> frozenset[int]:
    """Numbers of the months in ``"Jun-Aug"`` or ``"Nov-Feb,Apr"``. Raises ValueError with the remedy."""
    items = _items(text, "months", "Jun-Aug")
    return frozenset().union(*(days_in(item, MONTHS, "month", "Jun-Aug or Nov-Feb") for item in items))


def read_hours(text: str) -> DailyTimes:
    """Hours of the day in ``"6-9"``, ``"06:30-09:00"`` or ``"6-9,17-20"``. Raises ValueError with the remedy.

    Hours past midnight (``22-5``) are the first and the last ones of the same day.
    """
    found: list[tuple[int, int]] = []
    for item in _items(text, "hours", "6-9 or 06:30-09:00"):
        try:
            found += DailyTimes.parse(_WHOLE_HOUR.sub(r"\1:00", item)).periods
        except ValueError:
            raise ValueError(f"{item!r} is no span of hours; write 6-9, 06:30-09:00 or 22-5") from None
    return DailyTimes(tuple(found))


def _items(text: str, what: str, example: str) -> list[str]:
    items = [item.strip() for item in text.split(",")]
    if not all(items):
        raise ValueError(f"{text!r} names no {what}; write {example}, or leave {what} out for all")
    return items
