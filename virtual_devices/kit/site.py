"""Where a home stands, and what a device knows of it when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from virtual_devices.kit.calendar import Calendar, calendar
from virtual_devices.kit.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Site:
    """Where a home stands: latitude and longitude in °, altitude in m, time zone, and the seed of its noise."""

    latitude: float
    longitude: float
    altitude: float
    zone: str
    seed: int = 0

    @property
    def calendar(self) -> Calendar:
        """Local time here."""
        return calendar(self.zone)


@dataclass(frozen=True, slots=True)
class Context:
    """What a device knows of the world when it is made.

    documents: the text of each file that a setting names, by that name; the kit never opens files.
    """

    name: str
    site: Site
    documents: Mapping[str, str] = field(default_factory=dict)

    def document(self, name: str) -> str:
        """Text of a file that a setting names. Raises ConfigurationError when it was not handed in."""
        try:
            return self.documents[name]
        except KeyError:
            raise ConfigurationError(f"device {self.name}: file {name!r} was not read; name it in the home file") from None
