"""Voltage and frequency of a weak grid: the line's own drop by Ohm's law, the evening, and noise of absolute time alone."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.mains import evening
from virtual_devices.kit.site import Context, Site
from virtual_devices.supply.grid import Grid, Settings

NOON = 1_782_900_000  # 2026-07-01 12:00 in Johannesburg
EVENING = NOON + 27_000  # 19:30
times = st.integers(0, 4_000_000_000)


def mains(time: int, power: int = 0, seed: int = 1, **settings: float) -> tuple[float, float]:
    """V and Hz of a grid with these settings, while so many W are drawn."""
    grid = Grid(Context("grid", Site(-33.9, 18.4, 50, "Africa/Johannesburg", seed)))
    voltage, frequency = grid.mains(Settings(**settings)).at(calendar("Africa/Johannesburg"), time, power * 1000)
    return voltage / 1000, frequency / 1000


@given(time=times)
def test_the_home_s_own_current_drops_by_ohm_s_law(time: int) -> None:
    """4.6 kW at 230 V are 20 A; over 0.4 Ω they lose 8 V, and what is fed in adds as much."""
    at_rest = mains(time)[0]
    assert at_rest - mains(time, 4600)[0] == pytest.approx(8.0, abs=0.002)  # each is rounded to a millivolt
    assert mains(time, -4600)[0] - at_rest == pytest.approx(8.0, abs=0.002)
    assert mains(time, 4600, line_resistance=0)[0] == at_rest


@given(time=times, seed=st.integers(0, 5))
def test_noise_stays_within_its_part_and_is_the_same_whenever_it_is_asked(time: int, seed: int) -> None:
    voltage, frequency = mains(time, seed=seed, evening_sag=0)
    assert abs(voltage / 230 - 1) <= 0.01
    assert -0.002 <= frequency / 50 - 1 <= 0.001
    assert mains(time, seed=seed, evening_sag=0) == (voltage, frequency)
    assert mains(time, seed=seed + 1, evening_sag=0) != (voltage, frequency)


def test_the_evening_takes_its_part_and_only_the_evening() -> None:
    assert mains(EVENING, evening_sag=0)[0] - mains(EVENING, evening_sag=10)[0] == pytest.approx(23.0, abs=0.002)
    assert mains(NOON, evening_sag=0) == mains(NOON, evening_sag=10)
    assert [evening(round(hour * 3600)) for hour in (15.5, 17.5, 19.5, 21.5, 23.5)] == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_it_never_jumps() -> None:
    series = [mains(EVENING - 7200 + second) for second in range(14_400)]
    assert max(abs(after[0] - before[0]) for before, after in itertools.pairwise(series)) < 0.5
    assert max(abs(after[1] - before[1]) for before, after in itertools.pairwise(series)) < 0.01


def test_a_line_that_bears_no_more_has_no_voltage_left() -> None:
    assert mains(NOON, 1_000_000)[0] == 0
