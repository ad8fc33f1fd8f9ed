from __future__ import annotations

import json
import os
import runpy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pvlib
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from virtual_devices.ambient.sun import Sun
from virtual_devices.ambient.weather import Settings as WeatherSettings
from virtual_devices.ambient.weather import Weather
from virtual_devices.kit.settings import Settings as NoSettings
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span
from virtual_devices.supply.pv_array import SUN_FIELDS, WEATHER_FIELDS, PvArray, Settings, diffuse_modifiers

REFERENCE = Path(__file__).with_name("sam_reference.json")
MAKER = Path(__file__).with_name("make_sam_reference.py")
GREENSBORO = Site(36.1, -79.95, 273.0, "America/New_York", seed=5)
TMY3 = (Path(pvlib.__file__).parent / "data" / "723170TYA.CSV").read_text()
START = 1_735_707_600  # 2025-01-01 00:00 Eastern Standard Time
SUN = Sun(Context("sun", GREENSBORO))
WEATHER = Weather(Context("weather", GREENSBORO, {"file": TMY3}))
ARRAY, OTHER = (PvArray(Context("roof", GREENSBORO)) for _ in range(2))
NO_LOSSES = {"losses": 0, "gamma": 0, "albedo": 0}

Inputs = dict[str, dict[str, list[int]]]


def one_step(sun: dict[str, float], weather: dict[str, float] | None = None, **settings: Any) -> int:
    defaults = {"apparent_zenith": 0.0, "solar_azimuth": 180.0, "dni_extra": 1367.0}
    clear = {"ghi_clear": 0.0, "dni_clear": 0.0, "dhi_clear": 0.0}
    inputs: Inputs = {"sun": {field: [round(value * 1000)] for field, value in {**defaults, **clear, **sun}.items()}}
    if weather is not None:
        air = {"temp_air": 25.0, "wind_speed": 1.0}
        inputs["weather"] = {field: [round(value * 1000)] for field, value in {**air, **weather}.items()}
    return ARRAY.available(Settings(**settings), Span(0, 60, 1), inputs)[0]


def conditions(span: Span, settings: WeatherSettings) -> Inputs:
    sun = SUN.conditions(NoSettings(), span, {})
    return {"sun": sun, "weather": WEATHER.conditions(settings, span, {"sun": sun})}


def test_standard_sun_overhead_gives_the_capacity_less_losses() -> None:
    beam = {"ghi": 1000.0, "dni": 1000.0, "dhi": 0.0}
    assert one_step({}, beam, surface_tilt=0, **NO_LOSSES) == 5_000_000
    assert one_step({}, beam, surface_tilt=0, gamma=0, losses=14.1) == 4_295_000
    assert one_step({}, beam, surface_tilt=0, capacity="5.5 kW", **NO_LOSSES) == 5_500_000


def test_a_mixed_sky_by_hand() -> None:
    # anisotropy 800/1367 = 0.585223: of 100 W/m² diffuse 58.522 come with the beam, 41.478 from the dome of which glass
    # that lies flat passes 0.944394.  Effective: 858.522 + 39.172 = 897.694 W/m².
    # Cell: 20 + 900 / (25 + 6.84 · 2) = 43.2678 °C.  1 − 0.0035 · 18.2678 = 0.936063.
    # 897.694/1000 · 5000 · 0.936063 · 0.859 = 3609.1 W
    power = one_step({}, {"ghi": 900, "dni": 800, "dhi": 100, "temp_air": 20, "wind_speed": 2}, surface_tilt=0)
    assert power == pytest.approx(3_609_100, abs=200)


def test_an_array_square_to_the_beam_sees_all_of_it() -> None:
    sun = {"apparent_zenith": 60.0, "solar_azimuth": 90.0}
    beam = {"ghi": 400.0, "dni": 800.0, "dhi": 0.0}
    assert one_step(sun, beam, surface_tilt=60, surface_azimuth=90, **NO_LOSSES) == 4_000_000
    # flat: half of it by the cosine. Glass (n 1.526, K·L 0.008) bends 60° to 34.58°, reflects 18.55 % of one polarisation
    # and 0.14 % of the other, 4.34 % at a right angle: 0.9066/0.9566 · exp(0.008 − 0.008/0.8234) = 0.9460
    flat = one_step(sun, beam, surface_tilt=0, **NO_LOSSES)
    assert flat == pytest.approx(2_000_000 * 0.9460, rel=0.0002)


def test_a_flat_array_gets_exactly_the_global_irradiance_where_glass_passes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.supply.pv_array.diffuse_modifiers", lambda tilt: (1.0, 1.0))
    monkeypatch.setattr(pvlib.iam, "physical", np.ones_like)
    for zenith in (0.0, 35.0, 70.0, 85.0):
        dni, dhi = 600.0, 150.0
        ghi = dhi + dni * float(np.cos(np.radians(zenith)))
        power = one_step({"apparent_zenith": zenith}, {"ghi": ghi, "dni": dni, "dhi": dhi}, surface_tilt=0, **NO_LOSSES)
        assert power == pytest.approx(ghi * 5000, abs=10)


def test_the_ground_gives_its_albedo_to_an_upright_array() -> None:
    # sun behind the array: an upright one sees half the ground
    sun = {"apparent_zenith": 40.0, "solar_azimuth": 0.0}
    sky = {"ghi": 500.0, "dni": 600.0, "dhi": 0.0}
    power = one_step(sun, sky, surface_tilt=90, surface_azimuth=180, losses=0, gamma=0, albedo=0.6)
    assert power == pytest.approx(500 * 0.6 * 0.5 * diffuse_modifiers(90.0)[1] * 5000, abs=2)
    assert one_step(sun, sky, surface_tilt=90, surface_azimuth=180, **NO_LOSSES) == 0


