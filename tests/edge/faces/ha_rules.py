"""What Home Assistant accepts over MQTT, written down as a validator: seen in 2026.11, kept to what 2025.4 takes too."""

from __future__ import annotations

import re
from typing import Any

TOPIC = re.compile(r"homeassistant/device/([a-zA-Z0-9_-]+/)?[a-zA-Z0-9_-]+/config")
ENTITY_ID = re.compile(r"[a-z_]+\.[a-z0-9_]+")
ROOT_KEYS = {
    "device", "origin", "components", "availability", "availability_topic", "availability_mode",
    "availability_template", "payload_available", "payload_not_available", "state_topic", "command_topic", "qos", "encoding",
}  # fmt: skip
DEVICE_KEYS = {
    "identifiers", "connections", "manufacturer", "model", "model_id", "name", "hw_version", "sw_version",
    "serial_number", "via_device", "suggested_area", "configuration_url",
}  # fmt: skip
ORIGIN_KEYS = {"name", "sw_version", "support_url"}
EVERY = {
    "platform", "unique_id", "default_entity_id", "object_id", "name", "device_class", "entity_category", "enabled_by_default",
    "value_template", "icon",
}  # fmt: skip
_HEATER = {"modes", "mode_command_topic", "temperature_command_topic"}
_THERMOSTAT = {
    "mode_state_topic", "mode_state_template", "mode_command_template", "power_command_topic", "payload_on", "payload_off",
    "temperature_state_topic", "temperature_state_template", "current_temperature_topic", "current_temperature_template",
    "min_temp", "max_temp", "temperature_unit", "precision",
}  # fmt: skip
_MODES = {
    "climate": {"off", "heat", "cool", "auto", "dry", "fan_only", "heat_cool"},
    "water_heater": {"off", "eco", "electric", "gas", "heat_pump", "high_demand", "performance"},
}
_STATELESS = {"button", "light", "climate", "water_heater"}
"""Platforms whose state is no ``value_template``."""
PLATFORMS: dict[str, tuple[set[str], set[str]]] = {  # platform → (required beside state_topic, also allowed)
    "sensor": (
        set(),
        {
            "unit_of_measurement", "state_class", "last_reset_value_template", "options", "suggested_display_precision",
            "json_attributes_topic", "json_attributes_template",
        },
    ),
    "binary_sensor": (set(), {"payload_on", "payload_off", "json_attributes_topic", "json_attributes_template"}),
    "button": ({"command_topic"}, {"payload_press"}),
    "number": ({"command_topic"}, {"min", "max", "step", "mode", "unit_of_measurement"}),
    "select": ({"command_topic", "options"}, set()),
    "switch": ({"command_topic"}, {"payload_on", "payload_off", "state_on", "state_off"}),
    "text": ({"command_topic"}, {"min", "max", "pattern", "mode"}),
    "light": (
        {"command_topic"},
        {
            "payload_on", "payload_off", "state_value_template", "brightness_command_topic", "brightness_state_topic",
            "brightness_value_template", "brightness_scale",
        },
    ),
    "climate": (_HEATER, _THERMOSTAT | {"action_topic", "action_template", "temp_step"}),
    "water_heater": (_HEATER, _THERMOSTAT),
}
ENERGY = {"J", "kJ", "MJ", "GJ", "mWh", "Wh", "kWh", "MWh", "GWh", "TWh", "cal", "kcal", "Mcal", "Gcal"}
UNITS: dict[str, set[str]] = {
    "battery": {"%"},
    "current": {"A", "mA"},
    "data_size": {"bit", "kbit", "Mbit", "Gbit", "B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"},
    "distance": {"mm", "cm", "m", "km", "in", "ft", "yd", "mi"},
    "duration": {"ms", "s", "min", "h", "d"},
    "energy": ENERGY,
    "energy_storage": ENERGY,
    "frequency": {"Hz", "kHz", "MHz", "GHz"},
    "irradiance": {"W/m²", "BTU/(h⋅ft²)"},
    "power": {"mW", "W", "kW", "MW", "GW", "TW"},
    "temperature": {"°C", "°F", "K"},
    "voltage": {"µV", "mV", "V", "kV"},
    "wind_speed": {"m/s", "km/h", "kn", "mph", "ft/s"},
}
STATE_CLASSES: dict[str, set[str]] = {
    "energy": {"total", "total_increasing"},
    "monetary": {"total"},
} | {kind: {"measurement"} for kind in set(UNITS) - {"energy"}}
BINARY_CLASSES = {
    "battery", "battery_charging", "cold", "connectivity", "door", "heat", "light", "lock", "moisture", "motion",
    "moving", "occupancy", "opening", "plug", "power", "presence", "problem", "running", "safety", "smoke", "sound",
    "tamper", "update", "vibration", "window",
}  # fmt: skip
SWITCH_CLASSES = {"outlet", "switch"}


