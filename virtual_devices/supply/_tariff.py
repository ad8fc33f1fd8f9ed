"""What a kilowatt-hour costs and earns over time, and what is due besides.

The price of an import is the first of these that there is: the series' (where it covers the time), that of the last zone
that fits, the base price. The block of the month that the energy falls into replaces it or is added, then comes VAT.
Feed-in is paid by series, zones and base price alone. A step has the price that holds where it starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from virtual_devices.kit.calendar import DAY, Calendar
from virtual_devices.kit.coverage import Coverage
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.site import Context
from virtual_devices.supply._price_series import PriceSeries
from virtual_devices.supply._zones import FOREVER, MICRO, Zones

HOURS = 48
"""That the forecast has, with the one of now."""
LOOK_AHEAD = 31
"""Days in which the next change of the price is looked for."""
WARNED = 366 * DAY
"""Seconds from the start in which prices that change between two steps are looked for."""
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class PriceCourse:
    """A price over time, before blocks and VAT. None: there are no zones, no series."""

    zones: Zones | None = None
    series: PriceSeries | None = None

    def at(self, time: int, base: int) -> tuple[int, int]:
        """Price at ``time`` (UTC seconds), and when it may change next. base, price: millionths of the currency per kWh."""
        known = FOREVER
        if self.series is not None:
            price, known = self.series.at(time)
            if price is not None:
                return price, known
        price, until = self.zones.at(time) if self.zones is not None else (None, FOREVER)
        return base if price is None else price, min(until, known)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a month's import. limit: the month's mJ at which it ends.  price: instead of the other, or ``add`` to it.

    Both in millionths of the currency per kWh.
    """

    limit: int
    price: int | None = None
    add: int = 0

    def of(self, price: int) -> int:
        """The price in this block."""
        return price + self.add if self.price is None else self.price


@dataclass(frozen=True, slots=True)
class Tariff:
    """A whole tariff.

    buying, selling: prices of import and feed-in.  blocks: by limit, the last without end; at least one.
    per_day, per_month: fixed charges, millionths of the currency.  vat: ppm, on import and charges.
    """

    buying: PriceCourse = field(default_factory=PriceCourse)
    selling: PriceCourse = field(default_factory=PriceCourse)
    blocks: tuple[Block, ...] = (Block(FOREVER),)
    per_day: int = 0
    per_month: int = 0
    vat: int = 0

    def import_cost(self, price: int, used: int, energy: int) -> int:
        """Cost of ``energy`` mJ when the month had ``used`` mJ before, exactly.

        price: millionths of the currency per kWh.  Returned are 1/(3.6e9 · 1e12) of the currency: millionths, per mJ, ppm.
        """
        cost = begin = 0
        for block in self.blocks:
            within = min(used + energy, block.limit) - max(used, begin)
            if within > 0:
                cost += within * block.of(price)
            begin = block.limit
        return cost * (MICRO + self.vat)

    def price(self, time: int, base: int, used: int) -> tuple[int, int]:
        """What one kWh more costs at ``time`` (UTC seconds), and when that may change. used: the month's mJ so far.

        base: millionths of the currency; returned are 1e-12 of it.
        """
        price, until = self.buying.at(time, base)
        block = next(block for block in self.blocks if used < block.limit)
        return block.of(price) * (MICRO + self.vat), until


