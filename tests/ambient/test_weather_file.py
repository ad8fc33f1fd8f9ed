from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pvlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.ambient._clouds import cloud_cover_of
from virtual_devices.ambient.measured.formats import read_weather
from virtual_devices.ambient.measured.weather_file import MeasuredSky
from virtual_devices.ambient.measured.weather_year import WeatherYear, hour_of_year
from virtual_devices.ambient.sun import Sun
from virtual_devices.ambient.weather import SUN_FIELDS, Settings, Weather
from virtual_devices.kit.device import NoState
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.settings import Settings as NoSettings
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span

GREENSBORO = Site(36.1, -79.95, 273.0, "America/New_York")
TMY3 = (Path(pvlib.__file__).parent / "data" / "723170TYA.CSV").read_text()
EST = -5 * 3600
START = 1_735_689_600 - EST  # 2025-01-01 00:00 Eastern Standard Time
HOURS = [datetime(2019, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(8760)]


@lru_cache(maxsize=1)
def greensboro() -> WeatherYear:
    return read_weather(TMY3, "greensboro")


def weather_device(text: str = TMY3, site: Site = GREENSBORO) -> Weather:
    return Weather(Context("weather", site, {"file": text}))


SUN = Sun(Context("sun", GREENSBORO))
WEATHER = weather_device()
FILE = Settings(file="file")


def conditions(span: Span, settings: Settings = FILE) -> dict[str, list[int]]:
    return WEATHER.conditions(settings, span, {"sun": SUN.conditions(NoSettings(), span, {})})


# --- the same year in every format, with the numbers that each format has in its columns -------------------------------


def column(values: npt.NDArray[np.float64]) -> list[float]:
    return [float(value) for value in values]


def as_epw(year: WeatherYear) -> str:
    lines = ["LOCATION,GREENSBORO,NC,USA,TMY3,723170,36.1,-79.95,-5.0,273.0"]
    lines += ["DESIGN CONDITIONS,0", "TYPICAL/EXTREME PERIODS,0", "GROUND TEMPERATURES,0", "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0"]
    lines += ["COMMENTS 1,none", "COMMENTS 2,none", "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31"]
    for row, hour in enumerate(HOURS):
        cells = ["0"] * 35
        cells[:6] = [str(hour.year), str(hour.month), str(hour.day), str(hour.hour + 1), "0", "?"]
        cells[6], cells[13], cells[15] = str(year.temp_air[row]), str(year.ghi[row]), str(year.dhi[row])
        cells[21] = str(year.wind_speed[row])
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def pvgis_hourly_rows(year: WeatherYear) -> list[dict[str, Any]]:
    return [
        {"time": f"{hour:%Y%m%d:%H}10", "Gb(i)": ghi - dhi, "Gd(i)": dhi, "Gr(i)": 0.0, "H_sun": 0.0, "T2m": air,
         "WS10m": wind, "Int": 0.0}
        for hour, ghi, dhi, air, wind in zip(
            HOURS, column(year.ghi), column(year.dhi), column(year.temp_air), column(year.wind_speed), strict=True
        )
    ]


def as_pvgis_hourly_csv(year: WeatherYear, slope: str = "0 deg.") -> str:
    rows = pvgis_hourly_rows(year)
    head = (
        "Latitude (decimal degrees):\t36.100\r\nLongitude (decimal degrees):\t-79.950\r\nElevation (m):\t273\r\n"
        f"Radiation database:\tPVGIS-SARAH3\r\n\r\n\r\nSlope: {slope}\r\nAzimuth: 0 deg.\r\n"
    )
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    return head + "\r\n".join(lines) + "\r\n\r\nGb(i): Beam (direct) irradiance\r\n"


def as_pvgis_hourly_json(year: WeatherYear) -> str:
    location = {"latitude": 36.1, "longitude": -79.95, "elevation": 273.0}
    mounting = {"fixed": {"slope": {"value": 0, "optimal": False}, "azimuth": {"value": 0, "optimal": False}}}
    return json.dumps({
        "inputs": {"location": location, "mounting_system": mounting},
        "outputs": {"hourly": pvgis_hourly_rows(year)}, "meta": {"inputs": {}},
    })


def pvgis_tmy_rows(year: WeatherYear) -> list[dict[str, Any]]:
    return [
        {"time(UTC)": f"{hour:%Y%m%d:%H}00", "T2m": air, "RH": 50.0, "G(h)": ghi, "Gb(n)": 0.0, "Gd(h)": dhi, "IR(h)": 300.0,
         "WS10m": wind, "WD10m": 10.0, "SP": 101325.0}
        for hour, ghi, dhi, air, wind in zip(
            HOURS, column(year.ghi), column(year.dhi), column(year.temp_air), column(year.wind_speed), strict=True
        )
    ]


def as_pvgis_tmy_csv(year: WeatherYear) -> str:
    rows = pvgis_tmy_rows(year)
    head = (
        "Latitude (decimal degrees): 36.100\r\nLongitude (decimal degrees): -79.950\r\nElevation (m): 273.0\r\n"
        "Irradiance Time Offset (h): 0.1761\r\nmonth,year\r\n"
    )
    months = "".join(f"{month},2019\r\n" for month in range(1, 13))
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    return head + months + "\r\n".join(lines) + "\r\nT2m: 2-m air temperature (degree Celsius)\r\n"


def as_pvgis_tmy_json(year: WeatherYear) -> str:
    location = {"latitude": 36.1, "longitude": -79.95, "elevation": 273.0, "irradiance_time_offset": 0.1761}
    return json.dumps({
        "inputs": {"location": location}, "meta": {"inputs": {}},
        "outputs": {"months_selected": [], "tmy_hourly": pvgis_tmy_rows(year)},
    })


WRITERS = {
    # writer, seconds ahead of UTC, second of the hour from which irradiance is meant, second at which the air was read
    "epw": (as_epw, EST, 0, 3600),
    "pvgis hourly csv": (as_pvgis_hourly_csv, 0, 600 - 1800, 600),
    "pvgis hourly json": (as_pvgis_hourly_json, 0, 600 - 1800, 600),
    "pvgis tmy csv": (as_pvgis_tmy_csv, 0, 634 - 1800, 0),
    "pvgis tmy json": (as_pvgis_tmy_json, 0, 634 - 1800, 0),
}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_every_format_gives_the_same_hours(form: str, mark: str) -> None:
    writer, offset, irradiance_from, air_at = WRITERS[form]
    year = read_weather(mark + writer(greensboro()), form)
    for field in ("ghi", "dhi", "temp_air", "wind_speed"):
        assert getattr(year, field) == pytest.approx(getattr(greensboro(), field), abs=1e-9)
    assert (year.offset, year.irradiance_from, year.air_at) == (offset, irradiance_from, air_at)
    assert (year.latitude, year.longitude) == (36.1, -79.95)


def test_tmy3_rows_stand_where_the_file_says() -> None:
    year = greensboro()
    # "01/01/1988,09:00": GHI 46, DHI 45 between 8 and 9 o'clock; the first row's air is 10.0 °C, wind 6.2 m/s at 01:00
    row = TMY3.splitlines()[10].split(",")
    assert row[:2] == ["01/01/1988", "09:00"]
    assert (year.ghi[8], year.dhi[8]) == (float(row[4]), float(row[10]))
    assert (year.temp_air[0], year.wind_speed[0]) == (10.0, 6.2)
    assert (year.offset, year.irradiance_from, year.air_at) == (EST, 0, 3600)
    last = TMY3.splitlines()[-1].split(",")
    assert last[:2] == ["12/31/1980", "24:00"]
    assert year.temp_air[-1] == float(last[31])


def test_air_and_wind_are_the_file_s_at_the_hour_and_straight_between() -> None:
    # 09:00 and 10:00 Eastern Standard Time on 15 July, whatever the daylight saving time in between
    at = START + ((31 + 28 + 31 + 30 + 31 + 30 + 14) * 24 + 9) * 3600
    values = conditions(Span(at, 1800, 3))
    row = (at - START) // 3600 - 1
    year = greensboro()
    assert values["temp_air"][0] == round(year.temp_air[row] * 1000)
    assert values["temp_air"][2] == round(year.temp_air[row + 1] * 1000)
    assert values["temp_air"][1] == pytest.approx((values["temp_air"][0] + values["temp_air"][2]) / 2, abs=1)
    assert values["wind_speed"][0] == round(year.wind_speed[row] * 1000)


def test_a_year_s_irradiation_is_the_file_s() -> None:
    span = Span(START, 600, 365 * 144)
    values = conditions(span)
    year = greensboro()
    assert np.mean(values["ghi"]) / 1000 == pytest.approx(year.ghi.mean(), rel=0.002)
    assert np.mean(values["dhi"]) / 1000 == pytest.approx(year.dhi.mean(), rel=0.005)
    # hours, too, are the file's: compared are those with some sun
    hourly = np.array(values["ghi"]).reshape(8760, 6).mean(axis=1) / 1000
    bright = year.ghi > 50
    assert np.abs(hourly - year.ghi)[bright].mean() < 0.06 * year.ghi[bright].mean()
    assert np.corrcoef(hourly[bright], year.ghi[bright])[0, 1] > 0.99


def test_the_sun_does_not_shine_before_it_rises() -> None:
    span = Span(START, 60, 1440)
    sun = SUN.conditions(NoSettings(), span, {})
    values = WEATHER.conditions(FILE, span, {"sun": sun})
    down = np.array(sun["apparent_zenith"]) > 90_000
    assert down.sum() > 700
    assert not np.array(values["ghi"])[down].any()
    assert not np.array(values["dni"])[down].any()


def test_components_close() -> None:
    span = Span(START + 100 * 86_400, 60, 1440)
    sun = SUN.conditions(NoSettings(), span, {})
    values = WEATHER.conditions(FILE, span, {"sun": sun})
    cos_zenith = np.maximum(np.cos(np.radians(np.array(sun["apparent_zenith"]) / 1000)), 0)
    ghi, dni, dhi = (np.array(values[field]) for field in ("ghi", "dni", "dhi"))
    assert np.abs(ghi - dhi - dni * cos_zenith).max() <= 1.5
    assert (dni <= np.array(sun["dni_extra"])).all()


def test_the_file_wins_but_transparency_still_dims_its_beam() -> None:
    noon = Span(START + 180 * 86_400 + 12 * 3600, 60, 1)
    plain = conditions(noon)
    assert plain["dni"][0] > 100_000
    assert conditions(noon, Settings(file="file", mean_cloud_cover=100, mean_temp_air=-5, mean_wind_speed=30)) == plain
    hazy = conditions(noon, Settings(file="file", transparency=0.5))
    assert hazy["dni"][0] == pytest.approx(plain["dni"][0] / 2, abs=1)
    assert hazy["dhi"] == plain["dhi"]


def test_cloud_cover_follows_from_the_clear_sky_index() -> None:
    index = np.array([1.2, 1.0, 0.92896, 0.25, 0.1])
    assert cloud_cover_of(index) == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0], abs=1e-4)
    values = np.array(conditions(Span(START, 3600, 8760))["cloud_cover"])
    assert values.min() == 0
    assert values.max() == 100_000
    # by day it agrees with what the station's observers wrote down: tenths of the sky under opaque cloud
    opaque = np.array([float(line.split(",")[28]) * 10_000 for line in TMY3.splitlines()[2:]])
    day = greensboro().ghi > 100
    assert values[day].mean() == pytest.approx(opaque[day].mean(), abs=6_000)
    assert np.corrcoef(values[day], opaque[day])[0, 1] > 0.8


