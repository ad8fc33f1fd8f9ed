"""Sky, glass and cells beside pvlib's: the same bits."""

from __future__ import annotations

import math

import numpy as np
import pvlib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from virtual_devices.supply import _glass as glass
from virtual_devices.supply import _perez as perez
from virtual_devices.supply import _plane as plane
from virtual_devices.supply.pv_array import Settings, on_cells, pvwatts

COUNT = 20


def many(low: float, high: float) -> st.SearchStrategy[plane.Array]:
    return arrays(np.float64, COUNT, elements=st.one_of(st.floats(low, high), st.sampled_from([low, high])))


def same(ours: object, theirs: object) -> bool:
    return np.array_equal(np.asarray(ours), np.asarray(theirs), equal_nan=True)


@given(
    tilt=st.floats(0, 180), aspect=st.floats(0, 360), albedo=st.floats(0, 1), altitude=st.floats(-400, 8800), zenith=many(0, 120), azimuth=many(0, 360),
    extra=many(1300, 1420), ghi=many(0, 1400), dni=many(0, 1100), dhi=many(0, 700), air=many(-60, 60), wind=many(0, 40),
)  # fmt: skip
def test_a_plane_and_its_cells_are_pvlib_s(
    tilt: float, aspect: float, albedo: float, altitude: float, zenith: plane.Array, azimuth: plane.Array,
    extra: plane.Array, ghi: plane.Array, dni: plane.Array, dhi: plane.Array, air: plane.Array, wind: plane.Array,
) -> None:  # fmt: skip
    mass = pvlib.atmosphere.get_relative_airmass(np.minimum(zenith, 90.0))
    assert same(perez.relative_air_mass(np.minimum(zenith, 90.0)), mass)
    facing = np.minimum(np.maximum(pvlib.irradiance.aoi_projection(tilt, aspect, zenith, azimuth), 0.0), 1.0)
    sky = pvlib.irradiance.perez_driesse(tilt, aspect, dhi, dni, extra, zenith, azimuth, mass, return_components=True)
    ours = perez.diffuse(tilt, facing, zenith, mass, dni_extra=extra, dni=dni, dhi=dhi)
    assert same(ours, [sky["poa_isotropic"], sky["poa_circumsolar"], sky["poa_horizon"]])

    direct, ground = dni * facing + sky["poa_circumsolar"], pvlib.irradiance.get_ground_diffuse(tilt, ghi, albedo)
    passed = glass.modifiers(tilt)
    behind = direct * pvlib.iam.physical(np.degrees(np.arccos(facing)), n_ar=1.3)
    behind = behind + sky["poa_isotropic"] * passed.sky + sky["poa_horizon"] * passed.horizon + ground * passed.ground
    absolute = pvlib.atmosphere.get_absolute_airmass(mass, pvlib.atmosphere.alt2pres(altitude))
    coefficients = {"A0": 0.918093, "A1": 0.086257, "A2": -0.024459, "A3": 0.002816, "A4": -0.000126}
    effective = np.maximum(behind, 0.0) * pvlib.spectrum.spectral_factor_sapm(np.minimum(absolute, 10.0), coefficients)
    falling = np.maximum(direct + sky["poa_isotropic"] + sky["poa_horizon"] + ground, 0.0)
    where = plane.Plane(tilt, aspect, albedo, altitude)
    assert same(plane.light(where, zenith, azimuth, extra, ghi=ghi, dni=dni, dhi=dhi), [falling, effective])

    settings = Settings(surface_tilt=min(tilt, 90.0), surface_azimuth=aspect % 360.0, albedo=albedo)
    light, cells = on_cells(settings, altitude, zenith, azimuth, extra, ghi=ghi, dni=dni, dhi=dhi, temp_air=air, wind_speed=wind)
    if tilt <= 90 and aspect < 360:
        assert same(cells, pvlib.temperature.faiman(falling, air, wind))
        power = pvlib.pvsystem.pvwatts_dc(light, cells, settings.capacity, settings.gamma / 100.0) * (1.0 - settings.losses / 100.0)
        assert same(pvwatts(settings, light, cells), np.maximum(power, 0.0))


@given(angle=many(0, 180))
def test_the_glass_is_pvlib_s(angle: plane.Array) -> None:
    assert same(glass.passed(angle), pvlib.iam.physical(angle, n_ar=1.3))


@pytest.mark.parametrize("tilt", [0.0, 0.01, 1.0, 10.0, 23.4, 30.0, 45.0, 60.0, 89.9, 90.0, 135.0, 180.0])
def test_what_passes_of_diffuse_light_is_pvlib_s(tilt: float) -> None:
    theirs = pvlib.iam.marion_diffuse("physical", tilt, n_ar=1.3)
    assert list(glass.modifiers(tilt)) == [0.0 if math.isnan(theirs[part]) else theirs[part] for part in ("sky", "horizon", "ground")]
