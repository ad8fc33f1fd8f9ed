"""What a device tells Home Assistant of itself."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from virtual_devices.edge.faces.discovery import payload
from virtual_devices.edge.faces.natives import platform_of
from virtual_devices.edge.messages.base import write
from virtual_devices.kit.forms.changes import orders_of, readings_of, settings_json, settings_of
from virtual_devices.kit.home import catalogue

_SPEC = importlib.util.spec_from_file_location("ha_rules", Path(__file__).with_name("ha_rules.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
ha_rules = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(ha_rules)

PLATFORMS = {"flag": "switch", "choice": "select", "number": "number", "integer": "number", "text": "text", "times": "text"}


def announce(kind: str, name: str | None = None, **settings: Any) -> tuple[str, dict[str, Any]]:
    device_class = catalogue.load(kind)
    values = settings_json(device_class.settings_type()) | settings
    return payload("cape_town", name or kind, kind, device_class, values)


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_home_assistant_accepts_every_kind(kind: str) -> None:
    topic, message = announce(kind, "roof_2")
    assert ha_rules.problems(topic, json.loads(json.dumps(message))) == []
    assert len(write(message)) < 64_000  # as it goes to the broker


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_live_setting_is_a_control_and_every_reading_a_sensor(kind: str) -> None:
    device_class = catalogue.load(kind)
    components = announce(kind)[1]["components"]
    live = {item.name: item for item in settings_of(device_class) if item.live}
    orders = {item.name for item in orders_of(device_class)}
    native = {platform_of(device_class.native)} if device_class.native else set()
    unseen = {item.name for item in readings_of(device_class) if item.beside}.union(device_class.without_face({}))
    assert set(components) - native == (set(live) | {item.name for item in readings_of(device_class)} | orders) - unseen
    for name, item in live.items():
        control = components[name]
        assert control["platform"] == PLATFORMS[item.type]
        assert control["command_topic"] == f"virtual/cape_town/{kind}/set/{name}"
        assert control.get("entity_category") == (None if item.everyday else "config")
        assert control.get("enabled_by_default", True) is not item.detail
        if control["platform"] == "number":
            assert item.default is None or control["min"] <= item.default <= control["max"]
            assert control.get("unit_of_measurement", "") == item.unit or item.unit == "/kWh"
    for reading in (item for item in readings_of(device_class) if item.name not in unseen):
        sensor = components[reading.name]
        assert ("command_topic" in sensor) == (reading.name in orders)
        if reading.name not in orders:
            assert sensor.get("enabled_by_default", True) is not (reading.detail or reading.folded)
        assert (sensor.get("entity_category") == "diagnostic") == (reading.detail or reading.diagnostic)
    for name in orders:
        assert components[name]["command_topic"] == f"virtual/cape_town/{kind}/set/{name}"


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_names_and_templates(kind: str) -> None:
    topic, message = announce(kind, "device_1")
    assert topic == "homeassistant/device/virtual-cape_town-device_1/config"
    assert message["device"]["identifiers"] == ["virtual-cape_town-device_1"]
    assert message["state_topic"] == "virtual/cape_town/device_1/face"
    assert message["availability_topic"] == "virtual/cape_town/device_1/availability"
    for name, component in message["components"].items():
        assert component["unique_id"] == f"virtual-cape_town-device_1-{name}"
        native = name in ("light", "climate", "water_heater")  # it is the device
        assert component["default_entity_id"] == f"{component['platform']}.cape_town_device_1{'' if native else f'_{name}'}"
        if "value_template" in component:
            assert set(re.findall(r"value_json\.(\w+)", component["value_template"])) == {name}
        if component["platform"] in ("switch", "binary_sensor"):
            assert component["value_template"] == f"{{{{ 'ON' if value_json.{name} else 'OFF' }}}}"


def test_homes_whose_names_begin_alike_stay_apart() -> None:
    names = [("cape", "town_oven"), ("cape_town", "oven")]
    (one, first), (other, second) = [payload(home, name, "oven", catalogue.load("oven"), {}) for home, name in names]
    assert one != other
    ids = [{item["unique_id"] for item in message["components"].values()} for message in (first, second)]
    assert not ids[0] & ids[1]
    assert first["device"]["identifiers"] != second["device"]["identifiers"]


def test_totals_and_days_of_energy() -> None:
    components = announce("inverter")[1]["components"]
    total, day, joules = (components[name] for name in ("total_pv_energy", "day_pv_energy", "total_pv_energy_joules"))
    assert (total["state_class"], total["unit_of_measurement"]) == ("total_increasing", "kWh")
    assert (day["state_class"], day["unit_of_measurement"]) == ("total", "kWh")
    assert day["last_reset_value_template"] == "{{ value_json.day_start }}"
    assert (joules["unit_of_measurement"], joules["enabled_by_default"]) == ("J", False)


def test_money_is_counted_in_the_devices_currency() -> None:
    components = announce("grid", currency="EUR")[1]["components"]
    assert components["cost"]["unit_of_measurement"] == "EUR"
    assert components["cost"]["device_class"] == "monetary"
    assert components["price"]["unit_of_measurement"] == "EUR/kWh"
    assert "device_class" not in components["price"]
    month = components["month_cost"]
    assert (month["state_class"], month["last_reset_value_template"]) == ("total", "{{ value_json.month_start }}")
    assert components["feed_in_price_now"]["unit_of_measurement"] == "EUR/kWh"
    assert components["next_price_change"]["device_class"] == "timestamp"


def test_what_cannot_change_while_a_home_runs_is_no_control() -> None:
    components = announce("pv_array")[1]["components"]
    assert "sun" not in components
    assert components["capacity"]["platform"] == "number"


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda message: message.update({"~": "virtual"}), "root: {'~'}"),
        (lambda message: message["device"].update(colour="red"), "device: {'colour'}"),
        (lambda message: message["components"]["energy"].update(unit_of_measurement="KWh"), "energy: energy in 'KWh'"),
        (lambda message: message["components"]["energy"].update(state_class="measurement"), "energy: energy with state_class measurement"),
        (lambda message: message["components"]["energy"].update(objectid="x"), "energy: silently removed: {'objectid'}"),
        (lambda message: message["components"]["energy"].update(entity_category="config"), "energy: category config on what cannot be set"),
        (lambda message: message["components"]["mode"].pop("command_topic"), "mode: missing: {'command_topic'}"),
        (lambda message: message["components"]["mode"].update(platform="time"), "mode: platform 'time' is unknown to some"),
        (lambda message: message["components"]["setpoint"].update(max=0), "setpoint: max must be above min"),
        (lambda message: message["components"]["setpoint"].update(unit_of_measurement="W"), "setpoint: temperature in 'W'"),
    ],
)  # fmt: skip
def test_the_rules_find_what_is_wrong(spoil: Any, told: str) -> None:
    topic, message = announce("oven")
    spoil(message)
    assert told in ha_rules.problems(topic, message)


def test_the_switch_that_makes_an_outage_stands_among_the_controls() -> None:
    components = announce("grid")[1]["components"]
    switches = {name: each.get("entity_category") for name, each in components.items() if each["platform"] == "switch"}
    assert switches == {"main_switch": None, "breaker_trips": "config"}


def test_a_list_is_a_count_with_the_list_as_attribute() -> None:
    sensor = announce("grid")[1]["components"]["forecast"]
    assert sensor["json_attributes_topic"] == "virtual/cape_town/grid/face"
    assert sensor["value_template"] == "{{ (value_json.forecast or []) | length }}"
    assert sensor["json_attributes_template"] == "{{ {'forecast': value_json.forecast or []} | to_json }}"


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_device_has_a_last_error_with_its_time(kind: str) -> None:
    topic, message = announce(kind)
    sensor = message["components"]["last_error"]
    assert ha_rules.problems(topic, message) == []
    assert (sensor["platform"], sensor["entity_category"], sensor["name"]) == ("sensor", "diagnostic", "Last error")
    assert "enabled_by_default" not in sensor
    assert sensor["unique_id"] == f"virtual-cape_town-{kind}-last_error"
    assert sensor["value_template"] == "{{ (value_json.last_error or 'none')[:255] }}"
    assert sensor["json_attributes_topic"] == f"virtual/cape_town/{kind}/face"
    assert sensor["json_attributes_template"] == "{{ {'time': value_json.last_error_time} | to_json }}"


ADD_ON = """
select.ss_prog{1..6}_time select.ss_prog{1..6}_charge number.ss_prog{1..6}_power:W number.ss_prog{1..6}_capacity:% switch.ss_prog{1..6}_sell
switch.ss_use_timer switch.ss_grid_charge_enabled switch.ss_solar_export switch.ss_priority_load switch.ss_grid_peak_shaving
switch.ss_inverter_enabled switch.ss_grid_always_on select.ss_load_limit select.ss_aux_port_usage
number.ss_grid_charge_battery_current:A number.ss_battery_max_charge_current:A number.ss_battery_max_discharge_current:A
number.ss_max_sell_power:W number.ss_max_solar_power:W number.ss_grid_trickle_feed_power:W number.ss_grid_peak_shaving_power:W
number.ss_battery_low_capacity:% number.ss_battery_shutdown_capacity:% number.ss_battery_restart_capacity:%
sensor.ss_battery_soc:% sensor.ss_battery_power:W sensor.ss_battery_voltage:V sensor.ss_battery_current:A sensor.ss_pv_power:W
sensor.ss_grid_power:W sensor.ss_grid_ct_power:W sensor.ss_grid_voltage:V sensor.ss_grid_frequency:Hz binary_sensor.ss_grid_connected
sensor.ss_load_power:W sensor.ss_load_frequency:Hz sensor.ss_essential_power:W sensor.ss_non_essential_power:W sensor.ss_aux_power:W
sensor.ss_inverter_power:W sensor.ss_inverter_voltage:V sensor.ss_inverter_current:A sensor.ss_overall_state
sensor.ss_day_battery_charge:kWh sensor.ss_day_battery_discharge:kWh sensor.ss_day_grid_import:kWh sensor.ss_day_grid_export:kWh
sensor.ss_day_pv_energy:kWh sensor.ss_day_load_energy:kWh
sensor.ss_total_battery_charge:kWh sensor.ss_total_battery_discharge:kWh sensor.ss_total_grid_import:kWh sensor.ss_total_grid_export:kWh
sensor.ss_total_pv_energy:kWh sensor.ss_total_load_energy:kWh
"""
"""Entities of the Sunsynk add-on, single phase, that a home with ``entity_prefix: ss`` has by the same id and unit (sunsynk 1.3.0)."""


CARD = """
sensor.ss_pv{1..4}_power:W sensor.ss_battery_temperature:°C sensor.ss_grid_current:A sensor.ss_day_aux_energy:kWh sensor.ss_inverter_frequency:Hz
binary_sensor.ss_grid_connected_status binary_sensor.ss_aux_connected_status sensor.ss_time_slot_{1..6} number.ss_system_mode_soc_time{1..6}:%
switch.ss_toggle_priority_load switch.ss_toggle_solar_sell switch.ss_toggle_system_timer sensor.ss_battery_capacity_shutdown:%
sensor.ss_energy_production_today:kWh sensor.ss_energy_production_today_remaining:kWh sensor.ss_energy_production_tomorrow:kWh
select.ss_prog{1..6}_charge_option number.ss_set_soc_timezone{1..6}:%
"""
"""Likewise of the Sunsynk power flow card, of templates of the add-on, and of Predbat's."""


