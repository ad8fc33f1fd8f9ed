from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from virtual_devices.kit.durations import SECONDS, meant, parse_duration
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.quantities import DURATION


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
        (".5 h", 1800),
        ("1e3 s", 1000),
        ("1y", 31_536_000),
        ("0.5y", 15_768_000),
    ],
)
def test_reads_what_people_write(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "  ", "h", "-5min", "1.5s", "0s", "1e9d", "99999999d", "6h!", "1h-2", "١h", "5minh"]
)
def test_refuses_everything_else_and_shows_the_form(text: str) -> None:
    with pytest.raises(ConfigurationError, match="write it like 90s"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("10m", "; did you mean '10min', since m may be minutes or months?"),
        ("1h30", "; did you mean '1h30min'?"),
        ("1 hour", "; did you mean '1h'?"),
        ("5 minutes", "; did you mean '5min'?"),
        ("2 weeks", "; did you mean '2w'?"),
        ("1 year, 2 days and 3 hrs", "; did you mean '1y2d3h'?"),
        ("6H", "; did you mean '6h'?"),
        ("1,5 h", "; did you mean '1.5h'?"),
        ("1:30", "; did you mean '1h30min'?"),
        ("90", "; it lacks a unit: did you mean '90s', '90min' or '90h'?"),
        ("3mo", "; months differ in length: write days, such as 30d"),
        ("1 month", "; months differ in length: write days, such as 30d"),
        ("soon", ""),
        ("1s30", ""),
        ("", ""),
        ("9" * 101 + "m", ""),
    ],
)
def test_what_is_nearly_a_duration_is_asked_back(text: str, asked: str) -> None:
    assert meant(text) == asked
    with pytest.raises(ConfigurationError, match=re.escape(f"is no duration{asked or '; write it like 90s'}")):
        parse_duration(text)


@given(text=st.text(st.sampled_from("0123456789.,: smhdwyano"), max_size=12))
def test_what_is_asked_back_is_a_duration(text: str) -> None:
    for duration in re.findall(r"'([^']*)'", meant(text)):
        assert DURATION.parse(duration) >= 0


def test_a_setting_asks_back_too() -> None:
    with pytest.raises(PydanticCustomError, match=r"unit 'minutes' is not understood here; use s, min, h, d, w, y; did you mean '5min'\?"):
        DURATION.parse("5 minutes")


def test_an_endless_text_gives_a_short_message() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_duration("x" * 100_000)
    assert len(str(caught.value)) < 150


@given(number=st.decimals(0, 10**6, places=3), unit=st.sampled_from(sorted(SECONDS)), spaces=st.sampled_from(["", " "]))
def test_a_setting_reads_the_same_as_a_command_line(number: Decimal, unit: str, spaces: str) -> None:
    text = f"{number}{spaces}{unit}"
    said = DURATION.parse(text)
    assert said == pytest.approx(float(number) * SECONDS[unit])
    assert DURATION.parse(f"{text} 1h{spaces}30min") == pytest.approx(said + 5400)
    assert re.fullmatch(DURATION.pattern, text)
    assert re.fullmatch(DURATION.pattern, f"{text} 1h 30min")
    with suppress(ConfigurationError):  # no part of a second, and not nothing
        assert parse_duration(text) == pytest.approx(said)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("-5min", -300), ("1e3 s", 1000), (".5 h", 1800), ("1w", 604_800)])
def test_a_setting_is_read_as_ever(text: str, seconds: float) -> None:
    assert DURATION.parse(text) == seconds


@pytest.mark.parametrize("text", ["5 minutes", "1h 30", "1h -5min", "5minh"])
def test_what_is_no_duration_is_none_in_a_setting_either(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="is not understood here; use s, min, h, d, w"):
        DURATION.parse(text)
    assert not re.fullmatch(DURATION.pattern, text)
