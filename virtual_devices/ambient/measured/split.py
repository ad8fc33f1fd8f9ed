"""Global, direct and diffuse light: what a file leaves out of the three, reckoned from what it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pvlib

from virtual_devices.ambient._sky import Array

LOW = 0.035
"""Cosine of the zenith (88°) below which the beam is not reckoned from its part on the horizontal."""
HOUR = 3600


def completed(data: Any, offset: float, irradiance_from: int, place: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """The table with ``ghi`` and ``dhi`` (W/m²), and what was reckoned, in words. Arguments as those of ``year_of``."""
    present = {name for name in ("ghi", "dni", "dhi") if name in data and float(np.nanmax(np.abs(data[name].to_numpy(np.float64)), initial=0.0)) > 0.0}
    if {"ghi", "dhi"} <= present or not present & {"ghi", "dhi"}:
        return data, []
    data = data.copy()
    zenith = _zenith(data, offset, irradiance_from, place)
    up = np.maximum(np.cos(np.radians(zenith)), 0.0)
    if "ghi" not in present:
        if "dni" not in present:
            return data, []
        data["ghi"] = data["dhi"].to_numpy(np.float64) + data["dni"].to_numpy(np.float64) * up
        return data, ["it has no global light, which is reckoned from its direct and its diffuse light"]
    ghi = data["ghi"].to_numpy(np.float64)
    if "dni" in present:
        data["dhi"] = np.where(up > LOW, np.clip(ghi - data["dni"].to_numpy(np.float64) * up, 0.0, np.maximum(ghi, 0.0)), ghi)
        return data, ["it has no diffuse light, which is reckoned from its global and its direct light"]
    data["dhi"] = _erbs(ghi, zenith, data)
    return data, ["it has global light alone; what of it is diffuse is reckoned by Erbs, Klein & Duffie 1982, so a tilted roof is known a little worse"]


def _times(data: Any, offset: float, irradiance_from: int) -> pd.DatetimeIndex:
    """The middle of each hour of light, by UTC."""
    return pd.DatetimeIndex(data.index.tz_localize(None)).tz_localize("UTC") + pd.Timedelta(seconds=irradiance_from + HOUR // 2 - offset)


def _zenith(data: Any, offset: float, irradiance_from: int, place: Mapping[str, Any]) -> Array:
    times = _times(data, offset, irradiance_from)
    found = pvlib.solarposition.get_solarposition(times, float(place["latitude"]), float(place["longitude"]), method="nrel_numpy")
    return np.asarray(found["apparent_zenith"].to_numpy(), np.float64)


def _erbs(ghi: Array, zenith: Array, data: Any) -> Array:
    parts = pvlib.irradiance.erbs(np.maximum(ghi, 0.0), zenith, data.index.dayofyear.to_numpy())
    return np.minimum(np.nan_to_num(np.asarray(parts["dhi"], np.float64)), np.maximum(ghi, 0.0))