def problems(topic: str, payload: dict[str, Any]) -> list[str]:
    """Everything that Home Assistant would refuse or quietly ignore."""
    found: list[str] = []

    def need(condition: object, text: str) -> None:
        if not condition:
            found.append(text)

    need(TOPIC.fullmatch(topic), f"illegal topic {topic}")
    need(not set(payload) - ROOT_KEYS, f"root: {set(payload) - ROOT_KEYS}")
    need({"device", "origin", "components"} <= set(payload), "root: device, origin and components are required")
    need(not ("availability" in payload and "availability_topic" in payload), "root: availability twice")
    device, origin = payload["device"], payload["origin"]
    need(not set(device) - DEVICE_KEYS, f"device: {set(device) - DEVICE_KEYS}")
    need(device.get("identifiers") or device.get("connections"), "device: nothing identifies it")
    need(not set(origin) - ORIGIN_KEYS and origin.get("name"), f"origin: {origin}")
    need(isinstance(payload["components"], dict), "components: not a map")
    for key, component in payload["components"].items():
        found += [f"{key}: {text}" for text in component_problems(payload, component)]
    ids = [(each.get("platform"), each.get("unique_id")) for each in payload["components"].values()]
    need(len(set(ids)) == len(ids), "components: a unique_id twice")
    return found


def component_problems(payload: dict[str, Any], component: dict[str, Any]) -> list[str]:
    platform = component.get("platform")
    if platform not in PLATFORMS:
        return [f"platform {platform!r} is unknown to some"]
    required, allowed = PLATFORMS[platform]
    found = []
    unknown = set(component) - EVERY - required - allowed - {"state_topic"}
    if unknown:
        found.append(f"silently removed: {unknown}")
    shown = set() if platform in _STATELESS else {"value_template"}
    missing = ({"unique_id", "default_entity_id", "object_id", "name"} | shown | required) - set(component)
    if missing:
        found.append(f"missing: {missing}")
    if platform != "button" and not (payload.get("state_topic") or component.get("state_topic")):
        found.append("no state_topic")
    topics = (payload.get("state_topic", ""), component.get("command_topic", ""))
    found += [f"wildcard in {topic}" for topic in topics if "+" in topic or "#" in topic]
    entity = component.get("default_entity_id", "")
    if not ENTITY_ID.fullmatch(entity) or entity.split(".")[0] != platform:
        found.append(f"default_entity_id {entity!r}")
    if component.get("object_id", "") != entity.partition(".")[2]:
        found.append("object_id, which Home Assistant before 2025.10 reads, is another than default_entity_id")
    if component.get("entity_category") not in (None, "config", "diagnostic"):
        found.append("unknown entity_category")
    if component.get("entity_category") == "config" and platform in ("sensor", "binary_sensor"):
        found.append("category config on what cannot be set")
    rules = {"sensor": _sensor, "binary_sensor": _binary, "number": _number, "select": _select, "switch": _switch, "text": _text}
    if platform in _MODES and not set(component["modes"]) <= _MODES[platform]:
        found.append(f"unknown modes {component['modes']}")
    return found + (rules[platform](component) if platform in rules else [])


def _unit(component: dict[str, Any]) -> list[str]:
    kind, unit = component.get("device_class"), component.get("unit_of_measurement")
    if kind == "monetary":
        return [] if re.fullmatch(r"[A-Z]{3}", unit or "") else [f"monetary in {unit!r}"]
    if kind in (None, "timestamp", "enum"):
        return []
    if kind not in UNITS:
        return [f"unknown device_class {kind}"]
    return [] if unit in UNITS[kind] else [f"{kind} in {unit!r}"]


def _sensor(component: dict[str, Any]) -> list[str]:
    found = _unit(component)
    kind, state = component.get("device_class"), component.get("state_class")
    if state not in (None, "measurement", "total", "total_increasing"):
        found.append(f"unknown state_class {state}")
    if state and state not in STATE_CLASSES.get(kind or "", {state}):
        found.append(f"{kind} with state_class {state}")
    if ("options" in component) != (kind == "enum"):
        found.append("options belong to class enum, and enum needs them")
    if kind in ("enum", "timestamp") and (state or "unit_of_measurement" in component):
        found.append(f"{kind} takes neither unit nor state_class")
    if "last_reset_value_template" in component and state != "total":
        found.append("last_reset_value_template only goes with total")
    precision = component.get("suggested_display_precision", 0)
    if not isinstance(precision, int) or precision < 0:
        found.append(f"precision {precision!r}")
    return found


def _switch(component: dict[str, Any]) -> list[str]:
    kind = component.get("device_class")
    return [] if kind is None or kind in SWITCH_CLASSES else [f"unknown device_class {kind}"]


def _binary(component: dict[str, Any]) -> list[str]:
    kind = component.get("device_class")
    return [] if kind is None or kind in BINARY_CLASSES else [f"unknown device_class {kind}"]


def _number(component: dict[str, Any]) -> list[str]:
    found = _unit(component)
    if not component.get("min", 0) < component.get("max", 100):
        found.append("max must be above min")
    if component.get("step", 1) < 0.001:
        found.append("step below 0.001")
    if component.get("mode", "auto") not in ("auto", "box", "slider"):
        found.append("unknown mode")
    return found


def _select(component: dict[str, Any]) -> list[str]:
    options = component.get("options", [])
    good = options and all(isinstance(option, str) for option in options) and len(set(options)) == len(options)
    return [] if good else [f"options {options}"]


def _text(component: dict[str, Any]) -> list[str]:
    found = []
    if not 0 <= component.get("min", 0) <= component.get("max", 255) <= 255:
        found.append("min and max must be within 0 to 255")
    if "pattern" in component:
        re.compile(component["pattern"])
    return found
