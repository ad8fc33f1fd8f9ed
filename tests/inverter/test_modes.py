"""Work modes, limits and currents, hand-calculated; and the losses of the way from AC to DC."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inverter.efficiency import ac_from_dc, dc_for_ac, table
from tests.inverter.houses import FULL_DC, IDLE, KW, KWH, OFF, ON, WATT, House, aux, battery, dc, essential, other
from tests.inverter.test_slots import timer
from virtual_devices.kit.offers import Link

CURVE = table(5 * KW, 0.96)
TV = {"tv": essential(KW)}
BOTH = {"tv": essential(KW), "pool": other(KW)}
FULL: dict[str, Any] = {"rules": {"battery": battery()}, "stored": {"battery": 10 * KWH}}
HALF: dict[str, Any] = {"rules": {"battery": battery()}, "stored": {"battery": 5 * KWH}}
EMPTY: dict[str, Any] = {"rules": {"battery": battery()}, "stored": {"battery": 2 * KWH}}
"""At its low capacity."""


def flow(loads: dict[str, Any], pv: int, settings: dict[str, Any], link: Link = ON, **bank: Any) -> dict[tuple[str, str], int]:
    return House([link], loads, pv, bank.get("rules", {}), dict(bank.get("stored", {})), settings).at(0)


@pytest.mark.parametrize(
    ("mode", "exports", "imported", "exported"),
    [
        ("Zero Export", False, 0, 0),
        ("Zero Export", True, 0, 3 * KW),
        ("Essentials", False, KW, 0),
        ("Essentials", True, 0, 3 * KW),
        ("Allow Export", False, 0, 3 * KW),
        ("Allow Export", True, 0, 3 * KW),
    ],
)
def test_what_the_sun_feeds_when_the_battery_is_full(mode: str, exports: bool, imported: int, exported: int) -> None:  # noqa: FBT001 - a row
    found = flow(BOTH, 9 * KW, {"load_limit": mode, "solar_export": exports}, **FULL)
    assert (found.get(("imported", "grid"), 0), found.get(("exported", "grid"), 0)) == (imported, exported)


def test_essentials_keeps_the_battery_from_the_other_circuit() -> None:
    found = flow(BOTH, 0, {"load_limit": "Essentials"}, **HALF)
    assert found["discharge", "battery"] == dc(KW)
    assert found["imported", "grid"] == found["meter", "non_essential"] == KW
    assert flow(BOTH, 0, {"load_limit": "Zero Export"}, **HALF)["discharge", "battery"] == dc(2 * KW)


def test_only_what_a_full_battery_leaves_is_sold_in_a_zero_export_mode() -> None:
    found = flow(TV, 4 * KW, {}, **HALF)
    assert found["charge", "battery"] == 4 * KW - dc(KW)
    assert ("exported", "grid") not in found
    found = flow(TV, 9 * KW, {}, **HALF)  # at its charge limit
    assert found["charge", "battery"] == 5 * KW
    assert found["exported", "grid"] == ac_from_dc(CURVE, 5 * KW, 4 * KW) - KW


def test_scarce_sun_goes_to_the_loads_or_to_a_battery_that_rests() -> None:
    found = flow(TV, 800 * WATT, {"priority_load": True}, **EMPTY)
    assert ("charge", "battery") not in found
    assert found["inverter", "essential"] == ac_from_dc(CURVE, 5 * KW, 800 * WATT)
    found = flow(TV, 800 * WATT, {"priority_load": False}, **EMPTY)
    assert found["charge", "battery"] == 800 * WATT - IDLE
    assert found["imported", "grid"] == found["meter", "essential"] == KW  # of the idle draw, which it keeps back, nothing is converted
    assert found["dc_bus", "inverter"] == found["inverter", "losses"] == IDLE
    found = flow(TV, 800 * WATT, {"priority_load": False}, **HALF)  # it serves: the same either way
    assert found == flow(TV, 800 * WATT, {"priority_load": True}, **HALF)


@pytest.mark.parametrize("rated", [800, 5000, 20_000])
@pytest.mark.parametrize("sun", [0, 3, 30, 800, 4000])
def test_a_resting_battery_that_comes_first_takes_all_but_the_idle_draw_and_nothing_is_converted(rated: int, sun: int) -> None:
    idle = 8 * rated  # mW
    found = flow(TV, sun * WATT, {"priority_load": False, "rated_power": rated}, **EMPTY)
    assert found.get(("charge", "battery"), 0) == max(0, sun * WATT - idle)
    assert found["dc_bus", "inverter"] == min(sun * WATT, idle) if sun else ("dc_bus", "inverter") not in found
    assert ("inverter", "essential") not in found
    assert found["imported", "grid"] == KW + max(0, idle - sun * WATT)


def test_what_a_battery_that_comes_first_cannot_take_is_converted() -> None:
    small: dict[str, Any] = {"rules": {"battery": battery(charge=0.5)}, "stored": {"battery": 2 * KWH}}
    found = flow(TV, 800 * WATT, {"priority_load": False}, **small)
    assert found["charge", "battery"] == KW // 2
    assert found["inverter", "essential"] == ac_from_dc(CURVE, 5 * KW, 300 * WATT)


DRAW = 40 * WATT
EXPORTS = {"solar_export_draw": 40}


def test_the_grid_gives_what_solar_export_draws_and_the_battery_does_not() -> None:
    found = flow(TV, 0, EXPORTS, **HALF)
    assert found["discharge", "battery"] == dc(KW)
    assert found["imported", "grid"] == found["meter", "essential"] == DRAW
    assert found["inverter", "essential"] == KW - DRAW
    assert found["inverter", "losses"] == dc(KW) - KW + DRAW
    assert flow(TV, 0, EXPORTS | {"zero_export_power": 20}, **HALF)["imported", "grid"] == DRAW + 20 * WATT
    assert ("imported", "grid") not in flow(TV, 0, EXPORTS | {"solar_export": False}, **HALF)
    resting = flow(TV, 0, EXPORTS, **EMPTY)
    assert (resting["imported", "grid"], resting["meter", "inverter"]) == (KW + IDLE + DRAW, IDLE + DRAW)
    assert flow({}, 0, EXPORTS | {"inverter_enabled": False}, **HALF) == {}


def test_what_is_sold_is_less_by_what_solar_export_draws_and_its_limits_hold_at_the_meter() -> None:
    assert flow(TV, 4 * KW, EXPORTS, **FULL)["exported", "grid"] == ac_from_dc(CURVE, 5 * KW, 4 * KW) - KW - DRAW
    found = flow(TV, 9 * KW, EXPORTS | {"max_sell_power": 1500})
    assert found["exported", "grid"] == 1500 * WATT
    assert found["used", "roof"] == dc(2500 * WATT + DRAW)
    sold = flow(TV, 0, EXPORTS | timer(sell=True, capacity=40) | {"max_sell_power": 1500}, **HALF)
    assert (sold["exported", "grid"], sold["discharge", "battery"]) == (1500 * WATT, dc(2500 * WATT + DRAW))


def test_charging_from_the_grid_and_what_solar_export_draws_share_the_limits_of_the_way_in() -> None:
    ticked = timer(master=True, charge="Allow Grid", capacity=100, power=1000) | EXPORTS
    found = flow(TV, 0, ticked, **HALF)
    assert found["charge", "battery"] == KW
    assert found["imported", "grid"] == KW + dc(KW) + DRAW
    tight = Link(1, connected=True, import_limit=2 * KW)
    assert flow(TV, 0, ticked, tight, **HALF)["imported", "grid"] <= 2 * KW
    full = flow({}, 0, timer(master=True, charge="Allow Grid", capacity=100) | EXPORTS | {"grid_charge_battery_current": 185}, **HALF)
    assert full["meter", "inverter"] <= 5 * KW
    shaved = flow(TV, 0, timer(capacity=100) | EXPORTS | {"grid_peak_shaving": True, "grid_peak_shaving_power": 1000}, **HALF)
    assert shaved["imported", "grid"] == KW


def test_a_grid_that_may_give_less_than_solar_export_draws_gives_what_it_may() -> None:
    tight = Link(1, connected=True, import_limit=30 * WATT)
    assert flow({}, 0, EXPORTS, tight)["imported", "grid"] == 30 * WATT
    assert flow({}, 0, EXPORTS, Link(1, connected=True, import_limit=0)) == {}


def test_as_an_island_solar_export_draws_nothing() -> None:
    away = flow(TV, 0, EXPORTS, OFF, **HALF)
    assert away["discharge", "battery"] == dc(KW)
    house = House([OFF, ON, ON], TV, 0, {"battery": battery()}, {"battery": 5 * KWH}, EXPORTS | {"reconnect_delay": 60})
    assert house.of("discharge", "battery") == [dc(KW)] * 3
    assert house.of("imported", "grid") == [0, 0, DRAW]


@pytest.mark.parametrize("rated", [800, 5000, 8000])
def test_what_the_inverter_draws_and_bears_goes_by_its_rating_unless_it_is_set(rated: int) -> None:
    house = House([ON], {}, 0, settings={"rated_power": rated}, plain={})
    assert house.at(0)["imported", "grid"] == 2 * 8 * rated
    assert House([ON], {}, 0, settings={"rated_power": rated, "idle_power": 3}, plain={}).at(0)["imported", "grid"] == 3 * WATT + 8 * rated
    for load, served in ((2 * rated * WATT, True), (2 * rated * WATT + 1, False)):
        strong = battery(discharge=50, voltage=((0, 400_000), (10 * KWH, 400_000)))
        bank: dict[str, Any] = {"rules": {"battery": strong}, "stored": {"battery": 5 * KWH}}
        assert House([OFF], {"kettle": essential(load)}, 0, settings={"rated_power": rated}, step=10, **bank).served["kettle"] == [served]


def test_a_balcony_inverter_keeps_its_sun() -> None:
    sun = [80 * WATT] * 60
    house = House([ON] * 60, {"tv": essential(200 * WATT)}, sun, settings={"rated_power": 800}, plain={"zero_export_power": 0})
    given = sum(house.of("inverter", "essential"))
    assert given == 60 * (ac_from_dc(table(800 * WATT, 0.96), 800 * WATT, 80 * WATT) - 6400)
    assert given > 0.8 * sum(sun)


@pytest.mark.parametrize("bias", [0, 20, 500])
def test_zero_export_keeps_its_bias(bias: int) -> None:
    settings = {"zero_export_power": bias}
    for bank, sun in ((HALF, 0), (FULL, 0), (HALF, 2 * KW)):
        found = flow(TV, sun, settings, **bank)
        assert found.get(("imported", "grid"), 0) == bias * WATT
        assert found["inverter", "essential"] == KW - bias * WATT
    small = flow({"tv": essential(100 * WATT)}, 0, {"zero_export_power": 500}, **HALF)
    assert small["imported", "grid"] == 100 * WATT  # no more than there is
    assert ("imported", "grid") not in flow(TV, 0, settings | {"load_limit": "Allow Export"}, **HALF)


def test_max_sell_power_and_the_link_s_limit_bound_what_is_sold() -> None:
    assert flow(TV, 9 * KW, {"max_sell_power": 1500})["exported", "grid"] == 1500 * WATT
    tight = Link(1, connected=True, export_limit=700 * WATT)
    assert flow(TV, 9 * KW, {"max_sell_power": 1500}, tight)["exported", "grid"] == 700 * WATT
    assert flow(TV, 0, timer(sell=True), tight, **HALF) == flow(TV, 0, timer(), tight, **HALF)  # at its target
    sold = flow(TV, 0, timer(sell=True, capacity=40) | {"max_sell_power": 1500}, tight, **HALF)
    assert sold["exported", "grid"] == 700 * WATT


def test_max_solar_power_bounds_the_sun() -> None:
    found = flow(TV, 9 * KW, {"max_solar_power": 3000}, **HALF)
    assert found["used", "roof"] == 3 * KW
    assert found["charge", "battery"] == 3 * KW - dc(KW)


def test_peak_shaving_takes_a_resting_battery_down_to_its_low_capacity() -> None:
    settings = timer(capacity=100) | {"grid_peak_shaving": True, "grid_peak_shaving_power": 2000}
    found = flow({"oven": essential(3 * KW)}, 0, settings, **HALF)
    assert found["imported", "grid"] == 2 * KW
    assert found["discharge", "battery"] == dc(KW)
    assert ("discharge", "battery") not in flow({"oven": essential(KW)}, 0, settings, **HALF)
    assert flow({"oven": essential(3 * KW)}, 0, settings, **EMPTY)["imported", "grid"] == 3 * KW + IDLE
    charging = timer(master=True, charge="Allow Grid", capacity=100)
    found = flow(TV, 0, charging | {"grid_peak_shaving": True, "grid_peak_shaving_power": 2000}, **HALF)
    assert found["charge", "battery"] == ac_from_dc(CURVE, 5 * KW, KW)
    assert 2 * KW - 2 <= found["imported", "grid"] <= 2 * KW


def test_idling_does_not_lift_import_above_the_peak() -> None:
    settings = timer(capacity=100) | {"grid_peak_shaving": True, "grid_peak_shaving_power": 1000}
    found = flow(TV, 0, settings, **HALF)
    assert found["imported", "grid"] == KW
    assert found["discharge", "battery"] == found["inverter", "losses"] == IDLE


SLOPE = ((0, 40_000), (10 * KWH, 60_000))
"""mV, from 40 V empty to 60 V full."""


@pytest.mark.parametrize(("percent", "volts"), [(25, 45), (50, 50), (80, 56)])
def test_currents_are_converted_at_the_battery_s_own_voltage(percent: int, volts: int) -> None:
    bank: dict[str, Any] = {"rules": {"battery": battery(voltage=SLOPE)}, "stored": {"battery": KWH * percent // 10}}
    assert flow({}, 9 * KW, {"battery_max_charge_current": 30}, **bank)["charge", "battery"] == volts * 30 * WATT
    found = flow({"oven": essential(5 * KW)}, 0, {"battery_max_discharge_current": 30}, **bank)
    assert volts * 30 * WATT - 2 <= found["discharge", "battery"] <= volts * 30 * WATT
    charging = {"grid_charge_enabled": True, "grid_charge_battery_current": 30}
    assert flow(TV, 0, charging, **bank)["charge", "battery"] == volts * 30 * WATT
    found = flow(TV, KW, charging | {"battery_max_charge_current": 40}, **bank)  # the sun comes on top
    assert found["charge", "battery"] == min(volts * 30 * WATT + KW, volts * 40 * WATT)


def test_a_limit_in_ampere_falls_with_the_voltage_as_the_battery_empties() -> None:
    rules, stored = {"battery": battery(voltage=SLOPE)}, {"battery": 9 * KWH}
    house = House([ON] * 120, {"oven": essential(5 * KW)}, 0, rules, stored, {"battery_max_discharge_current": 50})
    powers = house.of("discharge", "battery")
    assert powers == sorted(powers, reverse=True)
    assert powers[0] == pytest.approx(58 * 50 * WATT, abs=2)
    left = 9 * KWH - sum(powers[:-1]) * 60
    assert powers[-1] == pytest.approx(50 * (40_000 + left * 20_000 / (10 * KWH)), rel=1e-4)


def test_the_rating_limits_ac_only_and_what_it_clips_is_curtailed() -> None:
    found = flow({}, 10 * KW, {}, **HALF)  # the battery takes 5 kW, the rest is sold
    assert found["exported", "grid"] == ac_from_dc(CURVE, 5 * KW, 5 * KW)
    assert found["charge", "battery"] == 5 * KW
    tight = flow({}, 10 * KW, {}, Link(1, connected=True, export_limit=2 * KW), **HALF)
    assert tight["exported", "grid"] == 2 * KW
    assert tight["charge", "battery"] == 5 * KW
    assert tight["used", "roof"] == 5 * KW + dc(2 * KW)
    alone = flow({}, 10 * KW, {})
    assert alone["exported", "grid"] == 5 * KW
    assert alone["used", "roof"] == FULL_DC  # 4.79 kW of the offer are nobody's


def test_the_load_port_passes_more_than_the_rating_up_to_its_current() -> None:
    loads = {"a": essential(9 * KW, 1), "b": aux(5 * KW, 2)}
    smart = {"aux_port_usage": "Smartload", "smartload_on_grid": True}
    house = House([ON], loads, settings=smart)  # 50 A at 230 V are 11.5 kW
    assert house.served == {"a": [True], "b": [False]}
    house = House([ON], loads, settings=smart | {"passthrough_current": 61})
    assert house.served == {"a": [True], "b": [True]}
    assert house.at(0)["meter", "essential"] + house.at(0)["meter", "aux"] == 14 * KW
    house = House([ON], {"a": essential(16 * KW), "pool": other(20 * KW)}, 6 * KW)
    assert house.served == {"a": [True], "pool": [True]}  # 5 kW of its own, 11 kW passed; the pool is before the port


@given(
    st.integers(100_000, 20_000_000), st.sampled_from([0.80, 0.96, 0.995]), st.integers(0, 25_000_000)
)  # fmt: skip
def test_conversion_never_gives_more_than_it_takes(rated: int, efficiency: float, power: int) -> None:
    curve = table(rated, efficiency)
    gained = ac_from_dc(curve, rated, power)
    assert gained <= min(power, rated)
    if gained:
        assert dc_for_ac(curve, rated, gained) <= power  # what it gives it can be asked for
    assert dc_for_ac(curve, rated, power) >= power


def test_charging_from_the_grid_loses_what_giving_loses() -> None:
    found = flow({}, 0, {"grid_charge_enabled": True, "grid_charge_battery_current": 185}, **HALF)
    charged = ac_from_dc(CURVE, 5 * KW, 5 * KW)  # the rating holds on the AC side
    assert found["charge", "battery"] == charged
    assert charged == pytest.approx(0.96 * 5 * KW, rel=2e-3)
    assert found["meter", "inverter"] == dc_for_ac(CURVE, 5 * KW, charged) <= 5 * KW
    assert found["inverter", "losses"] == found["meter", "inverter"] - charged
