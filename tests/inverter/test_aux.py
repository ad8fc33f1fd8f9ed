"""The AUX port as a smart load: when it is energised, and that nothing depends on how time is cut."""

from __future__ import annotations

from typing import Any

import pytest

from inverter.hybrid import HybridSettings, HybridState
from inverter.moment import SupplyState
from tests.inverter.houses import INVERTER, KW, KWH, OFF, ON, START, WATT, House, aux, battery, essential
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members import house as kit

SMART = {
    "aux_port_usage": "Smartload", "smartload_on_capacity": 95, "smartload_off_capacity": 80, "smartload_min_pv_power": 500,
}  # fmt: skip
GEYSER = {"geyser": aux(3 * KW)}


def bank(percent: float, capacity: float = 1) -> dict[str, Any]:
    rules = {"battery": battery(capacity)}
    return {"rules": rules, "stored": {"battery": round(rules["battery"].capacity * percent / 100)}}


def port(steps: int, percent: float, pv: int | list[int], settings: dict[str, Any] | None = None, **more: Any) -> list[bool]:
    links = more.pop("links", [ON] * steps)
    return House(links, GEYSER, pv, settings={**SMART, **(settings or {})}, **bank(percent), **more).served["geyser"]


@pytest.mark.parametrize(
    ("percent", "pv", "on"), [(95, 500 * WATT, True), (95, 499 * WATT, False), (94.99, 5 * KW, False), (100, 0, False)]
)
def test_it_is_switched_on_by_state_of_charge_and_sun(percent: float, pv: int, on: bool) -> None:  # noqa: FBT001 - a row
    assert port(1, percent, pv) == [on]


def test_once_on_it_stays_on_down_to_its_off_capacity_and_is_cut_at_the_very_step() -> None:
    sun = [KW] + [0] * 600
    for longest in (1, 7, 1000):
        house = House([ON] * 601, GEYSER, sun, settings=SMART, **bank(96), step=1, longest=longest)
        stored, expected = round(0.96 * KWH), []
        for index in range(601):
            expected.append(stored >= KWH * 80 // 100)
            stored += house.of("charge", "battery")[index] - house.of("discharge", "battery")[index]
        assert house.served["geyser"] == expected
        assert 0 < expected.count(False) < 600
        assert house.served["geyser"][expected.index(False) :] == [False] * expected.count(False)  # and stays off


def test_a_port_that_is_switched_off_is_no_alarm() -> None:
    house = House([ON], GEYSER, 0, settings=SMART, **bank(50))
    report = house.reports[-1]
    assert (report.overall_state, report.shed_loads, report.aux_on) == ("ok", "none", False)


def test_between_the_two_capacities_it_stays_as_it_was() -> None:
    assert port(3, 90, 5 * KW, settings={"load_limit": "Essentials"})[0] is False
    on = HybridState(supplying=SupplyState(aux=True))
    assert port(2, 90, 0, state=on) == [True] * 2


def test_it_is_on_from_the_very_step_in_which_the_battery_is_full_enough() -> None:
    # 950 Wh less 3.6 kJ; 3 kW of sun less 40 W idle bring 2.96 kJ a second
    for longest in (1, 7, 100):
        assert port(6, 94.9, 3 * KW, step=1, longest=longest) == [False, False, True, True, True, True]


def test_on_grid_it_may_always_be_on() -> None:
    always = {"smartload_on_grid": True}
    assert port(3, 30, 0, always, links=[ON, OFF, ON]) == [True, False, True]
    assert port(2, 96, KW, always, links=[OFF, OFF]) == [True, True]


def test_when_the_output_drops_the_port_does_too() -> None:
    settings = SMART | {"smartload_off_capacity": 0, "battery_shutdown_capacity": 10}
    state = HybridState(supplying=SupplyState(aux=True))
    house = House(
        [OFF] * 40, {"geyser": aux(3 * KW), "tv": essential(100 * WATT, 1)}, settings=settings, state=state, **bank(50)
    )
    assert house.served["geyser"][0]
    assert not house.served["geyser"][-1]
    assert not house.served["tv"][-1]
    assert house.reports[-1].decision == "output off"
    assert not house.reports[-1].aux_on


@pytest.mark.parametrize("usage", ["Disable", "Generator"])
def test_disabled_or_meant_for_a_generator_it_is_dead(usage: str) -> None:
    assert port(3, 100, 9 * KW, {"aux_port_usage": usage, "smartload_on_grid": True}) == [False] * 3


def test_its_owner_is_warned_of_a_generator_that_does_not_exist() -> None:
    assert INVERTER.warnings(HybridSettings(**SMART), START, 60) == []
    one = INVERTER.warnings(HybridSettings(aux_port_usage="Generator"), START, 60)
    assert [line for line in one if "aux_port_usage is Generator, but no generator is simulated" in line] == one != []
    two = INVERTER.warnings(HybridSettings(prog2_charge="Allow Gen", prog5_charge="Allow Grid & Gen"), START, 60)
    assert len(two) == 1
    assert two[0].startswith("Allow Gen of program 2, 5 charges nothing, because no generator is simulated")


HOME = """
home: smart
site: {{latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}}
clock: {{start: 2026-01-15 {start}, step: {step} s}}
seed: 3
devices:
  sun: {{}}
  weather: {{mean_cloud_cover: 20 %}}
  roof: {{kind: pv_array, capacity: 6 kW, surface_tilt: 25, surface_azimuth: 0}}
  battery: {{capacity: 5 kWh, charge_limit: 8 kW, discharge_limit: 8 kW, start_soc: {soc} %}}
  grid: {{outages: "10:00-11:00, 18:00-20:30"}}
  inverter:
    rated_power: 5 kW
    aux_port_usage: Smartload
    smartload_on_capacity: 90
    smartload_off_capacity: 70
    surge_power: 9 kW
    surge_seconds: {surge}
    overload: {overload}
    use_timer: true
    grid_charge_enabled: true
    prog1_charge: Allow Grid
    prog1_capacity: 60
    prog2_capacity: 80
    prog3_capacity: 30
    prog4_capacity: 30
    prog5_capacity: 20
    prog5_sell: true
    prog6_capacity: 20
  house: {{kind: base_load, priority: 1}}
  oven: {{schedule: "10:20-10:50, 18:15-19:15", rated_power: 4 kW}}
  geyser: {{circuit: aux}}
  kiln: {{kind: oven, circuit: aux, schedule: "09:50-10:40", rated_power: 3 kW}}
  pool: {{kind: tv, circuit: non_essential, schedule: "09:00-17:00"}}
"""


@pytest.mark.parametrize("overload", ["Trip", "Shed"])
@pytest.mark.parametrize(
    ("step", "start", "soc", "span", "surge"), [(60, "00:00", 50, 2 * 86_400, 180), (1, "09:50", 94, 2400, 10)]
)
def test_a_home_with_a_geyser_on_the_port_has_one_digest(
    step: int, start: str, soc: int, span: int, surge: int, overload: str
) -> None:
    digests: set[str] = set()
    seen: set[tuple[str, str]] = set()
    for longest in (1, 7, 60, 1440):
        home = parse(HOME.format(step=step, start=start, soc=soc, surge=surge, overload=overload))
        house = kit.House(home, max_steps=longest)
        house.listeners.append(lambda record: seen.update(e for e, c in zip(record.edges, record.energy, strict=True) if any(c)))
        house.advance(home.start + span)
        digests.add(house.settler.digest)
    assert len(digests) == 1
    assert ("inverter", "aux") in seen
    assert ("inverter", "dc_bus") in seen or step == 1
