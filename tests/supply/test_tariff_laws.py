"""Laws of a bill: reckoned step by step it is the same, however time is cut."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from math import gcd
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.supply.tariffs import BERLIN, CAPE, EXAMPLES, KWH, STATES, at, grid, options, series
from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.members.house import House
from virtual_devices.kit.window import Span
from virtual_devices.supply.grid import State
from virtual_devices.supply.tariffs.bill import UNIT


@dataclass
class Spec:
    """A tariff in other words than the program's: for reckoning step by step."""

    zones: list[tuple[int, range, range, range]]  # price in micro, weekdays, minutes of the day, months
    feed_in: list[tuple[int, range, range, range]]
    blocks: list[tuple[int, str, int]]  # kWh at which it ends, price or add, micro
    series: tuple[int, int, list[int]]  # start, seconds of each, micro
    per_day: int
    per_month: int
    vat: int  # hundredths of a percent

    def text(self) -> str:
        names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

        def zone(price: int, days: range, minutes: range, when: range) -> str:
            hours = "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (minutes.start, minutes.stop))
            return (
                f"{{price: {price / 1e6:.6f}, days: {names[days[0]]}-{names[days[-1]]}, hours: '{hours}', "
                f"months: {months[when[0] - 1]}-{months[when[-1] - 1]}}}"
            )

        blocks = [f"{{up_to: {limit}, {word}: {price / 1e6:.6f}}}" for limit, word, price in self.blocks]
        blocks += ["{add: 0}"] if blocks else []
        return (
            f"vat: {self.vat / 100}\ncharges: {{per_day: {self.per_day / 1e6:.6f}, per_month: {self.per_month / 1e6:.6f}}}\n"
            f"import:\n  zones: [{', '.join(zone(*each) for each in self.zones)}]\n  blocks: [{', '.join(blocks)}]\n"
            f"feed_in:\n  zones: [{', '.join(zone(*each) for each in self.feed_in)}]\n"
        )

    def price(self, zones: list[tuple[int, range, range, range]], local: datetime, base: int) -> int:
        found = base
        for price, days, minutes, months in zones:
            if local.weekday() in days and local.hour * 60 + local.minute in minutes and local.month in months:
                found = price
        return found

    def reckon(self, zone: str, span: Span, imported: list[int], exported: list[int]) -> dict[str, Fraction]:
        """Sums in micro, one step after the other."""
        sums = dict.fromkeys(("imports", "exports", "charges", "today", "this_month"), Fraction(0))
        vat, used, yesterday = 1 + Fraction(self.vat, 10_000), Fraction(0), None
        for time, bought, sold in zip(span.times, imported, exported, strict=True):
            local = datetime.fromtimestamp(time, UTC).astimezone(ZoneInfo(zone))
            new_day = (local.hour, local.minute, local.second) == (0, 0, 0) if yesterday is None else local.date() != yesterday
            due = of_month = Fraction(0)
            if new_day:
                sums["today"] = Fraction(0)
                due = self.per_day * vat
                if local.day == 1:
                    of_month = self.per_month * vat  # no day's, but the month's
                    sums["this_month"], used = Fraction(0), Fraction(0)
            yesterday = local.date()
            sums["charges"] += due + of_month
            sums["this_month"] += of_month
            slice_ = gcd(span.step, 60 if span.start % 300 else 300)  # prices change on its multiples
            cost = income = Fraction(0)
            for moment in range(time, time + span.step, slice_):
                local = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone))
                price = self.price(self.zones, local, 2_500_000)
                begin, length, values = self.series
                if begin <= moment < begin + length * len(values):
                    price = values[(moment - begin) // length]
                left = Fraction(bought * slice_, KWH)
                for limit, word, amount in self.blocks:
                    part = min(left, max(Fraction(0), limit - used))
                    cost += part * (amount if word == "price" else price + amount) * vat
                    used, left = used + part, left - part
                cost += left * price * vat
                used += left
                income += Fraction(sold * slice_, KWH) * self.price(self.feed_in, local, 700_000)
            sums["imports"] += cost
            sums["exports"] += income
            for name in ("today", "this_month"):
                sums[name] += due + cost - income
        return sums


MONEY = st.integers(-9_000_000, 90_000_000)


RANGES = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda pair: range(min(pair), max(pair) + 1))


