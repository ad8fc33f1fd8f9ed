"""What Home Assistant has of its own for a lamp, a heater or a boiler, in place of a row of plain controls.

Voice, dashboards and the app ask for these. What they show is the same ``state``, what they set are the same settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from virtual_devices.kit.natives import Heater, Lamp, Native, WaterHeater
from virtual_devices.kit.schedule import SWITCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from virtual_devices.edge.messages.topics import Topics
    from virtual_devices.kit.forms.fields import SettingField

_CLIMATE = {"off": "off", "auto": "schedule", "heat": "on"}
_BOILER = {"off": "off", "eco": "schedule", "performance": "on"}
"""Its modes, by what Home Assistant calls them."""
_COARSE = 100
"""Kelvin that a setpoint may move within, from which on steps of 5 K are fine enough."""


def platform_of(native: Native) -> str:
    """Of the entity that stands for it."""
    return "light" if isinstance(native, Lamp) else "water_heater" if isinstance(native, WaterHeater) else "climate"


def component(native: Native, topics: Topics, settings: Mapping[str, SettingField]) -> dict[str, Any]:
    """Its discovery, but for ids. It has no name of its own: it is the device, unless its switch is that."""
    shape = _light(native, topics) if isinstance(native, Lamp) else _heater(native, topics, settings[native.setpoint])
    return {"platform": platform_of(native), "name": "Water heater" if native.switch_in_front else None, **shape}


def _light(lamp: Lamp, topics: Topics) -> dict[str, Any]:
    return {
        "command_topic": f"{topics.command}/{SWITCH}",
        "payload_on": "ON",
        "payload_off": "OFF",
        "state_value_template": f"{{{{ 'ON' if value_json.{SWITCH} else 'OFF' }}}}",
        "brightness_command_topic": f"{topics.command}/{lamp.level}",
        "brightness_state_topic": topics.face,
        "brightness_value_template": f"{{{{ value_json.{lamp.level} | round | int }}}}",
        "brightness_scale": 100,
    }


def _heater(heater: Heater, topics: Topics, setpoint: SettingField) -> dict[str, Any]:
    low, high = setpoint.minimum or 0.0, setpoint.maximum or 100.0
    modes = _BOILER if isinstance(heater, WaterHeater) else _CLIMATE
    called = {mode: name for name, mode in modes.items()}
    shape: dict[str, Any] = {
        "modes": list(modes),
        "mode_state_topic": topics.face,
        "mode_state_template": f"{{{{ {called}[value_json.mode] }}}}",
        "mode_command_topic": f"{topics.command}/mode",
        "mode_command_template": f"{{{{ {modes}[value] }}}}",
        "power_command_topic": f"{topics.command}/{SWITCH}",
        "payload_on": "ON",
        "payload_off": "OFF",
        "temperature_state_topic": topics.face,
        "temperature_state_template": f"{{{{ value_json.{heater.setpoint} }}}}",
        "temperature_command_topic": f"{topics.command}/{heater.setpoint}",
        "current_temperature_topic": topics.face,
        "current_temperature_template": f"{{{{ value_json.{heater.temperature} }}}}",
        "min_temp": low,
        "max_temp": high,
        "temperature_unit": "C",
        "precision": 1.0 if high - low > _COARSE else 0.5,
    }
    if isinstance(heater, WaterHeater):
        return shape
    heats = f"'heating' if value_json.{heater.heating} else 'idle'"
    return shape | {
        "action_topic": topics.face,
        "action_template": f"{{{{ 'off' if value_json.mode == 'off' else {heats} }}}}",
        "temp_step": 5 if high - low > _COARSE else 0.5,
    }
