"""Directions in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.kit.forms.compass import counted_otherwise, degrees_meant


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("north", 0), ("N", 0), ("NNE", 22.5), ("north-north-east", 22.5), ("South West", 225), ("facing south", 180), ("southwards", 180), ("WNW", 292.5), ("E.", 90),
        ("N 20 E", 20), ("N20E", 20), ("S 20° W", 200), ("S30E", 150), ("n 10 deg w", 350), ("flat", 0), ("upright", 90), ("vertical", 90),
        ("up", None), ("", None), ("EW", None), ("20", None), ("N 200 E", None),
    ],
)  # fmt: skip
def test_words_for_directions(text: str, degrees: float | None) -> None:
    assert degrees_meant(text) == degrees


def test_a_count_from_the_south() -> None:
    assert "270, or 90 where it is counted from the south" in counted_otherwise(-90)
    assert counted_otherwise(-181) == counted_otherwise(0) == counted_otherwise(400) == ""


@given(text=st.text(max_size=20))
def test_any_text_is_degrees_of_a_circle_or_none(text: str) -> None:
    degrees = degrees_meant(text)
    assert degrees is None or 0 <= degrees < 360
