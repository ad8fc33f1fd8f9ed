"""The battery's rule, run against a float reference and its data sheet."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from pydantic import ValidationError

from tests.kit.members.members import START, member, window
from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.proposal import ProposalMessage, proposal_bytes
from virtual_devices.kit.members.settlement import Share
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.store import StoreRule, advance, charge_limit, discharge_limit, loss, voltage
from virtual_devices.kit.window import Span
from virtual_devices.supply.battery import CYCLE, DAY, HOUR, WEEK, Battery, Settings, State

BATTERY = Battery(Context("battery", Site(-33.9, 18.4, 50, "Africa/Johannesburg", 1)))
KWH = 3_600_000_000
MIDNIGHT = 2946 * WEEK
"""2026-06-18, a Thursday."""


def rule_of(**settings: Any) -> StoreRule:
    made = Settings(**settings)
    return BATTERY.rule(made, BATTERY.begin(made))


def aged(settings: Settings, **state: int) -> tuple[StoreRule, float, float]:
    """Rule, state of health in % and full cycles, of a battery with a past."""
    before = State(0, **state)
    report = BATTERY.report(settings, before, 0)
    return BATTERY.rule(settings, before), report.state_of_health, report.equivalent_full_cycles


# -- charging and discharging ------------------------------------------------------------------------------------------


def test_it_starts_as_it_is_told() -> None:
    assert BATTERY.begin(Settings(capacity="12 kWh", start_soc=50)) == State(6 * KWH)
    assert BATTERY.begin(Settings(capacity=10, packs=2, start_soc=50, start_health=90)) == State(9 * KWH)


def test_a_cycle_gives_back_0_9409_of_what_went_in() -> None:
    rule = rule_of(taper_start=100, self_discharge=0).flat
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
    rule = rule_of().flat
    for soc, watts in ((50, 6000), (95, 6000), (96, 4800), (97.5, 3000), (99, 1200), (100, 0)):
        assert charge_limit(rule, round(12 * KWH * soc / 100), 1) == pytest.approx(watts * 1000, abs=2)
    rule = rule_of(self_discharge=0).flat
    stored = 12 * KWH * 95 // 100
    for _ in range(3600):
        stored = advance(rule, stored, charge_limit(rule, stored, 1), 0, 1)
    # d(room)/dt = −η·P/(5 % of capacity)·room
    tau = 0.05 * 12 * 3600 / (0.97 * 6)
    assert 1 - stored / (12 * KWH) == pytest.approx(0.05 * math.exp(-3600 / tau), rel=0.02)


def test_without_taper_it_fills_in_time() -> None:
    rule = rule_of(taper_start=100)
    assert rule.charge_taper == ()
    assert charge_limit(rule.flat, 12 * KWH * 99 // 100, 1) == 6_000_000


@pytest.mark.parametrize("step", [60, 3600])
def test_self_discharge_of_a_month(step: int) -> None:
    rule = rule_of(self_discharge=2.5).flat
    stored = 12 * KWH
    for _ in range(30 * 86_400 // step):
        stored = advance(rule, stored, 0, 0, step)
    assert stored / (12 * KWH) == pytest.approx(0.975, abs=1e-5)


def test_the_lower_of_power_and_rate_holds() -> None:
    for limit, rate, watts in ((6000, 1, 6000), (6000, 0.25, 3000), (20_000, 1, 12_000), (6000, 0, 0)):
        charging = rule_of(charge_limit=limit, max_charge_rate=rate)
        assert (charging.charge_power, charging.discharge_power) == (watts * 1000, 6_000_000)
        discharging = rule_of(discharge_limit=limit, max_discharge_rate=rate)
        assert (discharging.charge_power, discharging.discharge_power) == (6_000_000, watts * 1000)


def test_three_packs_are_one_battery_of_three_times_everything() -> None:
    pack = {"capacity": 5, "charge_limit": 2500, "max_discharge_rate": 0.4}
    one, three = rule_of(**pack), rule_of(**pack, packs=3)
    assert (one.capacity, one.charge_power, one.discharge_power) == (5 * KWH, 2_500_000, 2_000_000)
    assert (three.capacity, three.charge_power, three.discharge_power) == (15 * KWH, 7_500_000, 6_000_000)
    assert three.charge_taper == tuple((3 * stored, 3 * limit) for stored, limit in one.charge_taper)
    assert three.voltage == tuple((3 * stored, millivolts) for stored, millivolts in one.voltage)
    assert three.leakage == one.leakage


def test_limits_and_units_are_checked() -> None:
    rule = rule_of(charge_limit="3 kW", discharge_limit=0)
    assert (rule.charge_power, rule.discharge_power) == (3_000_000, 0)
    assert discharge_limit(rule.flat, 6 * KWH, 0, 60) == 0
    for wrong in (
        {"capacity": 0}, {"charge_efficiency": 101}, {"charge_limit": "5 kWh"}, {"start_soc": -1}, {"packs": 0},
        {"packs": 4, "capacity": 300}, {"packs": 2, "charge_limit": 60_000}, {"packs": 2, "discharge_limit": 60_000},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            Settings.model_validate(wrong)


def test_it_goes_on_from_a_proposal_of_a_time_when_it_could_do_less() -> None:
    one = member("battery", declared={"capacity": 10})
    proposal = one.propose(window(1, START, 2), {})
    old = json.loads(proposal_bytes(proposal))
    del old["offer"]["rule"]["voltage"]
    old["offer"]["rule"]["leakage"] = 0  # it commits with what it proposed then, not with what it would propose now
    old["checkpoint"]["state"] = {"stored_energy": 5 * KWH}
    kept = ("capacity", "charge_limit", "discharge_limit", "start_soc")
    old["checkpoint"]["settings"] = {name: old["checkpoint"]["settings"][name] for name in kept}
    again = member("battery", declared={"capacity": 10})
    again.resume(read(ProposalMessage, json.dumps(old).encode()).to_kit("battery"))
    again.commit(Share(1, proposal.span, charge=[0, 0], discharge=[0, 0], stored=5 * KWH))
    assert again.state == State(5 * KWH)
    assert again.propose(window(2, START + 120), {}).offer.rule == proposal.offer.rule
    assert again.readings()["equivalent_full_cycles"] == 0


def test_the_current_is_positive_while_it_discharges() -> None:
    one = member("battery", declared={"capacity": 10, "self_discharge": 0, "start_soc": 50})
    rule = one.propose(window(1, START, 1), {}).offer.rule.flat
    assert one.readings() == {}
    stored = advance(rule, 5 * KWH, 0, 1_000_000, 60)
    one.commit(Share(1, Span(START, 60, 1), charge=[0], discharge=[1_000_000], stored=stored))
    assert one.readings()["voltage"] == voltage(rule, stored) / 1000
    assert one.readings()["current"] == pytest.approx(1000 / 52.642, rel=2e-5)  # 0.17 % below half full
    one.propose(window(2, START + 60, 1), {})
    after = advance(rule, stored, 2_000_000, 0, 60)
    one.commit(Share(2, Span(START + 60, 60, 1), charge=[2_000_000], discharge=[0], stored=after))
    assert one.readings()["current"] == pytest.approx(-2000 / 52.648, rel=2e-5)


# -- voltage -----------------------------------------------------------------------------------------------------------


def open_circuit(soc: float) -> float:
    """Volts of an LFP cell US26650FTC1 at rest: the fit of SimSES (Möller et al. 2022, J. Energy Storage 49, 103743)."""

    def bend(height: float, steepness: float, middle: float) -> float:
        return height / (1 + math.exp(steepness * (soc - middle)))

    bends = bend(-3.3160, -116.2064, -0.1572) + bend(4.9996, -22.4512, -0.0944)
    return 2.0020 + bends + bend(-0.4574, 358.9072, 1) + bend(-1.3646, 499.9994, 0) + 0.1251 * soc


def test_the_voltage_is_that_of_sixteen_cells_at_rest() -> None:
    rule = rule_of(capacity=10).flat
    for soc in range(5, 101):
        assert voltage(rule, 10 * KWH * soc // 100) / 16_000 == pytest.approx(open_circuit(soc / 100), abs=0.006)
    assert [voltage(rule, 10 * KWH * soc // 100) for soc in (0, 10, 50, 90, 100)] == [48_000, 50_848, 52_645, 53_456, 57_312]
    volts = [voltage(rule, 10 * KWH * part // 1000) for part in range(1001)]
    assert volts == sorted(volts)


@pytest.mark.parametrize(("nominal", "cells"), [(51.2, 16), (48, 15), (12.8, 4), (1, 1), (409.6, 128)])
def test_cells_in_series_follow_from_the_nominal_voltage(nominal: float, cells: int) -> None:
    assert voltage(rule_of(nominal_voltage=nominal).flat, 0) == cells * 3000


# -- cold --------------------------------------------------------------------------------------------------------------

OUTSIDE = Settings(weather="weather", temp_offset=3)


def outside(air: int | None, settings: Settings = OUTSIDE) -> State:
    inputs = {} if air is None else {"weather": {"temp_air": air}}
    return BATTERY.turn(settings, BATTERY.begin(settings), MIDNIGHT, inputs)


@pytest.mark.parametrize(("air", "charges"), [(-3001, False), (-3000, True), (-20_000, False), (25_000, True), (None, True)])
def test_below_freezing_it_gives_but_does_not_take(air: int | None, charges: bool) -> None:  # noqa: FBT001
    rule = BATTERY.rule(OUTSIDE, outside(air)).flat
    assert charge_limit(rule, 6 * KWH, 60) == (6_000_000 if charges else 0)
    assert discharge_limit(rule, 6 * KWH, 0, 60) == 6_000_000


def test_its_temperature_is_the_air_s_around_it() -> None:
    assert BATTERY.report(OUTSIDE, outside(-5200), 0).temperature == -2.2
    assert BATTERY.report(OUTSIDE, outside(None), 0).temperature == 20
    cellar = Settings(temp_ambient=-1)
    assert BATTERY.report(cellar, BATTERY.begin(cellar), 0).temperature == -1
    assert rule_of(temp_ambient=-1).charge_power == 0
    assert rule_of(temp_ambient=-1, temp_charge_min=-10).charge_power == 6_000_000


def test_the_air_of_an_hour_is_that_of_the_first_step_in_it() -> None:
    state = BATTERY.begin(OUTSIDE)
    seen = []
    for time, air in ((1700, 8000), (1760, 7000), (3590, 6000), (3650, 5000), (3710, 4000), (7200, 3000)):
        state = BATTERY.turn(OUTSIDE, state, MIDNIGHT + time, {"weather": {"temp_air": air}})
        seen.append(state.temp_air)
    assert seen == [8000, 8000, 8000, 5000, 5000, 3000]


# -- ageing ------------------------------------------------------------------------------------------------------------


def test_half_of_6000_cycles_cost_a_tenth_and_all_a_fifth() -> None:
    settings = Settings(capacity=10, calendar_ageing=0)
    for cycles, soh in ((0, 100), (3000, 90), (6000, 80), (12_000, 60), (30_000, 0), (60_000, 0)):
        rule, health, counted = aged(settings, cycles=cycles * CYCLE)
        assert (rule.capacity, health, counted) == (10 * KWH * soh // 100, soh, cycles)
    assert aged(Settings(cycle_life=1000, end_of_life=70, calendar_ageing=0), cycles=500 * CYCLE)[1] == 85
    assert aged(Settings(cycle_life=0, calendar_ageing=0), cycles=500 * CYCLE)[1:] == (100, 500)


def test_four_years_at_2_percent_cost_8() -> None:
    settings = Settings(capacity=10, calendar_ageing=2, cycle_life=6000)
    assert aged(settings, days=1461)[1] == 92  # 4 · 365.25 days
    rule, health, _ = aged(settings, days=1461, cycles=1500 * CYCLE)
    assert (rule.capacity, health) == (10 * KWH * 87 // 100, 87)
    assert aged(Settings(calendar_ageing=2, start_health=90), days=1461)[1] == 82


def test_an_old_battery_keeps_its_rated_power_and_its_curve() -> None:
    new, (old, *_) = rule_of(), aged(Settings(calendar_ageing=0), cycles=6000 * CYCLE)
    assert (old.charge_power, old.discharge_power) == (new.charge_power, new.discharge_power)
    assert old.charge_taper[-1] == (old.capacity, 0)
    assert voltage(old.flat, old.capacity) == voltage(new.flat, new.capacity)


def test_days_and_cycles_count_when_a_week_is_over() -> None:
    settings = Settings(capacity=10, packs=2)
    state = BATTERY.turn(settings, BATTERY.begin(settings), MIDNIGHT + 5 * DAY + 5 * HOUR, {})
    state = BATTERY.wear(settings, state, 20 * KWH, 10 * KWH)  # 30 kWh through 20 kWh
    state = BATTERY.wear(settings, state, 0, 10 * KWH)
    assert BATTERY.turn(settings, state, MIDNIGHT + WEEK - 1, {}) == state
    assert (state.days, state.cycles) == (0, 0)
    assert BATTERY.report(settings, state, 0).equivalent_full_cycles == 1
    state = BATTERY.turn(settings, state, MIDNIGHT + WEEK + 7, {})
    assert (state.days, state.cycles, state.throughput) == (2, CYCLE, 0)
    assert BATTERY.report(settings, state, 0).equivalent_full_cycles == 1
    assert BATTERY.turn(settings, state, MIDNIGHT + 2 * WEEK, {}).days == 9


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({}, WEEK),
        ({"calendar_ageing": 0}, WEEK),
        ({"cycle_life": 0}, WEEK),
        ({"cycle_life": 0, "calendar_ageing": 0}, 0),
        ({"end_of_life": 100, "calendar_ageing": 0}, 0),
        ({"weather": "weather", "cycle_life": 0, "calendar_ageing": 0}, HOUR),
        ({"weather": "weather"}, HOUR),
    ],
)
def test_its_rule_turns_only_where_it_can(settings: dict[str, Any], seconds: int) -> None:
    assert BATTERY.turns(Settings(**settings)) == seconds
