"""What one kilowatt of modules would give at a place, hour by hour, whichever way it faces: by the project's own sun, sky and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from virtual_devices.home_assistant.twin.hours import HOUR, Array
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.members.producer import Producer
from virtual_devices.kit.window import Span

STEP = 600
"""s between two looks at the sky."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a house stands. latitude, longitude: °.  altitude: m.  zone: of IANA."""

    latitude: float
    longitude: float
    altitude: float
    zone: str

    @property
    def text(self) -> str:
        """As a home file has it."""
        return f"{{latitude: {self.latitude:.6g}, longitude: {self.longitude:.6g}, altitude: {max(self.altitude, -400.0):.0f} m, time_zone: {self.zone}}}"


class LocalSky:
    """Over some hours.

    begin: UTC seconds, of a full hour.  weather: as a home file has it; None for a sky without a cloud.  documents: what files say that it names.
    """

    def __init__(self, place: Location, begin: int, hours: int, weather: str | None, *, seed: int = 0, documents: Mapping[str, str] | None = None) -> None:
        above = f"  weather: {weather}\n" if weather is not None else ""
        text = (
            f"home: sky\nsite: {place.text}\nclock: {{start: 2026-01-01}}\nseed: {seed}\ndevices:\n  sun: {{}}\n{above}"
            "  array: {kind: pv_array, capacity: 1 kW}\n  grid: {}\n  inverter: {}\n"
        )
        house = House(parse(text, "sky.yaml"), documents)
        self._span, self.hours = Span(begin, STEP, hours * HOUR // STEP), hours
        self._given: dict[str, Any] = {}
        for observer in house.observers:
            self._given[observer.name] = observer.device.conditions(observer.settings, self._span, self._inputs(observer))
        array = house.members["array"]
        if not isinstance(array, Producer):
            raise TypeError(f"{array.kind} produces nothing")
        self._array = array

    def _inputs(self, member: Member) -> dict[str, Any]:
        """What a member's partners give, by the setting that names each."""
        return {setting: self._given[name] for setting, (name, _) in member.partners.items() if name in self._given}

    def production(self, tilt: float, azimuth: float) -> Array:
        """KWh of each hour, of 1 kW that is so tilted and faces there, °."""
        settings = self._array.settings.model_copy(update={"surface_tilt": tilt, "surface_azimuth": azimuth})
        return self._means(self._array.device.available(settings, self._span, self._inputs(self._array))) / 1e6

    def means(self, device: str, field: str) -> Array:
        """The hourly means of a condition, in its unit."""
        return self._means(self._given[device][field]) / 1000

    def begins(self, device: str, field: str) -> Array:
        """A condition at the begin of each hour, in its unit."""
        values: Array = np.asarray(self._given[device][field], np.float64)[:: HOUR // STEP] / 1000
        return values

    def _means(self, values: Any) -> Array:
        means: Array = np.asarray(values, np.float64).reshape(self.hours, HOUR // STEP).mean(axis=1)
        return means
