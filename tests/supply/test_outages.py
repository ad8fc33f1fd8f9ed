"""Outages laid over steps, put together and told ahead; everything against a look at every single second or step."""

from __future__ import annotations

import itertools
import time as clock
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.supply.calendars import calendar, event, outage, utc
from virtual_devices.kit.calendar import DailyTimes
from virtual_devices.kit.calendar import calendar as zone_calendar
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span
from virtual_devices.supply._outages import Outage, daily, merged, runs
from virtual_devices.supply.grid import Grid, Settings

ZONE = "Europe/Berlin"
SPRING, AUTUMN = utc("2026-03-29", ZONE), utc("2026-10-25", ZONE)
DAY = 86_400

intervals = st.builds(
    lambda start, length, stage: Outage(start, start + length, stage), st.integers(0, 3000), st.integers(1, 900), st.integers(0, 8)
)


def at(outages: list[Outage], time: int) -> bool:
    return any(each.start <= time < each.end for each in outages)


def flat(form: list[tuple[int, bool]]) -> list[bool]:
    return [out for steps, out in form for _ in range(steps)]


@given(outages=st.lists(intervals, max_size=12), start=st.integers(-200, 3500), step=st.sampled_from([1, 7, 60, 600]), steps=st.integers(1, 300))
@examples(max_examples=300, deadline=None)
def test_runs_are_what_a_look_at_every_step_finds(outages: list[Outage], start: int, step: int, steps: int) -> None:
    span = Span(start, step, steps)
    form = runs(merged(outages), span)
    assert flat(form) == [at(outages, time) for time in span.times]
    assert all(count > 0 for count, _ in form)
    assert all(before[1] != after[1] for before, after in itertools.pairwise(form))


@given(outages=st.lists(intervals, max_size=12))
def test_merged_outages_are_the_same_time_apart_and_in_order(outages: list[Outage]) -> None:
    one = merged(outages)
    assert all(before.end < after.start for before, after in itertools.pairwise(one))
    for time in {0, *(bound for each in outages for bound in (each.start - 1, each.start, each.end - 1, each.end))}:
        assert at(one, time) == at(outages, time)
    for each in outages:
        assert any(other.start <= each.start and each.end <= other.end and other.stage >= each.stage for other in one)


@pytest.mark.parametrize("midnight", [SPRING, AUTUMN, utc("2026-07-01", ZONE)])
@given(text=st.sampled_from(["02:30-03:30", "22:00-05:00", "00:00-24:00", "01:59:30-02:00:01, 23:00-00:30", ""]), data=st.data())
@examples(max_examples=40, deadline=None)
def test_daily_outages_are_what_the_daily_times_say_at_every_second(midnight: int, text: str, data: st.DataObject) -> None:
    times, local = DailyTimes.parse(text), zone_calendar(ZONE)
    start = midnight + data.draw(st.integers(-DAY, DAY))
    end = start + data.draw(st.integers(1, 2 * DAY))
    found = daily(times, local, start, end)
    for time in [start, end - 1, *data.draw(st.lists(st.integers(start, end - 1), max_size=200))]:
        assert at(found, time) == times.at(local.second_of_day(time))


# -- the grid -------------------------------------------------------------------------------------------------------------

TEXT = calendar(
    outage("20260327T023000", "20260327T033010", "RRULE:FREQ=DAILY", "X-LOADSHEDDING-STAGE:2", zone=ZONE, uid="a"),
    event("DTSTART:20260328T120000Z", "DTEND:20260328T120001Z", uid="b"),
    event("DTSTART:20260328T180000", "DTEND:20260328T203000", "X-LOADSHEDDING-STAGE:4", uid="c"),
)
OFF = Settings(outage_calendar="off.ics", outages="20:00-21:00, 23:30-01:00")


def grid(text: str = TEXT, zone: str = ZONE) -> Grid:
    return Grid(Context("grid", Site(52.5, 13.4, 34, zone, 1), {"off.ics": text}))


def out(time: int) -> bool:
    """By hand: what the calendar above and the daily times say at a time."""
    local = zone_calendar(ZONE)
    second = local.second_of_day(time)
    if 20 * 3600 <= second < 21 * 3600 or second >= 84_600 or second < 3600:
        return True
    single = [("2026-03-28 13:00:00", "2026-03-28 13:00:01"), ("2026-03-28 18:00", "2026-03-28 20:30")]
    each_day = [(f"2026-03-{day} 02:30", f"2026-03-{day} 03:30:10") for day in (27, 28, 30, 31)]
    sunday = [("2026-03-29 03:30+02:00", "2026-03-29 04:30:10+02:00")]
    return any(utc(start, ZONE) <= time < utc(end, ZONE) for start, end in [*single, *each_day, *sunday])


