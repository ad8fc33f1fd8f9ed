"""The clear sky beside pvlib's: the same bits."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pvlib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from virtual_devices.ambient import _clear_sky as clear_sky

ALTITUDES = st.floats(-400, 8800)
ZENITHS = arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 180))


def same(ours: object, theirs: object) -> bool:
    return np.array_equal(np.asarray(ours), np.asarray(theirs), equal_nan=True)


@given(altitude=ALTITUDES, zenith=ZENITHS, turbid=st.floats(1, 10), outside=st.floats(1300, 1420))
def test_air_and_light_are_pvlib_s(altitude: float, zenith: clear_sky.Array, turbid: float, outside: float) -> None:
    pressure = pvlib.atmosphere.alt2pres(altitude)
    assert clear_sky.pressure(altitude) == pressure
    air = pvlib.atmosphere.get_absolute_airmass(pvlib.atmosphere.get_relative_airmass(zenith), pressure)
    assert same(clear_sky.air_mass(zenith, pressure), air)
    extra, turbidity = np.full_like(zenith, outside), np.full_like(zenith, turbid)
    with np.errstate(divide="ignore"):
        theirs = pvlib.clearsky.ineichen(zenith, air, turbidity, altitude, extra)
    ours = clear_sky.shine(zenith, air, turbidity, altitude, extra)
    assert same(ours, [theirs["ghi"], theirs["dni"], theirs["dhi"]])


def test_a_year_outside_the_atmosphere_is_pvlib_s() -> None:
    days = np.arange(1, 367)
    assert same(clear_sky.outside(days), pvlib.irradiance.get_extra_radiation(days))


@pytest.mark.parametrize("year", [2015, 2016])
@given(latitude=st.one_of(st.floats(-90, 90), st.sampled_from([90.0, -90.0])), longitude=st.one_of(st.floats(-180, 180), st.sampled_from([180.0, -180.0])))
def test_turbidity_is_pvlib_s(latitude: float, longitude: float, year: int) -> None:
    days = pd.date_range(f"{year}-01-01", f"{year}-12-31", freq="D", tz="UTC")
    theirs = pvlib.clearsky.lookup_linke_turbidity(days, latitude, longitude)
    assert same(clear_sky.turbidity(latitude, longitude, leap=year == 2016), theirs)


ALONE = """
import sys
from virtual_devices.ambient._clear_sky import spa
import numpy as np
found = spa().solar_position(np.array([1.78e9, 1.79e9]), -33.92, 18.42, 25.0, 1010.0, 12.0, 67.0, 0.5667)
print([name for name in ("pvlib", "pandas", "scipy") if name in sys.modules])
print(found.tolist())
"""


def test_the_position_comes_without_the_package_around_it_and_is_the_package_s() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True, timeout=60)
    loaded, found = done.stdout.splitlines()
    assert loaded == "[]"
    theirs = pvlib.spa.solar_position(np.array([1.78e9, 1.79e9]), -33.92, 18.42, 25.0, 1010.0, 12.0, 67.0, 0.5667)
    assert found == str(theirs.tolist())
