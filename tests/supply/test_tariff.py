"""Bills under tariffs: calculated by hand, and step by step with fractions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from tests.supply.tariffs import BERLIN, CAPE, KWH, at, grid, options, series
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House
from virtual_devices.kit.site import Context
from virtual_devices.kit.window import Span
from virtual_devices.supply.grid import Grid, State, Telemetry
from virtual_devices.supply.tariffs.bill import UNIT, Amount

PEAK = """
vat: 15 %
holidays: {country: ZA}
import:
  zones:
    - {price: 4, days: Mon-Fri, hours: 6-9}
    - {price: 3, days: [Sat, Sun]}
    - {price: 1, days: Hol}
"""
AS_SUNDAY = PEAK.replace("    - {price: 1, days: Hol}\n", "")
AS_ITSELF = AS_SUNDAY.replace("ZA}", "ZA, count_as: itself}")
BLOCKS = "vat: 15 %\nimport: {blocks: [{up_to: 10 kWh}, {up_to: 20 kWh, add: 1}, {price: 7}]}\n"
CHARGES = "vat: 15 %\ncharges: {per_day: 2, per_month: 30}\n"
NIGHT = "import: {zones: [{price: 3, hours: 2-4}]}\n"
HALF_PAST = "import: {zones: [{price: 3, hours: '02:30-04:00'}]}\n"
FEED_IN = "vat: 15 %\nfeed_in: {zones: [{price: 5, hours: 10-15, months: Nov-Feb}, {price: -1, hours: 12-13}]}\n"
LATE = "import: {zones: [{price: 9, hours: 22-2, days: Fri}]}\n"


@dataclass
class Case:
    """So many kW for so many hours from a time on, at a base price of 2 and a feed-in price of 0.5."""

    tariff: str
    start: str
    hours: int
    cost: float
    """Of import with VAT."""
    charges: float = 0
    income: float = 0
    imported: int = 1
    exported: int = 0
    zone: str = field(default=CAPE)


HAND = {
    # 05:00-06:00 at 2, 06:00-07:00 at 4
    "a zone begins": Case(PEAK, "2026-06-15 05:00", 2, (2 + 4) * 1.15),
    # Friday 23:00 at 2, Saturday at 3
    "a weekend begins": Case(PEAK, "2026-06-19 23:00", 2, (2 + 3) * 1.15),
    # Freedom Day, a Monday: 1
    "a holiday": Case(PEAK, "2026-04-27 06:00", 2, (1 + 1) * 1.15),
    # Women's Day is Sunday 9 August 2026, so Monday the 10th is free too
    "a holiday that moves": Case(PEAK, "2026-08-10 06:00", 2, (1 + 1) * 1.15),
    "the day after it": Case(PEAK, "2026-08-11 06:00", 2, (4 + 4) * 1.15),
    # no zone names holidays: the Monday is a Sunday, 3
    "a holiday like a Sunday": Case(AS_SUNDAY, "2026-04-27 06:00", 2, (3 + 3) * 1.15),
    "a holiday like any day": Case(AS_ITSELF, "2026-04-27 06:00", 2, (4 + 4) * 1.15),
    # 12 kWh in one step: 10 at 2, 2 at 2 + 1
    "a block ends within a step": Case(BLOCKS, "2026-06-15 12:00", 1, (10 * 2 + 2 * 3) * 1.15, imported=12),
    # 24 kWh: 10 at 2, 10 at 3, 4 at 7
    "the last block has a price of its own": Case(BLOCKS, "2026-06-15 12:00", 2, (10 * 2 + 10 * 3 + 4 * 7) * 1.15, imported=12),
    # 12 kWh in June, then 12 kWh in July, each from the first block on
    "blocks begin anew with the month": Case(BLOCKS, "2026-06-30 23:00", 2, 2 * (10 * 2 + 2 * 3) * 1.15, imported=12),
    # midnight of the 16th
    "a midnight": Case(CHARGES, "2026-06-15 23:00", 2, 2 * 2 * 1.15, 2 * 1.15),
    "an afternoon costs nothing fixed": Case(CHARGES, "2026-06-01 00:30", 20, 20 * 2 * 1.15),
    "a start at midnight sharp": Case(CHARGES, "2026-06-02 00:00", 24, 24 * 2 * 1.15, 2 * 1.15),
    "a start at the month's first midnight": Case(CHARGES, "2026-06-01 00:00", 24, 24 * 2 * 1.15, (2 + 30) * 1.15),
    # the midnights of 29 February and of 1 March
    "a leap day": Case(CHARGES, "2028-02-28 23:00", 26, 26 * 2 * 1.15, (2 + 2 + 30) * 1.15),
    "no leap day": Case(CHARGES, "2027-02-28 23:00", 2, 2 * 2 * 1.15, (2 + 30) * 1.15),
    # a year's midnights and months: 2026-01-01 00:00 to 2026-12-31 24:00
    "a year": Case(CHARGES, "2026-01-01 00:00", 365 * 24, 365 * 24 * 2 * 1.15, (365 * 2 + 12 * 30) * 1.15),
    # 23 hours, 02:00-03:00 missing: one hour at 3
    "clocks go forward": Case(NIGHT, "2026-03-29 00:00", 23, 22 * 2 + 1 * 3, zone=BERLIN),
    # 25 hours, 02:00-03:00 twice: three hours at 3
    "clocks go back": Case(NIGHT, "2026-10-25 00:00", 25, 22 * 2 + 3 * 3, zone=BERLIN),
    # exported 1 kWh at 0.5, 1 at 5 (December), no VAT
    "feed-in has zones of its own": Case(FEED_IN, "2026-12-01 09:00", 2, 0, 0, 0.5 + 5, imported=0, exported=1),
    # in July the second zone alone: −1
    "feed-in for less than nothing": Case(FEED_IN, "2026-07-01 12:00", 2, 0, 0, -1 + 0.5, imported=0, exported=1),
    # Friday 00:00-02:00 and 22:00-24:00; Saturday's small hours are no Friday
    "hours past midnight belong to their own day": Case(LATE, "2026-06-19 00:00", 27, 4 * 9 + 23 * 2),
}


@pytest.mark.parametrize("name", HAND)
def test_a_bill_calculated_by_hand(name: str) -> None:
    case = HAND[name]
    device, settings = grid(case.zone, case.tariff), options(case.tariff, price=2, feed_in_price=0.5)
    start, steps = at(case.zone, case.start), case.hours
    columns = [case.imported * 1_000_000] * steps, [case.exported * 1_000_000] * steps
    state = device.bill(settings, device.begin(settings), Span(start, 3600, steps), *columns)
    report = device.report(settings, state, start + 3600 * steps)
    assert report.import_cost == pytest.approx(case.cost, abs=1e-9)
    assert report.fixed_cost == pytest.approx(case.charges, abs=1e-9)
    assert report.export_income == pytest.approx(case.income, abs=1e-9)
    assert report.cost == pytest.approx(case.cost + case.charges - case.income, abs=1e-9)


QUARTERS = [0.40, 0.25, 0.12, 0.03]


@pytest.mark.parametrize("step", [60, 900, 1000, 1800, 3600, 7200, 86_400])
def test_a_step_longer_than_prices_hold_costs_their_mean(step: int) -> None:
    """1 kW for a day of four quarters: 24 × 0.25 × (0.40 + 0.25 + 0.12 + 0.03) = 4.80; of steps of 1000 s, which do not fit, it lacks the last 400 s."""
    prices = series("2026-06-15T00:00:00+02:00", 15, QUARTERS * 24)
    device, settings = grid(CAPE, prices=prices, feed_in=prices), options(prices=prices, feed_in=prices, price=9.99)
    steps = 86_400 // step
    state = device.bill(settings, State(), Span(at(CAPE, "2026-06-15 00:00"), step, steps), [1_000_000] * steps, [500_000] * steps)
    lacking = 400 / 3600 * 0.03 if step == 1000 else 0
    assert device.report(settings, state, at(CAPE, "2026-06-16 00:00")).import_cost == pytest.approx(4.80 - lacking)
    assert device.report(settings, state, at(CAPE, "2026-06-16 00:00")).export_income == pytest.approx((4.80 - lacking) / 2)


def test_half_past_two_when_clocks_go_back() -> None:
    # 02:30-03:00 twice, 03:00-04:00 once: two hours at 3, the other 23 at 2
    device, settings = grid(BERLIN, HALF_PAST), options(HALF_PAST, price=2)
    span = Span(at(BERLIN, "2026-10-25 00:00"), 900, 100)
    state = device.bill(settings, State(), span, [1_000_000] * 100, [0] * 100)
    assert state.bill.imports == Amount.of((2 * 3 + 23 * 2) * 1_000_000 * UNIT)


def test_a_block_is_split_to_the_millijoule() -> None:
    text = "import: {blocks: [{up_to: 1 kWh}, {price: 1000}]}"
    device, settings = grid(CAPE, text), options(text, price=0)
    # 3600 s of 1 000 001 mW are 3600 mJ more than 1 kWh, at 1000 for each of 3.6e9 mJ: 0.001
    state = device.bill(settings, State(), Span(at(CAPE, "2026-06-15 12:00"), 3600, 1), [1_000_001], [0])
    assert state.bill.imports == Amount(1_000, 0)
    assert state.bill.month_energy == KWH + 3600


def test_a_price_series_wins_over_zones_and_they_hold_where_it_ends() -> None:
    text = "vat: 10 %\nimport: {zones: [{price: 4, hours: 12-15}]}"
    prices = series("2026-06-15T12:00:00+02:00", 15, [0.1, -0.3, 0.2, 0.4])
    device, settings = grid(CAPE, text, prices, prices), options(text, prices, prices, price=2, feed_in_price=1)
    start = at(CAPE, "2026-06-15 11:00")
    state = device.bill(settings, State(), Span(start, 900, 24), [4_000_000] * 24, [4_000_000] * 24)
    # 1 kWh in each quarter: 4 at 2, the series' 0.4, then 8 at 4 until 15:00, then 8 at 2
    assert state.bill.imports.money == pytest.approx((4 * 2 + 0.4 + 8 * 4 + 8 * 2) * 1.1, abs=1e-9)
    assert state.bill.exports.money == pytest.approx(4 * 1 + 0.4 + 16 * 1, abs=1e-9)
    at_noon = device.report(settings, State(), start + 3600)
    assert at_noon.price_now == pytest.approx(0.11)
    assert at_noon.feed_in_price_now == pytest.approx(0.1)
    assert at_noon.next_price_change == "2026-06-15T12:15:00+02:00"


def test_a_price_that_is_set_while_it_runs_is_the_base_price_from_then_on() -> None:
    device, start = grid(CAPE, PEAK), at(CAPE, "2026-06-15 05:00")
    state = device.bill(options(PEAK, price=2), State(), Span(start, 3600, 1), [1_000_000], [0])
    state = device.bill(options(PEAK, price=20), state, Span(start + 3600, 3600, 5), [1_000_000] * 5, [0] * 5)
    # 06:00-09:00 at 4, then 2 hours at 20
    assert state.bill.imports.money == pytest.approx((2 + 3 * 4 + 2 * 20) * 1.15, abs=1e-9)


def test_a_tariff_whose_file_changes_while_the_home_runs_holds_from_the_next_window_on() -> None:
    home = parse(
        "home: plain\nsite: {latitude: -26.2, longitude: 28.04, time_zone: Africa/Johannesburg}\n"
        "clock: {start: 2026-07-01, step: 60 s}\ndevices:\n  grid: {tariff: t}\n"
        "  house: {kind: base_load, variation: 0}\n"
    )
    house = House(home, {"t": "import: {zones: [{price: 2}]}"})
    house.advance(home.start + 3600)
    connection = house.members["grid"]
    first = connection.own_readings()["import_energy"]
    new = Grid(Context("grid", home.site, {"t": "import: {zones: [{price: 5}]}"}))
    connection.renew(new, {"tariff": "t"})
    house.advance(home.start + 7200)
    said = connection.readings()
    assert said["import_energy"] > first > 0
    assert said["import_cost"] == pytest.approx(first * 2 + (said["import_energy"] - first) * 5)
    assert (said["price_now"], {hour["price"] for hour in said["price_forecast"]}) == (5, {5})


# -- what it says -------------------------------------------------------------------------------------------------------


def prices_of(said: Telemetry) -> list[float]:
    return [hour["price"] for hour in said.price_forecast]


def test_what_a_kwh_costs_now_and_when_that_changes() -> None:
    device, settings = grid(CAPE, PEAK), options(PEAK, price=2)
    said = device.report(settings, State(), at(CAPE, "2026-06-15 05:30"))
    assert said.price_now == pytest.approx(2.3)
    assert said.next_price_change == "2026-06-15T06:00:00+02:00"
    # this hour (05:00), 06:00-09:00, then 2 until midnight, then Youth Day (16 June) at 1, Wednesday as Monday
    assert prices_of(said) == pytest.approx([2.3, *[4.6] * 3, *[2.3] * 15, *[1.15] * 24, *[2.3] * 5])
    assert said.price_forecast[0] == {
        "start_time": "2026-06-15T05:00:00+02:00", "end_time": "2026-06-15T06:00:00+02:00", "price": pytest.approx(2.3),
    }
    assert said.price_forecast[-1]["end_time"] == "2026-06-17T05:00:00+02:00"
    # Friday after the peak: nothing changes before Saturday
    assert device.report(settings, State(), at(CAPE, "2026-06-19 12:00")).next_price_change == "2026-06-20T00:00:00+02:00"


def test_an_hour_of_two_prices_is_foreseen_with_their_mean() -> None:
    text = "import: {zones: [{price: 6, hours: '06:15-07:00'}]}"
    said = grid(CAPE, text).report(options(text, price=2), State(), at(CAPE, "2026-06-15 06:59"))
    assert prices_of(said)[:2] == [5, 2]


def test_a_flat_price_never_changes() -> None:
    said = grid(CAPE).report(options(price=3.5), State(), at(CAPE, "2026-06-15 05:30"))
    assert said.next_price_change is None
    assert prices_of(said) == [3.5] * 48


def test_the_block_that_the_month_has_reached_is_in_the_price_until_the_month_ends() -> None:
    device, settings = grid(CAPE, BLOCKS), options(BLOCKS, price=2)
    start = at(CAPE, "2026-06-30 12:00")
    state = device.bill(settings, State(), Span(start, 3600, 1), [12_000_000], [0])
    said = device.report(settings, state, start + 3600)
    assert said.price_now == pytest.approx(3 * 1.15)
    assert said.next_price_change == "2026-07-01T00:00:00+02:00"
    assert prices_of(said) == pytest.approx([3.45] * 11 + [2.3] * 37)
    assert device.report(settings, state, at(CAPE, "2026-07-01 00:00")).price_now == pytest.approx(2.3)


def test_day_and_month_begin_anew_at_their_midnights() -> None:
    device, settings = grid(CAPE, CHARGES), options(CHARGES, price=2)
    start = at(CAPE, "2026-06-29 12:00")
    state = device.bill(settings, State(), Span(start, 3600, 30), [1_000_000] * 30, [0] * 30)
    said = device.report(settings, state, start + 30 * 3600)
    assert said.month_cost == pytest.approx((30 * 2 + 2) * 1.15)  # one midnight
    assert said.day_cost == pytest.approx((18 * 2 + 2) * 1.15)
    state = device.bill(settings, state, Span(start + 30 * 3600, 3600, 7), [1_000_000] * 7, [0] * 7)
    said = device.report(settings, state, start + 37 * 3600)
    assert said.month_cost == pytest.approx((1 * 2 + 2 + 30) * 1.15)  # July's first hour
    assert said.day_cost == pytest.approx((1 * 2 + 2) * 1.15), "what a month costs is not what the first of it costs"
    assert said.cost == pytest.approx((37 * 2 + 2 + 2 + 30) * 1.15)
    assert device.report(settings, state, at(CAPE, "2026-08-02 00:00")).month_cost == 0


def test_who_was_away_pays_the_midnights_that_passed() -> None:
    device, settings = grid(CAPE, CHARGES), options(CHARGES, price=2)
    state = device.bill(settings, State(), Span(at(CAPE, "2026-06-28 12:00"), 3600, 1), [0], [0])
    state = device.bill(settings, state, Span(at(CAPE, "2026-07-02 12:00"), 3600, 1), [0], [0])
    said = device.report(settings, state, at(CAPE, "2026-07-02 13:00"))
    assert said.fixed_cost == pytest.approx((4 * 2 + 30) * 1.15)
    assert said.month_cost == pytest.approx((2 * 2 + 30) * 1.15)
    assert said.day_cost == pytest.approx(2 * 1.15)


def test_the_forecast_goes_through_the_hours_that_clocks_repeat_and_skip() -> None:
    """Berlin, 25 October 2026: 02:00-03:00 comes twice. 29 March: it does not come."""
    device, settings = grid(BERLIN), options(price=1)
    for night, hours in (("2026-10-25", ["01", "02", "02", "03"]), ("2026-03-29", ["01", "03", "04", "05"])):
        told = device.report(settings, State(), at(BERLIN, f"{night} 01:30")).price_forecast
        assert [hour["start_time"][11:13] for hour in told[:4]] == hours
        assert all(before["end_time"] == after["start_time"] for before, after in pairwise(told))


def test_the_price_sensor_has_today_and_tomorrow_as_nord_pools_has_them() -> None:
    device, settings = grid(CAPE, PEAK), options(PEAK, price=2)
    said = device.report(settings, State(), at(CAPE, "2026-06-15 05:30"))
    # until 06:00 at 2, then 3 hours at 4, both with 15 % VAT; Youth Day at 1
    assert said.today == pytest.approx([*[2.3] * 6, *[4.6] * 3, *[2.3] * 15])
    assert said.raw_today[6] == {"start": "2026-06-15T06:00:00+02:00", "end": "2026-06-15T07:00:00+02:00", "value": pytest.approx(4.6)}
    assert said.tomorrow_valid
    assert said.tomorrow == pytest.approx([1.15] * 24)
    assert (said.raw_tomorrow[0]["start"], said.raw_tomorrow[-1]["end"]) == ("2026-06-16T00:00:00+02:00", "2026-06-17T00:00:00+02:00")
    later = device.report(settings, State(), at(CAPE, "2026-06-15 23:59"))
    assert (later.raw_today, later.raw_tomorrow) == (said.raw_today, said.raw_tomorrow), "they change at midnight only"


@pytest.mark.parametrize("tariff", [PEAK, BLOCKS, LATE, CHARGES, ""])
def test_prices_that_were_told_before_are_those_that_are_worked_out_now(tariff: str) -> None:
    """Of a grid that remembers them, while energy is used and its owner changes the price, and of one that is asked for the first time."""
    device, state = grid(CAPE, tariff), State()
    for number in range(100):
        settings = options(tariff, price=2 + number % 40 // 20)
        begin = at(CAPE, "2026-06-14 00:00") + number * 1800
        state = device.bill(settings, state, Span(begin, 900, 2), [3_000_000] * 2, [0] * 2)
        said = device.report(settings, state, begin + 1800)
        assert said == grid(CAPE, tariff).report(settings, state, begin + 1800)


@pytest.mark.parametrize(("night", "hours"), [("2026-10-25", 25), ("2026-03-29", 23), ("2026-03-30", 24)])
def test_a_day_has_as_many_prices_as_hours(night: str, hours: int) -> None:
    said = grid(BERLIN).report(options(price=1), State(), at(BERLIN, f"{night} 12:00"))
    assert len(said.today) == len(said.raw_today) == hours
    assert all(before["end"] == after["start"] for before, after in pairwise([*said.raw_today, *said.raw_tomorrow]))


@pytest.mark.parametrize(("known", "valid"), [(47, False), (48, True)])
def test_tomorrow_is_told_when_all_of_it_is_published(known: int, valid: bool) -> None:  # noqa: FBT001
    text = series("2026-06-15T00:00:00+02:00", 60, [float(hour) for hour in range(known)])
    said = grid(CAPE, prices=text).report(options(prices=text), State(), at(CAPE, "2026-06-15 12:30"))
    assert said.today == [float(hour) for hour in range(24)]
    assert (said.tomorrow, said.tomorrow_valid) == ([float(hour) for hour in range(24, known)] if valid else [], valid)
    assert len(said.raw_tomorrow) == 24 * valid


def test_the_longest_forecast_is_one_that_home_assistant_keeps() -> None:
    """Its recorder leaves out attributes of more than 16384 bytes."""
    prices = ", ".join(f"{{price: {-99_999.123456 / (hour + 1)}, hours: {hour}-{hour + 1}}}" for hour in range(24))
    text = f"vat: 100 %\nimport: {{zones: [{prices}]}}"
    said = grid(CAPE, text).report(options(text), State(), at(CAPE, "2026-06-15 05:30"))
    assert len(json.dumps({"price_forecast": said.price_forecast})) < 8_192
    assert len(json.dumps({name: getattr(said, name) for name in ("raw_today", "raw_tomorrow", "today", "tomorrow", "tomorrow_valid")})) < 12_288


# -- laws ---------------------------------------------------------------------------------------------------------------


def test_what_is_proposed_is_billed_by_the_prices_that_were_published_then() -> None:
    """A file that was overwritten while the home stood still: the open window is redone with what it had said."""
    today, tomorrow = series("2026-06-15T00:00:00+02:00", 60, [1.0] * 24), series("2026-06-16T00:00:00+02:00", 60, [2.0] * 24)
    settings, span = options(prices=today, price=9), Span(at(CAPE, "2026-06-15 22:00"), 3600, 4)
    before = grid(CAPE, prices=today).agreed(settings, State(), span)
    after = grid(CAPE, prices=tomorrow)
    state = after.bill(settings, before, span.part(0, 2), [1_000_000] * 2, [0] * 2)
    assert state.bill.imports.money == 2
    state = after.bill(settings, state, span.part(2, 2), [1_000_000] * 2, [0] * 2)
    assert state.bill.imports.money == 2 + 18  # what the file of its day did not know either
    state = after.bill(settings, state, Span(span.end, 3600, 1), [1_000_000], [0])
    assert state.bill.imports.money == 2 + 18 + 2
