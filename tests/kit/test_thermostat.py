"""One heat node: exact over any step, stable, never past its limits."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.thermostat import Thermostat, cool, heat, node


@given(
    capacity=st.floats(10, 1e7), conductance=st.floats(0.01, 1e3), start=st.floats(-20, 300),
    step=st.sampled_from([1, 60, 3600]), steps=st.integers(1, 200),
)  # fmt: skip
@examples(max_examples=100, deadline=None)
def test_cooling_is_the_exponential(capacity: float, conductance: float, start: float, step: int, steps: int) -> None:
    body = node(capacity, conductance, 20.0, step)
    exact = 20 + (start - 20) * math.exp(-steps * step * conductance / capacity)
    assert cool(body, steps, start) == pytest.approx(exact, rel=1e-9, abs=1e-9)


@given(
    capacity=st.floats(10, 1e7), conductance=st.floats(0.01, 1e3), start=st.floats(-20, 100),
    power=st.integers(0, 10_000_000), step=st.sampled_from([1, 60, 900, 3600]), supplied=st.booleans(),
)  # fmt: skip
@examples(max_examples=200, deadline=None)
def test_demand_and_temperature_stay_within_limits(
    *, capacity: float, conductance: float, start: float, power: int, step: int, supplied: bool
) -> None:
    body, thermostat = node(capacity, conductance, 20.0, step), Thermostat(55.0, 65.0, power)
    temperature, closed, demand = start, False, [0] * 0
    for _ in range(100):
        before = temperature
        temperature, closed = heat(body, thermostat, 1, temperature, closed=closed, supplied=supplied, demand=demand)
        assert 0 <= demand[-1] <= power
        if supplied:
            assert temperature <= max(before, 65.0) + 1e-9
            if demand[-1] == 0 and before < 55.0:
                assert power == 0 or temperature >= 54.0
        else:
            assert temperature == cool(body, 1, before)


def test_a_step_longer_than_a_cycle_draws_the_mean() -> None:
    body, thermostat = node(5750, 5.6, 20.0, 3600), Thermostat(195.0, 205.0, 2_000_000)
    demand: list[int] = []
    temperature, closed = heat(body, thermostat, 24, 200.0, closed=False, supplied=True, demand=demand)
    assert temperature == pytest.approx(205, abs=1e-6)
    assert not closed
    assert sum(demand[1:]) / 23 / 1000 == pytest.approx(5.6 * 185, rel=1e-3)