@given(start=st.integers(SPRING - 2 * DAY, SPRING + 2 * DAY), step=st.sampled_from([1, 60, 77, 1800]), data=st.data())
@examples(max_examples=80, deadline=None)
def test_a_link_over_any_span_is_what_a_look_at_every_step_finds(start: int, step: int, data: st.DataObject) -> None:
    steps = min(data.draw(st.integers(1, 1440)), (SPRING + 2 * DAY - start) // step + 1)
    span = Span(start, step, steps)
    assert [not link.connected for link in grid().link(OFF, span) for _ in range(link.steps)] == [out(time) for time in span.times]


def report(time: str, text: str = TEXT, settings: Settings = OFF) -> dict[str, Any]:
    device = grid(text)
    telemetry = device.report(settings, device.begin(settings), utc(time, ZONE))
    return {name: getattr(telemetry, name) for name in telemetry.__dataclass_fields__}


def test_what_is_told_ahead_of_an_outage_in_it_and_after_it() -> None:
    before = report("2026-03-28 17:00")
    assert (before["stage"], before["outage_planned"]) == (0, False)
    assert (before["start_time"], before["end_time"]) == ("2026-03-28T18:00:00+01:00", "2026-03-28T21:00:00+01:00")
    assert (before["starts_in"], before["ends_in"]) == (60, 240)
    assert (before["next_start_time"], before["next_end_time"], before["next_stage"]) == ("2026-03-28T18:00:00+01:00", "2026-03-28T21:00:00+01:00", 4)
    assert before["forecast"][:3] == [
        {"start_time": "2026-03-28T18:00:00+01:00", "end_time": "2026-03-28T21:00:00+01:00", "stage": 4},
        {"start_time": "2026-03-28T23:30:00+01:00", "end_time": "2026-03-29T01:00:00+01:00", "stage": 0},
        {"start_time": "2026-03-29T03:30:00+02:00", "end_time": "2026-03-29T04:30:10+02:00", "stage": 2},
    ]
    assert len(before["forecast"]) == 12
    within = report("2026-03-28 20:59")
    assert (within["stage"], within["outage_planned"], within["starts_in"], within["ends_in"]) == (4, True, 0, 1)
    assert within["start_time"] == "2026-03-28T18:00:00+01:00"
    assert (within["next_start_time"], within["next_end_time"], within["next_stage"]) == ("2026-03-28T23:30:00+01:00", "2026-03-29T01:00:00+01:00", 0)
    after = report("2026-03-28 21:00")
    assert (after["stage"], after["outage_planned"], after["starts_in"]) == (0, False, 150)


def test_without_an_outage_ahead_nothing_is_told() -> None:
    told = report("2026-07-01 12:00", settings=Settings())
    assert (told["stage"], told["outage_planned"], told["forecast"]) == (0, False, [])
    assert told["start_time"] is told["end_time"] is told["starts_in"] is told["ends_in"] is None
    assert told["next_start_time"] is told["next_end_time"] is told["next_stage"] is None
    for_ever = report("2026-07-01 12:00", settings=Settings(outages="00:00-24:00"))
    assert for_ever["outage_planned"]
    assert for_ever["end_time"] is for_ever["ends_in"] is None, "an end that nobody knows"


def test_telling_ahead_is_cheap_once_a_month_is_known() -> None:
    device = grid()
    device.report(OFF, device.begin(OFF), SPRING)
    begin = clock.process_time()
    for minute in range(200):
        device.report(OFF, device.begin(OFF), SPRING + 60 * minute)
    assert (clock.process_time() - begin) / 200 < 0.005


def test_bounds_between_two_steps_are_warned_of() -> None:
    device = grid()
    assert device.warnings(Settings(), SPRING, 60) == []
    (warning,) = device.warnings(OFF, utc("2026-03-28 00:00", ZONE), 60)
    assert warning.startswith("off.ics: 2026-03-28 03:30:10 and ")
    assert "falls between two steps of 60 s and counts from the next" in warning
    assert device.warnings(OFF, utc("2026-03-28 00:00", ZONE), 1) == []
    other = grid(calendar(outage("20260327T023000", "20260327T033000", "CATEGORIES:Birthday")))
    assert other.warnings(OFF, SPRING, 60) == [
        "off.ics: none of its 1 events is of the category LOADSHEDDING or OUTAGE; nothing is off"
    ]
