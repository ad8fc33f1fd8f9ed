from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.forms.durations import LONGEST, parse_duration, write_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10min", 600),
        ("6h", 21_600),
        ("2d", 172_800),
        ("365d", 31_536_000),
        ("1w", 604_800),
        ("1h30min", 5400),
        ("1h 30min", 5400),
        (" 1.5 h ", 5400),
        ("0.5min", 30),
    ],
)
def test_reads_what_people_write(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "  ", "90", "h", "-5min", "5 minutes", "1.5s", "0s", "1e9d", "99999999d", "6h!", "1h-2", "١h", "5minh"]
)
def test_refuses_everything_else_and_shows_the_form(text: str) -> None:
    with pytest.raises(ConfigurationError, match="write it like 90s"):
        parse_duration(text)


def test_an_endless_text_gives_a_short_message() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_duration("x" * 100_000)
    assert len(str(caught.value)) < 150


@given(st.integers(1, LONGEST))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert parse_duration(write_duration(seconds)) == seconds
