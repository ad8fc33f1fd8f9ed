"""The oven against its differential equation, solved on paper."""

from __future__ import annotations

import math
from typing import Any

import pytest

from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span
from virtual_devices.loads.oven import Oven, Settings, State

OVEN = Oven(Context("oven", Site(-33.9, 18.4, 50, "Africa/Johannesburg", 1)))
START = 1_751_320_800
LOSS, CAPACITY = 5.6, 5750.0


def run(step: int, steps: int, state: State | None = None, *, supplied: bool = True, **changes: Any) -> tuple[list[int], State]:
    settings = Settings(**{"mode": "on", **changes})
    return OVEN.draw(settings, state or OVEN.begin(settings), Span(START, step, steps), {}, supplied)


@pytest.mark.parametrize("step", [1, 6, 60, 600])
def test_ten_minutes_at_two_kilowatts_are_1_2_megajoules(step: int) -> None:
    demand, state = run(step, 600 // step)
    assert sum(demand) * step == 1_200_000_000  # mJ, to the millijoule
    assert set(demand) == {2_000_000}
    # T = Ta + P/UA·(1 − e^(−t·UA/C))
    assert state.temperature == pytest.approx(20 + 2000 / LOSS * (1 - math.exp(-600 * LOSS / CAPACITY)), abs=1e-9)
    assert state.temperature < 200
    assert state.heating


def test_twelve_minutes_take_it_to_200_degrees() -> None:
    _, state = run(1, 720)
    assert state.temperature == pytest.approx(200, abs=0.5)


@pytest.mark.parametrize("step", [1, 10, 60, 300, 900, 3600])
def test_holding_200_degrees_takes_a_kilowatt_at_any_step(step: int) -> None:
    _, hot = run(60, 60)
    demand, _ = run(step, 20 * 3600 // step, hot)
    assert sum(demand) / len(demand) / 1000 == pytest.approx(LOSS * (200 - 20), rel=0.04)


def test_it_cycles_between_the_ends_of_its_hysteresis() -> None:
    _, state = run(1, 1200)
    seen, changes = [], 0
    for _ in range(1200):
        before = state
        _, state = run(1, 1, state)
        seen.append(state.temperature)
        changes += before.heating != state.heating
    assert max(seen) == pytest.approx(205, abs=0.01)
    assert min(seen) == pytest.approx(195, abs=0.2)
    assert changes >= 10


@pytest.mark.parametrize("step", [1, 7, 60, 600, 3600])
def test_nothing_overshoots(step: int) -> None:
    state = None
    for _ in range(50):
        _, state = run(step, 1, state)
        assert state.temperature <= 205 + 1e-9


def test_energy_in_is_energy_stored_and_lost() -> None:
    step, state = 30, State(20.0)
    put_in = lost = 0.0
    tau, keep = CAPACITY / LOSS, math.exp(-step * LOSS / CAPACITY)
    begin = state.temperature
    for _ in range(400):
        before = state.temperature
        demand, state = run(step, 1, state)
        power = demand[0] / 1000
        limit = 20 + power / LOSS
        lost += LOSS * ((limit - 20) * step + (before - limit) * tau * (1 - keep))  # UA·∫(T − Ta) dt
        put_in += power * step
    assert put_in == pytest.approx(CAPACITY * (state.temperature - begin) + lost, rel=1e-9)


def test_cut_off_it_cools_and_asks_for_its_element() -> None:
    _, hot = run(60, 60)
    demand, state = run(60, 30, hot, supplied=False)
    assert state.temperature == pytest.approx(20 + (hot.temperature - 20) * math.exp(-1800 * LOSS / CAPACITY), abs=1e-9)
    assert demand[-1] == 2_000_000
    assert state.closed
    assert not state.heating


def test_a_lower_setpoint_opens_the_contact_at_once() -> None:
    _, warm = run(60, 10)
    assert warm.closed
    demand, state = run(60, 5, warm, setpoint=100)
    assert demand == [0] * 5
    assert not state.closed


def test_off_it_draws_nothing_and_telemetry_is_the_thermometer() -> None:
    _, hot = run(60, 30)
    demand, state = run(60, 60, hot, mode="off")
    assert demand == [0] * 60
    assert 20 < state.temperature < 40
    reading = OVEN.report(Settings(), hot, START)
    assert (reading.temperature, reading.heating) == (hot.temperature, hot.heating)


def test_cut_off_just_below_the_upper_end_the_contact_stays_closed() -> None:
    demand, state = run(60, 1, State(204.0, closed=True), supplied=False)
    assert 0 < demand[0] < 2_000_000  # what takes it to 205 °C, if power returned
    assert state.closed
    later, _ = run(1, 1, state)
    assert later == [2_000_000]
