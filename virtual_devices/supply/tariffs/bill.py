"""The bill: exact money, whatever the windows were.

Every sum is an integer of whole millionths of the currency and an integer remainder, so that nothing is rounded on the
way and no order of adding matters. Fixed charges fall due at local midnight, those of a month at its first one; nothing
is charged for the part of a day or month in which a home starts. A charge for the highest power grows with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.kit.window import Span
from virtual_devices.supply.tariffs.tariff import PowerCharge, Tariff
from virtual_devices.supply.tariffs.zones import MICRO, Cap

UNIT = MJ_PER_KWH * MICRO
"""Parts of a millionth: what a price in millionths per kWh, times mJ, times VAT in ppm is counted in."""
_NEVER = -1


@dataclass(frozen=True, slots=True)
class Amount:
    """Money. micro: whole millionths of the currency, rounded down.  rest: beyond that, in 1/3.6e15 of one."""

    micro: int = 0
    rest: int = 0

    @classmethod
    def of(cls, units: int) -> Amount:
        """From 1/3.6e15 of a millionth."""
        return cls(*divmod(units, UNIT))

    @property
    def units(self) -> int:
        """In 1/3.6e15 of a millionth of the currency."""
        return self.micro * UNIT + self.rest

    @property
    def money(self) -> float:
        """In the currency."""
        return (self.micro + self.rest / UNIT) / MICRO


@dataclass(frozen=True, slots=True)
class Peak:
    """Of one charge for power. interval: number of the one that goes on.  energy: its mJ so far.  highest: mJ of the month's highest one."""

    interval: int = _NEVER
    energy: int = 0
    highest: int = 0


@dataclass(frozen=True, slots=True)
class Counters:
    """What a tariff goes by beside money and the month's import.

    day_energy: mJ imported on the day of the last step.  caps: mJ at the price of each zone that has a cap, by its number.
    net: mJ imported less exported in the time that net metering takes together, of which ``period`` is the number (−1: there was none).
    peaks: of the charges for power.
    """

    day_energy: int = 0
    caps: tuple[int, ...] = ()
    net: int = 0
    period: int = _NEVER
    peaks: tuple[Peak, ...] = ()

    def of(self, cap: Cap) -> int:
        """mJ at the price of a zone."""
        return self.caps[cap.number] if cap.number < len(self.caps) else 0


@dataclass(frozen=True, slots=True)
class Bill:
    """What was paid and earned.

    imports, exports, charges: paid for import, earned by export, and fixed charges, since the fresh start.
    day, month: numbers of the local day and billing month of the last step (−1: there was none), ``today`` and ``this_month`` what
    these cost, the day without what is charged by the month, and month_energy the mJ imported in that month.
    """

    imports: Amount = field(default_factory=Amount)
    exports: Amount = field(default_factory=Amount)
    charges: Amount = field(default_factory=Amount)
    day: int = _NEVER
    today: Amount = field(default_factory=Amount)
    month: int = _NEVER
    this_month: Amount = field(default_factory=Amount)
    month_energy: int = 0
    counters: Counters = field(default_factory=Counters)

    @property
    def total(self) -> Amount:
        """Paid less earned, since the fresh start."""
        return Amount.of(self.imports.units + self.charges.units - self.exports.units)


