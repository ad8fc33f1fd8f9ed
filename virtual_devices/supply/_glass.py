"""What the glass of a module lets through: Fresnel's reflection at a coating and at the glass, and what the glass swallows (De Soto et al. 2006).

The same numbers as ``pvlib.iam.physical`` and ``pvlib.iam.marion_diffuse``, to the bit (tests/supply/test_light.py), which would bring
pandas and scipy.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

AIR, COATING, GLASS = 1, 1.3, 1.526
"""Refractive indices; nearly all modules have an anti-reflective coating."""
SWALLOWED = 4.0 * 0.002
"""Of light square to it: extinction (1/m) times thickness (m)."""
CELLS, EDGE_CELLS = 180, 1800
"""In which the half circle of the sky is cut, and of the narrow band above the horizon."""
EDGE = 89.5
"""Where that band begins, ° from above."""


class Modifiers(NamedTuple):
    """Parts of diffuse light that the glass lets through, from the sky, from its horizon and from the ground."""

    sky: float
    horizon: float
    ground: float


def passed(angle: Array) -> Array:
    """Part of the light at an angle of incidence (°) that passes, of what would if it came square to the glass."""
    outside = np.maximum(0, np.cos(np.radians(angle)))
    sine = AIR / COATING * np.sqrt(1 - outside**2)
    coat = np.sqrt(1 - sine**2)
    inside = np.sqrt(1 - (COATING / GLASS * sine) ** 2)
    across = _through(_reflected(AIR * outside, COATING * coat), _reflected(COATING * coat, GLASS * inside))
    along = _through(_reflected(AIR * coat, COATING * outside), _reflected(COATING * inside, GLASS * coat))
    swallowing = np.exp(-SWALLOWED / inside)
    return np.asarray((across * swallowing + along * swallowing) / 2 / _SQUARE, np.float64)


@lru_cache(maxsize=64)
def modifiers(tilt: float) -> Modifiers:
    """Of a glass at a tilt (°), by the integral of Marion 2017 over what it sees."""
    return Modifiers(_integral(tilt, "sky"), _integral(tilt, "horizon"), _integral(tilt, "ground"))


def _integral(tilt: float, region: str) -> float:
    """Part of the light of a region that passes, weighed by how square each cell of it is to the plane; 0 of a region that it does not see."""
    count = EDGE_CELLS if region == "horizon" else CELLS
    width = np.pi / count
    above, around = np.linspace(0, np.pi, count, endpoint=False), np.linspace(0, 2 * np.pi, 2 * count, endpoint=False)
    upper = above + width <= np.pi / 2
    seen = {"sky": upper, "horizon": (EDGE * np.pi / 180 <= above) & upper, "ground": above >= np.pi / 2}[region]
    begin, turn = (part.reshape(-1, 1) for part in np.array(np.meshgrid(above[seen], around)).T.reshape(-1, 2).T)
    middle, turned = begin + 0.5 * width, turn + 0.5 * width
    slope = np.array([np.radians(tilt)])
    facing = np.cos(slope) * np.cos(middle) + np.sin(slope) * np.sin(middle) * np.cos(turned)
    angle = np.arccos(facing)
    weight = np.where(angle < np.pi / 2, facing * (width * (np.cos(begin) - np.cos(begin + width))), 0)
    whole = float(np.sum(weight, axis=0)[0])
    return float(np.sum(passed(np.degrees(angle)) * weight, axis=0)[0]) / whole if whole else 0.0


def _reflected(one: Array | float, other: Array | float) -> Array:
    """By a boundary, of one polarisation."""
    return np.asarray(((one - other) / (one + other)) ** 2, np.float64)


def _through(coating: Array, glass: Array) -> Array:
    """What passes both boundaries, thrown back and forth between them as it is."""
    return np.asarray((1 - coating) * ((1 - glass) / (1 - glass * coating)), np.float64)


_SQUARE = float(_through(_reflected(AIR, COATING), _reflected(COATING, GLASS)) * np.exp(-SWALLOWED))