def test_the_29th_of_february_repeats_the_28th() -> None:
    hours = np.array(["2024-02-28T05", "2024-02-29T05", "2024-03-01T05", "2025-03-01T05", "2024-12-31T23"], "datetime64[h]")
    assert hour_of_year(hours).tolist() == [58 * 24 + 5, 58 * 24 + 5, 59 * 24 + 5, 59 * 24 + 5, 8759]
    on_28th = conditions(Span(int(datetime(2024, 2, 28, 15, tzinfo=UTC).timestamp()), 3600, 3))["temp_air"]
    on_29th = conditions(Span(int(datetime(2024, 2, 29, 15, tzinfo=UTC).timestamp()), 3600, 3))["temp_air"]
    assert on_28th == on_29th


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hello", "format is not known"),
        ("{}", "format is not known"),
        (TMY3[: len(TMY3) // 2].rsplit("\n", 1)[0] + "\n", "whole year"),
        (TMY3.replace("723170,", "seven,"), "damaged"),
        (re.sub(r"(01/05/1988,12:00,\d+,\d+,)\d+", r"\g<1>-9900", TMY3), "05 January 11:00"),
    ],
    ids=["no weather", "other json", "half a year", "no number", "gap"],
)
def test_a_wrong_file_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as refusal:
        weather_device(text).begin(FILE)
    assert "'file'" in str(refusal.value)