@dataclass(slots=True)
class _Book:
    """A bill that is being written; money in units (see ``Amount``). bases: base prices, millionths.  tariff: the version that holds now."""

    whole: Tariff
    tariff: Tariff
    local: Calendar
    bases: tuple[int, int]
    imports: int
    exports: int
    charges: int
    day: int
    today: int
    month: int
    this_month: int
    month_energy: int
    day_energy: int
    caps: list[int]
    net: int
    period: int
    peaks: list[Peak]

    @classmethod
    def of(cls, bill: Bill, tariff: Tariff, bases: tuple[int, int], local: Calendar) -> _Book:
        """The book in which a bill is gone on with."""
        had, demands = bill.counters, max(len(version.demand) for version in tariff.versions)
        return cls(
            tariff, tariff, local, bases, bill.imports.units, bill.exports.units, bill.charges.units, bill.day, bill.today.units,
            bill.month, bill.this_month.units, bill.month_energy, had.day_energy, [had.of(cap) for cap in tariff.caps], had.net, had.period,
            [*had.peaks, *[Peak()] * demands][:demands],
        )  # fmt: skip

    def bill(self) -> Bill:
        """The bill as it stands."""
        return Bill(
            Amount.of(self.imports), Amount.of(self.exports), Amount.of(self.charges), self.day, Amount.of(self.today),
            self.month, Amount.of(self.this_month), self.month_energy,
            Counters(self.day_energy, tuple(self.caps), self.net, self.period, tuple(self.peaks)),
        )  # fmt: skip

    def turn(self, time: int) -> None:
        """Begin the local day of ``time``, and its billing month: charge for every midnight since the last step."""
        self.tariff = tariff = self.whole.version(time)[0]
        day = self.local.day(time)
        if day == self.day:
            return
        month = tariff.month(self.local, time)
        number = day - self.local.day(tariff.month_start(self.local, time)) + 1  # of the day in its billing month
        if self.day == _NEVER:  # who starts at midnight sharp starts with that day's charges
            sharp = self.local.midnight(time) == time
            self.day, self.month = day - sharp, month - (sharp and number == 1)
        days, months = day - self.day, month - self.month
        per_day, per_month = (charge * (MICRO + tariff.vat) * MJ_PER_KWH for charge in (tariff.per_day, tariff.per_month))
        self.charges += days * per_day + months * per_month
        if months:
            self.this_month, self.month_energy = number * per_day + per_month, 0
            self.peaks = [Peak() for _ in self.peaks]
        else:
            self.this_month += days * per_day
        if days:
            self.today = per_day  # what a month costs, whatever is done, is no day's: it would hide what the first one came to
            self.day_energy = 0
        self.caps = [0 if (days if cap.daily else months) else used for cap, used in zip(self.whole.caps, self.caps, strict=True)]
        self.day, self.month = day, month
        self.settle_net(time)

    def settle_net(self, time: int) -> None:
        """Pay for what was exported beyond import, where the time that net metering takes together is over."""
        net = self.tariff.net
        period = _NEVER if net is None else net.period(self.month)
        if net is not None and self.period not in (_NEVER, period) and self.net < 0:
            price = self.tariff.selling.at(time, self.bases[1])[0] if net.surplus is None else net.surplus
            self.pay(0, -self.net * price * MICRO)
        if self.period != period:
            self.net, self.period = 0, period

    def until(self, time: int) -> int:
        """Until when the prices of ``time`` (UTC seconds) hold, both of them."""
        tariff, until = self.whole.version(time)
        return min(until, tariff.buying.prices(time, self.bases[0])[2], tariff.selling.at(time, self.bases[1])[1])

    def trade(self, time: int, seconds: int, imported: int, exported: int) -> None:
        """Book mJ that went over the meter from ``time`` on, at its prices."""
        self.tariff = self.whole.version(time)[0]
        feed_in_price, _ = self.tariff.selling.at(time, self.bases[1])
        for number, demand in enumerate(self.tariff.demand):
            for begin, energy in _intervals(demand, time, seconds, imported):
                self.peak(number, demand, begin, energy)
        if self.tariff.net is None:
            self.pay(self.bought(time, imported), exported * feed_in_price * MICRO)
        else:
            self.offset(self.tariff.buying.at(time, self.bases[0])[0], imported, exported)

    def pay(self, cost: int, income: int) -> None:
        """Book money."""
        self.imports += cost
        self.exports += income
        self.today += cost - income
        self.this_month += cost - income

    def bought(self, time: int, energy: int) -> int:
        """What mJ of import cost: at the prices of zones first, as far as their caps go."""
        price, capped, _ = self.tariff.buying.prices(time, self.bases[0])
        cost = 0
        for cap, one in capped:
            part = min(energy, max(0, cap.limit - self.caps[cap.number]))
            self.caps[cap.number] += part
            cost += self.in_blocks(one, part)
            energy -= part
        return cost + self.in_blocks(price, energy)

    def in_blocks(self, price: int, energy: int) -> int:
        """What mJ cost in the blocks that they fall into, which they fill."""
        cost = self.tariff.import_cost(price, self.day_energy if self.tariff.daily else self.month_energy, energy)
        self.month_energy += energy
        self.day_energy += energy
        return cost

    def offset(self, price: int, imported: int, exported: int) -> None:
        """Net metering: export takes import back at what it costs now, import takes up what was exported before it."""
        paid = max(0, imported - max(0, -self.net))
        cost = self.tariff.import_cost(price, max(0, self.net), paid)
        self.net += imported
        returned = min(exported, max(0, self.net))
        income = self.tariff.import_cost(price, self.net - returned, returned) if returned else 0
        self.net -= exported
        self.month_energy += imported
        self.day_energy += imported
        self.pay(cost, income)

    def peak(self, number: int, demand: PowerCharge, begin: int, energy: int) -> None:
        """Add mJ to the interval that began at ``begin``, and charge for as much as it is above the highest one."""
        if not demand.counts(begin):
            return
        had, interval = self.peaks[number], begin // demand.interval
        total = energy + (had.energy if had.interval == interval else 0)
        above = max(0, total - had.highest)
        self.peaks[number] = Peak(interval, total, had.highest + above)
        due = above * demand.per_kw * (MICRO + self.tariff.vat) * (3600 // demand.interval)
        self.charges += due
        self.today += due
        self.this_month += due


def _intervals(demand: PowerCharge, time: int, seconds: int, energy: int) -> Iterator[tuple[int, int]]:
    """(begin, mJ) of each interval of which a part lies in so many seconds of one power."""
    power, end = energy // seconds, time + seconds
    while time < end:
        begin = time - time % demand.interval
        until = min(end, begin + demand.interval)
        yield begin, power * (until - time)
        time = until


def after_a_gap(bill: Bill, start: int, local: Calendar, tariff: Tariff) -> Bill:
    """The bill where the time before ``start`` (UTC seconds) is skipped: as of a home that starts there, with what was paid before."""
    if local.day(start) == bill.day:
        return bill
    had = bill.counters
    caps = tuple(0 if cap.daily else had.of(cap) for cap in tariff.caps)
    bill = replace(bill, counters=replace(had, day_energy=0, caps=caps))
    if tariff.month(local, start) != bill.month:
        counters = replace(bill.counters, caps=(0,) * len(tariff.caps), peaks=())
        bill = replace(bill, this_month=Amount(), month_energy=0, counters=counters)
    return replace(bill, day=_NEVER, today=Amount())


def book(
    tariff: Tariff,
    bases: tuple[int, int],
    bill: Bill,
    span: Span,
    imported: Sequence[int],
    exported: Sequence[int],
    local: Calendar,
) -> Bill:
    """The bill after a span. bases: base price of import and feed-in, millionths.  imported, exported: mW per step.

    A step belongs to the day that it starts in. Steps of one price are taken together; one in which the price changes costs
    each price for as long as it holds. Where power itself or the order of import and export matters, steps go one by one.
    """
    made = _Book.of(bill, tariff, bases, local)
    most = 1 if any(version.net or version.demand for version in tariff.versions) else span.steps
    begin, midnight = 0, span.start
    while begin < span.steps:
        time = span.start + begin * span.step
        if time >= midnight:
            made.turn(time)
            midnight = local.next_midnight(time)
        steps = min(most, span.steps - begin, (min(made.until(time), midnight) - time) // span.step)
        if steps:
            bought, sold = sum(imported[begin : begin + steps]), sum(exported[begin : begin + steps])
            made.trade(time, steps * span.step, bought * span.step, sold * span.step)
        else:
            steps, end = 1, time + span.step
            while time < end:
                seconds = min(end, made.until(time)) - time
                made.trade(time, seconds, imported[begin] * seconds, exported[begin] * seconds)
                time += seconds
        begin += steps
    return made.bill()
