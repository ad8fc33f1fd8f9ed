"""Home Assistant's device-based discovery, derived from a device's face: one retained message per device.

Every live setting and every order becomes a control, every other reading a sensor. All of them read the one flat JSON object on the
device's ``state`` topic, and write ``set/<setting>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from virtual_devices import __version__
from virtual_devices.edge.messages.topics import Topics, identifier
from virtual_devices.kit.circuits import way_up
from virtual_devices.kit.forms.changes import (
    LAST_ERROR,
    LAST_ERROR_TIME,
    Reading,
    SettingField,
    orders_of,
    readings_of,
    settings_of,
    title_of,
)
from virtual_devices.kit.quantities import ENERGY, MONEY, PRICE, Quantity

if TYPE_CHECKING:
    from virtual_devices.kit.device import AnyDevice

PREFIX = "homeassistant"
ORIGIN = "virtual-devices"
DAY_START, MONTH_START = "day_start", "month_start"
"""Keys of the state message: when the simulated day and month began, ISO 8601 with zone."""
LONGEST_TEXT = 255
"""Home Assistant keeps no longer state."""

_UNBOUNDED = 1_000_000_000.0
_FINEST_STEP = 0.001
_MOST_SLIDER_STEPS = 200
_NO_CIRCUITS: Mapping[str, str] = MappingProxyType({})
_DICT_METHODS = frozenset(dir(dict))


def topic(home: str, device: str) -> str:
    """Where the discovery message is retained."""
    return f"{PREFIX}/device/{identifier(home, device)}/config"


def payload(
    home: str,
    device: str,
    kind: str,
    device_class: type[AnyDevice],
    settings: Mapping[str, Any],
    circuits: Mapping[str, str] = _NO_CIRCUITS,
) -> tuple[str, dict[str, Any]]:
    """Topic and message that announce a device.

    settings: JSON form, for the currency that money is counted in, and an ``entity_prefix`` in place of home and device.  circuits: those of
    the home that are there, and what each hangs on.
    """
    topics = Topics(home, device)
    currency = str(settings.get("currency") or "")
    components: dict[str, dict[str, Any]] = {}
    for item in settings_of(device_class):
        if item.live:
            components[item.name] = _control(item, topics, currency)
            if item.circuit:
                components[item.name]["options"] = circuit_options(item, device, str(settings.get(item.name, item.default)), circuits)
    readings = {reading.name: reading for reading in readings_of(device_class)}
    for item in orders_of(device_class):
        components[item.name] = _order(item, readings.get(item.name), topics, currency)
    for reading in readings.values():
        components.setdefault(reading.name, _sensor(reading, topics, currency))
    for name in device_class.without_face(settings):
        components.pop(name, None)
    prefix = str(settings.get("entity_prefix") or "")
    for name, component in components.items():
        entity = f"{prefix}_{device_class.entity_names.get(name, name)}" if prefix else f"{home}_{device}_{name}"
        component["unique_id"] = f"{identifier(home, device)}-{name}"
        component["default_entity_id"] = f"{component['platform']}.{entity}"
        component["object_id"] = entity  # the same before 2025.10; newer ones ignore it
        if prefix and not name.endswith("_joules"):  # dashboards made for that prefix ask for details too
            component.pop("enabled_by_default", None)
    message = {
        "device": {
            "identifiers": [identifier(home, device)],
            "name": title_of(device),
            "manufacturer": ORIGIN,
            "model": device_class.title or kind,
            "model_id": kind,
            "sw_version": __version__,
        },
        "origin": {"name": ORIGIN, "sw_version": __version__},
        "availability_topic": topics.availability,
        "state_topic": topics.state,
        "qos": 1,
        "components": components,
    }
    return topic(home, device), message


def circuit_options(item: SettingField, device: str, now: str, circuits: Mapping[str, str]) -> list[str]:
    """What a device may hang on: the ports, and every circuit that does not hang on the device itself. now: what it hangs on."""
    others = [name for name in sorted(circuits) if device not in way_up(name, circuits, item.choices)]
    return list(dict.fromkeys([*map(str, item.choices), *others, now]))


def _value(name: str) -> str:
    """The field in a template; a name that is a dict's method needs brackets."""
    return f"value_json['{name}']" if name in _DICT_METHODS else f"value_json.{name}"


def _switched(name: str) -> str:
    return f"{{{{ 'ON' if {_value(name)} else 'OFF' }}}}"


def _plain(name: str) -> str:
    return f"{{{{ {_value(name)} }}}}"


def _whole_text(name: str) -> str:
    """A text that has to match its pattern: empty where Home Assistant could only keep a part."""
    value = _value(name)
    return f"{{{{ {value} if ({value} or '') | length in range(1, {LONGEST_TEXT + 1}) else '' }}}}"


def _text(name: str, nothing: str = "") -> str:
    return f"{{{{ ({_value(name)} or '{nothing}')[:{LONGEST_TEXT}] }}}}"


