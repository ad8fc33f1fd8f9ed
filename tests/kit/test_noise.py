"""Noise of absolute time: bounded, smooth, even, and different for every key."""

from __future__ import annotations

from statistics import mean

from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.kit.noise import noise


@given(key=st.text(max_size=20), time=st.integers(-(10**10), 10**10), period=st.integers(1, 100_000))
def test_it_stays_within_one_and_runs_without_jumps(key: str, time: int, period: int) -> None:
    value = noise(key, time, period)
    assert -1 <= value <= 1
    assert noise(key, time, period) == value
    assert abs(noise(key, time + 1, period) - value) <= 3 / period  # smoothstep's steepest slope, between −1 and 1


def test_knots_are_spread_evenly_and_keys_are_independent() -> None:
    one, other = ([noise(key, 60 * number, 60) for number in range(4000)] for key in ("1/a", "1/b"))
    assert abs(mean(one)) < 0.03
    assert abs(mean(value * value for value in one) - 1 / 3) < 0.02
    assert abs(mean(a * b for a, b in zip(one, other, strict=True))) < 0.02
