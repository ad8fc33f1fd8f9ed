"""What Home Assistant is told of a fleet: the fleet as a device, and of each device that it runs a switch and a button.

Both are announced by the fleet, in a discovery message of its own for each device, with the same identifiers: Home Assistant shows them
on the device's page. They are there as long as the fleet is, so that what is switched off can be switched on again.
"""

from __future__ import annotations

from typing import Any

import orjson

from virtual_devices import __version__
from virtual_devices.edge.faces.discovery import ORIGIN, PREFIX
from virtual_devices.edge.messages.topics import FLEET, Topics, identifier
from virtual_devices.kit.forms.changes import title_of

SENDER = "Home Assistant"
"""By whom its wishes are."""


def topic(home: str, known: str | None = None) -> str:
    """Where the fleet announces itself, or a device that it runs. known: the device's name, or its former one."""
    return f"{PREFIX}/device/{identifier(home, FLEET)}{f'-{known}' if known is not None else ''}/config"


def of_device(home: str, device: str, title: str = "", known: str = "") -> dict[str, Any]:
    """A device that the fleet runs: the switch *Running* and the button *Restart*.

    title: what people call it.  known: the former name by which Home Assistant knows it.
    """
    known = known or device
    fleet = Topics(home, FLEET)
    wanted = f"((value_json.devices | default({{}})).get('{device}') or {{}}).get('replicas')"
    components: dict[str, dict[str, Any]] = {
        "running": {
            "platform": "switch",
            "name": "Running",
            "icon": "mdi:power",
            "state_topic": fleet.wanted,
            "value_template": f"{{{{ 'ON' if {wanted} else 'OFF' }}}}",
            "state_on": "ON",
            "state_off": "OFF",
            "payload_on": _wish("on", device),
            "payload_off": _wish("off", device),
        },
        "restart": {"platform": "button", "name": "Restart", "device_class": "restart", "enabled_by_default": False, "payload_press": _wish("restart", device)},
    }
    for name, component in components.items():
        component |= {"command_topic": fleet.request, "entity_category": "config"}
        _called(component, f"{identifier(home, known)}-fleet-{name}", f"{home}_{device}_{name}")
    device_form = {"identifiers": [identifier(home, known)], "name": title or title_of(device), "via_device": identifier(home, FLEET)}
    return _message(home, device_form, components)


def of_fleet(home: str, called: str = "") -> dict[str, Any]:
    """The fleet itself: how many devices are wanted and run, what runs them, and what it refused last. called: what people call it."""
    fleet = Topics(home, FLEET)
    counts = {"wanted": ("Devices", "mdi:home-group"), "running": ("Running", "mdi:power"), "online": ("Online", "mdi:lan-connect")}
    components: dict[str, dict[str, Any]] = {
        name: {"platform": "sensor", "name": title, "icon": icon, "state_class": "measurement", "value_template": f"{{{{ value_json.{name} }}}}",
               "enabled_by_default": name == "online"}
        for name, (title, icon) in counts.items()
    }
    for name, title in (("revision", "Revision"), ("version", "Version"), ("place", "Place")):
        components[name] = {
            "platform": "sensor", "name": title, "entity_category": "diagnostic", "enabled_by_default": False,
            "value_template": f"{{{{ value_json.{name} }}}}",
        }  # fmt: skip
    components["last_error"] = {
        "platform": "sensor",
        "name": "Last error",
        "entity_category": "diagnostic",
        "value_template": "{{ (value_json.last_error or 'none')[:255] }}",
        "json_attributes_topic": fleet.state,
        "json_attributes_template": "{{ {'time': value_json.last_error_time} | to_json }}",
    }
    for name, component in components.items():
        component["state_topic"] = fleet.state
        _called(component, f"{identifier(home, FLEET)}-{name}", f"{home}_{FLEET}_{name}")
    device = {
        "identifiers": [identifier(home, FLEET)],
        "name": called or title_of(FLEET),
        "manufacturer": ORIGIN,
        "model": "Fleet",
        "model_id": FLEET,
        "sw_version": __version__,
    }
    return _message(home, device, components)


def _message(home: str, device: dict[str, Any], components: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "device": device,
        "origin": {"name": ORIGIN, "sw_version": __version__},
        "availability_topic": Topics(home, FLEET).availability,
        "qos": 1,
        "components": components,
    }


def _called(component: dict[str, Any], unique: str, entity: str) -> None:
    component["unique_id"] = unique
    component["default_entity_id"] = f"{component['platform']}.{entity}"
    component["object_id"] = entity  # the same before 2025.10; newer ones ignore it


def _wish(verb: str, device: str) -> str:
    return orjson.dumps({"verb": verb, "name": device, "by": SENDER}).decode()
