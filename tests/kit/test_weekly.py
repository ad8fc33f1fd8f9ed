"""Schedules with days of the week and the sun, by hand."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from virtual_devices.kit.daylight import daylight
from virtual_devices.kit.site import Site
from virtual_devices.kit.weekly import WeeklyTimes
from virtual_devices.kit.window import Span

BERLIN = Site(52.52, 13.41, 40, "Europe/Berlin")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN.calendar.zone).timestamp())


def on(text: str, begin: str, hours: int) -> list[str]:
    """When it is on, by quarters of an hour."""
    span = Span(at(begin), 900, hours * 4)
    steps = [inside for count, inside in WeeklyTimes.parse(text).runs_at(span, BERLIN) for _ in range(count)]
    assert len(steps) == span.steps
    found, step = [], 0
    for inside, run in groupby(steps):
        count = len(list(run))
        if inside:
            first, last = (BERLIN.calendar.local(span.start + each * 900) for each in (step, step + count))
            found.append(f"{first:%a %H:%M}-{last:%H:%M}")
        step += count
    return found


def test_days_hold_until_others_are_named() -> None:
    text = "Mon-Fri 06:00-07:30, 18:00-22:00, Sat, Sun 08:00-10:00"
    assert on(text, "2026-06-19 00:00", 72) == ["Fri 06:00-07:30", "Fri 18:00-22:00", "Sat 08:00-10:00", "Sun 08:00-10:00"]
    assert str(WeeklyTimes.parse(text)) == "Mon-Fri 06:00-07:30, 18:00-22:00, Sat-Sun 08:00-10:00"
    assert str(WeeklyTimes.parse("12:00-13:00, Mon, Wed 22:00-02:00")) == "12:00-13:00, Mon, Wed 22:00-02:00"


def test_a_period_past_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    assert on("Fri 22:00-02:00", "2026-06-19 00:00", 72) == ["Fri 22:00-02:00"]
    assert on("Fri 22:00-24:00", "2026-06-19 00:00", 72) == ["Fri 22:00-00:00"]


def test_the_sun() -> None:
    rises, sets = daylight(BERLIN.latitude, BERLIN.longitude, BERLIN.calendar.day(at("2026-06-19 12:00"))) or (0, 0)
    runs = WeeklyTimes.parse("Fri sunset-00:30-23:00").runs_at(Span(at("2026-06-19 00:00"), 60, 1440), BERLIN)
    assert runs[0] == (-(-(sets - 1800 - at("2026-06-19 00:00")) // 60), False)
    assert [inside for _, inside in runs] == [False, True, False]
    night = WeeklyTimes.parse("sunset-sunrise").runs_at(Span(at("2026-06-19 00:00"), 60, 1440), BERLIN)
    assert night[0] == (-(-(rises - at("2026-06-19 00:00")) // 60), True)


def test_without_days_it_is_what_daily_times_are() -> None:
    plain = WeeklyTimes.parse("06:00-07:30, 22:00-05:00")
    assert (plain.weekly, str(plain)) == ((), "06:00-07:30, 22:00-05:00")
    span = Span(at("2026-03-28 00:00"), 60, 2000)
    assert plain.runs_at(span, BERLIN) == plain.runs(span, BERLIN.calendar)


@pytest.mark.parametrize("text", ["Mo 06:00-07:00", "Mon", "06:00-07:00, Sat", "Mon 6-7", "sunset", "noon-13:00", "Mon 24:30-25:00"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="write"):
        WeeklyTimes.parse(text)


@given(
    text=st.sampled_from(["Mon-Fri 06:00-07:30, Sat 22:00-02:30", "sunset+00:20-23:10", "Sun 01:00-04:00, sunset-sunrise"]),
    start=st.integers(at("2026-03-26 00:00"), at("2026-03-30 00:00")),
    step=st.sampled_from([1, 60, 900, 3600]),
    steps=st.integers(2, 200),
    data=st.data(),
)
def test_two_spans_are_one(text: str, start: int, step: int, steps: int, data: st.DataObject) -> None:
    times, span, cut = WeeklyTimes.parse(text), Span(start, step, steps), data.draw(st.integers(1, steps - 1))
    flat = [[inside for count, inside in times.runs_at(part, BERLIN) for _ in range(count)] for part in (span, span.part(0, cut), span.part(cut, steps - cut))]
    assert flat[0] == flat[1] + flat[2]
    assert WeeklyTimes.parse(str(times)) == times
