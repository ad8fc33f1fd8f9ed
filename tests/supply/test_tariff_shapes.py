"""Tariffs of other shapes: a day's or a month's bill of each, calculated by hand, and the same however time is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.supply.tariffs import BERLIN, CAPE, STATES, at, grid, options, series
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.window import Span
from virtual_devices.supply.grid import State
from virtual_devices.supply.tariffs.file import read_tariff

DAILY_BLOCK = "import: {blocks: [{up_to: 15 kWh, per: day, price: 0.20}, {price: 0.30}]}\n"
FREE_WINDOW = "import:\n  zones:\n    - {price: 0.30}\n    - {price: 0, hours: 11-14, up_to: 2 kWh, per: day}\n"
FREE_A_MONTH = FREE_WINDOW.replace("2 kWh, per: day", "10 kWh, per: month")
BILLING_DAY = "billing_day: 17\nimport: {blocks: [{up_to: 600 kWh, price: 3}, {price: 4}]}\ncharges: {per_month: 100}\n"
LAST_DAY = "billing_day: 31\ncharges: {per_month: 100}\n"
FEE = "vat: 25 %\nimport:\n  zones:\n    - {add: 0.06, hours: 6-22}\n"
DEMAND = "vat: 15 %\ncharges: {demand: [{per_kw: 100, interval: 30 min, days: Mon-Fri, hours: 6-22}]}\n"
NET_MONTH = "vat: 10 %\nnet_metering: {per: month}\nimport: {price: 2}\n"
NET_YEAR = "net_metering: {per: year, first: Apr, surplus: 0.05}\nimport: {price: 2}\n"
NET_BLOCKS = "net_metering: {per: month}\nimport: {blocks: [{up_to: 10 kWh, price: 1}, {price: 3}]}\n"
CHANGES = """
vat: 15 %
import: {price: 2}
charges: {per_day: 1}
changes:
  - {from: 2026-07-01, import: {price: 3, zones: [{add: 1, hours: 12-13}]}}
  - {from: 2026-07-02, vat: 20 %, charges: {per_day: 5}}
