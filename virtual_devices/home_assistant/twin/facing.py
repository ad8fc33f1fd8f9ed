"""Arrays that would have made what a meter of production counted: how large, how tilted, facing where.

Nobody has measured the sky over the house, so clouds cannot be told from small arrays. What can be told is what an array gives under the
clearest skies of a month: at each hour of the day, its best days. That is held against the best days of one kilowatt in the climate of the
place, over many planes and several years, which differ: so far it is to be trusted.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from virtual_devices.home_assistant.twin.hours import DAY_HOURS, Array
from virtual_devices.home_assistant.twin.sky import LocalSky

BEST = 0.25
"""Part of the days whose hours count as clear."""
TILTS, ASIDE = (5, 15, 25, 35, 45, 60), (-120, -90, -60, -40, -20, 0, 20, 40, 60, 90, 120)
"""Planes that are tried, ° and ° from the equator."""
USUAL_TILT = 25.0
TWO_ROOFS = 0.4
"""What is left unexplained by two planes, of what one plane leaves, below which a meter counts two roofs."""
LEAST_SHARE = 0.15
"""Of all, that a roof must have."""
ALIKE = 0.02
"""Part of the best hours by which years differ anyway: among planes that differ by less, the more usual one is taken."""
AS_WELL = 3.0
"""How much more than the best plane one may leave unexplained that would do as well."""
YEARS_DIFFER = 0.04
"""Part of a capacity by which the best days of one year differ from another's."""
UNLIKE = 0.08
"""Part of the best hours that one plane leaves unexplained, above which there may be two."""
LEAST = 0.05
"""KW below which there is nothing."""


@dataclass(frozen=True, slots=True)
class RoofPlane:
    """One array. capacity: kW."""

    capacity: float
    tilt: float
    azimuth: float


@dataclass(frozen=True, slots=True)
class Roofs:
    """What one meter counts. least, most: kW of all planes that would explain it about as well."""

    arrays: tuple[RoofPlane, ...]
    least: float = 0.0
    most: float = 0.0

    @property
    def capacity(self) -> float:
        """KW of all."""
        return sum(each.capacity for each in self.arrays)


class Climate:
    """What one kilowatt gives in its best hours, in each of some years, over the blocks of hours that are looked at.

    skies: by block, those of the years.  known: by block, which hours count.  equator: azimuth that faces it.
    """

    def __init__(self, skies: Sequence[Sequence[LocalSky]], known: Sequence[npt.NDArray[np.bool_]], equator: float) -> None:
        self.planes = [(float(tilt), (equator + aside) % 360.0) for tilt in TILTS for aside in ASIDE]
        self.usual = np.array([abs(tilt - USUAL_TILT) / 60 + abs(aside) / 120 for tilt in TILTS for aside in ASIDE])
        self.light = np.stack(
            [
                np.stack([np.concatenate([envelope(sky.production(*plane), there) for sky, there in zip(year, known, strict=True)]) for plane in self.planes])
                for year in zip(*skies, strict=True)
            ]
        )
        """Years, planes, hours of the days of the blocks: kWh of 1 kW."""


def envelope(production: Array, known: npt.NDArray[np.bool_]) -> Array:
    """At each hour of the day the mean of its best quarter of days."""
    found = np.zeros(DAY_HOURS)
    for hour in range(DAY_HOURS):
        days = np.sort(production[hour::DAY_HOURS][known[hour::DAY_HOURS]])
        if len(days):
            found[hour] = days[-max(1, round(BEST * len(days))) :].mean()
    return found


def roofs_of(best: Array, climate: Climate) -> Roofs:
    """The arrays behind a meter. best: its envelopes, of all blocks."""
    if best.max(initial=0.0) < LEAST:
        return Roofs(())
    light = climate.light.mean(axis=0)
    capacity = light @ best / np.maximum((light * light).sum(axis=1), 1e-12)
    left = ((best - capacity[:, None] * light) ** 2).sum(axis=1) / float(best @ best)
    one = int((left + ALIKE**2 * climate.usual).argmin())
    alike = capacity[left <= AS_WELL * max(float(left.min()), ALIKE**2)]
    least, most = float(alike.min()) * (1 - YEARS_DIFFER), float(alike.max()) * (1 + YEARS_DIFFER)
    if left.min() > UNLIKE**2:
        two, both, rest = _pair(light, best)
        if rest / float(best @ best) < TWO_ROOFS * float(left.min()) and min(both) > LEAST_SHARE * sum(both):
            return Roofs(tuple(RoofPlane(size, *climate.planes[number]) for size, number in zip(both, two, strict=True)), min(least, sum(both)), max(most, sum(both)))
    return Roofs((RoofPlane(float(capacity[one]), *climate.planes[one]),), least, most)


def _pair(light: Array, best: Array) -> tuple[tuple[int, int], tuple[float, float], float]:
    """The two planes that explain most, their capacities, and what they leave unexplained."""
    gram, hits, whole = light @ light.T, light @ best, float(best @ best)
    found: tuple[tuple[int, int], tuple[float, float], float] = ((0, 0), (0.0, 0.0), np.inf)
    for a, b in itertools.combinations(range(len(light)), 2):
        area = gram[a, a] * gram[b, b] - gram[a, b] ** 2
        if area <= 1e-9 * gram[a, a] * gram[b, b]:
            continue
        x, y = (gram[b, b] * hits[a] - gram[a, b] * hits[b]) / area, (gram[a, a] * hits[b] - gram[a, b] * hits[a]) / area
        if x > 0 and y > 0 and (rest := whole - x * hits[a] - y * hits[b]) < found[2]:
            found = (a, b), (float(x), float(y)), float(rest)
    return found
