"""Days that differ: the sky, the air and the wind of any moment, made up from a seed and what a mean month brings.

After Graham & Hollands: a normal variable with memory from day to day is mapped to what days of such a month are like, another one within
the day to what moments of such a day are like. Both come of hashes of seed and absolute time, so nothing is remembered, and nothing depends
on the pieces in which time is asked for. Months come out as they do: none is stretched to its normal.

A day is one of local mean solar time, so that it changes at night. All is worked out at knots of five minutes, 32 days at once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from virtual_devices.ambient._climate import MIDDLES, MONTH_OF, MONTHS, by_month
from virtual_devices.ambient._noise import Array, Times, even_noise, normal_of, spells
from virtual_devices.ambient._quantiles import DAILY, DAILY_AT, DAYS, MEANS, WITHIN, WITHIN_AT

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtual_devices.kit.site import Site

DAY = 86_400
KNOT = 300
"""Seconds between two knots."""
SPAN = 32
"""Days of a block."""
_PER_DAY = DAY // KNOT
_KEPT = 16
BRIGHTEST, BRIGHTEST_PER_KM = 1.018, 0.047
"""What a bright sky is beside Haurwitz' clear one, at sea level and more for each km above it."""
MEMORY, USUAL, STEEP, TERMS = 0.32, 0.258, 0.853, 7
"""How much of a day is left in the next; how like days are then (lag-1), and how much more for each 1 of memory; how many days are remembered."""
LIKE_AT, LIKE = (20.0, 30.0, 40.0), (0.265, 0.34, 0.195)
"""Lag-1 of a place at sea level, by latitude (°): most where deserts and the trade winds are, least where lows follow each other."""
HIGHER, CLEARER, CLEAR_WINTER = 0.05, -0.3, 0.71
"""More of it for each km of height, and for each 1 of a winter's mean index above the usual one."""
LEAST_LIKE, MOST_LIKE = 0.15, 0.4
EQUATOR = 10.0
"""Degrees of latitude within which neither half of the year is winter alone."""
SLOW, SLOW_DAYS = 0.2, 12
"""Share and length (days) of spells of weather."""
SPREAD_AT, SPREAD = (0.0, 15.0, 20.0, 26.0, 33.0), (0.55, 0.57, 0.62, 0.76, 1.0)
"""How much less days differ in the tropics, by latitude (°)."""
OCTAVES = ((9000, 0.75), (2400, 0.278), (720, 0.60))
"""Seconds between the knots of the noise within a day, and weight; tuned to how long Aachen's clouds last."""
LEAST, MOST = 0.01, 1.55
"""Of the index of a moment; bright edges of clouds stand above 1."""
WISPS, WISP = ((120, 0.6), (30, 0.4)), 0.5
"""Noise between two knots (s, weight), and how much of the change from one to the next it makes."""
DARKEST, BRIGHTEST_DAY = 0.02, 1.12
"""Of the index of a day."""
WARMEST = 15 * 3600
"""Local mean solar time (seconds of the day) of the warmest moment."""
WIND = 3.0
"""Mean wind (m/s) where nobody says another: no table of winds ships."""
_DAILY, _SLOW, _AIR, _WIND, _WITHIN = range(401, 406)
"""Streams of noise; ``_WITHIN`` and the numbers after it are the octaves'."""


@dataclass(frozen=True, slots=True)
class Normals:
    """What a mean month brings. ghi: kWh/m² a day, temp_air: °C, of each month.  swing: K between a day's warmest and coldest moment."""

    ghi: Array
    temp_air: Array
    swing: float


@dataclass(frozen=True, slots=True)
class Air:
    """temp_air: mean of the day at each time, °C.  swing: half of that day's, K.  wind_speed: m/s."""

    temp_air: Array
    swing: Array
    wind_speed: Array


@dataclass(frozen=True, slots=True)
class _Block:
    """The knots of some days. index: irradiation over that of ``bright``.  unrest: how much it changes from knot to knot."""

    index: Array
    unrest: Array
    air: Air