def add_on(words: str = ADD_ON) -> dict[str, str]:
    """Entity id → unit."""
    found = {}
    for word in words.split():
        entity, _, unit = word.partition(":")
        for number in range(1, 7) if "{1..6}" in entity else range(1, 5) if "{1..4}" in entity else (0,):
            found[entity.replace("{1..6}", str(number)).replace("{1..4}", str(number))] = unit
    return found


def test_with_a_prefix_entities_have_the_ids_and_units_of_the_add_on() -> None:
    components = announce("inverter", entity_prefix="ss")[1]["components"]
    ids = {item["default_entity_id"]: item for item in components.values()}
    assert len(ids) == len(components)
    assert {entity: ids.get(entity, {}).get("unit_of_measurement", "") for entity in add_on()} == add_on()
    assert set(add_on()) <= set(ids)
    assert all(ids[entity].get("enabled_by_default", True) for entity in add_on())
    assert all(entity.partition(".")[2] == item["object_id"] for entity, item in ids.items())
    assert all(item["object_id"].startswith("ss_") for item in ids.values())


def test_with_a_prefix_cards_find_what_they_ask_for() -> None:
    components = announce("inverter", entity_prefix="ss")[1]["components"]
    ids = {item["default_entity_id"]: item for item in components.values()}
    wanted = add_on(CARD)
    assert {entity: ids.get(entity, {}).get("unit_of_measurement", "") for entity in wanted} == wanted
    assert all(ids[entity].get("enabled_by_default", True) for entity in wanted)
    assert "command_topic" not in ids["sensor.ss_time_slot_1"]
    assert ids["sensor.ss_time_slot_1"]["value_template"] == "{{ value_json.prog1_time }}"
    assert ids["switch.ss_toggle_solar_sell"]["command_topic"] == "virtual/cape_town/inverter/set/solar_export"
    assert "time_slot_1" not in announce("inverter")[1]["components"], "nobody asks without a prefix"


