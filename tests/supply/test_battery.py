"""The battery's rule, run against a float reference and its data sheet."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from virtual_devices.kit.device import Context, Site, StoreState
from virtual_devices.kit.store import advance, charge_limit, discharge_limit, loss
from virtual_devices.supply.battery import Battery, Settings

BATTERY = Battery(Context("battery", Site(-33.9, 18.4, 50, "Africa/Johannesburg", 1)))
KWH = 3_600_000_000


def test_start_and_voltage() -> None:
    settings = Settings(capacity="12 kWh", start_soc=50)
    state = BATTERY.begin(settings)
    assert state == StoreState(6 * KWH)
    assert BATTERY.report(settings, state, 0).voltage == pytest.approx(52.8)
    for soc, voltage in ((0, 48.0), (100, 57.6)):
        assert BATTERY.report(settings, StoreState(12 * KWH * soc // 100), 0).voltage == pytest.approx(voltage)


def test_a_cycle_gives_back_0_9409_of_what_went_in() -> None:
    rule = BATTERY.rule(Settings(taper_start=100, self_discharge=0)).flat
    stored, step, charged, discharged, lost = 0, 60, 0, 0, 0
    reference = 0.0
    while power := charge_limit(rule, stored, step):
        after = advance(rule, stored, power, 0, step)
        lost += loss(stored, after, power, 0, step)
        reference += 0.97 * power / 1000 * step
        stored, charged = after, charged + power * step
        assert stored / 1000 == pytest.approx(reference, abs=0.001 * (charged // step // 1_000_000 + 2))
    assert stored == pytest.approx(12 * KWH, abs=60)
    assert charged == pytest.approx(12 * KWH / 0.97, rel=1e-9)
    while power := discharge_limit(rule, stored, 0, step):
        after = advance(rule, stored, 0, power, step)
        lost += loss(stored, after, 0, power, step)
        stored, discharged = after, discharged + power * step
    assert discharged / charged == pytest.approx(0.9409, rel=1e-7)
    assert charged == discharged + lost + stored


def test_charge_tapers_to_nothing_from_95_percent() -> None:
    rule = BATTERY.rule(Settings()).flat
    for soc, watts in ((50, 6000), (95, 6000), (96, 4800), (97.5, 3000), (99, 1200), (100, 0)):
        assert charge_limit(rule, round(12 * KWH * soc / 100), 1) == pytest.approx(watts * 1000, abs=2)
    rule = BATTERY.rule(Settings(self_discharge=0)).flat
    stored = 12 * KWH * 95 // 100
    for _ in range(3600):
        stored = advance(rule, stored, charge_limit(rule, stored, 1), 0, 1)
    # d(room)/dt = −η·P/(5 % of capacity)·room
    tau = 0.05 * 12 * 3600 / (0.97 * 6)
    assert 1 - stored / (12 * KWH) == pytest.approx(0.05 * math.exp(-3600 / tau), rel=0.02)


def test_without_taper_it_fills_in_time() -> None:
    rule = BATTERY.rule(Settings(taper_start=100))
    assert rule.charge_taper == ()
    assert charge_limit(rule.flat, 12 * KWH * 99 // 100, 1) == 6_000_000


@pytest.mark.parametrize("step", [60, 3600])
def test_self_discharge_of_a_month(step: int) -> None:
    rule = BATTERY.rule(Settings(self_discharge=2.5)).flat
    stored = 12 * KWH
    for _ in range(30 * 86_400 // step):
        stored = advance(rule, stored, 0, 0, step)
    assert stored / (12 * KWH) == pytest.approx(0.975, abs=1e-5)


def test_limits_and_units_are_checked() -> None:
    rule = BATTERY.rule(Settings(charge_limit="3 kW", discharge_limit=0))
    assert (rule.charge_power, rule.discharge_power) == (3_000_000, 0)
    assert discharge_limit(rule.flat, 6 * KWH, 0, 60) == 0
    for wrong in ({"capacity": 0}, {"charge_efficiency": 101}, {"charge_limit": "5 kWh"}, {"start_soc": -1}):
        with pytest.raises(ValidationError):
            Settings.model_validate(wrong)
