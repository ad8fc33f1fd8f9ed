"""Light on an array's plane, and what of it the cells make use of.

Each link by pvlib: the sky by Perez et al. 1990, in the form of Driesse et al. 2024, which passes from one clearness of the sky
to the next without a jump of the power; the glass by Fresnel, with the coating that nearly all modules have, for the beam and the sky around the
sun, and integrated over what is seen (Marion 2017) for the rest of the sky, its horizon and the ground; the spectrum by the air that the
sun shines through (De Soto et al. 2006). Every operation is element by element.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pvlib

Array = npt.NDArray[np.float64]

COATING = 1.3
"""Refractive index of the glass's anti-reflective coating."""
SPECTRUM = {"A0": 0.918093, "A1": 0.086257, "A2": -0.024459, "A3": 0.002816, "A4": -0.000126}
"""Over the air mass, of multicrystalline silicon: 0.983 under a sun overhead, 1 at 1.5, 1.02 at 3."""
MOST_AIR = 10.0
"""Air mass up to which that holds (sun at 5°): beyond, the polynomial would fall to nothing."""
HORIZON = 90.0


@dataclass(frozen=True, slots=True)
class Plane:
    """Where it stands and what it sees. tilt, azimuth: °.  albedo: part of its light that the ground gives back.  altitude: m."""

    tilt: float
    azimuth: float
    albedo: float
    altitude: float


class Modifiers(NamedTuple):
    """Parts of diffuse light that the glass lets through, from the sky, from its horizon and from the ground."""

    sky: float
    horizon: float
    ground: float


def light(plane: Plane, zenith: Array, azimuth: Array, dni_extra: Array, *, ghi: Array, dni: Array, dhi: Array) -> tuple[Array, Array]:
    """Irradiance that falls on the plane, and how much of the standard spectrum would do the same behind the glass (W/m²).

    zenith, azimuth: of the sun, refraction included, °.  dni_extra, ghi, dni, dhi: W/m².
    """
    airmass = np.asarray(pvlib.atmosphere.get_relative_airmass(np.minimum(zenith, HORIZON)), np.float64)
    facing = pvlib.irradiance.aoi_projection(plane.tilt, plane.azimuth, zenith, azimuth)
    facing = np.minimum(np.maximum(facing, 0.0), 1.0)
    sky = pvlib.irradiance.perez_driesse(
        plane.tilt, plane.azimuth, dhi, dni, dni_extra, zenith, azimuth, airmass, return_components=True
    )
    # the circumsolar sky comes from where the beam comes from, and is reflected as it is
    direct = dni * facing + sky["poa_circumsolar"]
    dome, horizon = sky["poa_isotropic"], sky["poa_horizon"]
    ground = pvlib.irradiance.get_ground_diffuse(plane.tilt, ghi, plane.albedo)
    passed = modifiers(plane.tilt)
    behind = direct * pvlib.iam.physical(np.degrees(np.arccos(facing)), n_ar=COATING)
    behind = behind + dome * passed.sky + horizon * passed.horizon + ground * passed.ground
    # a dark horizon takes from the dome, of which an array that looks there has enough
    falling, behind = np.maximum(direct + dome + horizon + ground, 0.0), np.maximum(behind, 0.0)
    return np.asarray(falling, np.float64), np.asarray(behind * spectrum(airmass, plane.altitude), np.float64)


def spectrum(airmass: Array, altitude: float) -> Array:
    """How much more light of a sun behind an air mass is worth than the same of the standard spectrum. altitude: m."""
    absolute = pvlib.atmosphere.get_absolute_airmass(airmass, pvlib.atmosphere.alt2pres(altitude))
    return np.asarray(pvlib.spectrum.spectral_factor_sapm(np.minimum(absolute, MOST_AIR), SPECTRUM), np.float64)


@lru_cache(maxsize=64)
def modifiers(tilt: float) -> Modifiers:
    """Of a glass at a tilt (°), by Marion's integral."""
    factors = pvlib.iam.marion_diffuse("physical", tilt, n_ar=COATING)
    # a flat array sees no ground: pvlib has no number for what reaches it of none
    return Modifiers(*(float(np.nan_to_num(factors[part])) for part in Modifiers._fields))
