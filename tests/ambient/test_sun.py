from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pvlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.ambient._sky import BLOCK, HORIZON, Sky
from virtual_devices.ambient.sun import Sun
from virtual_devices.kit.settings import Settings
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span

YEAR_START = 1_735_689_600  # 2025-01-01 UTC
YEAR = 365 * 86_400
PLACES = {
    "north pole": (90.0, 0.0, 0.0),
    "south pole": (-90.0, 0.0, 2835.0),
    "beside the pole": (89.99, 40.0, 0.0),
    "svalbard": (78.2, 15.6, 10.0),
    "helsinki": (60.17, 24.94, 20.0),
    "greensboro": (36.1, -79.95, 273.0),
    "tropic of cancer": (23.4364, 100.0, 1000.0),
    "equator": (0.0, 0.0, 0.0),
    "quito": (-0.2, -78.5, 2850.0),
    "la paz": (-16.5, -68.1, 3640.0),
    "cape town": (-33.93, 18.42, 25.0),
    "date line": (-17.8, 178.0, 5.0),
}
CAPE_TOWN = Site(-33.93, 18.42, 25.0, "Africa/Johannesburg")
WHOLE, PARTS = (Sun(Context("sun", CAPE_TOWN)) for _ in range(2))


def site(place: str) -> Site:
    latitude, longitude, altitude = PLACES[place]
    return Site(latitude, longitude, altitude, "UTC")


def sampled_times(count: int, start: int = YEAR_START) -> npt.NDArray[np.int64]:
    return np.sort(np.random.default_rng(7).integers(start, start + YEAR, count))


