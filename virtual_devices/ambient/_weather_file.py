"""Weather files: an hourly year of measurements, read by pvlib, and its sky as an index of the clear one.

Understood are TMY3, EPW, and PVGIS hourly or typical-year files in CSV or JSON; the format is seen from the text. The
hours of a file are hours of a typical year: they are taken by month, day and hour in the file's own standard time, its
year aside; 29 February repeats the 28th, and where a file holds an hour of several years, the first one counts.

An hour's irradiance is the mean of its hour. Interpolating it would lower noon, lift the morning and let the sun shine
before it rises. Interpolated instead is what the clouds did: beam and diffuse irradiance of the hour as parts of the
clear sky's mean over that very hour, placed in its middle.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib

from virtual_devices.ambient._sky import HOUR, Array, Sky, Times
from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtual_devices.kit.site import Site

YEAR = 8_760
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

_LIMITS = {
    "ghi": (0.0, 1800.0), "dhi": (0.0, 1800.0), "temp_air": (-95.0, 65.0), "wind_speed": (0.0, 120.0),
}


@dataclass(frozen=True, slots=True)
class WeatherYear:
    """8760 hours of weather, each array in the order of the year.

    ghi, dhi: means over the hour, W/m².  temp_air: °C.  wind_speed: m/s.  offset: seconds that the file's time is ahead
    of UTC.  irradiance_from: second of an hour at which its averages begin.  air_at: second of an hour at which its
    temperature and wind were read.  latitude, longitude: ° of the station.
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


@dataclass(frozen=True, slots=True)
class Hours:
    """Weather at nodes one hour apart: beam and diffuse as parts of the clear sky, cloud cover (0–1), °C, m/s."""

    beam: Array
    diffuse: Array
    cloud_cover: Array
    temp_air: Array
    wind_speed: Array


