"""The bill: exact money, whatever the windows were.

Every sum is an integer of whole millionths of the currency and an integer remainder, so that nothing is rounded on the
way and no order of adding matters. Fixed charges fall due at local midnight, those of a month at its first one; nothing
is charged for the part of a day or month in which a home starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.kit.window import Span
from virtual_devices.supply._tariff import Tariff
from virtual_devices.supply._zones import MICRO

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
class Bill:
    """What was paid and earned.

    imports, exports, charges: paid for import, earned by export, and fixed charges, since the fresh start.
    day, month: numbers of the local day and month of the last step (−1: there was none), ``today`` and ``this_month`` what
    these cost in all, and month_energy the mJ imported in that month.
    """

    imports: Amount = field(default_factory=Amount)
    exports: Amount = field(default_factory=Amount)
    charges: Amount = field(default_factory=Amount)
    day: int = _NEVER
    today: Amount = field(default_factory=Amount)
    month: int = _NEVER
    this_month: Amount = field(default_factory=Amount)
    month_energy: int = 0

    @property
    def total(self) -> Amount:
        """Paid less earned, since the fresh start."""
        return Amount.of(self.imports.units + self.charges.units - self.exports.units)


@dataclass(slots=True)
class _Book:
    """A bill that is being written; money in units (see ``Amount``)."""

    tariff: Tariff
    local: Calendar
    imports: int
    exports: int
    charges: int
    day: int
    today: int
    month: int
    this_month: int
    month_energy: int

    def turn(self, time: int) -> None:
        """Begin the local day of ``time``, and its month: charge for every midnight since the last step."""
        day = self.local.day(time)
        if day == self.day:
            return
        month = self.local.month(time)
        date = self.local.local(time).day
        if self.day == _NEVER:  # who starts at midnight sharp starts with that day's charges
            sharp = self.local.midnight(time) == time
            self.day, self.month = day - sharp, month - (sharp and date == 1)
        days, months = day - self.day, month - self.month
        per_day, per_month = (charge * (MICRO + self.tariff.vat) * MJ_PER_KWH for charge in (self.tariff.per_day, self.tariff.per_month))
        self.charges += days * per_day + months * per_month
        if months:
            self.this_month, self.month_energy = date * per_day + per_month, 0
        else:
            self.this_month += days * per_day
        if days:
            self.today = per_day + (per_month if date == 1 else 0)
        self.day, self.month = day, month

    def trade(self, imported: int, exported: int, price: int, feed_in_price: int) -> None:
        """Book mJ at one price each way, in millionths of the currency per kWh."""
        cost = self.tariff.import_cost(price, self.month_energy, imported)
        income = exported * feed_in_price * MICRO
        self.imports += cost
        self.exports += income
        self.today += cost - income
        self.this_month += cost - income
        self.month_energy += imported


def after_a_gap(bill: Bill, start: int, local: Calendar) -> Bill:
    """The bill where the time before ``start`` (UTC seconds) is skipped: as of a home that starts there, with what was paid before."""
    if local.day(start) == bill.day:
        return bill
    if local.month(start) != bill.month:
        bill = replace(bill, this_month=Amount(), month_energy=0)
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

    A step belongs to the day that it starts in. Steps of one price are taken together.
    """
    made = _Book(
        tariff, local, bill.imports.units, bill.exports.units, bill.charges.units, bill.day, bill.today.units,
        bill.month, bill.this_month.units, bill.month_energy,
    )  # fmt: skip
    begin, midnight = 0, span.start
    while begin < span.steps:
        time = span.start + begin * span.step
        if time >= midnight:
            made.turn(time)
            midnight = local.next_midnight(time)
        price, until = tariff.buying.at(time, bases[0])
        feed_in_price, change = tariff.selling.at(time, bases[1])
        end = span.steps_until(min(until, change, midnight))
        made.trade(sum(imported[begin:end]) * span.step, sum(exported[begin:end]) * span.step, price, feed_in_price)
        begin = end
    return Bill(
        Amount.of(made.imports), Amount.of(made.exports), Amount.of(made.charges), made.day, Amount.of(made.today),
        made.month, Amount.of(made.this_month), made.month_energy,
    )  # fmt: skip