def test_with_a_prefix_its_grid_power_is_that_of_the_port_and_the_meter_s_is_the_ct_s() -> None:
    components = announce("inverter", entity_prefix="ss")[1]["components"]
    assert components["grid_power"]["default_entity_id"] == "sensor.ss_grid_ct_power"
    assert components["grid_port_power"]["default_entity_id"] == "sensor.ss_grid_power"
    assert components["zero_export_power"]["command_topic"] == "virtual/cape_town/inverter/set/zero_export_power"
    assert components["prog1_charge"]["options"] == ["No Grid or Gen", "Allow Grid", "Allow Gen", "Allow Grid & Gen"]
    assert components["load_limit"]["options"] == ["Allow Export", "Essentials", "Zero Export"]
    assert components["aux_port_usage"]["options"] == ["Disable", "Smartload", "Generator"]


def test_a_prefix_changes_neither_unique_ids_nor_what_home_assistant_accepts() -> None:
    topic, plain = announce("inverter")
    _, prefixed = announce("inverter", entity_prefix="ss")
    assert ha_rules.problems(topic, json.loads(json.dumps(prefixed))) == []
    more = catalogue.load("inverter").also_named
    for name, item in plain["components"].items():
        assert item["unique_id"] == prefixed["components"][name]["unique_id"]
    added = prefixed["components"].keys() - plain["components"].keys()
    assert added == {*(other.partition(".")[2] for other in more), *catalogue.load("inverter").without_face({})}
    assert plain["components"]["grid_power"]["default_entity_id"] == "sensor.cape_town_inverter_grid_power"
    hidden = [name for name, item in prefixed["components"].items() if "enabled_by_default" in item]
    assert hidden
    assert all(name.endswith("_joules") for name in hidden)


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_names_that_differ_are_of_fields_and_stay_apart(kind: str) -> None:
    device_class = catalogue.load(kind)
    fields = [*(item.name for item in settings_of(device_class)), *(item.name for item in readings_of(device_class))]
    assert set(device_class.entity_names) <= set(fields)
    renamed = [device_class.entity_names.get(name, name) for name in fields]
    assert len(set(renamed)) == len(renamed)
    seconds = [other.partition(".")[2] for other in device_class.also_named]
    assert set(device_class.also_named.values()) <= set(fields)
    assert not set(seconds) & {*fields, *renamed}


