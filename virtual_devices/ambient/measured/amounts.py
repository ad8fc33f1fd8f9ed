"""How much light and warmth a weather file has, in words, and whether that is like the place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from virtual_devices.ambient._climate import MONTH_DAYS, light_of
from virtual_devices.ambient._normals import place
from virtual_devices.ambient._warmth import warmth_of
from virtual_devices.ambient.measured.weather_year import WeatherYear
from virtual_devices.kit.site import Site

LITTLE, MUCH = 0.65, 1.5
"""Of the climate's light in a year; outside of that a file is doubted."""
APART = 10.0
"""K between the year's mean and the climate's from which on a file is doubted."""
DULL = 0.95
"""Share of diffuse light in a year that no place has."""


def words(year: WeatherYear, site: Site) -> str:
    """Where it is from, and what it brings."""
    whose = f"of {place(replace(site, latitude=year.latitude, longitude=year.longitude))}" if np.isfinite(year.latitude) else f"that names no place, taken for {place(site)}"
    return f"weather {whose}: {year.ghi.sum() / 1000.0:,.0f} kWh/m² a year, air of {round(year.temp_air.min())} to {round(year.temp_air.max())} °C"


def unlike(year: WeatherYear, site: Site) -> list[str]:
    """One line for each amount that is unlike the place's."""
    found = []
    light, usual = float(year.ghi.sum()) / 1000.0, float(light_of(site).ghi @ MONTH_DAYS)
    if not LITTLE <= light / usual <= MUCH:
        found.append(
            f"its light is {light:,.0f} kWh/m² a year, where the climate of {place(site)} has {usual:,.0f}; is it that of a plane, of another place, or in another unit than W/m²?"
        )
    warmth, mean = float(year.temp_air.mean()), float(warmth_of(site).temp_air.mean())
    if abs(warmth - mean) > APART:
        found.append(f"its air has {warmth:.0f} °C in the mean of the year, where the climate of {place(site)} has {mean:.0f}; is it in °C, and from there?")
    diffuse = float(np.minimum(year.dhi, year.ghi).sum() / max(float(year.ghi.sum()), 1.0))
    if diffuse > DULL:
        found.append(f"{100 * diffuse:.0f} % of its light is diffuse, as nowhere on earth; is its column of diffuse light another?")
    return found
