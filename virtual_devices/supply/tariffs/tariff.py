"""What a kilowatt-hour costs and earns over time, and what is due besides.

The price of an import is the first of these that there is: the series' (where it covers the time), that of the last zone
that fits, the base price. What a zone adds comes on top. The block that the energy falls into replaces the price or is added, then
comes VAT. Feed-in is paid by series, zones and base price alone. A step in which a price changes costs each for as long as it holds.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.window import Span
from virtual_devices.supply.tariffs.series import AgreedPrices, PriceSeries
from virtual_devices.supply.tariffs.zones import FOREVER, MICRO, NOTHING, Cap, Zones


@dataclass(frozen=True, slots=True)
class PriceCourse:
    """A price over time, before blocks and VAT. None: there are no zones, no series; base: no price of its own where neither says one."""

    zones: Zones | None = None
    series: PriceSeries | None = None
    base: int | None = None

    def at(self, time: int, base: int) -> tuple[int, int]:
        """Price at ``time`` (UTC seconds) once caps are used up, and when it may change next. base, price: millionths of the currency per kWh."""
        price, _, until = self.prices(time, base)
        return price, until

    def prices(self, time: int, base: int) -> tuple[int, tuple[tuple[Cap, int], ...], int]:
        """As ``at``, with the prices between that win for as long as their caps last, the first first."""
        said, until = self.zones.at(time) if self.zones is not None else (NOTHING, FOREVER)
        if self.series is not None:
            price, known = self.series.at(time)
            until = min(until, known)
            if price is not None:
                return price + said.add, (), until
        price = said.price if said.price is not None else base if self.base is None else self.base
        return price + said.add, tuple((cap, one + said.add) for cap, one in said.capped), until


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a month's or a day's import. limit: its mJ at which it ends.  price: instead of the other, or ``add`` to it.

    Both in millionths of the currency per kWh.
    """

    limit: int
    price: int | None = None
    add: int = 0

    def of(self, price: int) -> int:
        """The price in this block."""
        return price + self.add if self.price is None else self.price


@dataclass(frozen=True, slots=True)
class PowerCharge:
    """A charge for the highest mean power of a billing month. per_kw: millionths of the currency.  interval: seconds that it is the mean of.

    when: zones in which intervals count by their begin; None: always.
    """

    per_kw: int
    interval: int
    when: Zones | None = None

    def counts(self, time: int) -> bool:
        """Whether an interval that begins at ``time`` (UTC seconds) does."""
        return self.when is None or self.when.at(time)[0].price is not None


@dataclass(frozen=True, slots=True)
class NetMetering:
    """Export is taken off import, kWh by kWh, in a billing month, or in a year that begins with the month ``first`` (0 January to 11).

    surplus: what each kWh of export beyond import earns when that time is over, millionths; None: the feed-in price then.
    """

    yearly: bool
    first: int = 0
    surplus: int | None = None

    def period(self, month: int) -> int:
        """Number of the time in which a billing month lies."""
        return (month - self.first) // 12 if self.yearly else month


@dataclass(frozen=True, slots=True)
class Tariff:
    """A whole tariff.

    buying, selling: prices of import and feed-in.  blocks: by limit, the last without end; at least one.  daily: they are of days.
    per_day, per_month: fixed charges, millionths of the currency.  vat: ppm, on import and charges.  billing_day: of the month, on which
    billing months begin.  caps: those of its zones, by number.  later: what takes its place from a time on (UTC seconds), ascending.
    """

    buying: PriceCourse = field(default_factory=PriceCourse)
    selling: PriceCourse = field(default_factory=PriceCourse)
    blocks: tuple[Block, ...] = (Block(FOREVER),)
    per_day: int = 0
    per_month: int = 0
    vat: int = 0
    daily: bool = False
    billing_day: int = 1
    caps: tuple[Cap, ...] = ()
    demand: tuple[PowerCharge, ...] = ()
    net: NetMetering | None = None
    later: tuple[tuple[int, Tariff], ...] = ()

    @property
    def versions(self) -> list[Tariff]:
        """It and what takes its place."""
        return [self, *(tariff for _, tariff in self.later)]

    @property
    def follows_bill(self) -> bool:
        """Whether a price depends on what was bought before: on blocks, caps or what was exported."""
        return any(each.daily or each.caps or len(each.blocks) > 1 or each.net is not None for each in self.versions)

    def version(self, time: int) -> tuple[Tariff, int]:
        """What holds at ``time`` (UTC seconds), and until when."""
        if not self.later:
            return self, FOREVER
        place = bisect_right(self.later, time, key=lambda item: item[0])
        until = self.later[place][0] if place < len(self.later) else FOREVER
        return self.later[place - 1][1] if place else self, until

    def changed(self, change: Callable[[Tariff], Tariff]) -> Tariff:
        """With a change made to each of its versions."""
        return replace(change(self), later=tuple((begin, change(tariff)) for begin, tariff in self.later))

    def with_series(self, bought: PriceSeries | None, sold: PriceSeries | None) -> Tariff:
        """With these series, None: without."""
        return self.changed(
            lambda one: replace(one, buying=replace(one.buying, series=bought), selling=replace(one.selling, series=sold))
        )

    def with_agreed(self, bought: AgreedPrices | None, sold: AgreedPrices | None, span: Span) -> Tariff:
        """With what was agreed for the span in the place of the series."""
        now = [
            agreed.series if agreed is not None and agreed.speaks_of(span.start, span.end) else course.series
            for agreed, course in ((bought, self.buying), (sold, self.selling))
        ]
        return self if now == [self.buying.series, self.selling.series] else self.with_series(*now)

    def import_cost(self, price: int, used: int, energy: int) -> int:
        """Cost of ``energy`` mJ when the month (or day) had ``used`` mJ before, exactly.

        price: millionths of the currency per kWh.  Returned are 1/(3.6e9 · 1e12) of the currency: millionths, per mJ, ppm.
        """
        cost = begin = 0
        for block in self.blocks:
            within = min(used + energy, block.limit) - max(used, begin)
            if within > 0:
                cost += within * block.of(price)
            begin = block.limit
        return cost * (MICRO + self.vat)

    # -- billing months ------------------------------------------------------------------------------------------------

    def month(self, local: Calendar, time: int) -> int:
        """Number of the billing month (by the calendar month in which it begins, since the year 0), for telling them apart."""
        if self.billing_day == 1:
            return local.month(time)
        today = local.local(time)
        month = today.year * 12 + today.month - 1
        return month if today.day >= min(self.billing_day, monthrange(today.year, today.month)[1]) else month - 1

    def month_start(self, local: Calendar, time: int) -> int:
        """UTC seconds of the local midnight that began the billing month of ``time``."""
        return self._start(local, self.month(local, time))

    def next_month(self, local: Calendar, time: int) -> int:
        """UTC seconds of the first billing month's begin after ``time``."""
        return self._start(local, self.month(local, time) + 1)

    def _start(self, local: Calendar, month: int) -> int:
        day = min(self.billing_day, monthrange(month // 12, month % 12 + 1)[1])
        return local.month_begin(month, day)
