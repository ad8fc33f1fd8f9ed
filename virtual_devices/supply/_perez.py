"""The light of the sky on a tilted plane: Perez et al. 1990 in the form of Driesse, Jensen & Perez 2024, which is continuous.

The same numbers as ``pvlib.irradiance.perez_driesse``, to the bit (tests/supply/test_light.py): pvlib's would bring scipy for its splines, which
are of second degree and easily said.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

KNOTS = np.array([0.0, 0.0, 0.0, 0.061, 0.187, 0.333, 0.487, 0.643, 0.778, 0.839, 1.0, 1.0, 1.0])
"""Of the clearness ζ, from an overcast sky, 0, to one without diffuse light, 1."""
FIRST, LAST = 2, 9
"""Knots that the first and the last of the curve's pieces begin with."""
COEFFICIENTS = np.array(
    [
        [-0.053, -0.008, 0.131, 0.328, 0.557, 0.861, 1.212, 1.099, 0.544, 0.544],
        [0.529, 0.588, 0.770, 0.471, 0.241, -0.323, -1.239, -1.847, 0.157, 0.157],
        [-0.028, -0.062, -0.167, -0.216, -0.300, -0.355, -0.444, -0.365, -0.213, -0.213],
        [-0.071, -0.060, -0.026, 0.069, 0.086, 0.240, 0.305, 0.275, 0.118, 0.118],
        [0.061, 0.072, 0.106, -0.105, -0.085, -0.467, -0.797, -1.132, -1.455, -1.455],
        [-0.019, -0.022, -0.032, -0.028, -0.012, -0.008, 0.047, 0.124, 0.292, 0.292],
    ]
)
"""Of the splines f11, f12, f13 of the brightness around the sun and f21, f22, f23 of that of the horizon."""
BRIGHTEST = 0.9
"""Most of the diffuse light that may come from around the sun."""
KAPPA = 1.041
LOW_SUN = 85.0
"""Zenith (°) from which on the sun's height counts as here: nearer to the horizon its cosine would blow up what is around it."""
HORIZON = 90.0


class Diffuse(NamedTuple):
    """What falls on the plane (W/m²) of the dome, of the bright sky around the sun and of the bright, or dark, horizon."""

    dome: Array
    around_sun: Array
    horizon: Array


def relative_air_mass(zenith: Array) -> Array:
    """Air that the sun shines through, as parts of that above one's head: Kasten & Young 1989. zenith: as it appears, at most 90°."""
    return np.asarray(1.0 / (np.cos(np.radians(zenith)) + 0.50572 * ((6.07995 + (90 - zenith)) ** -1.6364)), np.float64)


def diffuse(tilt: float, facing: Array, zenith: Array, air_mass: Array, *, dni_extra: Array, dni: Array, dhi: Array) -> Diffuse:
    """The parts of a sky's light on a plane.

    tilt: °.  facing: cosine of the angle between plane and sun, 0 behind it.  zenith: of the sun, refraction included, °.  air_mass: relative,
    of a sun at most at the horizon.  The others: W/m².
    """
    brightness = dhi / (dni_extra / np.where(zenith >= HORIZON, _MOST_AIR, air_mass))
    tilted = np.radians(tilt)
    place, splines = np.radians(zenith), _splines(_clearness(dhi, dni, zenith))
    around = np.clip(splines[0] + splines[1] * brightness + splines[2] * place, 0, BRIGHTEST)
    edge = splines[3] + splines[4] * brightness + splines[5] * place
    height = np.maximum(np.cos(place), np.cos(np.radians(LOW_SUN)))
    return Diffuse(dhi * (0.5 * (1 - around) * (1 + np.cos(tilted))), dhi * (around * facing / height), dhi * (edge * np.sin(tilted)))


def _clearness(dhi: Array, dni: Array, zenith: Array) -> Array:
    """ζ: how much of the light is beam, the lower the sun the less it takes."""
    with np.errstate(invalid="ignore"):
        share = np.where(dhi == 0, 0.0, dni / (dhi + dni))
    return np.asarray(share / (1 - KAPPA * np.radians(zenith) ** 3 * (share - 1)), np.float64)


def _splines(at: Array) -> list[Array]:
    """The six splines, by de Boor's recursion in FITPACK's order."""
    piece = np.clip(np.searchsorted(KNOTS, at, side="right") - 1, FIRST, LAST)
    before, left, right, after = (KNOTS[piece + step] for step in (-1, 0, 1, 2))
    part = 1.0 / (right - left)
    low, high = part * (right - at), part * (at - left)
    lower, upper = low / (right - before), high / (after - left)
    weights = lower * (right - at), lower * (at - before) + upper * (after - at), upper * (at - left)
    return [row[piece - 2] * weights[0] + row[piece - 1] * weights[1] + row[piece] * weights[2] for row in COEFFICIENTS]


_MOST_AIR = float(relative_air_mass(np.array(HORIZON)))
