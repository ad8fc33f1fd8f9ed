"""What Home Assistant has of its own for a load: a lamp, a heater, a boiler; what is a device's main thing, and what it is called."""

from __future__ import annotations

from typing import Any

import pytest

from virtual_devices.edge.faces.discovery import payload
from virtual_devices.edge.faces.natives import platform_of
from virtual_devices.kit.forms.changes import readings_of, settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.file import parse

SET = "virtual/cape_town/{}/set/"
NATIVE = [kind for kind in catalogue.kinds() if catalogue.load(kind).native]


def announce(kind: str, device: str | None = None, **settings: Any) -> dict[str, Any]:
    return payload("cape_town", device or kind, kind, catalogue.load(kind), settings)[1]


@pytest.mark.parametrize("kind", NATIVE)
def test_a_native_entity_reads_and_sets_what_there_is(kind: str) -> None:
    device_class = catalogue.load(kind)
    names = {item.name for item in settings_of(device_class)} | {item.name for item in readings_of(device_class)}
    components = announce(kind)["components"]
    native = components[platform_of(device_class.native)]  # type: ignore[arg-type] # NATIVE has those with one
    for key, value in native.items():
        if key.endswith("template"):
            used = {word.split("}")[0].split(" ")[0].split("]")[0] for word in value.split("value_json.")[1:]}
            assert used <= names, key
        if key.endswith("command_topic"):
            assert value.startswith(SET.format(kind))
            assert value.removeprefix(SET.format(kind)) in names
        if key.endswith("state_topic") or key in ("action_topic", "current_temperature_topic"):
            assert value == f"virtual/cape_town/{kind}/face"


def test_a_lamp() -> None:
    components = announce("lights", "kitchen_lights")["components"]
    light = components["light"]
    assert (light["platform"], light["name"], light["default_entity_id"]) == ("light", None, "light.cape_town_kitchen_lights")
    assert (light["brightness_command_topic"], light["brightness_scale"]) == ("virtual/cape_town/kitchen_lights/set/brightness", 100)
    assert components["switch"]["enabled_by_default"] is False
    assert components["switch"]["default_entity_id"] == "switch.cape_town_kitchen_lights_switch"
    assert "enabled_by_default" not in components["mode"]


def test_an_oven_and_a_boiler_by_their_modes() -> None:
    oven, geyser = announce("oven")["components"]["climate"], announce("geyser")["components"]["water_heater"]
    assert (oven["modes"], geyser["modes"]) == (["off", "auto", "heat"], ["off", "eco", "performance"])
    assert (oven["min_temp"], oven["max_temp"], oven["temp_step"]) == (30, 300, 5)
    assert (geyser["min_temp"], geyser["max_temp"]) == (20, 85)
    assert oven["mode_command_template"] == "{{ {'off': 'off', 'auto': 'schedule', 'heat': 'on'}[value] }}"
    assert geyser["mode_state_template"] == "{{ {'off': 'off', 'schedule': 'eco', 'on': 'performance'}[value_json.mode] }}"


def test_turning_off_meets_one_thing() -> None:
    """Of the switch, the light and the thermostat of a load one is enabled; a geyser's switch stays, flows ask for it."""
    for kind, enabled in {"lights": ["light"], "oven": ["climate"], "geyser": ["switch", "water_heater"], "tv": ["switch"], "smart_switch": ["relay"]}.items():
        components = announce(kind)["components"]
        main = [name for name in ("switch", "relay", "light", "climate", "water_heater") if components.get(name, {}).get("enabled_by_default", name in components)]
        assert main == enabled, kind
        assert [name for name in main if components[name]["name"] is None] == enabled[:1], kind


def test_a_device_is_called_as_its_owner_says() -> None:
    message = announce("geyser", "geyser_2", name="Hot water", area="Bathroom", icon="mdi:bathtub")
    assert (message["device"]["name"], message["device"]["suggested_area"]) == ("Hot water", "Bathroom")
    assert message["components"]["water_heater"]["icon"] == "mdi:bathtub"
    assert message["components"]["switch"]["default_entity_id"] == "switch.cape_town_geyser_2_switch"


def test_no_name_says_twice_whose_it_is() -> None:
    assert announce("inverter")["components"]["inverter_power"]["name"] == "Power"
    assert announce("inverter", "hybrid")["components"]["inverter_power"]["name"] == "Inverter power"
    assert announce("battery")["components"]["soc"]["name"] == "State of charge"


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_only_the_battery_is_a_battery_and_everything_is_simulated(kind: str) -> None:
    message = announce(kind)
    batteries = [name for name, each in message["components"].items() if each.get("device_class") == "battery"]
    assert batteries == (["soc"] if catalogue.load(kind).ability == "stores" else [])
    assert message["device"]["model"].endswith(" (simulated)")
    assert message["device"]["hw_version"] == "simulated"


def test_a_home_of_fifteen_devices_shows_what_one_looks_at() -> None:
    """At most 150 entities are enabled, with *Running* of each device, and two of the fleet."""
    with open("examples/cape_town.yaml", encoding="utf-8") as file:  # noqa: PTH123 - the tests' folder is the project's
        home = parse(file.read())
    shown = 0
    for entry in home.devices:
        components = payload(home.name, entry.name, entry.kind, entry.device_class, {})[1]["components"]
        shown += sum(each.get("enabled_by_default", True) for each in components.values())
    assert shown + len(home.devices) + 2 <= 150


def test_what_an_outage_sensor_shows_beside_itself() -> None:
    """As the load-shedding integration has it: one sensor of the area, one of the stage."""
    components = announce("grid")["components"]
    area, stage = components["outage_planned"], components["stage"]
    assert "'forecast': value_json.forecast" in area["json_attributes_template"]
    for name in ("stage", "start_time", "end_time", "starts_in", "ends_in", "next_start_time", "next_end_time", "next_stage"):
        for sensor in (area, stage):
            assert f"'{name}': value_json.{name}" in sensor["json_attributes_template"]
        assert name not in components or not name.startswith("next_")


def test_the_price_sensor_has_the_form_of_nord_pools() -> None:
    components, names = announce("grid")["components"], ("raw_today", "raw_tomorrow", "today", "tomorrow", "tomorrow_valid")
    assert all(f"'{name}': value_json.{name}" in components["price_now"]["json_attributes_template"] for name in names)
    assert not components.keys() & set(names), "they are no entities of their own"
