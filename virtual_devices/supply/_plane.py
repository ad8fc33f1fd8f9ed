"""Light on an array's plane, and what of it the cells make use of.

The sky by Perez et al. 1990, in the form of Driesse et al. 2024, which passes from one clearness of the sky to the next without a jump of the
power (``_perez``); the glass by Fresnel, with the coating that nearly all modules have, for the beam and the sky around the sun, and integrated
over what is seen (Marion 2017) for the rest of the sky, its horizon and the ground (``_glass``); the spectrum by the air that the sun shines
through (De Soto et al. 2006). Every operation is element by element.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from virtual_devices.supply import _glass as glass
from virtual_devices.supply import _perez as perez

Array = npt.NDArray[np.float64]

SPECTRUM = (-0.000126, 0.002816, -0.024459, 0.086257, 0.918093)
"""Polynomial over the air mass, highest power first, of multicrystalline silicon: 0.983 under a sun overhead, 1 at 1.5, 1.02 at 3."""
MOST_AIR = 10.0
"""Air mass up to which that holds (sun at 5°): beyond, the polynomial would fall to nothing."""
HORIZON = 90.0
SEA = 101_325.0
"""Pressure at sea level, Pa."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Where it stands and what it sees. tilt, azimuth: °.  albedo: part of its light that the ground gives back.  altitude: m."""

    tilt: float
    azimuth: float
    albedo: float
    altitude: float


def light(plane: Plane, zenith: Array, azimuth: Array, dni_extra: Array, *, ghi: Array, dni: Array, dhi: Array) -> tuple[Array, Array]:
    """Irradiance that falls on the plane, and how much of the standard spectrum would do the same behind the glass (W/m²).

    zenith, azimuth: of the sun, refraction included, °.  dni_extra, ghi, dni, dhi: W/m².
    """
    air_mass = perez.relative_air_mass(np.minimum(zenith, HORIZON))
    tilt, height = np.radians(plane.tilt), np.radians(zenith)
    facing = np.cos(tilt) * np.cos(height) + np.sin(tilt) * np.sin(height) * np.cos(np.radians(azimuth - plane.azimuth))
    facing = np.minimum(np.maximum(facing, 0.0), 1.0)
    sky = perez.diffuse(plane.tilt, facing, zenith, air_mass, dni_extra=dni_extra, dni=dni, dhi=dhi)
    # the circumsolar sky comes from where the beam comes from, and is reflected as it is
    direct = dni * facing + sky.around_sun
    ground = ghi * plane.albedo * (1 - np.cos(tilt)) * 0.5
    passed = glass.modifiers(plane.tilt)
    behind = direct * glass.passed(np.degrees(np.arccos(facing)))
    behind = behind + sky.dome * passed.sky + sky.horizon * passed.horizon + ground * passed.ground
    # a dark horizon takes from the dome, of which an array that looks there has enough
    falling, behind = np.maximum(direct + sky.dome + sky.horizon + ground, 0.0), np.maximum(behind, 0.0)
    return np.asarray(falling, np.float64), np.asarray(behind * spectrum(air_mass, plane.altitude), np.float64)


def spectrum(air_mass: Array, altitude: float) -> Array:
    """How much more light of a sun behind an air mass is worth than the same of the standard spectrum. altitude: m."""
    absolute = air_mass * (100 * ((44331.514 - altitude) / 11880.516) ** (1 / 0.1902632)) / SEA
    return np.asarray(np.maximum(0, np.polyval(SPECTRUM, np.minimum(absolute, MOST_AIR))), np.float64)
