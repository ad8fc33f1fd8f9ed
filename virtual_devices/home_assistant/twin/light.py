"""The weather of the hours in which arrays were counted, as they saw it: so bright that they would have made what they made.

It is a file of hours in Open-Meteo's form, of a whole year: what nobody saw is of the climate of the place, and so is the air.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from virtual_devices.home_assistant.twin.facing import RoofPlane
from virtual_devices.home_assistant.twin.hours import DAY_HOURS, HOUR, Array, HouseHours
from virtual_devices.home_assistant.twin.sky import LocalSky, Location

YEAR = 366 * DAY_HOURS
ROUNDS = 4
"""How often the light is held against what the arrays make of it: hours run into each other, and a plane is no horizon."""
BRIGHTEST = 1.2
"""Of a clear sky, that clouds beside the sun bring at most."""
FAINT = 0.01
"""Part of their capacity below which arrays tell nothing of the light."""
FILE = "weather.json"


@dataclass(frozen=True, slots=True)
class _Year:
    """Hours from one on. light: W/m², means of the hours.  air: °C, wind: m/s, at their ends."""

    begin: int
    light: Array
    air: Array
    wind: Array

    def text(self, place: Location) -> str:
        """As a file."""
        return json.dumps({
            "latitude": place.latitude, "longitude": place.longitude, "utc_offset_seconds": 0,
            "hourly_units": {"time": "unixtime", "shortwave_radiation": "W/m²", "temperature_2m": "°C", "wind_speed_10m": "m/s"},
            "hourly": {
                "time": [self.begin + HOUR * (number + 1) for number in range(len(self.light))],
                "shortwave_radiation": np.round(self.light, 1).tolist(), "temperature_2m": np.round(self.air, 1).tolist(),
                "wind_speed_10m": np.round(self.wind, 1).tolist(),
            },
        })  # fmt: skip


def weather_of(place: Location, hours: HouseHours, arrays: Sequence[RoofPlane]) -> str:
    """A weather file in which the arrays make what was counted."""
    climate, count = LocalSky(place, hours.begin, YEAR, "{}"), len(hours.known)
    after = np.roll(climate.begins("weather", "temp_air"), -1), np.roll(climate.begins("weather", "wind_speed"), -1)
    year = _Year(hours.begin, climate.means("weather", "ghi"), *after)
    clear = LocalSky(place, hours.begin, count, None)
    seen = clear.means("sun", "ghi_clear")
    capacity, counted = sum(each.capacity for each in arrays), hours.production
    under = _made(clear, arrays)
    tells = hours.known & (under > FAINT * capacity)
    year.light[:count] = np.where(tells, seen * np.minimum(counted / np.maximum(under, 1e-9), BRIGHTEST), year.light[:count])
    for _ in range(ROUNDS):
        made = _made(LocalSky(place, hours.begin, count, f"{{file: {FILE}}}", documents={FILE: year.text(place)}), arrays)
        better = year.light[:count] * np.clip(counted / np.maximum(made, 1e-9), 0.5, 2.0)
        year.light[:count] = np.where(tells, np.clip(better, 0.5, BRIGHTEST * seen + 5), year.light[:count])
    return year.text(place)


def _made(sky: LocalSky, arrays: Sequence[RoofPlane]) -> Array:
    return sum((each.capacity * sky.production(each.tilt, each.azimuth) for each in arrays), np.zeros(sky.hours))
