"""What a step is too coarse for, against steps counted one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.steps import full_hour, lengthened, times_between

DAY = 86_400
JOHANNESBURG = calendar("Africa/Johannesburg")
MIDNIGHT = 1_782_856_800
"""2026-07-01 00:00 there."""


@given(st.sets(st.integers(0, 86_399), max_size=4), st.integers(0, 86_399), st.sampled_from([1, 7, 60, 900, 3600, 86_400]))
@examples(max_examples=200, deadline=None)
def test_a_time_is_named_where_no_step_begins_at_it(seconds: set[int], start: int, step: int) -> None:
    begins = {(time - MIDNIGHT) % DAY for time in range(MIDNIGHT + start, MIDNIGHT + start + DAY, step)} if DAY % step == 0 else None
    named = times_between(seconds, MIDNIGHT + start, step, JOHANNESBURG)
    if begins is not None:
        expected = sorted(seconds - begins)
        assert named == ", ".join(f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}" for second in expected)


def test_durations_that_last_longer_than_they_say() -> None:
    assert lengthened({"one": 60, "none": 0, "five": 300}, 60) == []
    assert lengthened({"one": 60, "none": 0, "five": 300}, 300) == ["one of 60 s lasts until the next step of 300 s begins; change that, or step"]
    assert lengthened({"one": 60, "five": 300}, 900) == ["one of 60 s and five of 300 s last until the next step of 900 s begins; change that, or step"]


@pytest.mark.parametrize(("zone", "start", "hour"), [("UTC", 7_384, 7_200), ("Asia/Kolkata", 7_384, 5_400), ("UTC", 7_200, 7_200)])
def test_the_full_hour_is_the_one_on_the_wall(zone: str, start: int, hour: int) -> None:
    assert full_hour(start, calendar(zone)) == hour  # India is five and a half hours ahead
