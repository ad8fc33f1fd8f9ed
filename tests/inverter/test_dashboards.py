"""What dashboards ask an inverter for beside what decides: arrays one by one, the battery's warmth, the AUX port's day."""

from __future__ import annotations

import pytest

from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House

HOME = """\
home: cape
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 11:00, step: 60 s}
devices:
  sun: {}
  south: {kind: pv_array, capacity: 1 kW, surface_azimuth: 180}
  north: {kind: pv_array, capacity: 3 kW}
  battery: {temp_ambient: 31 °C, start_soc: 50 %}
  cold: {kind: battery, temp_ambient: 4 °C, start_soc: 50 %}
  grid: {}
  inverter: {aux_port_usage: Smartload, smartload_on_grid: true}
  pump: {kind: lights, circuit: aux, mode: on, rated_power: 500 W}
  house: {kind: lights, mode: on, rated_power: 300 W}
"""


def test_each_array_has_its_power_by_name_and_the_warmest_battery_its_warmth() -> None:
    house = House(parse(HOME, "home.yaml"))
    house.advance(house.home.start + 3600)
    said = house.settler.readings()
    north, south = (house.members[name].readings()["power"] for name in ("north", "south"))
    assert north > south > 0
    assert (said["pv1_power"], said["pv2_power"], said["pv3_power"]) == (north, south, 0)
    assert said["pv1_power"] + said["pv2_power"] == pytest.approx(said["pv_power"])
    assert said["battery_temperature"] == house.members["battery"].readings()["temperature"] == 31


def test_what_the_aux_port_took_since_midnight_and_the_current_of_the_grid_port() -> None:
    house = House(parse(HOME, "home.yaml"))
    house.advance(house.home.start + 2 * 3600)
    said = house.settler.readings()
    assert said["day_aux_energy"] == pytest.approx(house.members["pump"].readings()["energy"]) == pytest.approx(1)
    assert said["grid_current"] == pytest.approx(said["grid_port_power"] / said["grid_voltage"])
    house.advance(house.home.start + 13 * 3600)
    assert house.settler.readings()["day_aux_energy"] == pytest.approx(6.5), "until something is settled in the new day"
    house.advance(house.home.start + 14 * 3600)
    assert house.settler.readings()["day_aux_energy"] == pytest.approx(0.5)
