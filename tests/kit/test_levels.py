"""Numbers that depend on the time of day."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.kit.calendar import DAY, calendar
from virtual_devices.kit.levels import daily_levels, levels_text
from virtual_devices.kit.window import Span

ZONE = calendar("Europe/Berlin")


def test_a_number_holds_all_day() -> None:
    assert daily_levels("450").levels == ((0, 450.0),)


def test_parts_of_a_day() -> None:
    levels = daily_levels("22:00-06:00 180, 06:00-22:00 450.5")
    assert [levels.at(second * 3600) for second in (0, 5, 6, 21, 22, 23)] == [180, 180, 450.5, 450.5, 180, 180]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("00:00-06:00 180", "06:00 to 24:00 is left out"),
        ("06:00-24:00 180", "00:00 to 06:00 is left out"),
        ("00:00-07:00 180, 06:00-24:00 450", "06:00 to 07:00 is told twice"),
        ("00:00-25:00 180", "ends after 24:00"),
        ("green", "is no part of a day"),
        ("-5", "is no part of a day"),
    ],
)
def test_what_is_no_day(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        daily_levels(text)


def test_a_list_as_home_files_have_it() -> None:
    parts = [{"start": "00:00", "end": "06:00", "value": 180}, {"start": "06:00", "end": "24:00", "value": 450}]
    assert levels_text(parts) == "00:00-06:00 180, 06:00-24:00 450"
    assert levels_text(450) == "450"
    with pytest.raises(ValueError, match="start, end and value"):
        levels_text([{"from": "00:00"}])


@given(start=st.integers(1_700_000_000, 1_800_000_000), step=st.sampled_from([1, 60, 900, 3600]), steps=st.integers(1, 200))
def test_runs_say_what_holds_at_each_step(start: int, step: int, steps: int) -> None:
    levels, span = daily_levels("22:00-06:30 180, 06:30-22:00 450"), Span(start, step, steps)
    column = [value for count, value in levels.runs(span, ZONE) for _ in range(count)]
    assert column == [levels.at((time + ZONE.offset(time)) % DAY) for time in span.times]
