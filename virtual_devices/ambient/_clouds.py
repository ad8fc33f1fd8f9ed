"""What clouds leave of a clear sky: beam and diffuse light under a cover, and under an index."""

from __future__ import annotations

import numpy as np

from virtual_devices.ambient._noise import Array, Times, even_noise

MIN_COS_ZENITH = 0.065
"""Lowest cosine of the zenith that clearness is reckoned with: pvlib's own guard against the horizon."""
OCTAVES = ((7200, 0.6), (1800, 0.5), (450, 0.4), (120, 0.3), (30, 0.2))
"""Seconds between the knots of the cloud noise, and weight: banks of cloud over two hours down to wisps of half a minute."""


def cover_at(times: Times, cloud_cover: float, variability: float, seed: int) -> Array:
    """Cloud cover (0–1) over the home at each time, given its mean (0–1) and variability (0–1).

    Clouds that cover a part c of the sky are there or not with a standard deviation of √(c(1 − c)): the noise is scaled
    by that, so that a clear and an overcast sky are steady.
    """
    swing = variability * 2.0 * (cloud_cover * (1.0 - cloud_cover)) ** 0.5
    if swing == 0.0:
        return np.full(len(times), cloud_cover)
    return np.asarray(np.clip(cloud_cover + swing * noise(times, seed), 0.0, 1.0))


def noise(times: Times, seed: int) -> Array:
    """Passing clouds: noise in −1…1, a function of the seed and absolute time (UTC seconds) alone."""
    return even_noise(times, seed, OCTAVES)


def under_clouds(cover: Array, dni_clear: Array, dhi_clear: Array, dni_extra: Array, cos_zenith: Array) -> tuple[Array, Array]:
    """DNI and DHI (W/m²) under a cloud cover (0–1), which takes global irradiance by Kasten & Czeplak."""
    return _divided(1.0 - 0.75 * cover**3.4, dni_clear, dhi_clear, dni_extra, cos_zenith)


def under_index(ghi: Array, dni_clear: Array, dhi_clear: Array, dni_extra: Array, cos_zenith: Array) -> tuple[Array, Array]:
    """DNI and DHI (W/m²) of a global irradiance. What it has beyond the clear sky comes from the bright edges of clouds."""
    ghi_clear = dhi_clear + dni_clear * cos_zenith
    kept = np.minimum(ghi / np.maximum(ghi_clear, 1e-6), 1.0)
    dni, dhi = _divided(kept, dni_clear, dhi_clear, dni_extra, cos_zenith)
    return dni, dhi + np.maximum(ghi - ghi_clear, 0.0)


def _divided(kept: Array, dni_clear: Array, dhi_clear: Array, dni_extra: Array, cos_zenith: Array) -> tuple[Array, Array]:
    """DNI and DHI where a part of the clear sky's global irradiance is kept.

    The beam's part of it falls by the ratio of the beam parts that Erbs gives with and without clouds. Erbs alone would not return the
    clear sky where all is kept; so it does.
    """
    ghi_clear = dhi_clear + dni_clear * cos_zenith
    outside = dni_extra * np.maximum(cos_zenith, MIN_COS_ZENITH)
    clearness = np.minimum(ghi_clear / outside, 1.0)
    beam_part = np.minimum((1.0 - diffuse_fraction(clearness * kept)) / np.maximum(1.0 - diffuse_fraction(clearness), 1e-9), 1.0)
    dni = dni_clear * kept * beam_part
    return dni, np.maximum(ghi_clear * kept - dni * cos_zenith, 0.0)


def diffuse_fraction(clearness: Array) -> Array:
    """Diffuse part of global irradiance for a clearness index (0–1): Erbs, Klein & Duffie 1982, eq. 1."""
    middle = 0.9511 + clearness * (-0.1604 + clearness * (4.388 + clearness * (-16.638 + clearness * 12.336)))
    return np.where(clearness <= 0.22, 1.0 - 0.09 * clearness, np.where(clearness <= 0.8, middle, 0.165))  # noqa: PLR2004


def cloud_cover_of(clear_sky_index: Array) -> Array:
    """Cloud cover (0–1) that makes a clear-sky index (0–1), by Kasten & Czeplak 1980 solved for it."""
    return np.minimum(1.0, (np.maximum(0.0, 1.0 - clear_sky_index) / 0.75) ** (1 / 3.4))