def test_a_tilted_pvgis_file_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="slope 0"):
        read_weather(as_pvgis_hourly_csv(greensboro(), slope="35 deg. (optimum)"), "tilted")


def test_a_file_from_elsewhere_is_refused() -> None:
    elsewhere = Site(-33.93, 18.42, 25.0, "Africa/Johannesburg")
    with pytest.raises(ConfigurationError, match=r"latitude 36\.1, longitude -79\.95"):
        weather_device(site=elsewhere).begin(FILE)
    over_the_date_line = Site(36.1, 179.0, 0.0, "UTC")
    there = {field: getattr(greensboro(), field) for field in WeatherYear.__dataclass_fields__}
    assert MeasuredSky(WeatherYear(**{**there, "longitude": -179.0}), over_the_date_line, "near")


def test_a_file_that_was_not_handed_in_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="was not read"):
        WEATHER.begin(Settings(file="other"))
    assert WEATHER.begin(Settings()) == NoState()


@examples(max_examples=60, deadline=None)
@given(
    start=st.integers(START - 3 * 365 * 86_400, START + 3 * 365 * 86_400),
    step=st.sampled_from([1, 60, 900, 3600, 86_400]),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
)
def test_cutting_a_span_changes_nothing(start: int, step: int, lengths: list[int]) -> None:
    span = Span(start, step, sum(lengths))
    sun = SUN.conditions(NoSettings(), span, {})
    pieces: dict[str, list[int]] = {field: [] for field in Weather.fields}
    first = 0
    for length in lengths:
        part = {"sun": {field: sun[field][first : first + length] for field in SUN_FIELDS}}
        for field, values in OTHER.conditions(FILE, span.part(first, length), part).items():
            pieces[field] += values
        first += length
    assert pieces == WEATHER.conditions(FILE, span, {"sun": sun})


OTHER = weather_device()
