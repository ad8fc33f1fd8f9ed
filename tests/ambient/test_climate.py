from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.ambient._climate import MONTH_DAYS, light_at, outside_of
from virtual_devices.ambient._normals import checked_air, checked_ghi, notes, twelve, warnings
from virtual_devices.ambient._warmth import warmth_at
from virtual_devices.kit.site import Site

PLACES = Path(__file__).parent / "places.csv"
GREENSBORO = Site(36.1, -79.95, 273.0, "America/New_York")
CAPE_TOWN = Site(-33.92, 18.42, 25.0, "Africa/Johannesburg")


def test_the_grid_is_small_and_says_of_fifty_towns_what_nasa_s_table_says() -> None:
    assert (files("virtual_devices.ambient") / "climate.bin").stat().st_size <= 320_000  # type: ignore[attr-defined]
    with PLACES.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 50
    for row in rows:
        light = light_at(float(row["lat"]), float(row["lon"]))
        months = np.array([float(row[f"ghi_{month:02d}"]) for month in range(1, 13)])
        assert np.abs(light.ghi - months).max() < 0.03, row["place"]
        assert light.year == pytest.approx(float(row["year"]), rel=0.003), row["place"]


def test_outside_the_atmosphere_the_equator_has_ten_kilowatt_hours_a_day_and_the_poles_a_night() -> None:
    # 24/π · 1.361 kW/m² · cos δ, at the equinox δ = 0 and the distance is the mean one: 10.40
    march = outside_of(0.0)[2]
    assert march == pytest.approx(10.4, abs=0.15)
    assert outside_of(90.0)[11] == 0.0
    assert outside_of(-90.0)[5] == 0.0
    assert outside_of(40.0) == pytest.approx(np.roll(outside_of(-40.0), 6), rel=0.08)


@examples(max_examples=200, deadline=None)
@given(latitude=st.floats(-90, 90), longitude=st.floats(-180, 180), altitude=st.floats(-400, 6000))
def test_every_place_has_a_climate(latitude: float, longitude: float, altitude: float) -> None:
    light, warmth = light_at(latitude, longitude), warmth_at(latitude, longitude, altitude)
    assert light.ghi.shape == warmth.temp_air.shape == (12,)
    assert (light.ghi >= 0.0).all()
    assert (light.ghi <= 0.86 * outside_of(latitude) + 1e-9).all()
    assert light.trust == 20 if abs(latitude) > 58 else light.trust in (10, 20)
    assert -95.0 < warmth.temp_air.min() <= warmth.temp_air.max() < 60.0
    assert 3.0 < warmth.swing < 20.0


@examples(max_examples=100, deadline=None)
@given(latitude=st.floats(-59, 74), longitude=st.floats(-180, 179.99))
def test_light_changes_without_steps(latitude: float, longitude: float) -> None:
    here = light_at(latitude, longitude).ghi
    for there in (light_at(latitude + 1e-5, longitude).ghi, light_at(latitude, longitude + 1e-5).ghi):
        assert np.abs(here - there).max() < 1e-3


def test_the_date_line_is_no_edge() -> None:
    assert light_at(-18.0, 180.0).ghi == pytest.approx(light_at(-18.0, -180.0).ghi)
    assert light_at(-18.0, 179.999).ghi == pytest.approx(light_at(-18.0, -179.999).ghi, abs=0.01)


def test_warmth_goes_by_height_and_by_the_season_of_its_half_of_the_earth() -> None:
    low, high = warmth_at(46.0, 8.0, 200.0), warmth_at(46.0, 8.0, 2200.0)
    assert ((low.temp_air - high.temp_air) > 4.0).all()
    assert ((low.temp_air - high.temp_air) < 12.0).all()
    # by the South African Weather Service's normals: 21.0 °C in January, 12.7 in July
    cape_town = warmth_at(CAPE_TOWN.latitude, CAPE_TOWN.longitude, CAPE_TOWN.altitude)
    assert cape_town.temp_air[0] == pytest.approx(21.0, abs=3.0)
    assert cape_town.temp_air[6] == pytest.approx(12.7, abs=3.0)
    assert cape_town.distance > 1000.0