def hour_of_year(hours: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    """Number (0–8759) of each local hour in a year of 365 days; 29 February counts as the 28th."""
    days = hours.astype("datetime64[D]")
    years = days.astype("datetime64[Y]")
    day = (days - years.astype("datetime64[D]")).astype(np.int64)
    length = ((years + 1).astype("datetime64[D]") - years.astype("datetime64[D]")).astype(np.int64)
    day = day - ((length == 366) & (day >= 59))  # noqa: PLR2004 - days of a leap year; the 29th of February
    return np.asarray(day * 24 + (hours - days.astype("datetime64[h]")).astype(np.int64), np.int64)


def read_weather(text: str, name: str) -> WeatherYear:
    """Read a weather file's text. Raises ConfigurationError when it is of no known format, incomplete or implausible."""
    text = text.lstrip("\ufeff \r\n")
    reader = _reader(text)
    if reader is None:
        raise ConfigurationError(
            f"weather file {name!r}: the format is not known; use TMY3, EPW, or PVGIS hourly or TMY as CSV or JSON"
        )
    try:
        year = reader(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"weather file {name!r}: {error}") from None
    except (ValueError, KeyError, IndexError, TypeError, pd.errors.ParserError) as error:
        raise ConfigurationError(f"weather file {name!r} is damaged ({error}); fetch it again") from error
    return year


def _reader(text: str) -> Callable[[str], WeatherYear] | None:
    head = text[:2000]
    if head.startswith("LOCATION,"):
        return _read_epw
    if head.startswith("{"):
        return _read_pvgis_tmy if '"tmy_hourly"' in text else _read_pvgis_hourly if '"hourly"' in text else None
    if "Date (MM/DD/YYYY)" in head:
        return _read_tmy3
    if head.startswith("Latitude (decimal degrees)"):
        return _read_pvgis_tmy if "month,year" in head else _read_pvgis_hourly
    return None


def _read_tmy3(text: str) -> WeatherYear:
    # a label is the end of its hour: irradiance is the mean up to it, temperature and wind are read at it
    data, meta = pvlib.iotools.read_tmy3(io.StringIO(text))
    data.index -= pd.Timedelta(hours=1)
    return _year(data, meta["TZ"] * HOUR, 0, HOUR, meta)


def _read_epw(text: str) -> WeatherYear:
    # as TMY3, but pvlib has moved the labels to the beginning of their hour
    data, meta = pvlib.iotools.read_epw(io.StringIO(text))
    return _year(data, meta["TZ"] * HOUR, 0, HOUR, meta)


def _read_pvgis_tmy(text: str) -> WeatherYear:
    if text.startswith("{"):
        data, meta = pvlib.iotools.read_pvgis_tmy(io.StringIO(text), pvgis_format="json")
        place = {**meta["inputs"]["location"]}
    else:
        data, meta = pvlib.iotools.read_pvgis_tmy(io.BytesIO(text.encode()), pvgis_format="csv")
        place = {**meta["inputs"]}
    late = float(place.get("irradiance time offset", place.get("irradiance_time_offset", 0.0)))
    # a satellite's picture at one instant stands for the hour around it
    return _year(data, 0, round(late * HOUR) - HOUR // 2, 0, place)


def _read_pvgis_hourly(text: str) -> WeatherYear:
    if text.startswith("{"):
        data, meta = pvlib.iotools.read_pvgis_hourly(io.StringIO(text), pvgis_format="json")
        place = {**meta["inputs"]["location"]}
        slope = float(meta["inputs"]["mounting_system"].get("fixed", {}).get("slope", {}).get("value", 90.0))
    else:
        data, meta = pvlib.iotools.read_pvgis_hourly(io.StringIO(text), pvgis_format="csv")
        place = {**meta["inputs"]}
        slope = float(str(place.get("Slope", "90")).split()[0])
    if slope != 0.0 or "poa_direct" not in data:
        raise ConfigurationError("it is for a tilted plane; fetch PVGIS hourly data with components and slope 0")
    data["dhi"] = data["poa_sky_diffuse"].astype(float)
    data["ghi"] = data["dhi"] + data["poa_direct"].astype(float)
    minute = int(data.index[0].minute)
    data.index = data.index.floor("h")
    return _year(data, 0, minute * 60 - HOUR // 2, minute * 60, place)


def _year(data: Any, offset: float, irradiance_from: int, air_at: int, place: dict[str, Any]) -> WeatherYear:
    """The year in a table whose index begins each row's hour in the file's own time."""
    local = data.index.tz_localize(None).to_numpy().astype("datetime64[h]")
    numbers, rows = np.unique(hour_of_year(local), return_index=True)
    if len(numbers) != YEAR:
        raise ConfigurationError(f"it holds {len(numbers)} of a year's {YEAR} hours; use a file of a whole year")
    columns = {}
    for column, (low, high) in _LIMITS.items():
        values = data[column].to_numpy(np.float64)[rows]
        bad = ~((values >= low) & (values <= high))
        if bad.any():
            first = data.index[rows[int(bad.argmax())]]
            raise ConfigurationError(
                f"{column} is {values[bad.argmax()]} in the hour from {first:%d %B %H:%M}, {int(bad.sum())} hours are "
                f"outside {low:g} to {high:g}; use a file without gaps"
            )
        columns[column] = values
    return WeatherYear(
        **columns, offset=int(offset), irradiance_from=irradiance_from, air_at=air_at,
        latitude=float(place["latitude"]), longitude=float(place["longitude"]),
    )


class MeasuredSky:
    """A weather file as the sky over a site.

    Raises ConfigurationError when the file is for a place more than 3° of latitude or longitude away: its days would not
    be the home's.
    """

    def __init__(self, year: WeatherYear, site: Site, name: str) -> None:
        apart = max(abs(year.latitude - site.latitude), abs((year.longitude - site.longitude + 180.0) % 360.0 - 180.0))
        if apart > NEAR:
            raise ConfigurationError(
                f"weather file {name!r} is for latitude {year.latitude:g}, longitude {year.longitude:g}, but the home is "
                f"at {site.latitude:g}, {site.longitude:g}; use a file from within {NEAR:g}°, or move the home there"
            )
        self._year = year
        self._sky = Sky(site)
        self._blocks: dict[int, Hours] = {}

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


def cloud_cover_of(clear_sky_index: Array) -> Array:
    """Cloud cover (0–1) that makes a clear-sky index (0–1), by Kasten & Czeplak 1980 solved for it."""
    return np.minimum(1.0, (np.maximum(0.0, 1.0 - clear_sky_index) / 0.75) ** (1 / 3.4))


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
