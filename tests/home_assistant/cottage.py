"""A small home of all that an Energy dashboard has meters for."""

from __future__ import annotations

HOME = """\
home: cottage
site: {latitude: -33.92, longitude: 18.42, altitude: 10 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 06:00}
seed: 7
devices:
  sun: {}
  weather: {}
  roof: {kind: pv_array, capacity: 4 kW, surface_tilt: 25, surface_azimuth: 30}
  battery: {capacity: 8 kWh, charge_limit: 4 kW, discharge_limit: 4 kW}
  grid: {price: 3.84, currency: ZAR}
  inverter: {rated_power: 5 kW}
  house: {kind: base_load, scale: 150 %}
  oven: {schedule: "17:30-18:30"}
"""
