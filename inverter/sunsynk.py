"""Names of entities that dashboards ask for which were made for Sunsynk and Deye inverters.

Facts of names: the Sunsynk add-on (kellerza/sunsynk), the Sunsynk power flow card, Predbat's template, Forecast.Solar. They count under ``entity_prefix``.
"""

from __future__ import annotations

NAMES = {
    "zero_export_power": "grid_trickle_feed_power",
    "smartload_on_grid": "grid_always_on",
    "grid_power": "grid_ct_power",
    "grid_port_power": "grid_power",
}
"""Names of the add-on that differ from ours; its grid power is that of the GRID port, the meter's is the CT's."""

_PROGRAMS = {
    "sensor.time_slot_{}": "prog{}_time",
    "number.system_mode_soc_time{}": "prog{}_capacity",
    "number.set_soc_timezone{}": "prog{}_capacity",
    "select.prog{}_charge_option": "prog{}_charge",
}
ALSO_NAMED = {
    "binary_sensor.grid_connected_status": "grid_connected",
    "binary_sensor.aux_connected_status": "aux_on",
    "sensor.inverter_frequency": "load_frequency",
    "sensor.battery_capacity_shutdown": "battery_shutdown_capacity",
    "switch.toggle_priority_load": "priority_load",
    "switch.toggle_solar_sell": "solar_export",
    "switch.toggle_system_timer": "use_timer",
    "sensor.energy_production_today": "forecast_today",
    "sensor.energy_production_today_remaining": "forecast_remaining_today",
    "sensor.energy_production_tomorrow": "forecast_tomorrow",
    **{other.format(number): field.format(number) for other, field in _PROGRAMS.items() for number in range(1, 7)},
}
"""Second names of what is there by one already."""
FOR_DASHBOARDS = (*(f"pv{number}_power" for number in range(1, 5)), "battery_temperature", "grid_current", "day_aux_energy")
"""Readings that other devices of the home show better, where no dashboard asks for them."""
