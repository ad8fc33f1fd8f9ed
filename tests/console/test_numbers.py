"""Numbers as people write them, by what their browsers say; the right forms are CLDR's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.console.numbers import LocalNumbers


@pytest.mark.parametrize(
    ("accepted", "said"),
    [
        ("en-ZA,en;q=0.9", "1\u00a0234,50 ZAR"), ("en-US", "1,234.50 ZAR"), ("de-DE,de;q=0.9,en;q=0.8", "1.234,50 ZAR"), ("fr", "1\u202f234,50 ZAR"),
        ("", "1,234.50 ZAR"), ("*", "1,234.50 ZAR"), ("xx-nowhere, de;q=0.5", "1.234,50 ZAR"), ("zh-Hant-TW", "1,234.50 ZAR"),
    ],
)  # fmt: skip
def test_points_and_commas(accepted: str, said: str) -> None:
    assert LocalNumbers(accepted).decimal(1234.5, 2, "ZAR") == said


def test_what_is_no_number_is_a_dash_and_nothing_is_not_less_than_nothing() -> None:
    numbers = LocalNumbers("de")
    assert [numbers.decimal(value, 1) for value in (None, float("nan"), float("inf"), -0.04, 0.0)] == ["–", "–", "–", "0,0", "0,0"]
    assert [numbers.plain(value) for value in (1.0, 0.1234567, -2.5)] == ["1", "0,123", "-2,5"]


@given(st.text(max_size=300))
def test_whatever_a_browser_says_is_some_language(accepted: str) -> None:
    assert LocalNumbers(accepted).decimal(12.0) != ""
