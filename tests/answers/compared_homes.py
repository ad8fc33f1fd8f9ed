"""A home under the sky of its climate, for what compares homes."""

from __future__ import annotations

from virtual_devices.answers.comparing.pairing import Side
from virtual_devices.kit.home.file import parse

A = """\
home: one
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 06:30, step: 300 s}
seed: 7
devices:
  sun: {}
  weather: {}
  roof: {kind: pv_array, capacity: 3 kW, surface_tilt: 25, surface_azimuth: 0}
  battery: {capacity: 5 kWh, start_soc: 45 %}
  grid: {price: 2, currency: ZAR}
  inverter: {rated_power: 5 kW}
  house: {kind: base_load}
"""


def side(text: str, *changes: tuple[str, str], documents: dict[str, str] | None = None) -> Side:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    home = parse(text, "home.yaml")
    return Side(home.name, home, documents or {})
