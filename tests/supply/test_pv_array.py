from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pvlib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.laws import examples
from virtual_devices.ambient.sun import Sun
from virtual_devices.ambient.weather import Settings as WeatherSettings
from virtual_devices.ambient.weather import Weather
from virtual_devices.kit.settings import Settings as NoSettings
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span
from virtual_devices.supply import _glass as glass
from virtual_devices.supply.pv_array import SUN_FIELDS, WEATHER_FIELDS, PvArray, Settings

GREENSBORO = Site(36.1, -79.95, 273.0, "America/New_York", seed=5)
TMY3 = (Path(pvlib.__file__).parent / "data" / "723170TYA.CSV").read_text()
START = 1_735_707_600  # 2025-01-01 00:00 Eastern Standard Time
SUN = Sun(Context("sun", GREENSBORO))
WEATHER = Weather(Context("weather", GREENSBORO, {"file": TMY3}))
ARRAY, OTHER = (PvArray(Context("roof", GREENSBORO)) for _ in range(2))
NO_LOSSES = {"losses": 0, "gamma": 0, "albedo": 0}
OVERHEAD = 0.981103
"""What light of a sun overhead is worth: 273 m up, at 0.968055 of the pressure at sea, it comes through an air mass of 0.99971 · 0.968055 =
0.967776, so 0.918093 + 0.083477 − 0.022908 + 0.002552 − 0.000111."""
AT_60 = 1.011971
"""The same at a zenith of 60°, air mass 1.994293 · 0.968055 = 1.930585: 0.918093 + 0.166527 − 0.091162 + 0.020263 − 0.001750."""

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


def test_standard_sun_gives_the_capacity_less_losses() -> None:
    # its light came through an air mass of 1.5, as it does here, 273 m up, at a zenith of 49.9°: 1.55 · 0.968
    sun, beam = {"apparent_zenith": 49.85}, {"ghi": 645.0, "dni": 1000.0, "dhi": 0.0}
    assert one_step(sun, beam, surface_tilt=49.85, **NO_LOSSES) == pytest.approx(5_000_000 * 1.0013, rel=1e-4)
    assert one_step(sun, beam, surface_tilt=49.85, gamma=0, albedo=0) == pytest.approx(4_295_000 * 1.0013, rel=1e-4)
    assert one_step(sun, beam, surface_tilt=49.85, capacity="5.5 kW", **NO_LOSSES) == pytest.approx(5_500_000 * 1.0013, rel=1e-4)


def test_a_mixed_sky_by_hand() -> None:
    # clearness 800/900, between the knots 0.839 and 1 of the splines: 0.499499 of the way from 0.778 to 1, 0.309869 from 0.839 to 1.
    # F11: (1.099 − 0.555 · 0.499499) · 0.690131 + 0.544 · 0.309869 = 0.735703
    # F12: (−1.847 + 2.004 · 0.499499) · 0.690131 + 0.157 · 0.309869 = −0.535205
    # brightness 100 · 0.99971 / 1367 = 0.073132, so 0.696562 of the 100 W/m² diffuse come with the beam.  Glass that lies flat passes 0.953569
    # of the rest.  Effective: (869.656 + 28.935) · 0.981103 = 881.611 W/m².
    # Cell: 20 + 900 / (25 + 6.84 · 2) = 43.2678 °C.  1 − 0.0035 · 18.2678 = 0.936063.
    # 881.611/1000 · 5000 · 0.936063 · 0.859 = 3544.4 W
    power = one_step({}, {"ghi": 900, "dni": 800, "dhi": 100, "temp_air": 20, "wind_speed": 2}, surface_tilt=0)
    assert power == pytest.approx(3_544_400, abs=200)


def test_an_array_square_to_the_beam_sees_all_of_it() -> None:
    sun = {"apparent_zenith": 60.0, "solar_azimuth": 90.0}
    beam = {"ghi": 400.0, "dni": 800.0, "dhi": 0.0}
    assert one_step(sun, beam, surface_tilt=60, surface_azimuth=90, **NO_LOSSES) == pytest.approx(4_000_000 * AT_60, rel=1e-5)
    # flat: half of it by the cosine, and of that 0.96008.  The coating (n 1.3) bends 60° to 41.771° and reflects 10.210 % of one polarisation, 0.471 % of
    # the other; the glass (n 1.526) bends on to 34.579° and reflects 1.660 % and 0.094 %.  Of light square to them they reflect 1.701 % and 0.640 %.
    # What is thrown back and forth in between counts: 0.8979 · 0.9834 / 0.9983 = 0.88449, 0.99436, square 0.97681.
    # (0.88449 + 0.99436) / 2 / 0.97681 · exp(0.008 − 0.008/0.82340)
    flat = one_step(sun, beam, surface_tilt=0, **NO_LOSSES)
    assert flat == pytest.approx(2_000_000 * AT_60 * 0.96008, rel=2e-5)


def test_a_flat_array_gets_exactly_the_global_irradiance_where_glass_passes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.supply._glass.modifiers", lambda tilt: glass.Modifiers(1.0, 1.0, 1.0))
    monkeypatch.setattr("virtual_devices.supply._plane.spectrum", lambda airmass, altitude: np.ones_like(airmass))
    monkeypatch.setattr("virtual_devices.supply._glass.passed", np.ones_like)
    for zenith in (0.0, 35.0, 70.0, 85.0):
        dni, dhi = 600.0, 150.0
        ghi = dhi + dni * float(np.cos(np.radians(zenith)))
        power = one_step({"apparent_zenith": zenith}, {"ghi": ghi, "dni": dni, "dhi": dhi}, surface_tilt=0, **NO_LOSSES)
        assert power == pytest.approx(ghi * 5000, abs=10)


def test_the_ground_gives_its_albedo_to_an_upright_array() -> None:
    # sun behind the array: an upright one sees half the ground
    sun = {"apparent_zenith": 60.0, "solar_azimuth": 0.0}
    sky = {"ghi": 300.0, "dni": 600.0, "dhi": 0.0}
    power = one_step(sun, sky, surface_tilt=90, surface_azimuth=180, losses=0, gamma=0, albedo=0.6)
    assert power == pytest.approx(300 * 0.6 * 0.5 * 0.953580 * 5000 * AT_60, rel=1e-5)
    assert one_step(sun, sky, surface_tilt=90, surface_azimuth=180, **NO_LOSSES) == 0


def test_heat_costs_and_wind_helps() -> None:
    beam = {"ghi": 1000.0, "dni": 1000.0, "dhi": 0.0}
    cool, hot = (one_step({}, {**beam, "temp_air": air}, surface_tilt=0, losses=0) for air in (10, 30))
    assert cool - hot == pytest.approx(20 * 0.0035 * 5_000_000 * OVERHEAD, rel=1e-5)
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


@examples(max_examples=60, deadline=None)
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
