"""The geyser against its rated loss, the heat of water and its own energy balance."""

from __future__ import annotations

import math
from typing import Any

import pytest

from virtual_devices.kit.calendar import DailyTimes
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span
from virtual_devices.loads.geyser import Geyser, Settings, State, conductance, draw_flows, tank_node

GEYSER = Geyser(Context("geyser", Site(-33.9, 18.4, 50, "Africa/Johannesburg", 1)))
MIDNIGHT = 1_751_320_800
KWH = 3_600_000_000
HEAT = 150 * 4186.0


def run(span: Span, state: State, *, supplied: bool = True, **changes: Any) -> tuple[list[int], State]:
    return GEYSER.draw(Settings(**changes), state, span, {}, supplied)


@pytest.mark.parametrize("step", [10, 60, 600, 3600])
def test_standing_loss_is_1_38_kwh_a_day(step: int) -> None:
    days = 60
    state, energy = State(65.0), 0
    for day in range(days):
        span = Span(MIDNIGHT + day * 86_400, step, 86_400 // step)
        demand, state = run(span, state, setpoint=65, persons=0)
        energy += sum(demand) * step
    stored = HEAT * (state.temperature - 65) * 1000
    assert (energy - stored) / KWH / days == pytest.approx(1.38, rel=0.02)


def test_conductance_of_the_rated_loss() -> None:
    assert conductance(Settings()) == pytest.approx(1.28, abs=0.005)
    assert conductance(Settings(standing_loss=2.59)) == pytest.approx(2.40, abs=0.005)


@pytest.mark.parametrize("step", [1, 60, 300])
def test_reheating_150_litres_takes_2_6_hours_and_7_85_kwh(step: int) -> None:
    state, seconds, energy = State(15.0), 0, 0
    while state.temperature < 60:
        demand, state = run(Span(MIDNIGHT + seconds, step, 1), state, persons=0, standing_loss=0.1)
        seconds += step
        energy += demand[0] * step
    assert energy / KWH == pytest.approx(7.85, rel=0.02 if step < 300 else 0.03)
    assert seconds / 3600 == pytest.approx(2.6, rel=0.02 if step < 300 else 0.03)


def test_heat_in_is_stored_lost_and_drawn() -> None:
    settings = Settings()
    step, state = 60, State(55.0)
    loss = conductance(settings)
    put_in = lost = drawn = 0.0
    day = Span(MIDNIGHT, step, 1440)
    for i, time in enumerate(day.times):
        before = state.temperature
        demand, state = run(day.part(i, 1), state)
        second = (time + 7200) % 86_400
        flow = 90 / 7200 if 19_800 <= second < 27_000 else 60 / 9000 if 64_800 <= second < 73_800 else 0.0
        ua = loss + flow * 4186
        drift = (loss * 20 + flow * 4186 * 18) / ua
        power = demand[0] / 1000
        limit, tau = drift + power / ua, HEAT / ua
        mean = limit + (before - limit) * tau / step * -math.expm1(-step / tau)  # ∫T dt / step
        put_in += power * step
        lost += loss * (mean - 20) * step
        drawn += flow * 4186 * (mean - 18) * step
    assert drawn > 10e6
    assert put_in == pytest.approx(HEAT * (state.temperature - 55) + lost + drawn, rel=1e-9)


def test_the_day_s_water_is_drawn_and_split() -> None:
    morning, evening = draw_flows(Settings())
    assert morning * 7200 == pytest.approx(90)
    assert evening * 9000 == pytest.approx(60)
    assert draw_flows(Settings(draw_times="06:00-07:00"))[0] * 3600 == pytest.approx(150)
    assert draw_flows(Settings(draw_times="18:00-19:00"))[1] * 3600 == pytest.approx(150)
    assert draw_flows(Settings(draw_times="")) == (0, 0)
    overlapping = draw_flows(Settings(draw_times="05:00-07:00, 06:00-08:00", morning_share=100))[0]
    assert overlapping * 3 * 3600 == pytest.approx(150)
    late = Settings(draw_times=DailyTimes(((79_200, 7_200),)))  # 22:00-02:00
    assert draw_flows(late)[1] * 4 * 3600 == pytest.approx(150)


def test_a_draw_cools_the_tank_towards_the_inlet() -> None:
    settings = Settings(mode="off", persons=4, draw_times="06:00-07:00")
    _, state = GEYSER.draw(settings, State(60.0), Span(MIDNIGHT + 6 * 3600, 60, 60), {}, supplied=True)
    # 200 L through a mixed tank of 150 L, and a little loss
    assert state.temperature == pytest.approx(18 + 42 * math.exp(-200 / 150), abs=0.5)


def test_timer_heats_only_within_its_times() -> None:
    demand, _ = run(Span(MIDNIGHT, 60, 1440), State(30.0), mode="schedule", schedule="04:00-06:00, 15:00-17:00")
    on = [i for i, power in enumerate(demand) if power]
    assert on
    assert all(240 <= i < 360 or 900 <= i < 1020 for i in on)
    assert set(demand[240:300]) == {3_000_000}


def test_an_outage_is_paid_for_afterwards() -> None:
    span = Span(MIDNIGHT + 9 * 3600, 60, 150)
    demand, cold = run(span, State(56.0), supplied=False)
    assert cold.temperature < 56
    assert not cold.heating
    later = Span(span.end, 60, 300)
    assert sum(run(later, cold)[0]) > sum(run(later, State(56.0, closed=cold.closed))[0])
    assert max(demand) <= 3_000_000


def test_defaults_heat_when_they_must_and_report_it() -> None:
    settings = Settings()
    state = GEYSER.begin(settings)
    assert state == State(60.0)
    demand, state = run(Span(MIDNIGHT, 60, 1440), state)
    assert 6 < sum(demand) * 60 / KWH < 10  # 150 L by 42 K are 7.3 kWh, and the standing loss
    reading = GEYSER.report(settings, state, MIDNIGHT)
    assert (reading.temperature, reading.heating) == (state.temperature, state.heating)


def test_a_node_that_heats_past_any_exponent_stays_finite() -> None:
    tank = tank_node(Settings(volume=5, persons=50, hot_water=500, draw_times="06:00-06:01"), 400.0, 3600)
    assert tank.fade == 1.0
    assert math.isfinite(tank.growth)
