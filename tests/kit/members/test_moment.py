"""The readings of a state are of one moment: the last settled step, however time was cut into windows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stage import small_home
from virtual_devices.kit.device import Conditions
from virtual_devices.kit.members.conditions import ConditionsMember
from virtual_devices.kit.members.house import House
from virtual_devices.kit.window import Span

HOME = """\
home: HOME
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 08:30, step: 60 s}
seed: 7
devices:
  sun: {}
  weather: {mean_cloud_cover: 40 %, variability: 60 %}
  roof: {kind: pv_array, weather: weather}
  battery: {start_soc: 40 %, weather: weather}
  grid: {outages: "09:00-09:10, 09:30:30-09:40:20"}
  inverter: {rated_power: 4 kW, reconnect_delay: 0}
  oven: {schedule: "08:40-09:10"}
  geyser: {mode: schedule, schedule: "08:45-09:30", draw_times: "08:30-09:30", priority: 9}
  pump: {kind: base_load, circuit: non_essential}
events:
  - {at: 2026-06-21 08:52, device: weather, set: {mean_temp_air: 3}}
"""


def readings(house: House) -> dict[str, dict[str, Any]]:
    return {name: member.readings() for name, member in house.members.items()}


@pytest.mark.parametrize("minutes", [1, 29, 30, 31, 40, 59, 62, 71, 75])
def test_they_are_the_same_however_time_was_cut(minutes: int) -> None:
    """Window by window, in long ones that outages and an oven cut short, and all that is between."""
    home = small_home(HOME)
    until = home.start + minutes * 60
    single, *others = (House(home, max_steps=steps) for steps in (1, 7, 1440))
    for house in (single, *others):
        house.advance(until)
        assert house.time == until
    told = readings(single)
    for house in others:
        assert house.settler.digest == single.settler.digest
        assert readings(house) == told


def test_what_observers_show_was_true_in_the_last_settled_step() -> None:
    """At the step's own start, as the device itself says it for that one step alone."""
    home = small_home(HOME)
    house = House(home, max_steps=1440)
    ends = set()
    while house.time < home.start + 75 * 60:
        house.step()
        ends.add(house.time)
        last, given = Span(house.time - 60, 60, 1), dict[str, Any]()
        for observer in house.observers:
            given[observer.name] = observer.device.conditions(observer.settings, last, house._inputs(observer, given))
            told = observer.readings()
            assert {name: told[name] for name in given[observer.name]} == {
                name: column[0] / 1000 for name, column in given[observer.name].items()
            }
    assert len(ends) > 5, "windows were cut short"


def test_before_the_first_settled_step_an_observer_says_nothing() -> None:
    home = small_home(HOME)
    (member,) = (member for member in House(home).observers if member.name == "sun")
    assert isinstance(member, ConditionsMember)
    assert isinstance(member.device, Conditions)
    assert member.readings() == {}


def test_the_grid_is_there_exactly_when_no_outage_is_planned() -> None:
    """Both of the last settled step, whatever its window; a time between two steps counts from the next one."""
    home = small_home(HOME)
    for most in (1, 7, 1440):
        house, seen = House(home, max_steps=most), set()
        while house.time < home.start + 75 * 60:
            house.step()
            grid, inverter = house.members["grid"].readings(), house.members["inverter"].readings()
            assert grid["connected"] is (not grid["outage_planned"])
            assert inverter["grid_connected"] is grid["connected"], "its relay waits for nothing in this home"
            seen.add(grid["connected"])
        assert seen == {True, False}


def test_the_inverter_shows_the_grid_s_own_voltage_and_frequency() -> None:
    home = small_home(HOME)
    house, there = House(home, max_steps=1), set()
    while house.time < home.start + 75 * 60:
        house.step()
        grid, inverter = house.members["grid"].readings(), house.members["inverter"].readings()
        told = grid["voltage"], grid["frequency"]
        assert (inverter["grid_voltage"], inverter["grid_frequency"]) == told
        if grid["connected"]:
            there.add(told)
            assert (inverter["inverter_voltage"], inverter["load_frequency"]) == told, "connected, it passes on what is there"
        else:
            assert told == (0, 0)
            assert (inverter["inverter_voltage"], inverter["load_frequency"]) == (230, 50), "an island has what the inverter makes"
    assert len(there) > 30, "the mains are never still"


def test_behind_the_relay_there_is_the_inverter_s_own_voltage_while_it_waits_for_the_grid() -> None:
    home = small_home(HOME.replace("reconnect_delay: 0", "reconnect_delay: 300"))
    house = House(home, max_steps=1)
    house.advance(home.start + 42 * 60)  # 09:12, two minutes after the outage
    grid, inverter = house.members["grid"].readings(), house.members["inverter"].readings()
    assert grid["connected"] is True
    assert inverter["grid_connected"] is False
    assert (inverter["grid_voltage"], inverter["grid_frequency"]) == (grid["voltage"], grid["frequency"])
    assert (inverter["inverter_voltage"], inverter["load_frequency"]) == (230, 50)
