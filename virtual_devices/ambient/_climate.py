"""The light of any place, offline: what a mean month brings, and how far to trust that.

Global horizontal irradiation of NASA's Surface meteorology and Solar Energy 6.0 (means of July 1983 to June 2005, a work of the US
government), cells of 1°, kept in ``climate.bin`` as clearness: parts of what falls outside the atmosphere. ``make_climate.py`` in the
tests' room ``ambient`` packs it and says how.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from virtual_devices.ambient._noise import Array

if TYPE_CHECKING:
    from virtual_devices.kit.site import Site

MONTHS = 12
MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
MONTH_OF = np.repeat(np.arange(MONTHS), MONTH_DAYS)
"""Month (0–11) of each day of a year of 365."""
MIDDLES = np.cumsum(MONTH_DAYS) - MONTH_DAYS / 2.0
"""The middle of each month, in days since the year began."""
SOUTH, NORTH = -60, 75
"""Edges (° of latitude) of the grid; beyond them its last row holds."""
SCALE = 300.0
"""A byte of the grid is so many parts of a clearness of 1."""
SUNLESS = 0.3
"""Irradiation outside the atmosphere (kWh/m² a day) below which a clearness says nothing: the month next to it stands in."""
SOLAR_CONSTANT = 1.361
"""kW/m²."""
POLAR, UNEVEN = 58.0, 0.15
"""Latitude (°) beyond which, and spread of the year's clearness over the cells around from which on, the grid is trusted half as far."""


@dataclass(frozen=True, slots=True)
class Light:
    """ghi: kWh/m² a day of each month.  uneven: spread of the year's clearness over nine cells, as a part of their mean.  trust: ± %."""

    ghi: Array
    uneven: float
    trust: int

    @property
    def year(self) -> float:
        """kWh/m² in a year."""
        return float(self.ghi @ MONTH_DAYS)


def light_at(latitude: float, longitude: float) -> Light:
    """What the grid says of a place, between the middles of its cells in straight lines."""
    grid = _grid()
    row = min(max(latitude - SOUTH - 0.5, 0.0), len(grid) - 1.0)
    column = (longitude + 180.0 - 0.5) % 360.0
    south, west = min(int(row), len(grid) - 2), int(column)
    east, up, right = (west + 1) % 360, row - south, column - west
    below, above = (grid[line, :, west] * (1.0 - right) + grid[line, :, east] * right for line in (south, south + 1))
    outside = outside_of(latitude)
    clearness = below * (1.0 - up) + above * up
    ghi = clearness * outside
    middle = min(max(round(row), 1), len(grid) - 2)
    around = grid[middle - 1 : middle + 2][:, :, (np.arange(-1, 2) + round(column)) % 360]
    share = outside * MONTH_DAYS / (outside @ MONTH_DAYS)
    years = np.einsum("m,amb->ab", share, around)
    uneven = float((years.max() - years.min()) / years.mean())
    trust = 20 if abs(latitude) > POLAR or uneven > UNEVEN else 10
    return Light(ghi, uneven, trust)


def outside_of(latitude: float) -> Array:
    """Mean irradiation of a horizontal plane outside the atmosphere in each month, kWh/m² a day."""
    days = np.arange(len(MONTH_OF)) + 1.0
    declination = np.radians(23.45) * np.sin(2.0 * np.pi * (284.0 + days) / 365.0)
    place = np.radians(min(max(latitude, -89.9), 89.9))
    sunset = np.arccos(np.clip(-np.tan(place) * np.tan(declination), -1.0, 1.0))
    nearness = 1.0 + 0.033 * np.cos(2.0 * np.pi * days / 365.0)
    up = np.cos(place) * np.cos(declination) * np.sin(sunset) + sunset * np.sin(place) * np.sin(declination)
    return by_month(24.0 / np.pi * SOLAR_CONSTANT * nearness * up)


def by_month(days: Array) -> Array:
    """Mean of each month of a year's 365 values."""
    return np.asarray(np.bincount(MONTH_OF, days, MONTHS) / MONTH_DAYS)


def light_of(site: Site) -> Light:
    """What the grid says of a home's place."""
    return light_at(site.latitude, site.longitude)


def packed(clearness: Array) -> bytes:
    """A grid (rows from south, months, columns from the date line east) as it is kept: differences from west to east, compressed."""
    whole = np.clip(np.rint(clearness * SCALE), 0.0, 255.0).astype(np.uint8)
    steps = np.diff(whole, axis=2, prepend=np.zeros_like(whole[:, :, :1]))
    return zlib.compress(steps.tobytes(), 9)


@lru_cache(maxsize=1)
def _grid() -> Array:
    kept = zlib.decompress((files("virtual_devices.ambient") / "climate.bin").read_bytes())
    steps = np.frombuffer(kept, np.uint8).reshape(NORTH - SOUTH, MONTHS, 360)
    return np.cumsum(steps, axis=2, dtype=np.uint8) / SCALE
