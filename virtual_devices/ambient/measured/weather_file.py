"""The sky of a weather file: an hourly year of measurements as an index of the clear sky. ``formats`` reads it.

The hours of a file are hours of a typical year: they are taken by month, day and hour in the file's own standard time, its
year aside; 29 February repeats the 28th, and where a file holds an hour of several years, the first one counts.

An hour's irradiance is the mean of its hour. Interpolating it would lower noon, lift the morning and let the sun shine
before it rises. Interpolated instead is what the clouds did: beam and diffuse irradiance of the hour as parts of the
clear sky's mean over that very hour, placed in its middle.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from virtual_devices.ambient._clouds import cloud_cover_of
from virtual_devices.ambient._sky import HOUR, Array, Sky, Times
from virtual_devices.ambient.measured.amounts import unlike, words
from virtual_devices.ambient.measured.formats import read_weather
from virtual_devices.ambient.measured.light import lateness
from virtual_devices.ambient.measured.weather_year import WeatherYear, hour_of_year
from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtual_devices.kit.site import Site

__all__ = ["Hours", "MeasuredSky", "WeatherYear", "hour_of_year", "read_weather"]

BLOCK_HOURS = 32 * 24
MARGIN = 24
"""Hours around a block in which daylight is looked for, to bridge the night."""
SAMPLES = 6
"""Instants per hour from which a clear hour's mean is taken."""
FAINT = 2.0
"""Clear irradiance (W/m², mean of an hour) below which its ratio to a measured one says nothing."""
BRIGHT = 100.0
"""Clear irradiance (W/m²) from which on the ratio tells of clouds: a low sun shines past and beneath them."""
MOST_BEAM, MOST_DIFFUSE = 1.5, 10.0
"""Highest believed indices: a sun near the horizon makes any ratio possible."""
NEAR = 3.0
"""° of latitude and longitude that a file may be away from the home."""
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Hours:
    """Weather at nodes one hour apart: beam and diffuse as parts of the clear sky, cloud cover (0–1), °C, m/s."""

    beam: Array
    diffuse: Array
    cloud_cover: Array
    temp_air: Array
    wind_speed: Array


class MeasuredSky:
    """A weather file as the sky over a site.

    Raises ConfigurationError when the file is for a place more than 3° of latitude or longitude away: its days would not
    be the home's.
    """

    def __init__(self, year: WeatherYear, site: Site, name: str) -> None:
        self._said = year
        if not np.isfinite(year.latitude):
            year = replace(year, latitude=site.latitude, longitude=site.longitude)
        apart = max(abs(year.latitude - site.latitude), abs((year.longitude - site.longitude + 180.0) % 360.0 - 180.0))
        if apart > NEAR:
            raise ConfigurationError(
                f"weather file {name!r} is for latitude {year.latitude:g}, longitude {year.longitude:g}, but the home is "
                f"at {site.latitude:g}, {site.longitude:g}; use a file from within {NEAR:g}°, or move the home there"
            )
        self._year = year
        self._site = site
        self._sky = Sky(site)
        self._blocks: dict[int, Hours] = {}

    def doubts(self) -> list[str]:
        """Where its light does not come with the sun, or its amounts are unlike the place's."""
        return [*lateness(self._year, self._sky), *unlike(self._year, self._site)]

    def notes(self) -> list[str]:
        """What it brings, and what of that was reckoned."""
        return [words(self._said, self._site), *self._year.reckoned]

    def at(self, times: Times) -> Hours:
        """Weather at each time (UTC seconds, ascending), between the hours in a straight line."""
        middle = times + (self._year.offset - self._year.irradiance_from - HOUR // 2)
        read = times + (self._year.offset - self._year.air_at)
        first, last = int(min(middle[0], read[0])) // HOUR, int(max(middle[-1], read[-1])) // HOUR + 1
        blocks = [self._block(number) for number in range(first // BLOCK_HOURS, last // BLOCK_HOURS + 1)]
        nodes = blocks[0] if len(blocks) == 1 else Hours(
            *(np.concatenate([getattr(block, column.name) for block in blocks]) for column in fields(Hours))
        )
        origin = first // BLOCK_HOURS * BLOCK_HOURS
        sky, air = _between(middle, origin), _between(read, origin)
        return Hours(sky(nodes.beam), sky(nodes.diffuse), sky(nodes.cloud_cover), air(nodes.temp_air), air(nodes.wind_speed))

    def _block(self, number: int) -> Hours:
        known = self._blocks.get(number)
        if known is None:
            known = self._nodes(number * BLOCK_HOURS)
            if len(self._blocks) >= _KEPT:
                self._blocks.clear()
            self._blocks[number] = known
        return known

    def _nodes(self, first: int) -> Hours:
        """Weather of the hours from number ``first`` (since 1970, in the file's time)."""
        year = self._year
        hours = np.arange(first - MARGIN, first + BLOCK_HOURS + MARGIN)
        row = hour_of_year(hours.astype("datetime64[h]"))
        beam_clear, diffuse_clear = self._clear_hours(hours * HOUR - year.offset + year.irradiance_from)
        ghi, dhi = year.ghi[row], np.minimum(year.dhi[row], year.ghi[row])
        inner = slice(MARGIN, MARGIN + BLOCK_HOURS)
        return Hours(
            _index(ghi - dhi, beam_clear, FAINT, MOST_BEAM)[inner],
            _index(dhi, diffuse_clear, FAINT, MOST_DIFFUSE)[inner],
            cloud_cover_of(_index(ghi, beam_clear + diffuse_clear, BRIGHT, 1.0)[inner]),
            year.temp_air[row][inner],
            year.wind_speed[row][inner],
        )

    def _clear_hours(self, starts: Times) -> tuple[Array, Array]:
        """Mean clear beam on the horizontal and mean clear diffuse irradiance (W/m²) of hours that begin at ``starts``."""
        step = HOUR // SAMPLES
        times = (starts[:, None] + np.arange(step // 2, HOUR, step)[None, :]).ravel()
        clear = self._sky.clear(times, self._sky.position(times).apparent_zenith)
        beam, diffuse = (part.reshape(-1, SAMPLES).mean(axis=1) for part in (clear.ghi - clear.dhi, clear.dhi))
        return beam, diffuse


def _index(measured: Array, clear: Array, least: float, most: float) -> Array:
    """Measured over clear irradiance where that is at least ``least``; in between, over the night, a straight line.

    0 where there is no daylight at all.
    """
    bright = clear >= least
    if not bright.any():
        return np.zeros_like(clear)
    number = np.arange(len(clear))
    ratio = np.clip(measured[bright] / clear[bright], 0.0, most)
    return np.asarray(np.interp(number, number[bright], ratio), np.float64)


def _between(times: Times, origin: int) -> Callable[[Array], Array]:
    """Linear interpolation at ``times`` of values that stand one hour apart from hour number ``origin``."""
    hour = times // HOUR
    part = (times - hour * HOUR) / HOUR
    hour = hour - origin

    def at(nodes: Array) -> Array:
        return nodes[hour] + part * (nodes[hour + 1] - nodes[hour])

    return at