"""
SPOT = series("2026-06-15T00:00:00+02:00", 60, [0.10] * 24)


@dataclass
class Case:
    """kW imported and exported hour by hour from a local time on, at a base price of 9 and a feed-in price of 0.5."""

    tariff: str
    start: str
    imported: Sequence[float]
    cost: float
    charges: float = 0
    income: float = 0
    exported: Sequence[float] | None = None
    prices: str = ""


DAY, WEEK = [1.0] * 24, [1.0] * 168
HAND = {
    "blocks of a day": Case(DAILY_BLOCK, "2026-07-01 00:00", DAY, 15 * 0.20 + 9 * 0.30),
    "which begin anew at midnight": Case(DAILY_BLOCK, "2026-07-01 12:00", DAY, 12 * 0.20 + 12 * 0.20),
    "a free window with a cap": Case(FREE_WINDOW, "2026-07-01 00:00", DAY * 2, 2 * (24 - 2) * 0.30),
    # 6 kWh in each of the three hours: 2 of 18 are free
    "a cap that is reached within a step": Case(FREE_WINDOW, "2026-07-01 11:00", [6.0] * 3, 16 * 0.30),
    # 3 a day: 10 free until noon of the 4th day, then July's
    "a cap of a month": Case(FREE_A_MONTH, "2026-06-27 00:00", DAY * 5, (4 * 24 - 10 + 24 - 3) * 0.30),
    # 16 days from the 1st to the 17th, 384 kWh at 3; then 600 at 3 until 11 August, 6 days at 4
    "a billing day": Case(BILLING_DAY, "2026-07-01 00:00", DAY * 48, (384 + 600) * 3 + (31 * 24 - 600) * 4 + 24 * 3, 2 * 100),
    # 31 May 12:00 to 1 July: the months of a billing day that is missing begin on the last day, 30 June
    "a billing day that a month has not": Case(LAST_DAY, "2026-05-31 12:00", DAY * 31, 31 * 24 * 9, 100),
    "a fee by zone on top of a series": Case(FEE, "2026-06-15 00:00", DAY, (24 * 0.10 + 16 * 0.06) * 1.25, prices=SPOT),
    "a fee by zone on top of the base price": Case(FEE, "2026-06-15 00:00", DAY, (24 * 9 + 16 * 0.06) * 1.25),
    # Friday 19 June 2026: the night's 9 kW are before 6, the day's highest is 4; Saturday's 20 do not count
    "a charge for power": Case(DEMAND, "2026-06-19 00:00", [9] * 6 + [2, 4, 3] + [1] * 15 + [20] * 24, (54 + 9 + 15 + 480) * 9 * 1.15, 400 * 1.15),
    # June's highest is 4, July's 2, a Wednesday
    "a charge for power begins anew with the month": Case(DEMAND, "2026-06-30 10:00", [4] * 12 + [0] * 8 + [2] * 2, 52 * 9 * 1.15, 600 * 1.15),
    # 10 in, then 4 out: 6 at 2
    "net metering takes back": Case(NET_MONTH, "2026-06-15 08:00", [5, 5, 0, 0], 10 * 2 * 1.1, 0, 4 * 2 * 1.1, [0, 0, 2, 2]),
    # 4 out, then 10 in: 6 at 2
    "net metering gives first": Case(NET_MONTH, "2026-06-15 08:00", [0, 0, 5, 5], 6 * 2 * 1.1, 0, 0, [2, 2, 0, 0]),
    # 5 out beyond what came in, at 0.5 when July begins; July's import is paid
    "a surplus is paid at the end of the month": Case(NET_MONTH, "2026-06-30 20:00", [1, 0, 0, 0, 3], (1 + 3) * 2 * 1.1, 0, 1 * 2 * 1.1 + 5 * 0.5, [0, 6, 0, 0, 0]),
    # the surplus of June still counts in July
    "net metering of a year": Case(NET_YEAR, "2026-06-30 20:00", [1, 0, 0, 0, 3], 1 * 2, 0, 1 * 2, [0, 6, 0, 0, 0]),
    # of March, when the year ends: 5 at 0.05
    "a surplus is paid at the end of the year": Case(NET_YEAR, "2026-03-31 20:00", [1, 0, 0, 0, 3], (1 + 3) * 2, 0, 1 * 2 + 5 * 0.05, [0, 6, 0, 0, 0]),
    # 14 in: 10 at 1, 4 at 3; 6 back: 4 at 3, 2 at 1
    "net metering in blocks": Case(NET_BLOCKS, "2026-06-15 08:00", [14, 0], 10 + 12, 0, 12 + 2, [0, 6]),
    # 30 June at 2; 1 July at 3, noon at 4; 2 July the same with other VAT and charge
    "prices with the date from which they hold": Case(
        CHANGES, "2026-06-30 00:00", DAY * 3, 24 * 2 * 1.15 + (24 * 3 + 1) * 1.15 + (24 * 3 + 1) * 1.20, 2 * 1 * 1.15 + 5 * 1.20
    ),
}  # fmt: skip


def milliwatts(powers: Sequence[float]) -> list[int]:
    return [round(power * 1_000_000) for power in powers]


@pytest.mark.parametrize("name", HAND)
@pytest.mark.parametrize("step", [3600, 900])
def test_a_bill_calculated_by_hand(name: str, step: int) -> None:
    case, many = HAND[name], 3600 // step
    device, settings = grid(CAPE, case.tariff, case.prices), options(case.tariff, case.prices, price=9, feed_in_price=0.5)
    span = Span(at(CAPE, case.start), step, many * len(case.imported))
    imported = [power for power in milliwatts(case.imported) for _ in range(many)]
    exported = [power for power in milliwatts(case.exported or [0.0] * len(case.imported)) for _ in range(many)]
    state = device.bill(settings, State(), span, imported, exported)
    said = device.report(settings, state, span.end)
    assert said.import_cost == pytest.approx(case.cost, abs=1e-9)
    assert said.fixed_cost == pytest.approx(case.charges, abs=1e-9)
    assert said.export_income == pytest.approx(case.income, abs=1e-9)


TARIFFS = {name: case.tariff for name, case in HAND.items()}


@given(data=st.data(), name=st.sampled_from(sorted(TARIFFS)))
@examples(max_examples=150, deadline=None)
def test_the_bill_is_the_same_however_time_is_cut(data: st.DataObject, name: str) -> None:
    text, zone = TARIFFS[name], data.draw(st.sampled_from([CAPE, BERLIN]))
    start = at(zone, data.draw(st.sampled_from(["2026-06-30 13:00", "2026-03-28 21:20", "2026-10-24 22:00", "2026-07-16 20:40"])))
    span = Span(start, data.draw(st.sampled_from([60, 700, 900, 3600])), data.draw(st.integers(1, 120)))
    seed = data.draw(st.integers(1, 30_000_000))
    imported = [seed * (index + 1) % 9_000_001 for index in range(span.steps)]
    exported = [power // 2 if index % 3 else 0 for index, power in enumerate(reversed(imported))]
    device, settings = grid(zone, text), options(text, price=9, feed_in_price=0.5)
    whole = device.bill(settings, State(), span, imported, exported)
    bounds = sorted({0, span.steps, *data.draw(st.lists(st.integers(0, span.steps), max_size=5))})
    state = State()
    for first, last in pairwise(bounds):
        state = device.bill(settings, state, span.part(first, last - first), imported[first:last], exported[first:last])
        state = STATES.validate_json(STATES.dump_json(state))
    assert state == whole
    assert whole.bill.today.units <= whole.bill.imports.units + whole.bill.charges.units


@pytest.mark.parametrize(("tariff", "when", "price", "change"), [
    (DAILY_BLOCK, "2026-07-01 16:00", 0.30, "2026-07-02T00:00"),
    (FREE_WINDOW, "2026-07-01 16:00", 0.30, "2026-07-02T11:00"),
    (CHANGES, "2026-06-30 16:00", 2.30, "2026-07-01T00:00"),
])  # fmt: skip
def test_the_forecast_knows_of_it(tariff: str, when: str, price: float, change: str) -> None:
    device, settings = grid(CAPE, tariff), options(tariff, price=9)
    day = when[:10]
    state = device.bill(settings, State(), Span(at(CAPE, f"{day} 00:00"), 3600, 16), [1_000_000] * 16, [0] * 16)
    said = device.report(settings, state, at(CAPE, when))
    assert said.price_now == pytest.approx(price)
    assert said.next_price_change is not None
    assert said.next_price_change.startswith(change)


def test_a_free_window_is_free_until_its_cap() -> None:
    device, settings = grid(CAPE, FREE_WINDOW), options(FREE_WINDOW)
    noon = at(CAPE, "2026-07-01 12:00")
    prices = []
    for power in (0, 3_000_000):
        state = device.bill(settings, State(), Span(noon - 3600, 3600, 1), [power], [0])
        prices.append(device.report(settings, state, noon).price_now)
    assert prices == [0, pytest.approx(0.30)]


def test_time_that_is_skipped_counts_for_nothing() -> None:
    device, settings = grid(CAPE, DAILY_BLOCK), options(DAILY_BLOCK)
    start = at(CAPE, "2026-07-01 00:00")
    state = device.bill(settings, State(), Span(start, 3600, 20), [1_000_000] * 20, [0] * 20)
    later = start + 3 * 86_400
    state = device.skip(settings, state, start + 20 * 3600, later)
    state = device.bill(settings, state, Span(later, 3600, 20), [1_000_000] * 20, [0] * 20)
    assert state.bill.imports.money == pytest.approx(2 * (15 * 0.20 + 5 * 0.30))


def test_the_month_s_cost_is_that_of_the_billing_month() -> None:
    device, settings = grid(CAPE, BILLING_DAY), options(BILLING_DAY)
    start = at(CAPE, "2026-07-16 00:00")
    state = device.bill(settings, State(), Span(start, 3600, 36), [1_000_000] * 36, [0] * 36)
    assert device.report(settings, state, start + 36 * 3600).month_cost == pytest.approx(12 * 3 + 100)
    assert device.month_start(settings, start + 36 * 3600) == start + 24 * 3600
    assert device.month_start(settings, start) == at(CAPE, "2026-06-17 00:00")


WRONG: list[tuple[str, int, str]] = [
    ("billing_day: 32", 1, "billing_day"),
    ("import: {blocks: [{up_to: 1, per: week}, {}]}", 1, "per"),
    ("import:\n  blocks:\n    - {up_to: 1, per: day}\n    - {up_to: 2, per: month}\n    - {}", 4, "blocks are all of a day or all of a month"),
    ("import:\n  zones:\n    - {price: 1, add: 2}", 3, "price stands instead of other prices, add comes on top; keep one"),
    ("import:\n  zones:\n    - {price: 1, up_to: 2}", 3, "add `per: day` or `per: month`"),
    ("import:\n  zones:\n    - {price: 1, per: day}", 3, "but how much? add up_to"),
    ("import:\n  zones:\n    - {add: 1, up_to: 2, per: day}", 3, "only a price of import can be for so many kWh"),
    ("feed_in:\n  zones:\n    - {price: 1, up_to: 2, per: day}", 3, "only a price of import can be for so many kWh"),
    ("charges:\n  demand: 5", 2, "demand should be a list"),
    ("charges:\n  demand:\n    - {hours: 6-9}", 3, "per_kw: is missing"),
    ("charges:\n  demand:\n    - {per_kw: 5, interval: 7 min}", 3, "interval is no part of an hour"),
    ("charges:\n  demand:\n    - {per_kw: 5, days: Hol}", 3, "demand 1: Hol, but which?"),
    ("net_metering: month", 1, "net_metering should be a map"),
    ("net_metering: {per: day}", 1, "per"),
    ("net_metering: {per: month, first: Apr}", 1, "first is the one month in which a year begins"),
    ("net_metering: {per: year}\nimport: {blocks: [{up_to: 5}, {add: 1}]}", 1, "goes with blocks where both are per month"),
    ("net_metering: {per: month}\nimport: {zones: [{price: 1, up_to: 2, per: day}]}", 1, "does not go with a zone that has up_to"),
    ("changes:\n  - {import: {price: 2}}", 2, "from when?"),
    ("changes:\n  - {from: soon}", 2, "'soon' is no time"),
    ("changes:\n  - {from: 2026-07-01}\n  - {from: 2026-06-01}", 3, "sort the changes"),
    ("changes:\n  - {from: 2026-07-01, billing_day: 3}", 2, "change 1 has no 'billing_day'"),
]


@pytest.mark.parametrize(("text", "line", "words"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_told_in_one_line_with_its_place(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_tariff(text, "t.yaml", calendar(CAPE))
    said = str(caught.value)
    assert f"t.yaml:{line}: " in said
    assert words in said
    assert "\n" not in said


PARTS = st.sampled_from([*"{}[]:,\n -", "import", "zones", "blocks", "price", "add", "up_to", "per", "day", "month", "2", "5 kWh", "from", "changes", "2026-07-01",
                         "charges", "demand", "per_kw", "net_metering", "year", "first", "Apr", "billing_day", "vat", "null", "true", "feed_in", "hours", "6-9"])  # fmt: skip


@given(name=st.sampled_from(sorted(TARIFFS)), data=st.data())
@examples(max_examples=300, deadline=None)
def test_no_text_is_too_much_for_the_reader(name: str, data: st.DataObject) -> None:
    text = TARIFFS[name]
    for _ in range(data.draw(st.integers(0, 5))):
        place = data.draw(st.integers(0, len(text)))
        text = text[:place] + data.draw(PARTS) + text[place + data.draw(st.integers(0, 12)) :]
    refused = ""
    try:
        made = read_tariff(text, "t", calendar(CAPE))
    except ConfigurationError as error:
        refused = str(error)
    if refused:
        assert refused.startswith("t:")
        assert "\n" not in refused
    else:
        device, settings = grid(CAPE, text or "{}"), options(text or "{}")
        assert made.blocks
        state = device.bill(settings, State(), Span(at(CAPE, "2026-06-30 10:00"), 3600, 40), [1_000_000] * 40, [500_000] * 40)
        device.report(settings, state, at(CAPE, "2026-07-02 02:00"))
