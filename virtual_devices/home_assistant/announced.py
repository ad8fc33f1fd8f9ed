"""A home as Home Assistant comes to know it: what its devices announce, asked for by ability and field, never by a device's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from virtual_devices.edge.faces import discovery, natives
from virtual_devices.kit.forms.changes import Reading, readings_of, settings_json

if TYPE_CHECKING:
    from virtual_devices.kit.device import AnyDevice
    from virtual_devices.kit.home.model import DeviceEntry, Home


@dataclass(frozen=True, slots=True)
class Thing:
    """One device. title: what people call it.  settings: JSON form.  components: what it announces, by field."""

    entry: DeviceEntry
    title: str
    settings: dict[str, Any]
    components: dict[str, dict[str, Any]]

    @property
    def device_class(self) -> type[AnyDevice]:
        """The class of its kind."""
        return self.entry.device_class

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What it reports."""
        return readings_of(self.device_class)

    def any_entity(self, field: str) -> str | None:
        """The entity of a field, or None where it has none; it may be one that is disabled at first."""
        component = self.components.get(field)
        return str(component["default_entity_id"]) if component is not None else None

    def entity(self, field: str) -> str | None:
        """The entity of a field that is there from the start, or None."""
        return self.any_entity(field) if self.components.get(field, {}).get("enabled_by_default", True) else None

    def entities(self, *fields: str) -> list[str] | None:
        """Those of several fields, or None where one is missing."""
        found = [entity for field in fields if (entity := self.entity(field)) is not None]
        return found if len(found) == len(fields) else None

    @property
    def main(self) -> str | None:
        """The entity that the device mainly is: its lamp or heater, else what has its name."""
        native = self.device_class.native
        if native is not None and (own := self.entity(natives.platform_of(native))) is not None:
            return own
        return next((entity for field, component in self.components.items() if component["name"] is None and (entity := self.entity(field))), None)


@dataclass(frozen=True, slots=True)
class Announced:
    """All devices of a home, as they stand in its file."""

    home: Home
    things: tuple[Thing, ...]

    def of(self, ability: str) -> list[Thing]:
        """Those of an ability."""
        return [thing for thing in self.things if thing.device_class.ability == ability]

    def first(self, ability: str) -> Thing | None:
        """The first of an ability."""
        return next(iter(self.of(ability)), None)


def announced(home: Home) -> Announced:
    """What the devices of a home announce."""
    return Announced(home, tuple(_thing(home, entry) for entry in home.devices))


def _thing(home: Home, entry: DeviceEntry) -> Thing:
    settings = settings_json(entry.settings)
    message = discovery.payload(home.name, entry.name, entry.kind, entry.device_class, settings)[1]
    return Thing(entry, str(message["device"]["name"]), settings, message["components"])
