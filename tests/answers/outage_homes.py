"""Homes whose nights in the dark can be worked out by hand."""

from __future__ import annotations

from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home

CONSTANT = """\
home: constant
site: {latitude: 0, longitude: 0, time_zone: Africa/Johannesburg}
clock: {start: 2026-07-01, step: 60}
devices:
  battery: {capacity: 2.5 kWh, charge_limit: 2 kW, discharge_limit: 3 kW, start_soc: 100 %, self_discharge: 0, charge_efficiency: 100,
    discharge_efficiency: 100, calendar_ageing: 0, cycle_life: 0}
  grid: {outages: "12:00-18:00", price: 2, currency: ZAR}
  inverter: {rated_power: 1 kW, nominal_efficiency: 80 %, idle_power: 0, solar_export_draw: 0, reconnect_delay: 0,
    battery_low_capacity: 1, battery_shutdown_capacity: 0, battery_restart_capacity: 1}
  house: {kind: base_load, variation: 0, profile: "PROFILE"}
""".replace("PROFILE", ",".join(["1000"] * 24))
"""1 kW all the time, which is what the inverter is rated for, so that it takes exactly 1 kW / 80 % = 1.25 kW from the battery
(PVWatts' curve goes through the nominal efficiency at the rating): 2.5 kWh last two hours. No sun charges it again."""
AREA = """\
date_of_month,start_time,finish_time,stage
1,00:00,02:30,1
1,12:00,12:30,2
"""
"""From the first minute of the month, so that the battery is full then; at stage 2 half an hour more."""


def constant(**settings: str) -> Home:
    """The home, with other text for some of its devices; an empty one leaves the device out."""
    lines = CONSTANT.replace(",\n   ", ",").splitlines()
    for device, text in settings.items():
        index = next(number for number, line in enumerate(lines) if line.startswith(f"  {device}: "))
        lines[index] = f"  {device}: {text}" if text else ""
    return parse("\n".join(lines))
