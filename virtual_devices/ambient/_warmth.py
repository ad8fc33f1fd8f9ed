"""The warmth of any place, offline: monthly means of 343 places, rounded, in ``temperatures.csv``, and what latitude and height make of them.

A place is as warm as its latitude and height have it (``ZONES``, fitted on the 343), and as much warmer or colder as the three places nearest
to it are; the farther they are, the less that says. Left out one by one, with all within a distance left out too, the places' months are met
to 1.3 K in the mean; beyond 500 km to 1.5, beyond 1,000 km to 1.7, beyond 1,500 km to 2.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from virtual_devices.ambient._climate import MONTHS
from virtual_devices.ambient._noise import Array

if TYPE_CHECKING:
    from virtual_devices.kit.site import Site

NEIGHBOURS, NEAR, REACH = 3, 10.0, 1500.0
"""Places that are asked; km within which nearer is not better; km at which what they say is worth 1/e."""
FAR, VERY_FAR = 500.0, 1000.0
"""km beyond which the nearest place is trusted less, and beyond which that is worth a warning."""
EARTH = 6371.0
ZONES = np.array([
    [29.54, 29.03, 27.91, 26.7, 24.52, 23.22, 21.98, 22.69, 22.9, 25.1, 27.38, 28.69],
    [-7.41, -1.85, 8.18, 20.95, 37.18, 40.11, 41.63, 36.3, 38.36, 27.39, 9.97, -1.78],
    [-55.44, -59.64, -65.8, -74.38, -89.01, -77.15, -67.2, -57.49, -71.91, -73.88, -60.59, -58.33],
    [32.01, 31.93, 32.75, 34.24, 39.46, 30.15, 22.73, 17.38, 25.49, 31.06, 27.46, 31.76],
    [-5.18, -4.48, -3.59, -3.22, -2.94, -2.46, -2.31, -2.98, -3.43, -4.55, -5.3, -5.38],
    [3.08, 2.81, 1.74, -0.82, -2.75, -4.6, -5.49, -5.43, -4.1, -2.23, 0.23, 1.96],
])
"""°C of the months of the north's year, January first: a constant; times 50ths of latitude, squared, cubed; times km of height; times 50ths
of latitude in the south, whose year is half a year late."""


@dataclass(frozen=True, slots=True)
class Warmth:
    """temp_air: °C of each month.  swing: K between the warmest and the coldest moment of a mean day.

    place: the nearest of those it is made of, distance: how far that is, km.  elevation: of them, weighted as they are, m.
    """

    temp_air: Array
    swing: float
    place: str
    distance: float
    elevation: float

    @property
    def trust(self) -> int:
        """How far to trust a month, ± K."""
        return 1 if self.distance <= FAR else 2


@dataclass(frozen=True, slots=True)
class _Places:
    """The table of temperatures, a row for each place. beyond: K by which its months are warmer than its latitude and height have them."""

    names: list[str]
    latitude: Array
    longitude: Array
    elevation: Array
    beyond: Array
    swing: Array


def warmth_of(site: Site) -> Warmth:
    """Temperatures of a home's place."""
    return warmth_at(site.latitude, site.longitude, site.altitude)


def warmth_at(latitude: float, longitude: float, altitude: float) -> Warmth:
    """Temperatures of a place at an altitude (m)."""
    known = _places()
    apart = _apart(known, latitude, longitude)
    nearest = np.argsort(apart, kind="stable")[:NEIGHBOURS]
    weight = 1.0 / np.maximum(apart[nearest], NEAR)
    weight = weight / weight.sum()
    worth = weight * np.exp(-((apart[nearest] / REACH) ** 2))
    first = int(nearest[0])
    return Warmth(
        _zone(np.array([latitude]), np.array([altitude]))[0] + worth @ known.beyond[nearest], float(weight @ known.swing[nearest]),
        known.names[first], float(apart[first]), float(weight @ known.elevation[nearest]),
    )  # fmt: skip


def _zone(latitude: Array, altitude: Array) -> Array:
    """°C of the months at latitudes and altitudes, a row each."""
    away, south = np.abs(latitude) / 50.0, latitude < 0.0
    parts = np.stack([np.ones_like(away), away, away**2, away**3, altitude / 1000.0, away * south], axis=1)
    months = parts @ ZONES
    return np.asarray(np.where(south[:, None], np.roll(months, MONTHS // 2, axis=1), months))


def _apart(known: _Places, latitude: float, longitude: float) -> Array:
    """How far each place is, km, along a great circle."""
    here, there = np.radians(latitude), np.radians(known.latitude)
    across = np.sin(np.radians(known.longitude - longitude) / 2.0) ** 2 * np.cos(here) * np.cos(there)
    along = np.sin((there - here) / 2.0) ** 2
    return np.asarray(2.0 * EARTH * np.arcsin(np.sqrt(np.minimum(along + across, 1.0))))


@lru_cache(maxsize=1)
def _places() -> _Places:
    text = (files("virtual_devices.ambient") / "temperatures.csv").read_text("utf-8")
    rows = [line.split(",") for line in text.splitlines()[1:]]
    numbers = np.array([row[2:] for row in rows], np.float64)
    latitude, longitude, elevation, swing = numbers[:, 0], numbers[:, 1], numbers[:, 2], numbers[:, 3 + MONTHS]
    beyond = numbers[:, 3 : 3 + MONTHS] - _zone(latitude, elevation)
    return _Places([row[0] for row in rows], latitude, longitude, elevation, beyond, swing)