def directions(zenith: npt.NDArray[np.float64], azimuth: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    zenith, azimuth = np.radians(zenith), np.radians(azimuth)
    return np.stack([np.sin(zenith) * np.cos(azimuth), np.sin(zenith) * np.sin(azimuth), np.cos(zenith)], axis=1)


def conditions(sun: Sun, span: Span) -> dict[str, list[int]]:
    return sun.conditions(Settings(), span, {})


@pytest.mark.parametrize("place", PLACES)
def test_position_is_spa_to_half_a_thousandth_of_a_degree_all_year(place: str) -> None:
    home = site(place)
    times = sampled_times(6000)
    position = Sky(home).position(times)
    spa = pvlib.solarposition.spa_python(
        pd.DatetimeIndex(times.astype("datetime64[s]"), tz="UTC"), home.latitude, home.longitude, home.altitude,
        pvlib.atmosphere.alt2pres(home.altitude), 12.0,
    )
    ours = directions(position.zenith, position.azimuth)
    theirs = directions(spa["zenith"].to_numpy(), spa["azimuth"].to_numpy())
    apart = np.degrees(np.arcsin(np.minimum(1.0, np.linalg.norm(np.cross(ours, theirs), axis=1))))
    assert apart.max() < 0.0005
    assert np.abs(position.zenith - spa["zenith"]).max() < 0.0005
    # refraction sets in with a jump of half a degree: there the side of the jump may differ
    clear_of_jump = np.abs(spa["elevation"].to_numpy() - HORIZON) > 0.001
    assert clear_of_jump.sum() > 5900
    assert np.abs(position.apparent_zenith - spa["apparent_zenith"].to_numpy())[clear_of_jump].max() < 0.0005


@pytest.mark.parametrize("place", PLACES)
def test_published_angles_are_within_the_promised_hundredths_of_a_degree(place: str) -> None:
    home = site(place)
    span = Span(YEAR_START + 171 * 86_400, 60, 1440)
    values = conditions(Sun(Context("sun", home)), span)
    spa = pvlib.solarposition.spa_python(
        pd.DatetimeIndex(np.array(span.times).astype("datetime64[s]"), tz="UTC"), home.latitude, home.longitude,
        home.altitude,
    )
    ours = directions(np.array(values["solar_zenith"]) / 1000, np.array(values["solar_azimuth"]) / 1000)
    theirs = directions(spa["zenith"].to_numpy(), spa["azimuth"].to_numpy())
    assert np.degrees(np.linalg.norm(ours - theirs, axis=1)).max() < 0.02
    assert all(0 <= azimuth < 360_000 for azimuth in values["solar_azimuth"])


@pytest.mark.parametrize("place", ["greensboro", "la paz", "cape town", "svalbard", "date line"])
@pytest.mark.parametrize("start", [YEAR_START, 1_704_067_200], ids=["common year", "leap year"])
def test_clear_sky_is_that_of_pvlib_s_location(place: str, start: int) -> None:
    home = site(place)
    times = sampled_times(3000, start)
    index = pd.DatetimeIndex(times.astype("datetime64[s]"), tz="UTC")
    expected = pvlib.location.Location(home.latitude, home.longitude, altitude=home.altitude).get_clearsky(index)
    sky = Sky(home)
    position = sky.position(times)
    clear = sky.clear(times, position.apparent_zenith)
    off_the_jump = np.abs(90.0 - position.zenith - HORIZON) > 0.001
    for field in ("ghi", "dni", "dhi"):
        assert np.abs(getattr(clear, field) - expected[field].to_numpy())[off_the_jump].max() < 0.02
    assert np.allclose(clear.dni_extra, pvlib.irradiance.get_extra_radiation(index), atol=1e-9)


def test_noon_in_cape_town_at_the_summer_solstice() -> None:
    # by hand: declination −23.44°, latitude −33.93°: zenith at culmination 10.49°, due north
    day = YEAR_START + 354 * 86_400  # 2025-12-21
    values = conditions(Sun(Context("sun", CAPE_TOWN)), Span(day, 60, 1440))
    zenith = min(values["solar_zenith"])
    noon = values["solar_zenith"].index(zenith)
    assert zenith == pytest.approx(10_490, abs=20)
    assert min(values["solar_azimuth"][noon], 360_000 - values["solar_azimuth"][noon]) < 1_000
    # 18.42° E is 73.7 minutes before UTC, the equation of time on that day is +2 minutes
    assert noon == pytest.approx(720 - 73.7 - 2, abs=2)
    assert 900_000 < values["ghi_clear"][noon] < 1_150_000


def test_night_is_dark() -> None:
    values = conditions(Sun(Context("sun", CAPE_TOWN)), Span(YEAR_START + 22 * 3600, 60, 60))
    assert all(zenith > 90_000 for zenith in values["solar_zenith"])
    for field in ("ghi_clear", "dni_clear", "dhi_clear"):
        assert set(values[field]) == {0}


def test_every_field_has_one_integer_per_step() -> None:
    values = conditions(WHOLE, Span(YEAR_START, 7, 33))
    assert list(values) == list(Sun.fields)
    assert all(len(series) == 33 and all(type(value) is int for value in series) for series in values.values())


@examples(max_examples=60, deadline=None)
@given(
    start=st.integers(YEAR_START - 10 * YEAR, YEAR_START + 10 * YEAR),
    step=st.sampled_from([1, 7, 60, 900, 3600, 86_400]),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
)
def test_cutting_a_span_changes_nothing(start: int, step: int, lengths: list[int]) -> None:
    span = Span(start, step, sum(lengths))
    pieces: dict[str, list[int]] = {field: [] for field in Sun.fields}
    first = 0
    for length in lengths:
        for field, values in conditions(PARTS, span.part(first, length)).items():
            pieces[field] += values
        first += length
    assert pieces == conditions(WHOLE, span)


@pytest.mark.parametrize("start", [YEAR_START + 5 * 3600 + 1, (YEAR_START // BLOCK + 1) * BLOCK - 40_000])
def test_one_step_windows_give_a_day_s_every_integer(start: int) -> None:
    span = Span(start, 60, 1440)
    whole = conditions(WHOLE, span)
    for number in range(span.steps):
        single = conditions(PARTS, span.part(number, 1))
        assert all(single[field] == [whole[field][number]] for field in Sun.fields)
