"""Local time, and periods of the day against a brute-force look at every step."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tests.laws import examples
from virtual_devices.kit.calendar import DAY, Calendar, DailyTimes, calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.window import Span

BERLIN = calendar("Europe/Berlin")
FORWARD, BACK = 1_743_296_400, 1_761_440_400  # 2025-03-30 and 2025-10-26, 01:00 UTC
HOUR = 3600


class Model(BaseModel):
    times: DailyTimes


def brute(times: DailyTimes, span: Span, zone: str) -> list[bool]:
    """Each step by itself, by datetime."""
    inside = []
    for time in span.times:
        local = datetime.fromtimestamp(time, UTC).astimezone(ZoneInfo(zone))
        second = local.hour * HOUR + local.minute * 60 + local.second
        inside.append(
            any(
                begin <= second < end or (end < begin and (second >= begin or second < end))
                for begin, end in times.periods
            )
        )
    return inside


def expanded(runs: list[tuple[int, bool]]) -> list[bool]:
    return [inside for steps, inside in runs for _ in range(steps)]


bounds = st.one_of(st.integers(0, 24).map(lambda hour: hour * HOUR), st.integers(0, DAY))
periods = st.lists(
    st.tuples(bounds.filter(lambda second: second < DAY), bounds).filter(lambda period: period[0] != period[1]), max_size=4
)


@given(
    periods=periods,
    zone=st.sampled_from(["Europe/Berlin", "Africa/Johannesburg", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago"]),
    around=st.sampled_from([FORWARD, BACK, 1_751_320_800, 1_743_865_200]),
    before=st.integers(0, 3 * DAY),
    step=st.sampled_from([1, 7, 60, 61, 900, 1000, 3600, 3601]),
    steps=st.integers(1, 400),
)
@examples(max_examples=300, deadline=None)
def test_runs_are_what_a_look_at_every_step_finds(
    *, periods: list[tuple[int, int]], zone: str, around: int, before: int, step: int, steps: int
) -> None:
    times, span = DailyTimes(tuple(periods)), Span(around - before, step, steps)
    runs = times.runs(span, calendar(zone))
    assert expanded(runs) == brute(times, span, zone)
    assert all(count > 0 for count, _ in runs)
    assert all(one[1] != other[1] for one, other in pairwise(runs))


def test_the_clocks_change_within_a_period() -> None:
    times = DailyTimes.parse("01:30-03:30")
    spring = times.runs(Span(FORWARD - 2 * HOUR, 1800, 10), BERLIN)  # from 00:00 local
    assert spring == [(3, False), (2, True), (5, False)]  # 02:00 to 03:00 does not exist
    autumn = times.runs(Span(BACK - 3 * HOUR, 1800, 12), BERLIN)  # from 00:00 local
    assert autumn == [(3, False), (6, True), (3, False)]  # 02:00 to 03:00 comes twice


def test_a_bound_between_two_steps_counts_from_the_next() -> None:
    span = Span(1_751_320_800, 60, 3)  # midnight in Johannesburg
    assert DailyTimes.parse("00:00:30-01:00").runs(span, calendar("Africa/Johannesburg")) == [(1, False), (2, True)]


def test_days_begin_at_local_midnight() -> None:
    for change, length in ((FORWARD, 23), (BACK, 25), (FORWARD + 7 * DAY, 24)):
        midnight = BERLIN.midnight(change)
        assert BERLIN.second_of_day(midnight) == 0
        assert BERLIN.next_midnight(midnight) - midnight == length * HOUR
        assert BERLIN.next_midnight(midnight - 1) == midnight
        assert BERLIN.day(midnight) == BERLIN.day(midnight - 1) + 1
        assert BERLIN.day(midnight) == BERLIN.day(BERLIN.next_midnight(midnight) - 1)


def test_months_begin_at_their_first_local_midnight() -> None:
    leap = int(datetime(2028, 2, 29, 22, 30, tzinfo=UTC).timestamp())  # 23:30 in Berlin
    assert BERLIN.month(leap) == 2028 * 12 + 1
    assert BERLIN.month(leap + HOUR) == 2028 * 12 + 2
    assert BERLIN.month_start(leap) == int(datetime(2028, 1, 31, 23, tzinfo=UTC).timestamp())
    assert BERLIN.month_start(leap + HOUR) == leap + HOUR // 2
    assert BERLIN.next_month(leap) == leap + HOUR // 2
    assert BERLIN.next_month(leap + HOUR) == int(datetime(2028, 3, 31, 22, tzinfo=UTC).timestamp())
    assert BERLIN.month_start(FORWARD) == BERLIN.month_start(FORWARD - 20 * DAY)  # across the change of clocks


@given(st.integers(0, 2_000_000_000), st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"]))
@examples(max_examples=200, deadline=None)
def test_offset_is_the_zone_s(time: int, zone: str) -> None:
    delta = datetime.fromtimestamp(time, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert delta is not None
    assert calendar(zone).offset(time) == delta.total_seconds()


def test_text_round_trips() -> None:
    for text in ("", "06:00-07:30, 18:00-22:00", "22:00-05:00", "00:00-24:00", "05:00:30-06:00"):
        times = Model(times=text).times
        assert str(times) == text
        assert Model.model_validate_json(Model(times=times).model_dump_json()).times == times


@pytest.mark.parametrize("text", ["6", "25:00-26:00", "06:00-06:00", "23:00-24:30", "06:00", "noon-13:00", 7])
def test_what_is_no_time_of_day_is_refused(text: object) -> None:
    with pytest.raises(ValidationError, match=r"period of the day|empty or ends|should be text"):
        Model(times=text)


def test_unknown_zone_is_refused_with_an_example() -> None:
    with pytest.raises(ConfigurationError, match=r"'Mars/Olympus' is unknown; use .*Africa/Johannesburg"):
        Calendar("Mars/Olympus")
