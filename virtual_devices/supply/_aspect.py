"""Where an array should face, and about what it costs to face elsewhere."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

SUNNY, OVERCAST = 0.55, 0.35
"""Part of the time that is clear, and part of a clear sky's light in the rest, roughly: it is an estimate for a warning."""
AWAY = 100.0
"""Degrees from the equator's side from which on an array faces away: east and west are sides of their own."""
LEAST = 0.1
"""Part of a year's light that must be lost before it is told."""
ALBEDO = 0.2
_FIRST_DAY, _DAYS = "2025-01-15", 12


def equatorward(latitude: float) -> float:
    """Azimuth (°) towards the equator."""
    return 0.0 if latitude < 0 else 180.0


@lru_cache(maxsize=64)
def shortfall(latitude: float, longitude: float, surface_tilt: float, surface_azimuth: float) -> tuple[float, float] | None:
    """kWh a year for each kW of modules, before losses: how much less an array gets than one that faces the equator, and how much that gets.

    None where it is hardly less, or does not face away.
    """
    if abs((surface_azimuth - equatorward(latitude) + 180.0) % 360.0 - 180.0) < AWAY:
        return None
    import pandas as pd  # noqa: PLC0415 - most arrays face the sun, and need neither
    import pvlib  # noqa: PLC0415

    days = pd.date_range(_FIRST_DAY, periods=_DAYS, freq="30D", tz="UTC")
    times = pd.DatetimeIndex([day + pd.Timedelta(hours=hour) for day in days for hour in range(24)])
    sun = pvlib.solarposition.get_solarposition(times, latitude, longitude)
    zenith = sun["apparent_zenith"].to_numpy()
    clear = pvlib.clearsky.haurwitz(sun["apparent_zenith"])["ghi"].to_numpy()
    parts = pvlib.irradiance.erbs(clear, zenith, times)
    dull = (1.0 - SUNNY) * OVERCAST * clear
    yearly = [
        np.nansum(
            pvlib.irradiance.get_total_irradiance(
                surface_tilt, azimuth, zenith, sun["azimuth"].to_numpy(), SUNNY * parts["dni"], SUNNY * clear + dull, SUNNY * parts["dhi"] + dull,
                albedo=ALBEDO,
            )["poa_global"]
        ) * 365.0 / _DAYS / 1000.0
        for azimuth in (surface_azimuth, equatorward(latitude))
    ]  # fmt: skip
    less = yearly[1] - yearly[0]
    return (float(less), float(yearly[1])) if less > LEAST * yearly[1] else None
