"""Six small homes, one for each blueprint, and the automation that an owner would make of it there."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

_TOP = """\
home: {name}
site: {{latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}}
clock: {{start: 2026-12-01 12:00, step: 60 s}}
seed: 7
devices:
  house: {{kind: base_load, profile: "{watts}", variation: 0 %, spikes: 0 %}}
"""
_DARK = "  inverter: {rated_power: 5 kW, use_timer: true, PROGRAMS}\n"
_KEPT = ", ".join(f"prog{number}_capacity: {{percent}} %" for number in range(1, 7))
_TV = "  tv: {rated_power: 1 kW, standby_power: 0 W, mode: MODE}\n"
PRICES = [(12, 0.50), (13, 0.10), (14, 0.30), (15, 0.40)]
"""By the hour of the day in which they begin, in EUR for a kWh."""


def prices() -> str:
    """A day's series."""
    known = dict(PRICES)
    begins = [f"2026-12-01T{hour:02}:00:00+02:00" for hour in range(24)] + ["2026-12-02T00:00:00+02:00"]
    return json.dumps([{"start": begin, "end": end, "value": known.get(hour, 0.45)} for hour, (begin, end) in enumerate(pairwise(begins))])


def _home(name: str, watts: int, *lines: str) -> str:
    return _TOP.format(name=name, watts=",".join([str(watts)] * 24)) + "".join(lines)


def _capacities(home: str) -> list[str]:
    return [f"number.{home}_inverter_prog{number}_capacity" for number in range(1, 7)]


HOMES = {
    "charges": _home(
        "charges", 300, _DARK.replace("PROGRAMS", _KEPT.format(percent=20)), "  battery: {capacity: 5 kWh, start_soc: 20 %}\n", '  grid: {outages: "13:30-15:30"}\n'
    ),
    "surplus": _home(
        "surplus", 300,
        "  sun: {}\n  weather: {mean_cloud_cover: 0 %, variability: 0 %}\n  roof: {kind: pv_array, capacity: 4 kW, surface_tilt: 10, surface_azimuth: 0}\n",
        "  inverter: {rated_power: 5 kW, solar_export: true}\n  battery: {capacity: 5 kWh, start_soc: 96 %}\n  grid: {}\n", _TV.replace("MODE", "off"),
        "  geyser: {rated_power: 1 kW, mode: off, setpoint: 60, circuit: non_essential}\n",
        "events:\n  - {at: 2026-12-01 12:10, device: geyser, set: {setpoint: 75}}\n  - {at: 2026-12-01 13:15, device: weather, set: {mean_cloud_cover: 100 %}}\n",
    ),
    "peak": _home("peak", 1000, _DARK.replace("PROGRAMS", _KEPT.format(percent=100)), "  battery: {capacity: 5 kWh, start_soc: 70 %}\n", "  grid: {}\n"),
    "cheap": _home("cheap", 200, "  grid: {price_series: prices.json, currency: EUR}\n", _TV.replace("MODE", "off")),
    "sheds": _home(
        "sheds", 600, _DARK.replace("PROGRAMS", _KEPT.format(percent=100)), "  battery: {capacity: 3 kWh, start_soc: 60 %}\n", '  grid: {outages: "12:15-13:30"}\n', _TV.replace("MODE", "on")
    ),
    "warns": _home("warns", 200, '  grid: {outages: "13:00-15:00"}\n', _TV.replace("MODE", "on")),
}
"""Home files by the name of their home."""

AUTOMATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "charges": ("charge_before_outage", {
        "outage": "sensor.charges_grid_starts_in", "minutes": 60, "capacities": _capacities("charges"), "target": 50, "usual": 20,
        "charges": [f"select.charges_inverter_prog{number}_charge" for number in range(1, 7)], "master": ["switch.charges_inverter_grid_charge_enabled"],
    }),
    "surplus": ("surplus_to_switch", {
        "grid_power": "sensor.surplus_inverter_grid_power", "battery_power": ["sensor.surplus_inverter_battery_power"], "soc": ["sensor.surplus_inverter_battery_soc"],
        "appliances": ["switch.surplus_tv_switch", "water_heater.surplus_geyser"], "surplus": 2200, "shortage": 300, "minutes": 3, "least": 80,
    }),
    "peak": ("battery_for_evening_peak", {"begins": "12:30:00", "ends": "13:30:00", "capacities": _capacities("peak"), "reserve": 90, "floor": 25}),
    "cheap": ("cheapest_hours", {
        "price": "sensor.cheap_grid_price_forecast", "appliances": ["switch.cheap_tv_switch"], "hours": 1, "begins": "12:10:00", "ends": "14:00:00",
    }),
    "sheds": ("shed_when_islanded", {
        "grid": "binary_sensor.sheds_inverter_grid_connected", "soc": "sensor.sheds_inverter_battery_soc", "appliances": ["switch.sheds_tv_switch"], "low": 40, "recovered": 70,
    }),
    "warns": ("warn_ahead", {
        "outage": "binary_sensor.warns_grid_outage_planned", "ahead": 15, "what": [{"action": "switch.turn_off", "target": {"entity_id": "switch.warns_tv_switch"}}],
    }),
}  # fmt: skip
"""Blueprint and inputs, by home."""