def test_how_far_to_trust_it_is_said() -> None:
    assert notes(GREENSBORO, None, None, light=True, air=True) == [
        ("climate of 36.1° N, 80.0° W: 1,513 kWh/m² a year, least in December, 2.2 a day "
        "(NASA's means of 1983 to 2005; trust the year to ±10 %)"),
        "air of 0 to 25 °C in the mean of a month (from Greensboro Piedmont Triad Int, 0 km away, and others; ±1 K)",
    ]  # fmt: skip
    assert warnings(GREENSBORO, None, None, light=True, air=True) == []
    assert warnings(CAPE_TOWN, None, None, light=True, air=True) == [
        "air temperatures are from Johannesburg, 1,280 km away: ±2 K; give monthly_temp_air, or a weather file"
    ]
    polar = Site(69.6, 18.9, 0.0, "Europe/Oslo")
    assert "known to ±20 % only, so near to a pole" in warnings(polar, None, None, light=True, air=False)[0]
    coast = Site(19.72, -155.05, 10.0, "Pacific/Honolulu")
    assert "known to ±20 % only, at a coast or in mountains; give monthly_ghi" in warnings(coast, None, None, light=True, air=False)[0]
    low = Site(-26.2, 28.04, 0.0, "Africa/Johannesburg")
    assert "the home stands at 0 m, places around it at" in warnings(low, None, None, light=False, air=True)[0]
    assert warnings(low, None, None, light=False, air=False) == []


def test_twelve_numbers_of_the_owner_s_stand_in() -> None:
    text = "8.1, 7.3, 5.9, 4.2, 3.1, 2.6, 2.8, 3.6, 4.9, 6.4, 7.6, 8.2"
    assert twelve(text)[5] == 2.6
    said = notes(CAPE_TOWN, text, "21,21,20,17,15,13,12,13,14,16,18,20", light=True, air=True)
    year = float(np.array(twelve(text)) @ MONTH_DAYS)
    assert f"{year:,.0f} kWh/m² a year, least in June, 2.6 a day (by monthly_ghi)" in said[0]
    assert said[1] == "air of 12 to 21 °C in the mean of a month (by monthly_temp_air)"
    frosty = notes(CAPE_TOWN, text, "-0.3" + ",9" * 11, light=False, air=True)
    assert frosty == ["air of 0 to 9 °C in the mean of a month (by monthly_temp_air)"]  # without a minus before nothing
    assert warnings(CAPE_TOWN, text, text, light=True, air=True) == []
    backwards = ", ".join(text.split(", ")[6:] + text.split(", ")[:6])
    assert "is more than a clear sky gives" in warnings(CAPE_TOWN, backwards, text, light=True, air=True)[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1, 2, 3", "should be 12 numbers with commas between them"),
        ("a" * 12, "should be 12 numbers"),
        ("1,2,3,4,5,6,7,8,9,10,11,nan", "should be 12 numbers"),
        ("1,2,3,4,5,6,7,8,9,10,11,-1", "0 to 13 kWh/m² a day"),
        ("248,224,186,126,93,78,87,112,147,198,228,254", "look like sums of months; use 8.00, 8.00, 6.00, 4.20, 3.00, 2.60"),
    ],
)
def test_numbers_that_are_no_irradiation_are_refused_with_the_remedy(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        checked_ghi(text)


def test_numbers_that_are_no_temperatures_are_refused() -> None:
    with pytest.raises(ValueError, match="-80 to 60 °C"):
        checked_air("70,70,70,70,70,70,70,70,70,70,70,70")


@given(st.text(max_size=60))
def test_any_text_is_twelve_numbers_or_refused_in_words(text: str) -> None:
    try:
        assert len(twelve(text)) == 12
    except ValueError as error:
        assert "should be 12 numbers" in str(error)  # noqa: PT017 - either may happen
