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
from virtual_devices.edge.faces import natives
from virtual_devices.edge.faces.sensors import sensor
from virtual_devices.edge.faces.templates import LONGEST_TEXT, plain, switched, unit_of, whole_text
from virtual_devices.edge.messages.topics import Topics, identifier
from virtual_devices.kit.circuits import way_up
from virtual_devices.kit.forms.changes import Reading, SettingField, orders_of, readings_of, settings_of, title_of
from virtual_devices.kit.quantities import ENERGY, MONEY, PERCENT, SOC
from virtual_devices.kit.schedule import SWITCH

if TYPE_CHECKING:
    from virtual_devices.kit.device import AnyDevice

PREFIX = "homeassistant"
ORIGIN = "virtual-devices"
SIMULATED = "simulated"
"""Hardware version of whatever is not there."""

_UNBOUNDED = 1_000_000_000.0
_FINEST_STEP = 0.001
_MOST_SLIDER_STEPS = 200
_NO_CIRCUITS: Mapping[str, str] = MappingProxyType({})


def topic(home: str, known: str) -> str:
    """Where the discovery message is retained. known: the device's name, or its former one, see ``known_as``."""
    return f"{PREFIX}/device/{identifier(home, known)}/config"


def known_as(device: str, settings: Mapping[str, Any]) -> str:
    """The name by which Home Assistant knows a device for good: its former one, where it has one. settings: JSON form."""
    return str(settings.get("former_name") or "") or device


def called(home: str, device: str, settings: Mapping[str, Any]) -> str:
    """The name that people see, with that of its home where they see several. settings: JSON form."""
    title = _title(device, settings)
    return f"{title_of(home)} {title}" if settings.get("with_home") else title


def _title(device: str, settings: Mapping[str, Any]) -> str:
    return str(settings.get("name") or "") or title_of(device)


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
    the home that are there, and what each hangs on.  What a former name has to do with is who the device is, and which entities are its own.
    """
    topics, known = Topics(home, device), known_as(device, settings)
    title = _title(device, settings)
    components = _components(device, device_class, settings, circuits, topics)
    for component in components.values():
        component["name"] = _short(component["name"], title)
    alone = _add_main(components, device_class, topics, str(settings.get("icon") or "") or device_class.icon)
    prefix = str(settings.get("entity_prefix") or "")
    if prefix:
        _add_second_names(components, device_class)
    for name, component in components.items():
        entity = f"{prefix}_{device_class.entity_names.get(name, name)}" if prefix else "_".join([home, device, *([name] if name != alone else [])])
        component["unique_id"] = f"{identifier(home, known)}-{name}"
        component["default_entity_id"] = f"{component['platform']}.{entity}"
        component["object_id"] = entity  # the same before 2025.10; newer ones ignore it
        if prefix and not name.endswith("_joules"):  # dashboards made for that prefix ask for details too
            component.pop("enabled_by_default", None)
    area = str(settings.get("area") or "")
    message = {
        "device": {
            "identifiers": [identifier(home, known)],
            "name": called(home, device, settings),
            "manufacturer": ORIGIN,
            "model": f"{device_class.title or kind} (simulated)",
            "model_id": kind,
            "hw_version": SIMULATED,
            "serial_number": f"{home}/{device}",
            "sw_version": __version__,
            **({"suggested_area": area} if area else {}),
        },
        "origin": {"name": ORIGIN, "sw_version": __version__},
        "availability_topic": topics.availability,
        "state_topic": topics.face,
        "qos": 1,
        "components": components,
    }
    return topic(home, known), message


def _components(
    device: str, device_class: type[AnyDevice], settings: Mapping[str, Any], circuits: Mapping[str, str], topics: Topics
) -> dict[str, dict[str, Any]]:
    """A control for each live setting and each order, a sensor for each other reading, by name; without ids."""
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
        if not reading.beside:
            components.setdefault(reading.name, sensor(reading, topics, currency))
    for name in device_class.without_face(settings):
        components.pop(name, None)
    return components


def _add_main(components: dict[str, dict[str, Any]], device_class: type[AnyDevice], topics: Topics, icon: str) -> str:
    """Call what a device mainly is by its own name, and add what Home Assistant has of its own for it; the name of that, or an empty text."""
    native = device_class.native
    main = device_class.main or SWITCH
    added = ""
    if native is not None:
        added = main = natives.platform_of(native)
        components[main] = natives.component(native, topics, {item.name: item for item in settings_of(device_class)})
        if SWITCH in components:
            components[SWITCH] |= {"name": None} if native.switch_in_front else {"enabled_by_default": False}
    if main in components:
        components[main] |= {"icon": icon} if native is not None and native.switch_in_front else {"name": None, "icon": icon}
    return added


def _add_second_names(components: dict[str, dict[str, Any]], device_class: type[AnyDevice]) -> None:
    """What other products call otherwise, as a second entity; a sensor of what is set here shows it only."""
    for other, field in device_class.also_named.items():
        platform, _, name = other.partition(".")
        component = dict(components[field])
        if component["platform"] != platform:
            kept = ("value_template", "unit_of_measurement", "device_class")
            component = {key: component[key] for key in kept if key in component}
        components[name] = component | {"name": title_of(name), "platform": platform}


def _short(title: str, device: str) -> str:
    """A title without the device's own, which Home Assistant puts before it: the ``Inverter power`` of an inverter is its ``Power``."""
    begin, rest = title[: len(device) + 1], title[len(device) + 1 :]
    return rest[:1].upper() + rest[1:] if rest and begin.casefold() == f"{device} ".casefold() else title


def circuit_options(item: SettingField, device: str, now: str, circuits: Mapping[str, str]) -> list[str]:
    """What a device may hang on: the ports, and every circuit that does not hang on the device itself. now: what it hangs on."""
    others = [name for name in sorted(circuits) if device not in way_up(name, circuits, item.choices)]
    return list(dict.fromkeys([*map(str, item.choices), *others, now]))


def _control(item: SettingField, topics: Topics, currency: str) -> dict[str, Any]:
    """A control of a live setting."""
    component: dict[str, Any] = {
        "name": item.title,
        "command_topic": f"{topics.command}/{item.name}",
        "value_template": plain(item.name),
    }
    if not item.everyday:
        component["entity_category"] = "config"
    if item.detail:
        component["enabled_by_default"] = False
    if item.icon:
        component["icon"] = item.icon
    if item.type == "flag":
        return component | {
            "platform": "switch",
            "value_template": switched(item.name),
            "payload_on": "ON",
            "payload_off": "OFF",
        }
    if item.type == "choice":
        return component | {"platform": "select", "options": [str(choice) for choice in item.choices]}
    if item.type in ("number", "integer") and not item.words:
        return component | _number(item, currency)
    component |= {"platform": "text", "value_template": whole_text(item.name), "max": min(item.longest, LONGEST_TEXT)}
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
    step = max(item.step or 1.0, _FINEST_STEP if item.unit != PERCENT.unit else 1.0)
    number: dict[str, Any] = {
        "platform": "number",
        "min": low,
        "max": high,
        "step": step,
        "mode": "box" if (high - low) / step > _MOST_SLIDER_STEPS else "slider",
    }
    if unit := unit_of(item.quantity, currency):
        number["unit_of_measurement"] = unit
    if item.quantity and item.quantity.device_class and item.quantity not in (MONEY, ENERGY, SOC):  # a setting is no meter and no battery
        number["device_class"] = item.quantity.device_class
    return number
