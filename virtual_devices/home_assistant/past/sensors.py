"""The sensors of a home of which Home Assistant keeps statistics, by the ids under which it knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from virtual_devices.home_assistant.announced import announced
from virtual_devices.kit.home.model import Home

UNIT_CLASSES = {"W": "power", "kWh": "energy", "°C": "temperature", "V": "voltage", "A": "electric_current", "%": "unitless", "Hz": "frequency", "m/s": "speed", "m": "distance"}
"""Home Assistant's words for what can be converted."""
FACTORS = {
    "kWh": {"kWh": 1.0, "Wh": 1e3, "MWh": 1e-3, "GWh": 1e-6, "J": 3.6e6, "kJ": 3.6e3, "MJ": 3.6, "GJ": 3.6e-3},
    "W": {"W": 1.0, "kW": 1e-3, "mW": 1e3, "MW": 1e-6},
}
"""Unit of ours → theirs → how many of theirs one of ours is."""
COUNTERS = ("total", "total_increasing")


@dataclass(frozen=True, slots=True)
class Sensor:
    """One of them. key: device and reading.  counts: it has a sum; else mean, lowest and highest.  factor: from the reading's unit to ``unit``."""

    key: tuple[str, str]
    unique_id: str
    entity_id: str
    name: str
    unit: str | None
    device_class: str | None
    state_class: str
    factor: float = 1.0

    @property
    def counts(self) -> bool:
        """Whether it has a sum."""
        return self.state_class in COUNTERS

    @property
    def unit_class(self) -> str | None:
        """Home Assistant's word for what its unit can be converted to."""
        base = next((base for base, others in FACTORS.items() if self.unit in others), self.unit)
        return UNIT_CLASSES.get(base or "")

    @property
    def attributes(self) -> dict[str, str]:
        """What stands beside its state."""
        named = {"state_class": self.state_class, "unit_of_measurement": self.unit, "device_class": self.device_class, "friendly_name": self.name}
        return {key: value for key, value in named.items() if value}


def sensors_of(home: Home, registered: Mapping[str, Mapping[str, Any]]) -> list[Sensor]:
    """Those that are enabled. registered: Home Assistant's registry of entities, by unique id; where it has one, it says its id, and whether it is.

    What falls to 0 with a day or a month is left out: its totals are there.
    """
    found = []
    for thing in announced(home).things:
        for reading, component in thing.components.items():
            if "state_class" not in component or "last_reset_value_template" in component or component["platform"] != "sensor":
                continue
            known = registered.get(component["unique_id"], {})
            if known.get("disabled_by", None if component.get("enabled_by_default", True) else "integration"):
                continue
            title = " ".join(filter(None, (thing.title, component["name"])))
            entity = known.get("entity_id", component["default_entity_id"])
            unit, kind = component.get("unit_of_measurement"), component.get("device_class")
            found.append(Sensor((thing.entry.name, reading), component["unique_id"], entity, title, unit, kind, component["state_class"]))
    return found


def factor_to(sensor: Sensor, unit: str | None) -> float | None:
    """How many of a unit one of the sensor's is; None where nobody knows."""
    return 1.0 if sensor.unit == unit else FACTORS.get(sensor.unit or "", {}).get(unit or "")