def test_diffuse_modifiers_are_marion_s() -> None:
    assert diffuse_modifiers(20.0) == pytest.approx((0.95392, 0.63871), abs=1e-5)
    assert diffuse_modifiers(0.0)[1] == 0.0


def test_heat_costs_and_wind_helps() -> None:
    beam = {"ghi": 1000.0, "dni": 1000.0, "dhi": 0.0}
    cool, hot = (one_step({}, {**beam, "temp_air": air}, surface_tilt=0, losses=0) for air in (10, 30))
    assert cool - hot == pytest.approx(20 * 0.0035 * 5_000_000, abs=2)
    assert one_step({}, {**beam, "wind_speed": 8}, surface_tilt=0) > one_step({}, beam, surface_tilt=0)


def test_without_weather_the_sky_is_clear_at_20_degrees_in_light_air() -> None:
    clear = {"ghi_clear": 700.0, "dni_clear": 750.0, "dhi_clear": 90.0, "apparent_zenith": 35.0, "solar_azimuth": 140.0}
    same = {"ghi": 700.0, "dni": 750.0, "dhi": 90.0, "temp_air": 20.0, "wind_speed": 1.0}
    assert one_step(clear) == one_step(clear, same) > 2_000_000


def test_night_gives_nothing() -> None:
    span = Span(START + 86_400 - 3 * 3600, 60, 240)
    assert set(ARRAY.available(Settings(), span, conditions(span, WeatherSettings()))) == {0}
    span = Span(START, 60, 1440)
    inputs = conditions(span, WeatherSettings())
    power = ARRAY.available(Settings(), span, inputs)
    assert all((value > 0) <= (ghi > 0) for value, ghi in zip(power, inputs["weather"]["ghi"], strict=True))
    assert max(power) > 1_000_000


@pytest.mark.parametrize(
    "wrong",
    [{"capacity": -1}, {"capacity": "5 kWh"}, {"surface_tilt": 91}, {"surface_azimuth": 361}, {"losses": 100},
     {"albedo": 1.1}, {"gamma": 0.35}, {"weather": "The Weather"}, {"tilt": 3}],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    start=st.integers(START, START + 365 * 86_400),
    step=st.sampled_from([1, 7, 60, 900, 3600]),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    present=st.booleans(),
)
def test_cutting_a_span_changes_nothing(start: int, step: int, lengths: list[int], *, present: bool) -> None:
    settings = Settings(surface_tilt=33.3, surface_azimuth=171.0)
    span = Span(start, step, sum(lengths))
    inputs = conditions(span, WeatherSettings(mean_cloud_cover=40, variability=80))
    if not present:
        del inputs["weather"]
    pieces: list[int] = []
    for length in lengths:
        first = len(pieces)
        part = {
            name: {field: values[first : first + length] for field, values in fields.items()}
            for name, fields in inputs.items()
        }
        pieces += OTHER.available(settings, span.part(first, length), part)
    assert pieces == ARRAY.available(settings, span, inputs)


@pytest.mark.parametrize("step", [1, 60])
def test_one_step_windows_through_a_sunrise_give_the_same_integers(step: int) -> None:
    settings = Settings(surface_azimuth=90.0, surface_tilt=80.0)
    span = Span(START + 7 * 3600 + 1500, step, 1440)
    inputs = conditions(span, WeatherSettings(mean_cloud_cover=0))
    whole = ARRAY.available(settings, span, inputs)
    assert whole[0] == 0 < max(whole)
    for number in range(span.steps):
        part = {
            "sun": {field: [inputs["sun"][field][number]] for field in SUN_FIELDS},
            "weather": {field: [inputs["weather"][field][number]] for field in WEATHER_FIELDS},
        }
        assert OTHER.available(settings, span.part(number, 1), part) == [whole[number]]


def test_a_measured_year_is_within_two_percent_of_sam() -> None:
    """DC energy, because an array ends at the DC bus: SAM's AC output has an inverter in it, which here is a device."""
    reference = json.loads(REFERENCE.read_text())
    arrays = [
        Settings(
            capacity=reference["pinned"]["system_capacity"] * 1000, losses=reference["pinned"]["losses"],
            gamma=reference["gamma"], albedo=reference["albedo"],
            surface_tilt=array["surface_tilt"], surface_azimuth=array["surface_azimuth"],
        )
        for array in reference["arrays"]
    ]
    lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    energy = np.zeros((len(arrays), 12))
    begin = START
    for month, days in enumerate(lengths):
        for day in range(days):
            span = Span(begin + day * 86_400, 600, 144)
            inputs = conditions(span, WeatherSettings(file="file"))
            for number, settings in enumerate(arrays):
                energy[number, month] += sum(ARRAY.available(settings, span, inputs)) * 600 / 3.6e9
        begin += days * 86_400
    sam = np.array([array["dc_kwh"] for array in reference["arrays"]])
    assert energy.sum(axis=1) == pytest.approx(sam.sum(axis=1), rel=0.02)
    assert energy == pytest.approx(sam, rel=0.05)


def test_the_committed_reference_is_what_sam_says() -> None:
    installed = find_spec("PySAM") is not None
    assert installed or "VIRTUAL_DEVICES_REQUIRE_ALL" not in os.environ, "install nrel-pysam"
    if installed:
        fresh = runpy.run_path(str(MAKER))["reference"]()
        committed = json.loads(REFERENCE.read_text())
        assert fresh["pinned"] == committed["pinned"]
        for new, old in zip(fresh["arrays"], committed["arrays"], strict=True):
            assert (new["surface_tilt"], new["surface_azimuth"]) == (old["surface_tilt"], old["surface_azimuth"])
            assert new["dc_kwh"] == pytest.approx(old["dc_kwh"], rel=0.002)
