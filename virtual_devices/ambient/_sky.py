"""The sky over one site: where the sun stands, and what it gives when there is no cloud. All vectorised.

Every value is a function of absolute time alone: the tables behind it lie on grids fixed to UTC, so that it does not
matter in which pieces time is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from virtual_devices.ambient import _clear_sky as clear_sky

if TYPE_CHECKING:
    from virtual_devices.kit.site import Site

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
"""UTC seconds, ascending."""

HOUR = 3_600
DAY = 86_400
DAYS = 32
"""Days in a block of tables: long enough to spread the fixed cost of a call to pvlib, short enough for a quick start."""
BLOCK = DAYS * DAY
TEMPERATURE = 12.0
"""Air temperature (°C) that refraction is reckoned with: pvlib's own default."""
DELTA_T = 67.0
"""By how much (s) the time of the planets is ahead of the earth's rotation: pvlib's own default."""
REFRACTION = 0.5667
"""Refraction (°) at sunrise and sunset."""
HORIZON = -(0.26667 + REFRACTION)
"""True elevation (°) of the sun's centre below which SPA sees no refraction: the sun's radius plus that at the horizon."""
_KEPT = 128


@dataclass(frozen=True, slots=True)
class _Hours:
    """Per hour of UTC: the sun's topocentric hour angle (rad), sine and cosine of declination, and what each gains."""

    angle: Array
    angle_gain: Array
    sine: Array
    sine_gain: Array
    cosine: Array
    cosine_gain: Array


@dataclass(frozen=True, slots=True)
class _Days:
    """Per day of UTC: extraterrestrial irradiance (W/m²) and Linke turbidity."""

    dni_extra: Array
    turbidity: Array


Tables = TypeVar("Tables", _Hours, _Days)


@dataclass(frozen=True, slots=True)
class Position:
    """Of the sun, in °. zenith: true.  apparent_zenith: as refraction lifts it.  azimuth: from north over east."""

    zenith: Array
    apparent_zenith: Array
    azimuth: Array


@dataclass(frozen=True, slots=True)
class ClearSky:
    """Irradiance in W/m² under a clear sky, and normal to the sun outside the atmosphere."""

    ghi: Array
    dni: Array
    dhi: Array
    dni_extra: Array