class MadeUpSky:
    """The days of one place and seed."""

    def __init__(self, site: Site, normals: Normals) -> None:
        self._seed = site.seed
        self._latitude = float(np.radians(site.latitude))
        self._ahead = round(site.longitude * 240.0)
        self._brightest = BRIGHTEST + BRIGHTEST_PER_KM * min(max(site.altitude, 0.0), 5000.0) / 1000.0
        self._spread = float(np.interp(abs(site.latitude), SPREAD_AT, SPREAD))
        clear = self._clear(np.arange(len(MONTH_OF))).mean(axis=1)
        self.bright_days = clear * self._brightest
        """Mean irradiance (W/m²) under the brightest usual sky of each day of the year."""
        self._means = self._means_of(normals.ghi, clear)
        self._memory = MEMORY + (_likeness(site, self.mean_index) - USUAL) / STEEP
        self._warmth = _through_middles(normals.temp_air)
        self._mean_swing = normals.swing
        self._blocks: dict[int, _Block] = {}

    @property
    def mean_index(self) -> Array:
        """The mean index of each month."""
        return by_month(self._means)

    def index(self, times: Times) -> Array:
        """Irradiation over that of ``bright`` at each time."""
        blocks, between = self._around(times)
        unrest = between([block.unrest for block in blocks])
        index = between([block.index for block in blocks]) + WISP * unrest * even_noise(times, self._seed, WISPS)
        return np.maximum(index, 0.0)

    def air(self, times: Times) -> Air:
        """Temperature and wind at each time."""
        blocks, between = self._around(times)
        return Air(*(between([getattr(block.air, column.name) for block in blocks]) for column in fields(Air)))

    def _around(self, times: Times) -> tuple[list[_Block], Callable[[list[Array]], Array]]:
        """The blocks that hold some times, and what is between the knots of a column of theirs: straight lines."""
        solar = times + self._ahead
        first, last = int(solar[0]) // (SPAN * DAY), int(solar[-1]) // (SPAN * DAY)
        blocks = [self._block(number) for number in range(first, last + 1)]
        knot = solar // KNOT
        part = (solar - knot * KNOT) / KNOT
        # every block ends with the first knot of the next
        knot = knot - first * SPAN * _PER_DAY + (solar // (SPAN * DAY) - first)

        def between(columns: list[Array]) -> Array:
            column = columns[0] if len(columns) == 1 else np.concatenate(columns)
            value = column[knot]
            return value + part * (column[knot + 1] - value)

        return blocks, between

    def bright(self, cos_zenith: Array) -> Array:
        """Global irradiance (W/m²) under the brightest usual sky: Haurwitz 1945, brought to this height."""
        return haurwitz(cos_zenith) * self._brightest

    def days(self, numbers: Times) -> Array:
        """The index of each day, by its number since 1970."""
        return self._index_of(numbers)[0]

    def _block(self, number: int) -> _Block:
        known = self._blocks.get(number)
        if known is None:
            if len(self._blocks) >= _KEPT:
                self._blocks.clear()
            known = self._blocks[number] = self._knots(number * SPAN)
        return known

    def _knots(self, first: int) -> _Block:
        """The knots of the days from number ``first`` on, and the first of the day after."""
        around = np.arange(first - 1, first + SPAN + 2)
        index, mean, normal = self._index_of(around)
        inner = around[1:-1]
        within = self._within(inner, index[1:-1])
        # what is said of a day holds at its noon; between noons in straight lines
        places = np.arange(SPAN * _PER_DAY + 1) / _PER_DAY + 0.5
        noons = np.arange(len(around), dtype=np.float64)
        air, swing, wind = (np.interp(places, noons, values) for values in self._air(around, index, mean, normal))
        wave = 1.0 + 0.25 * daily_wave(np.arange(SPAN * _PER_DAY + 1) * KNOT)
        within = np.rint(within * 10_000.0) / 10_000.0
        change = np.abs(np.diff(within))
        unrest = np.maximum(np.append(change, change[-1]), np.append(change[0], change))
        return _Block(within, unrest, Air(air, swing, wind * wave))

    def _index_of(self, days: Times) -> tuple[Array, Array, Array]:
        """Of each day: its index, the mean one of such days, and the normal variable that it comes of."""
        weights = self._memory ** np.arange(TERMS)
        weights = weights / np.sqrt(weights @ weights)
        news = normal_of(self._seed, _DAILY, np.arange(days[0] - TERMS + 1, days[-1] + 1))
        fresh = np.convolve(news, weights)[TERMS - 1 : TERMS - 1 + len(days)]
        normal = np.sqrt(1.0 - SLOW * SLOW) * fresh + SLOW * spells(self._seed, _SLOW, days, SLOW_DAYS)
        mean = self._means[day_of_year(days)]
        index = mean + self._spread * (_daily_index(normal, mean) - mean)
        return np.clip(index, DARKEST, BRIGHTEST_DAY), mean, normal

    def _within(self, days: Times, index: Array) -> Array:
        """The index at each knot of days that follow each other, and at the first of the last: the clear sky's mean over a day is the day's."""
        knots = np.arange(days[0] * _PER_DAY, days[-1] * _PER_DAY)
        times = knots * KNOT - self._ahead
        normal = sum((weight * spells(self._seed, _WITHIN + number, times, length) for number, (length, weight) in enumerate(OCTAVES)), np.zeros(1))
        shaped = _within_index(normal.reshape(-1, _PER_DAY), index[:-1])
        clear = self._clear(day_of_year(days[:-1]))
        light = np.maximum(clear.sum(axis=1), 1e-9)
        for _ in range(3):
            found = (shaped * clear).sum(axis=1) / light
            factor = np.clip(index[:-1] / np.maximum(found, 1e-6), 0.4, 2.5)
            shaped = np.clip(shaped * factor[:, None], LEAST, MOST)
        return np.append(shaped.ravel(), shaped[-1, -1])

    def _air(self, days: Times, index: Array, mean: Array, normal: Array) -> tuple[Array, Array, Array]:
        """Of each day: mean temperature, half its swing, and mean wind.

        A bright day is warm in summer and cold in winter, its night always cold; a dull one windy. How far spells stray from the normal goes
        with how far summer is from winter.
        """
        whole = day_of_year(days)
        warmth = self._warmth[whole]
        low, high = float(self._warmth.min()), float(self._warmth.max())
        season = (2.0 * warmth - high - low) / max(high - low, 4.0)
        own = 0.8 * spells(self._seed, _AIR, days, 4) + 0.6 * spells(self._seed, _AIR + 50, days, 1)
        stray = (0.8 + 0.11 * (high - low)) * (0.35 * season * normal + 0.94 * own)
        swing = self._mean_swing / 2.0 * (0.5 + 0.5 * index / np.maximum(mean, 0.05))
        blow = 0.95 * spells(self._seed, _WIND, days, 1) - 0.3 * normal
        wind = WIND * np.maximum(0.25, 1.0 + 0.4 * blow + 0.08 * (blow * blow - 1.0))
        return warmth + stray, swing, wind

    def _means_of(self, ghi: Array, clear: Array) -> Array:
        """Mean index of each day of the year, in straight lines between the months' middles, so that each month comes to its irradiation.

        clear: mean clear irradiance of each day, W/m².
        """
        light = by_month(clear)
        lit = light > 1.0
        wanted = np.clip(ghi / np.maximum(light, 1.0) / 0.024 / self._brightest, 0.05, 0.97)
        # what a value in the middle of each month adds to each month's mean, weighed by light
        parts = np.array([by_month(_through_middles(unit) * clear) / np.maximum(light, 1e-9) for unit in np.eye(MONTHS)]).T
        parts[~lit] = np.eye(MONTHS)[~lit]
        return np.clip(_through_middles(np.linalg.solve(parts, wanted)), 0.05, 0.97)

    def _clear(self, days_of_year: Times) -> Array:
        """Haurwitz' clear irradiance (W/m²) at the knots of days, a row each; the sun by Spencer's series."""
        angle = 2.0 * np.pi * days_of_year / 365.0
        declination = (
            0.006918 - 0.399912 * np.cos(angle) + 0.070257 * np.sin(angle) - 0.006758 * np.cos(2 * angle) + 0.000907 * np.sin(2 * angle)
            - 0.002697 * np.cos(3 * angle) + 0.00148 * np.sin(3 * angle)
        )  # fmt: skip
        early = 0.000075 + 0.001868 * np.cos(angle) - 0.032077 * np.sin(angle) - 0.014615 * np.cos(2 * angle) - 0.040849 * np.sin(2 * angle)
        hours = 2.0 * np.pi * np.arange(_PER_DAY) / _PER_DAY - np.pi
        up = np.cos(self._latitude) * np.cos(declination)[:, None] * np.cos(hours[None, :] + early[:, None])
        return haurwitz(up + np.sin(self._latitude) * np.sin(declination)[:, None])


def _likeness(site: Site, index: Array) -> float:
    """How like a day is to the one before (lag-1), about. index: mean of each month."""
    north, south = float(index[[11, 0, 1]].mean()), float(index[[5, 6, 7]].mean())
    winter = float(np.interp(site.latitude, (-EQUATOR, EQUATOR), (south, north)))
    height = min(max(site.altitude, 0.0), 3000.0) / 1000.0
    found = float(np.interp(abs(site.latitude), LIKE_AT, LIKE)) + HIGHER * height + CLEARER * (winter - CLEAR_WINTER)
    return min(max(found, LEAST_LIKE), MOST_LIKE)


def haurwitz(cos_zenith: Array) -> Array:
    """Global irradiance (W/m²) under a clear sky: Haurwitz 1945; none while the sun is down."""
    up = np.maximum(cos_zenith, 1e-3)
    return np.where(cos_zenith > 0.0, 1098.0 * up * np.exp(-0.057 / up), 0.0)


def daily_wave(solar: Times) -> Array:
    """1 at 15:00, −1 at 03:00 of local mean solar time (s)."""
    return np.asarray(np.cos(((solar - WARMEST) % DAY) * (2.0 * np.pi / DAY)))


def day_of_year(days: Times) -> Times:
    """Number (0–364) of each day since 1970 in its year; 29 February counts as the 28th."""
    dates = days.astype("datetime64[D]")
    years = dates.astype("datetime64[Y]")
    number = (dates - years.astype("datetime64[D]")).astype(np.int64)
    leap = (years + 1).astype("datetime64[D]") - years.astype("datetime64[D]") == np.timedelta64(366, "D")
    return np.asarray(number - (leap & (number >= 59)), np.int64)  # noqa: PLR2004 - the 29th of February


def _daily_index(normal: Array, mean: Array) -> Array:
    """Index of days of a month of this mean, by the table; a duller month than it has is its first row, dimmed."""
    row = np.clip((mean - MEANS[0]) / (MEANS[1] - MEANS[0]), 0.0, len(MEANS) - 1.0)
    lower = np.minimum(row.astype(np.int64), len(MEANS) - 2)
    part = row - lower
    rows = np.array([np.interp(normal, DAILY_AT, table) for table in DAILY])
    place = np.arange(len(normal))
    value = rows[lower, place] * (1.0 - part) + rows[lower + 1, place] * part
    return np.asarray(np.where(mean < MEANS[0], value * mean / MEANS[0], value + np.maximum(mean - MEANS[-1], 0.0)))


def _within_index(normal: Array, index: Array) -> Array:
    """Index of moments of days, a row for each day, by the table."""
    inner = np.clip(index, DAYS[0], DAYS[-1])
    lower = np.clip(np.searchsorted(DAYS, inner) - 1, 0, len(DAYS) - 2)
    part = (inner - DAYS[lower]) / (DAYS[lower + 1] - DAYS[lower])
    tables = WITHIN[lower] * (1.0 - part)[:, None] + WITHIN[lower + 1] * part[:, None]
    return np.array([np.interp(row, WITHIN_AT, table) for row, table in zip(normal, tables, strict=True)])


def _through_middles(months: Array) -> Array:
    """A value for each day of a year, in straight lines between the middles of the months."""
    places = np.concatenate([[MIDDLES[-1] - 365.0], MIDDLES, [MIDDLES[0] + 365.0]])
    return np.asarray(np.interp(np.arange(365) + 0.5, places, np.concatenate([months[-1:], months, months[:1]])))
