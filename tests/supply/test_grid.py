"""The grid's link and its bill, calculated by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.laws import examples
from virtual_devices.kit.offers import Link
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span
from virtual_devices.supply.grid import Grid, Settings, State
from virtual_devices.supply.tariffs.bill import UNIT, Amount
from virtual_devices.supply.tariffs.zones import MICRO

STATES = TypeAdapter(State)
MIDNIGHT = 1_751_320_800  # 2025-07-01 00:00 in Johannesburg
DAY = 86_400


def grid(zone: str = "Africa/Johannesburg") -> Grid:
    return Grid(Context("grid", Site(-33.9, 18.4, 50, zone, 1)))


def bill(settings: Settings, span: Span, imported: int, exported: int = 0, state: State | None = None) -> State:
    return grid().bill(settings, state or State(), span, [imported] * span.steps, [exported] * span.steps)


@pytest.mark.parametrize("step", [1, 60, 600])
def test_two_kilowatts_for_ten_minutes_at_3_50(step: int) -> None:
    settings = Settings(price=3.5)
    state = bill(settings, Span(MIDNIGHT, step, 600 // step), 2_000_000)
    reading = grid().report(settings, state, MIDNIGHT + 600)
    assert reading.cost == pytest.approx(7 / 6, abs=1e-12)  # a third of a kWh
    assert reading.day_cost == reading.cost
    assert reading.price_now == 3.5
    assert state.bill.imports == Amount(1_166_666, 2_400_000_000_000_000)  # 1.166666 and two thirds of a millionth


def test_export_earns() -> None:
    settings = Settings(price=3.5, feed_in_price=0.8)
    state = bill(settings, Span(MIDNIGHT, 3600, 1), 0, 5_000_000)
    assert grid().report(settings, state, MIDNIGHT + 3600).cost == pytest.approx(-4.0)
    state = bill(settings, Span(MIDNIGHT + 3600, 3600, 1), 2_000_000, 0, state)
    assert grid().report(settings, state, MIDNIGHT + 7200).cost == pytest.approx(3.0)


def test_the_day_begins_at_local_midnight() -> None:
    settings = Settings(price=2)
    state = bill(settings, Span(MIDNIGHT - 2 * 3600, 3600, 5), 1_000_000)
    reading = grid().report(settings, state, MIDNIGHT + 3 * 3600)
    assert reading.cost == pytest.approx(10)
    assert reading.day_cost == pytest.approx(6)
    assert grid().report(settings, state, MIDNIGHT + DAY - 1).day_cost == pytest.approx(6)
    assert grid().report(settings, state, MIDNIGHT + DAY).day_cost == pytest.approx(6)  # of the day that just ended
    assert grid().report(settings, state, MIDNIGHT + DAY + 1).day_cost == 0
    late = bill(settings, Span(MIDNIGHT - 1800, 3600, 1), 1_000_000)  # a step belongs to the day it starts in
    assert grid().report(settings, late, MIDNIGHT + 1800).day_cost == 0
    assert grid().report(settings, late, MIDNIGHT - 1).day_cost == pytest.approx(2)


@given(
    zone=st.sampled_from(["Africa/Johannesburg", "Europe/Berlin"]),
    start=st.one_of(st.integers(MIDNIGHT, MIDNIGHT + 3 * DAY), st.integers(1_743_296_400 - 2 * DAY, 1_743_296_400)),
    step=st.sampled_from([1, 60, 1000, 3600]),
    flows=st.lists(st.tuples(st.integers(0, 20_000_000), st.integers(0, 20_000_000)), min_size=2, max_size=80),
    price=st.integers(-1_000_000, 100_000_000),
    feed_in=st.integers(-1_000_000, 100_000_000),
    data=st.data(),
)
@examples(max_examples=150, deadline=None)
def test_the_bill_does_not_depend_on_how_time_is_cut(
    *, zone: str, start: int, step: int, flows: list[tuple[int, int]], price: int, feed_in: int, data: st.DataObject
) -> None:
    device, settings = grid(zone), Settings(price=price / MICRO, feed_in_price=feed_in / MICRO)
    imported, exported = [flow[0] for flow in flows], [flow[1] for flow in flows]
    span = Span(start, step, len(flows))
    whole = device.bill(settings, State(), span, imported, exported)
    cut = data.draw(st.integers(1, len(flows) - 1))
    state = device.bill(settings, State(), span.part(0, cut), imported[:cut], exported[:cut])
    state = STATES.validate_json(STATES.dump_json(state))
    rest = span.part(cut, len(flows) - cut)
    assert device.bill(settings, state, rest, imported[cut:], exported[cut:]) == whole
    assert Fraction(whole.bill.imports.units, UNIT) == Fraction(price * sum(imported) * step, 3_600_000_000)
    assert Fraction(whole.bill.exports.units, UNIT) == Fraction(feed_in * sum(exported) * step, 3_600_000_000)
    today = [i for i, time in enumerate(span.times) if device.site.calendar.day(time) == whole.bill.day]
    due = sum(price * imported[i] - feed_in * exported[i] for i in today) * step
    assert Fraction(whole.bill.today.units, UNIT) == Fraction(due, 3_600_000_000)
    amounts = (whole.bill.imports, whole.bill.exports, whole.bill.today, whole.bill.this_month)
    assert all(abs(value) < 2**63 for amount in amounts for value in (amount.micro, amount.rest))


def test_the_state_of_an_earlier_version_is_read() -> None:
    before = {"cost": 11_666, "rest": 5, "day": 20_270, "day_cost": 11_666, "day_rest": 5}
    assert STATES.validate_python(before) == State()
    assert STATES.validate_python({}) == State()


def links(span: Span, **settings: Any) -> list[Link]:
    return grid().link(Settings(**settings), span)


def test_link_with_outages_and_the_switch() -> None:
    day = Span(MIDNIGHT, 1800, 48)
    assert links(day) == [Link(48, connected=True, import_limit=13_800_000, export_limit=5_000_000)]
    assert links(day, outages="18:00-20:30", export_limit=0) == [
        Link(36, connected=True, import_limit=13_800_000, export_limit=0),
        Link(5, connected=False, import_limit=0, export_limit=0),
        Link(7, connected=True, import_limit=13_800_000, export_limit=0),
    ]
    off = links(day, main_switch=False, outages="18:00-20:30")
    assert off == [Link(48, connected=False, import_limit=0, export_limit=0)]
    late = links(Span(MIDNIGHT, 3600, 24), outages="18:00:30-20:00")
    assert [(link.steps, link.connected) for link in late] == [(19, True), (1, False), (4, True)]


def test_a_breaker_that_trips_is_in_the_link_while_there_is_a_grid() -> None:
    day = Span(MIDNIGHT, 1800, 48)
    assert [link.breaker_reset for link in links(day, breaker_trips=True, outages="18:00-20:30")] == [300, 0, 300]
    assert [link.breaker_reset for link in links(day, breaker_trips=True, breaker_reset=45)] == [45]
    assert [link.breaker_reset for link in links(day, breaker_reset=45)] == [0]
