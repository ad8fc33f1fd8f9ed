"""A year of measured weather, hour by hour, whatever format it came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from virtual_devices.ambient._sky import Array
from virtual_devices.ambient.measured.split import completed
from virtual_devices.kit.errors import ConfigurationError

YEAR = 8_760
DARK = 50.0
"""W/m² that every place's brightest hour exceeds."""
_LIMITS = {
    "ghi": (0.0, 1800.0), "dhi": (0.0, 1800.0), "temp_air": (-95.0, 65.0), "wind_speed": (0.0, 120.0),
}  # fmt: skip
_UNITS = {"ghi": ", in W/m²", "dhi": ", in W/m²", "temp_air": ", in °C, not °F or K", "wind_speed": ", in m/s"}


@dataclass(frozen=True, slots=True)
class WeatherYear:
    """8760 hours of weather, each array in the order of the year.

    ghi, dhi: means over the hour, W/m².  temp_air: °C.  wind_speed: m/s.  offset: seconds that the file's time is ahead
    of UTC.  irradiance_from: second of an hour at which its averages begin.  air_at: second of an hour at which its
    temperature and wind were read.  latitude, longitude: ° of the station, not a number where the file
    does not say.  reckoned: what the file does not have itself, in words.
    """

    ghi: Array
    dhi: Array
    temp_air: Array
    wind_speed: Array
    offset: int
    irradiance_from: int
    air_at: int
    latitude: float
    longitude: float
    reckoned: tuple[str, ...] = ()


def hour_of_year(hours: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    """Number (0–8759) of each local hour in a year of 365 days; 29 February counts as the 28th."""
    days = hours.astype("datetime64[D]")
    years = days.astype("datetime64[Y]")
    day = (days - years.astype("datetime64[D]")).astype(np.int64)
    length = ((years + 1).astype("datetime64[D]") - years.astype("datetime64[D]")).astype(np.int64)
    day = day - ((length == 366) & (day >= 59))  # noqa: PLR2004 - days of a leap year; the 29th of February
    return np.asarray(day * 24 + (hours - days.astype("datetime64[h]")).astype(np.int64), np.int64)


def year_of(data: Any, offset: float, irradiance_from: int, air_at: int, place: Mapping[str, Any]) -> WeatherYear:
    """The year in a table whose index begins each row's hour in the file's own time; of several rows of an hour the first counts."""
    local = data.index.tz_localize(None).to_numpy().astype("datetime64[h]")
    numbers, rows = np.unique(hour_of_year(local), return_index=True)
    if len(numbers) != YEAR:
        raise ConfigurationError(f"it holds {len(numbers)} of a year's {YEAR} hours; use a file of a whole year")
    data, reckoned = completed(data, offset, irradiance_from, place)
    columns = {}
    for column, (low, high) in _LIMITS.items():
        values = data[column].to_numpy(np.float64)[rows]
        bad = ~((values >= low) & (values <= high))
        if bad.any():
            first = data.index[rows[int(bad.argmax())]]
            raise ConfigurationError(
                f"{column} is {values[bad.argmax()]} in the hour from {first:%d %B %H:%M}, {int(bad.sum())} hours are "
                f"outside {low:g} to {high:g}; use a file without gaps{_UNITS[column] if bad.sum() * 20 > YEAR else ''}"
            )
        columns[column] = values
    brightest = float(columns["ghi"].max())
    if brightest < DARK:
        raise ConfigurationError(f"its brightest hour has {brightest:.3g} W/m²; it has no light, or it is in kW/m²: give W/m²")
    return WeatherYear(
        **columns, offset=int(offset), irradiance_from=irradiance_from, air_at=air_at,
        latitude=float(place["latitude"]), longitude=float(place["longitude"]), reckoned=tuple(reckoned),
    )
