"""What a kilowatt-hour costs from now on, as far as a tariff tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from virtual_devices.kit.calendar import DAY, Calendar
from virtual_devices.supply.tariffs.bill import Bill
from virtual_devices.supply.tariffs.tariff import Tariff
from virtual_devices.supply.tariffs.zones import MICRO

HOURS = 48
"""That the forecast has, with the one of now."""
LOOK_AHEAD = 31
"""Days in which the next change of the price is looked for."""
_HOUR = 3600


_HOURS_KEPT = 16
"""Lists of hours that are kept: of a day in two forms, and of the hours from now on."""


@dataclass(slots=True)
class KnownHours:
    """Hours of one tariff at one base price, worked out once: they change with the hour and the day, and are asked for in every window."""

    tariff: Tariff | None = None
    base: int = 0
    found: dict[tuple[int, int, tuple[str, str, str]], list[dict[str, Any]]] = field(default_factory=dict)

    def of(self, tariff: Tariff, base: int) -> KnownHours:
        """Itself, emptied where it was of another tariff or price."""
        if self.tariff is not tariff or self.base != base:
            self.tariff, self.base = tariff, base
            self.found.clear()
        return self


@dataclass(frozen=True, slots=True)
class Outlook:
    """A tariff as seen from ``time`` (UTC seconds) on. base: millionths.  bill: as it stands, which tells what blocks and caps have reached.

    known: keeps hours, of which nobody changes anything, where they do not depend on the bill; None keeps nothing.
    """

    tariff: Tariff
    base: int
    local: Calendar
    time: int
    bill: Bill
    known: KnownHours | None = None

    def at(self, time: int) -> tuple[int, int]:
        """What one kWh more costs at ``time`` in 1e-12 of the currency, and when that may change."""
        tariff, until = self.tariff.version(time)
        price, capped, change = tariff.buying.prices(time, self.base)
        until = min(until, change)
        bill, used, same_day, same_month = self.bill, 0, True, True
        if tariff.daily or tariff.caps:
            same_day, until = self.local.day(time) == bill.day, min(until, self.local.next_midnight(time))
        if len(tariff.blocks) > 1 or tariff.caps:
            same_month, until = tariff.month(self.local, time) == bill.month, min(until, tariff.next_month(self.local, time))
        if tariff.net is not None:
            used = bill.counters.net
        elif tariff.daily:
            used = bill.counters.day_energy if same_day else 0
        else:
            used = bill.month_energy if same_month else 0
        if used < 0:
            return 0, until
        for cap, one in capped:
            if bill.counters.of(cap) * (same_day if cap.daily else same_month) < cap.limit:
                price = one
                break
        block = next(block for block in tariff.blocks if used < block.limit)
        return block.of(price) * (MICRO + tariff.vat), until

    def pieces(self, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(begin, end, price of a kWh in 1e-12 of the currency) of stretches with one price."""
        while begin < end:
            price, until = self.at(begin)
            until = min(end, until)
            yield begin, until, price
            begin = until

    @property
    def price(self) -> int:
        """What a kWh costs now, in 1e-12 of the currency."""
        return self.at(self.time)[0]

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
        return self._hours(first, first + HOURS * _HOUR, ("start_time", "end_time", "price"))

    def of_day(self, begin: int) -> list[dict[str, Any]]:
        """The hours of the local day that begins at ``begin``, in the form of Nord Pool's sensors; none where a series does not have all of it."""
        end, series = self.local.next_midnight(begin), self.tariff.version(begin)[0].buying.series
        if series is not None and not (series.covers(begin) and series.covers(end - 1)) and begin > self.time:
            return []
        return self._hours(begin, end, ("start", "end", "value"))

    def _hours(self, first: int, last: int, names: tuple[str, str, str]) -> list[dict[str, Any]]:
        """Hours from one time to another, each with its begin, its end and the mean price of a kWh, by these names."""
        kept = self.known.of(self.tariff, self.base).found if self.known is not None and not self.tariff.follows_bill else None
        if kept is not None and (first, last, names) in kept:
            return kept[first, last, names]
        found, begins = list[dict[str, Any]](), self.local.local(first).isoformat()
        for start in range(first, last, _HOUR):
            total = sum(price * (until - begin) for begin, until, price in self.pieces(start, start + _HOUR))
            ends = self.local.local(start + _HOUR).isoformat()
            found.append(dict(zip(names, (begins, ends, round(total / _HOUR / MICRO**2, 6)), strict=True)))
            begins = ends
        if kept is not None:
            if len(kept) >= _HOURS_KEPT:
                kept.clear()
            kept[first, last, names] = found
        return found