@dataclass(frozen=True, slots=True)
class Outlook:
    """A tariff as seen from ``time`` (UTC seconds) on. used: the month's mJ so far, which the next month begins without."""

    tariff: Tariff
    base: int
    local: Calendar
    time: int
    used: int = 0

    def pieces(self, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(begin, end, price of a kWh in 1e-12 of the currency) of stretches with one price."""
        new_month = FOREVER if len(self.tariff.blocks) == 1 else self.local.next_month(self.time)
        while begin < end:
            price, until = self.tariff.price(begin, self.base, self.used if begin < new_month else 0)
            until = min(end, until, new_month if begin < new_month else FOREVER)
            yield begin, until, price
            begin = until

    @property
    def price(self) -> int:
        """What a kWh costs now, in 1e-12 of the currency."""
        return self.tariff.price(self.time, self.base, self.used)[0]

    @property
    def next_change(self) -> int | None:
        """When a kWh costs something else next (UTC seconds); None: not within a month."""
        now = self.price
        for begin, _, price in self.pieces(self.time, self.time + LOOK_AHEAD * DAY):
            if price != now:
                return begin
        return None

    @property
    def hourly(self) -> list[dict[str, Any]]:
        """This hour and the 47 that follow, in local time, each with the mean price of a kWh in the currency."""
        first = self.time - self.local.second_of_day(self.time) % _HOUR
        found, begins = [], self.local.local(first).isoformat()
        for start in range(first, first + HOURS * _HOUR, _HOUR):
            total = sum(price * (until - begin) for begin, until, price in self.pieces(start, start + _HOUR))
            ends = self.local.local(start + _HOUR).isoformat()
            found.append({"start_time": begins, "end_time": ends, "price": round(total / _HOUR / MICRO**2, 6)})
            begins = ends
        return found


def coverage(files: tuple[str | None, str | None], tariff: Tariff) -> list[Coverage]:
    """Which time the two series cover, and what holds outside it. files: of the series, None where there is none."""
    found = []
    for name, course, price in zip(files, (tariff.buying, tariff.selling), ("base price", "base feed-in price"), strict=True):
        if name is not None and course.series is not None:
            held = f"the {price} holds" if course.zones is None else f"zones and {price} hold"
            found.append(Coverage(name, held, course.series.starts[0], course.series.end))
    return found


def warnings(tariff: Tariff, bases: tuple[int, int], start: int, step: int, local: Calendar) -> list[str]:
    """Of prices that change between two steps in the first year from ``start`` (UTC seconds). bases: millionths of the currency."""
    found = []
    for course, base, what in zip((tariff.buying, tariff.selling), bases, ("price", "feed-in price"), strict=True):
        between = [time for time in _changes(course, base, start, start + WARNED) if (time - start) % step]
        if between:
            more = f" and {len(between) - 1} more times in a year" if len(between) > 1 else ""
            found.append(
                f"the {what} changes at {local.local(between[0]):%Y-%m-%d %H:%M:%S}{more} between two steps of {step} s, "
                "which counts from the next; change step or start"
            )
    return found


def _changes(course: PriceCourse, base: int, start: int, end: int) -> Iterator[int]:
    """When the price becomes another between two times (UTC seconds)."""
    price, time = course.at(start, base)
    while time < end:
        before, changed = price, time
        price, time = course.at(changed, base)
        if price != before:
            yield changed


def notes(context: Context, files: tuple[str | None, str | None], tariff: Tariff, start: int) -> list[str]:
    """What there is to say before a start at ``start`` (UTC seconds). files: of the two series.

    Raises ConfigurationError for a series that does not cover it.
    """
    found, local = [], context.site.calendar
    for name, series in zip(files, (tariff.buying.series, tariff.selling.series), strict=True):
        if series is None:
            continue
        if not series.covers(start):
            raise ConfigurationError(
                f"{name}: has {series.words(local)}, but the home starts at {local.local(start):%Y-%m-%d %H:%M}; "
                "start within that, or use a series that covers it"
            )
        found.append(f"{name}: {series.words(local)}; then zones and base price hold")
    return found


def missed(context: Context, files: tuple[str | None, str | None], tariff: Tariff, start: int) -> list[str]:
    """What a home that starts now, at ``start`` (UTC seconds), lacks of price series. files: of the two."""
    return [
        f"{name}: has {series.words(context.site.calendar)}, {'which is over' if series.end <= start else 'which is still to come'}; "
        f"{'zones and base price hold' if series.end <= start else 'until then zones and base price hold'}"
        for name, series in zip(files, (tariff.buying.series, tariff.selling.series), strict=True)
        if series is not None and not series.covers(start)
    ]