def _unit(quantity: Quantity | None, currency: str) -> str:
    if quantity is None:
        return ""
    if quantity == MONEY:
        return currency
    if quantity == PRICE:
        return f"{currency}/kWh" if currency else ""
    return quantity.unit


def _control(item: SettingField, topics: Topics, currency: str) -> dict[str, Any]:
    """A control of a live setting."""
    component: dict[str, Any] = {
        "name": item.title,
        "command_topic": f"{topics.command}/{item.name}",
        "value_template": _plain(item.name),
    }
    if not item.everyday:
        component["entity_category"] = "config"
    if item.type == "flag":
        return component | {
            "platform": "switch",
            "value_template": _switched(item.name),
            "payload_on": "ON",
            "payload_off": "OFF",
        }
    if item.type == "choice":
        return component | {"platform": "select", "options": [str(choice) for choice in item.choices]}
    if item.type in ("number", "integer") and not item.words:
        return component | _number(item, currency)
    component |= {"platform": "text", "value_template": _whole_text(item.name), "max": min(item.longest, LONGEST_TEXT)}
    if item.pattern:
        component["pattern"] = item.pattern
    return component


def _order(item: SettingField, shown: Reading | None, topics: Topics, currency: str) -> dict[str, Any]:
    """A control of an order. shown: the reading that shows what it does; one that nothing shows is a button."""
    if shown is not None and shown.type == "flag":
        control = _control(replace(item, type="flag"), topics, currency)
        return control | {"device_class": shown.device_class} if shown.device_class else control
    if shown is not None:
        return _control(item, topics, currency)
    return {"name": item.title, "platform": "button", "command_topic": f"{topics.command}/{item.name}", "payload_press": "ON"}


def _number(item: SettingField, currency: str) -> dict[str, Any]:
    low = -_UNBOUNDED if item.minimum is None else item.minimum
    high = _UNBOUNDED if item.maximum is None else item.maximum
    step = max(item.step or 1.0, _FINEST_STEP)
    number: dict[str, Any] = {
        "platform": "number",
        "min": low,
        "max": high,
        "step": step,
        "mode": "box" if (high - low) / step > _MOST_SLIDER_STEPS else "slider",
    }
    if unit := _unit(item.quantity, currency):
        number["unit_of_measurement"] = unit
    if item.quantity and item.quantity.device_class and item.quantity not in (MONEY, ENERGY):  # a setting is no meter
        number["device_class"] = item.quantity.device_class
    return number


def _sensor(reading: Reading, topics: Topics, currency: str) -> dict[str, Any]:
    """A sensor of a reading."""
    component: dict[str, Any] = {"name": reading.title, "platform": "sensor", "value_template": _plain(reading.name)}
    if reading.diagnostic:
        component["entity_category"] = "diagnostic"
    if reading.detail:
        component |= {"entity_category": "diagnostic", "enabled_by_default": False}
    if reading.type == "flag":
        component |= {
            "platform": "binary_sensor",
            "value_template": _switched(reading.name),
            "payload_on": "ON",
            "payload_off": "OFF",
        }
        if reading.device_class:
            component["device_class"] = reading.device_class
        return component
    if reading.type == "choice":
        return component | {"device_class": "enum", "options": list(reading.choices)}
    if reading.type == "instant":
        return component | {"device_class": "timestamp"}
    if reading.type == "list":  # a state is 255 characters at most, an attribute is not
        name, value = reading.name, _value(reading.name)
        return component | {
            "value_template": f"{{{{ ({value} or []) | length }}}}",
            "json_attributes_topic": topics.state,
            "json_attributes_template": f"{{{{ {{'{name}': {value} or []}} | to_json }}}}",
        }
    if reading.type == "text":
        return component | (_last_error(topics) if reading == LAST_ERROR else {"value_template": _text(reading.name)})
    return component | _measurement(reading, currency)


def _last_error(topics: Topics) -> dict[str, Any]:
    """Words for nothing, so that it is no empty line; the time as an attribute, so that it is no second entity."""
    return {
        "value_template": _text(LAST_ERROR.name, "none"),
        "json_attributes_topic": topics.state,
        "json_attributes_template": f"{{{{ {{'time': {_value(LAST_ERROR_TIME)}}} | to_json }}}}",
    }


def _measurement(reading: Reading, currency: str) -> dict[str, Any]:
    quantity = reading.quantity
    if quantity is None:
        return {"state_class": "measurement"}
    measured: dict[str, Any] = {"suggested_display_precision": quantity.digits}
    unit = _unit(quantity, currency)
    kind = reading.device_class or quantity.device_class
    if unit:
        measured["unit_of_measurement"] = unit
    if kind and not (quantity == MONEY and not currency):
        measured["device_class"] = kind
    if reading.day or reading.month:
        measured["state_class"] = "total"
        measured["last_reset_value_template"] = _plain(DAY_START if reading.day else MONTH_START)
    elif quantity.state_class:
        measured["state_class"] = quantity.state_class
    return measured