MINUTES = st.lists(st.integers(0, 96), min_size=2, max_size=2, unique=True).map(lambda b: range(min(b) * 15, max(b) * 15))


WHEN = st.sampled_from([range(1, 13), range(3, 11), range(1, 4), range(10, 13)])


ZONES = st.lists(st.tuples(MONEY, RANGES, MINUTES, WHEN), max_size=4)


LIMITS = st.lists(st.integers(1, 300), max_size=3, unique=True).map(sorted)


# the end of March and of October: clocks change, a month begins soon after
STARTS = {BERLIN: ["2026-03-28 20:00", "2026-10-24 20:00", "2026-10-31 00:00"], CAPE: ["2026-06-30 13:00", "2028-02-28 22:17"]}


@given(data=st.data())
@examples(max_examples=120, deadline=None)
def test_the_bill_is_what_reckoning_step_by_step_gives_however_time_is_cut(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from([CAPE, BERLIN]))
    start = at(zone, data.draw(st.sampled_from(STARTS[zone])))
    span = Span(start, data.draw(st.sampled_from([60, 900, 1000, 3600])), data.draw(st.integers(1, 90)))
    spec = Spec(
        data.draw(ZONES), data.draw(ZONES),
        [(limit, data.draw(st.sampled_from(["price", "add"])), data.draw(MONEY)) for limit in data.draw(LIMITS)],
        (start + 900 * data.draw(st.integers(-8, 60)), data.draw(st.sampled_from([300, 900, 3600])), data.draw(st.lists(MONEY, max_size=12))),
        data.draw(MONEY), data.draw(MONEY), data.draw(st.integers(0, 2_500)),
    )  # fmt: skip
    seed = data.draw(st.integers(1, 30_000_000))
    imported = [seed * (index + 1) % 30_000_001 for index in range(span.steps)]
    exported = [power // 3 for power in reversed(imported)]
    prices = ""
    if spec.series[2]:
        begin = datetime.fromtimestamp(spec.series[0], UTC).isoformat()
        prices = series(begin, spec.series[1] // 60, [value / 1e6 for value in spec.series[2]])
    device, settings = grid(zone, spec.text(), prices), options(spec.text(), prices, price=2.5, feed_in_price=0.7)
    whole = device.bill(settings, State(), span, imported, exported)
    bill = whole.bill
    expected = spec.reckon(zone, span, imported, exported)
    assert {name: Fraction(getattr(bill, name).units, UNIT) for name in expected} == expected
    assert bill.total.units == bill.imports.units + bill.charges.units - bill.exports.units
    bounds = sorted({0, span.steps, *data.draw(st.lists(st.integers(0, span.steps), max_size=5))})
    state = State()
    for first, last in pairwise(bounds):
        state = device.bill(settings, state, span.part(first, last - first), imported[first:last], exported[first:last])
        state = STATES.validate_json(STATES.dump_json(state))
    assert state == whole
    amounts = (bill.imports, bill.exports, bill.charges, bill.today, bill.this_month)
    assert all(0 <= amount.rest < UNIT < 2**63 and abs(amount.micro) < 2**63 for amount in amounts)


@pytest.mark.parametrize("name", ["block_tariff", "dynamic_price"])
def test_a_home_s_bill_does_not_depend_on_its_windows(name: str) -> None:
    bills = set()
    for longest in (7, 60, 1440):
        home, documents = read_home(EXAMPLES / f"{name}.yaml")
        house = House(home, documents, max_steps=longest)
        house.advance(home.start + 2 * 86_400)
        bills.add(house.members["grid"].state)
    assert len(bills) == 1
    (state,) = bills
    assert state.bill.total.micro != 0
