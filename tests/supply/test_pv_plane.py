"""Light on the plane of an array and behind its glass: by hand, by laws, and without jumps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.supply._glass import modifiers
from virtual_devices.supply._plane import Array, Plane, light, spectrum

EXTRA = 1367.0


def on(plane: Plane, zenith: float, azimuth: float, dni: float, dhi: float) -> tuple[float, float]:
    """Of one moment."""
    ghi = dhi + dni * float(np.cos(np.radians(zenith)))
    falling, behind = light(plane, *(np.array([value]) for value in (zenith, azimuth, EXTRA)), **_sky(ghi, dni, dhi))
    return float(falling[0]), float(behind[0])


def _sky(ghi: float, dni: float, dhi: float) -> dict[str, Array]:
    return {"ghi": np.array([ghi]), "dni": np.array([dni]), "dhi": np.array([dhi])}


def test_an_overcast_sky_on_a_wall_by_hand() -> None:
    # air mass 1.99429 at 60°, brightness 200 · 1.99429 / 1367 = 0.291777.
    # F1 = −0.053 + 0.529 · 0.291777 − 0.028 · 1.047198 = 0.072028, F2 = −0.071 + 0.061 · 0.291777 − 0.019 · 1.047198 = −0.073098.
    # Half the dome, 100 · (1 − 0.072028) = 92.797, and the horizon, which is darker, −14.620; the sun is behind the wall
    falling, behind = on(Plane(90.0, 0.0, 0.0, 0.0), 60.0, 180.0, 0.0, 200.0)
    assert falling == pytest.approx(78.177, abs=0.001)
    # glass passes 0.953580 of the dome and 0.975003 of the horizon; the spectrum is worth 1.013179
    assert behind == pytest.approx((92.797 * 0.953580 - 14.620 * 0.975003) * 1.013179, abs=0.001)


def test_what_glass_lets_through_of_diffuse_light() -> None:
    # as much of half the sky as of half the ground, and upright the horizon is right ahead
    upright = modifiers(90.0)
    assert upright.sky == pytest.approx(upright.ground) == pytest.approx(0.95358, abs=1e-5)
    assert upright.horizon == pytest.approx(0.97500, abs=1e-5)
    assert modifiers(0.0).ground == 0.0
    assert modifiers(20.0) == pytest.approx((0.96229, 0.79774, 0.67386), abs=1e-5)


def test_the_spectrum_by_hand() -> None:
    worth = spectrum(np.array([1.0, 1.5, 3.0, 10.0, 37.0]), 0.0)
    # at 3: 0.918093 + 0.258771 − 0.220131 + 0.076032 − 0.010206; beyond 10 the polynomial is not followed
    assert worth == pytest.approx([0.982581, 1.001312, 1.022559, 0.890763, 0.890763], abs=1e-6)
    # half the air of the sea is over 5,478 m of the standard atmosphere
    assert spectrum(np.array([3.0]), 5478.0) == pytest.approx(worth[1:2], abs=1e-4)


@given(
    tilt=st.floats(0, 90), aspect=st.floats(0, 360), zenith=st.floats(0, 92), azimuth=st.floats(0, 360), dni=st.floats(0, 1100), dhi=st.floats(0, 800),
    albedo=st.floats(0, 1),
)  # fmt: skip
def test_no_more_reaches_the_cells_than_falls_on_the_plane(
    tilt: float, aspect: float, zenith: float, azimuth: float, dni: float, dhi: float, albedo: float
) -> None:
    falling, behind = on(Plane(round(tilt), aspect, albedo, 300.0), zenith, azimuth, dni if zenith < 90 else 0.0, dhi)
    # one spectrum is worth 2.3 % more than the standard one at most; 0.6 W/m² is a dark horizon that glass does not show
    assert 0.0 <= behind <= falling * 1.023 + 0.6


@given(zenith=st.floats(0, 85), dni=st.floats(0, 1100), dhi=st.floats(0, 800))
def test_all_light_falls_on_a_flat_plane(zenith: float, dni: float, dhi: float) -> None:
    ghi = dhi + dni * float(np.cos(np.radians(zenith)))
    assert on(Plane(0.0, 180.0, 0.2, 0.0), zenith, 180.0, dni, dhi)[0] == pytest.approx(ghi, abs=1e-6)


@given(tilt=st.integers(0, 90), aspect=st.floats(0, 360), zenith=st.floats(0, 84), dhi=st.floats(20, 400))
def test_power_does_not_jump_as_the_sky_clears(tilt: int, aspect: float, zenith: float, dhi: float) -> None:
    """Between classes of clearness Perez' table jumps by up to a quarter of a wall's light, all of it in one step."""
    beam = np.linspace(0.0, 1000.0, 2001)
    many = {name: np.full_like(beam, value) for name, value in (("zenith", zenith), ("azimuth", 180.0), ("dni_extra", EXTRA), ("dhi", dhi))}
    ghi = dhi + beam * np.cos(np.radians(zenith))
    falling, behind = light(Plane(float(tilt), aspect, 0.2, 0.0), **many, ghi=ghi, dni=beam)
    assert np.abs(np.diff(falling)).max() < 1.5 + 0.02 * dhi  # of half a watt of beam
    assert np.abs(np.diff(behind)).max() < 1.5 + 0.02 * dhi