class Sky:
    """Sun position and clear sky of a site.

    Position: SPA (Reda & Andreas 2004) as ``pvlib.solarposition.spa_python`` has it, at every full hour of UTC. Between
    the hours hour angle and declination are interpolated linearly: they run almost evenly, unlike zenith and azimuth.
    Error against SPA at the very second: at most 0.0001° anywhere (tested: 0.0005°), which is below the millidegree
    that is published. Refraction by SPA's formula, at the pressure of the site's altitude and 12 °C.

    Clear sky: Ineichen & Perez 2002 with the Linke turbidity of pvlib's table, by day of the year; see ``_clear_sky``.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._pressure = clear_sky.pressure(site.altitude)
        self._sine = float(np.sin(np.radians(site.latitude)))
        self._cosine = float(np.cos(np.radians(site.latitude)))
        self._turbidity = {leap: clear_sky.turbidity(site.latitude, site.longitude, leap=leap) for leap in (False, True)}
        self._hours: dict[int, _Hours] = {}
        self._days: dict[int, _Days] = {}

    def position(self, times: Times) -> Position:
        """Where the sun stands at each time."""
        first, last = int(times[0]) // BLOCK, int(times[-1]) // BLOCK
        hours = self._hours_of(first) if first == last else _joined([self._hours_of(n) for n in range(first, last + 1)])
        hour = times // HOUR
        part = (times - hour * HOUR) / HOUR
        hour = hour - first * (BLOCK // HOUR)
        angle = hours.angle[hour] + part * hours.angle_gain[hour]
        sine = hours.sine[hour] + part * hours.sine_gain[hour]
        cosine = hours.cosine[hour] + part * hours.cosine_gain[hour]
        meridian = cosine * np.cos(angle)
        up = self._sine * sine + self._cosine * meridian
        north = self._cosine * sine - self._sine * meridian
        east = -cosine * np.sin(angle)
        # by arctangent of both sides: an arccosine would lose its digits near the zenith, where the tropics look
        zenith = np.degrees(np.arctan2(np.sqrt(north * north + east * east), up))
        azimuth = np.degrees(np.arctan2(east, north)) % 360.0
        return Position(zenith, zenith - self._refraction(90.0 - zenith), azimuth)

    def clear(self, times: Times, apparent_zenith: Array) -> ClearSky:
        """Clear-sky irradiance at each time, the sun standing at ``apparent_zenith`` (°)."""
        first, last = int(times[0]) // BLOCK, int(times[-1]) // BLOCK
        days = self._days_of(first) if first == last else _joined([self._days_of(n) for n in range(first, last + 1)])
        day = times // DAY - first * DAYS
        dni_extra = days.dni_extra[day]
        air = clear_sky.air_mass(apparent_zenith, self._pressure)
        clear = clear_sky.shine(apparent_zenith, air, days.turbidity[day], self._site.altitude, dni_extra)
        return ClearSky(clear.ghi, clear.dni, clear.dhi, dni_extra)

    def _refraction(self, elevation: Array) -> Array:
        """SPA's atmospheric refraction (°) at true elevations (°)."""
        seen = np.maximum(elevation, HORIZON)
        lift = (self._pressure / 100 / 1010.0) * (283.0 / (273.0 + TEMPERATURE)) * 1.02
        lifted = lift / (60.0 * np.tan(np.radians(seen + 10.3 / (seen + 5.11))))
        return np.where(elevation >= HORIZON, lifted, 0.0)

    def _hours_of(self, block: int) -> _Hours:
        known = self._hours.get(block)
        if known is None:
            seconds = np.arange(block * BLOCK, (block + 1) * BLOCK + 1, HOUR)
            _, true_zenith, _, _, from_north, _ = clear_sky.spa().solar_position(
                seconds.astype(np.float64), self._site.latitude, self._site.longitude, self._site.altitude, self._pressure / 100, TEMPERATURE,
                DELTA_T, REFRACTION,
            )
            zenith, azimuth = np.radians(true_zenith), np.radians(from_north)
            up, north, east = np.cos(zenith), np.sin(zenith) * np.cos(azimuth), np.sin(zenith) * np.sin(azimuth)
            meridian = self._cosine * up - self._sine * north
            angle = np.unwrap(np.arctan2(-east, meridian))
            sine, cosine = self._sine * up + self._cosine * north, np.sqrt(meridian * meridian + east * east)
            known = _Hours(angle[:-1], np.diff(angle), sine[:-1], np.diff(sine), cosine[:-1], np.diff(cosine))
            _keep(self._hours, block, known)
        return known

    def _days_of(self, block: int) -> _Days:
        known = self._days.get(block)
        if known is None:
            days = np.arange(block * DAYS, (block + 1) * DAYS).astype("datetime64[D]")
            years = days.astype("datetime64[Y]")
            day_of_year = (days - years.astype("datetime64[D]")).astype(np.int64)
            leap = (years + 1).astype("datetime64[D]") - years.astype("datetime64[D]") == np.timedelta64(366, "D")
            common = np.minimum(day_of_year, 364)
            known = _Days(
                clear_sky.outside(day_of_year + 1),
                np.where(leap, self._turbidity[True][day_of_year], self._turbidity[False][common]),
            )
            _keep(self._days, block, known)
        return known


def _joined(parts: list[Tables]) -> Tables:
    """Tables of consecutive blocks, end to end."""
    kind = type(parts[0])
    return kind(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(kind)))


def _keep(kept: dict[int, Tables], block: int, tables: Tables) -> None:
    """Remember a block's tables; of a run over many years, only the newest."""
    if len(kept) >= _KEPT:
        kept.clear()
    kept[block] = tables