def test_what_a_load_may_hang_on_follows_the_circuits_of_its_home() -> None:
    ports = ["essential", "aux", "non_essential"]

    def options(name: str, circuits: dict[str, str], **settings: Any) -> list[str]:
        device_class = catalogue.load("smart_switch")
        message = payload("home", name, "smart_switch", device_class, settings_json(device_class.settings_type()) | settings, circuits)[1]
        found: list[str] = message["components"]["circuit"]["options"]
        return found

    assert announce("oven")[1]["components"]["circuit"]["options"] == ports, "without circuits as it always was"
    tree = {"a": "essential", "b": "a", "c": "b"}
    assert options("d", tree) == [*ports, "a", "b", "c"]
    assert options("b", tree) == [*ports, "a"], "not on itself, nor on what hangs on it"
    assert options("d", {}, circuit="gone") == [*ports, "gone"], "what holds is among them"


def test_one_that_only_measures_shows_no_relay() -> None:
    components = announce("smart_switch", measure_only=True)[1]["components"]
    assert not components.keys() & {"relay", "toggle", "reset", "countdown", "tripped", "timer_1", "power_on", "max_power"}
    assert components.keys() >= {"power", "energy", "current", "circuit"}
    relay = announce("smart_switch")[1]["components"]["relay"]
    assert (relay["platform"], relay["device_class"], "entity_category" in relay) == ("switch", "outlet", False)
