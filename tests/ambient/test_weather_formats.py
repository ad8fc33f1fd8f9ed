"""One year in every format that people have gives one sky; light that does not come with the sun is told."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.ambient.test_weather_file import GREENSBORO, HOURS, TMY3, as_epw, as_pvgis_tmy_csv, greensboro
from tests.laws import examples
from virtual_devices.ambient._sky import Sky
from virtual_devices.ambient.measured.formats import read_weather
from virtual_devices.ambient.measured.light import best_shift
from virtual_devices.ambient.measured.weather_year import WeatherYear
from virtual_devices.ambient.weather import Settings, Weather
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.site import Context

SKY = Sky(GREENSBORO)
HOUR = 3600


def same(a: WeatherYear, b: WeatherYear, tolerance: float = 1e-9) -> bool:
    return all(np.allclose(getattr(a, name), getattr(b, name), atol=tolerance) for name in ("ghi", "dhi", "temp_air", "wind_speed"))


@lru_cache(maxsize=1)
def epw() -> str:
    return as_epw(greensboro())


def test_pvgis_epw_is_by_its_offset_of_irradiance_in_utc() -> None:
    year = greensboro()
    text = epw().replace("TMY3,723170,36.1,-79.95,-5.0", "ECMWF/ERA,unknown,36.1,-79.95,1").replace("COMMENTS 2,none", "COMMENTS 2,Irradiance Time Offset (h):-0.8239")
    found, other = read_weather(text, "tmy.epw"), read_weather(as_pvgis_tmy_csv(year), "tmy.csv")
    assert same(found, other)
    assert (found.offset, found.irradiance_from, found.air_at) == (other.offset, other.irradiance_from, other.air_at) == (0, 634 - 1800, 0)


def test_commas_in_quoted_headings() -> None:
    assert same(read_weather(epw().replace("GREENSBORO", '"GREENSBORO, PIEDMONT"', 1), "x.epw"), greensboro())
    assert read_weather(TMY3.replace("GREENSBORO PIEDMONT TRIAD INT", "GREENSBORO, PIEDMONT", 1), "x.csv").latitude == 36.1
    first, _, rest = TMY3.partition("\n")
    cells = first.split(",")
    cells[1] = '"GREENSBORO, NC"'
    assert same(read_weather(",".join(cells) + "\n" + rest, "x.csv"), greensboro())


def test_an_epw_of_quarter_hours_is_the_mean_of_its_hours() -> None:
    lines = epw().splitlines()
    head, rows = lines[:8], []
    for line in lines[8:]:
        cells = line.split(",")
        for quarter, factor in ((15, 0.5), (30, 1.5), (45, 0.75), (60, 1.25)):
            ghi, dhi = (str(float(cells[i]) * factor) for i in (13, 15))
            rows.append(",".join([*cells[:4], str(quarter), *cells[5:13], ghi, cells[14], dhi, *cells[16:]]))
    found = read_weather("\n".join([*head, *rows]), "x.epw")
    assert same(found, greensboro(), 1e-6)
    assert (found.irradiance_from, found.air_at) == (0, 1800)


def as_sam(heading: str, columns: str, minute: str | None, parts: int = 1) -> str:
    year = greensboro()
    rows = []
    for i, hour in enumerate(HOURS):
        for part in range(parts):
            cells = [str(hour.year), str(hour.month), str(hour.day), str(hour.hour)]
            cells += [] if minute is None else [str(int(minute) + part * 60 // parts)]
            rows.append(",".join([*cells, *(f"{getattr(year, name)[i]:.4f}" for name in ("ghi", "dhi", "temp_air", "wind_speed")), "0"]))
    return "\n".join([heading, columns, *rows]) + "\n"


PSM = "Source,Location ID,City,State,Country,Latitude,Longitude,Time Zone,Elevation,Local Time Zone\nNSRDB,7,-,-,-,36.1,-79.95,-5,273,-5"


@pytest.mark.parametrize(
    ("heading", "columns", "minute", "parts", "begins"),
    [
        (PSM, "Year,Month,Day,Hour,Minute,GHI,DHI,Temperature,Wind Speed,DNI", "30", 1, 0),
        (PSM, "Year,Month,Day,Hour,Minute,GHI,DHI,Temperature,Wind Speed,DNI", "0", 2, -900),
        ("lat,lon,tz,elev\n36.1,-79.95,-5,273", "Year,Month,Day,Hour,Global (W/m2),Diffuse (W/m2),Tdry (C),Wspd (m/s),x", None, 1, 0),
        ('City,Latitude,Longitude,Time Zone,Elevation\n"Greensboro, NC",36.1,-79.95,-5,273', "Year,Month,Day,Hour,Minute,gh,df,tdry,wspd,x", "0", 1, -1800),
    ],
)
def test_tables_of_nsrdb_and_sam(heading: str, columns: str, minute: str | None, parts: int, begins: int) -> None:
    found = read_weather(as_sam(heading, columns, minute, parts), "x.csv")
    assert same(found, greensboro(), 1e-3)
    assert (found.offset, found.irradiance_from, found.air_at) == (-5 * HOUR, begins, begins + 1800)
    assert (found.latitude, found.longitude) == (36.1, -79.95)


def open_meteo(*, unix: bool = False, unit: str = "km/h") -> dict[str, object]:
    year = greensboro()
    factor = {"km/h": 3.6, "m/s": 1.0}[unit]
    # a label ends the hour of its radiation: the first is of the year's last hour
    order = [-1, *range(8759)]
    times = [int(hour.timestamp()) + 5 * HOUR if unix else f"{hour:%Y-%m-%dT%H:%M}" for hour in HOURS]
    return {
        "latitude": 36.1, "longitude": -79.95, "utc_offset_seconds": -5 * HOUR, "hourly_units": {"wind_speed_10m": unit, "temperature_2m": "°C"},
        "hourly": {
            "time": times, "shortwave_radiation": [float(year.ghi[i]) for i in order], "diffuse_radiation": [float(year.dhi[i]) for i in order],
            "temperature_2m": [float(year.temp_air[i]) for i in order], "wind_speed_10m": [float(year.wind_speed[i]) * factor for i in order],
        },
    }  # fmt: skip


@pytest.mark.parametrize(("unix", "unit"), [(False, "km/h"), (True, "m/s")])
def test_open_meteo(unix: bool, unit: str) -> None:  # noqa: FBT001
    found = read_weather(json.dumps(open_meteo(unix=unix, unit=unit)), "x.json")
    assert same(found, greensboro(), 1e-9)
    assert (found.offset, found.irradiance_from, found.air_at) == (-5 * HOUR, 0, HOUR)


def test_what_open_meteo_was_not_asked_for_is_named() -> None:
    content = open_meteo()
    hourly = {name: values for name, values in content["hourly"].items() if name != "temperature_2m"}  # type: ignore[attr-defined] # a dict
    with pytest.raises(ConfigurationError, match=r"no temperature_2m; ask Open-Meteo for hourly=shortwave_radiation,diffuse_radiation"):
        read_weather(json.dumps({**content, "hourly": hourly}), "x.json")


@pytest.mark.parametrize(("moved", "words"), [(40, "best at -40 min: the roof would see it too late"), (-60, "best at +60 min: the roof would see it too early"), (-300, "zone"), (30, "beginning of their hours")])
def test_light_that_does_not_come_with_the_sun_is_told(moved: int, words: str) -> None:
    year = replace(greensboro(), irradiance_from=moved * 60)
    assert abs(best_shift(greensboro(), SKY)) <= 600
    assert best_shift(year, SKY) == -max(-180, min(180, moved)) * 60
    text = epw().replace("COMMENTS 2,none", f"COMMENTS 2,Irradiance Time Offset (h):{(moved + 30) / 60 - 1 + 5}")
    (warning,) = Weather(Context("weather", GREENSBORO, {"f.epw": text})).warnings(Settings(file="f.epw"), 0, 60)
    assert words in warning
    assert Weather(Context("weather", GREENSBORO, {"f.csv": TMY3})).warnings(Settings(file="f.csv"), 0, 60) == []


HEADS = st.sampled_from([
    "LOCATION,", "{", '{"hourly": {"shortwave_radiation": ', '{"tmy_hourly"', "Latitude (decimal degrees): 1\n", "Latitude (decimal degrees): 1\nmonth,year\n", "Date (MM/DD/YYYY)",
    PSM + "\nYear,Month,Day,Hour,Minute,GHI,DHI,Temperature,Wind Speed\n", "lat,lon,tz\n1,2,3\nYear,Month,Day,Hour,gh,df,tdry,wspd\n", "",
    "latitude,longitude,elevation,utc_offset_seconds\n1,2,3,0\n\ntime,shortwave_radiation (W/m²)\n", '{"utc_offset_seconds": 0, "minutely_15": ',
    "period_end,ghi,dhi,air_temp,wind_speed_10m,period\n", "latitude 1 longitude 2\n-END HEADER-\nYEAR,MO,DY,HR,ALLSKY_SFC_SW_DWN,T2M,WS10M\n",
])  # fmt: skip
LINES = st.lists(st.lists(st.one_of(st.integers(-1, 70).map(str), st.text(max_size=4), st.floats().map(str)), max_size=10).map(",".join), max_size=12).map("\n".join)


def tried(text: str) -> None:
    """It is refused in one line that names the file, or is a year of light that can be used."""
    refused = ""
    try:
        year = read_weather(text, "x")
    except ConfigurationError as error:
        refused = str(error)
    if refused:
        assert refused.startswith("weather file 'x'")
        assert "\n" not in refused
    else:
        assert np.isfinite(year.ghi).all()


@given(head=HEADS, body=LINES, cut=st.integers(0, 4000))
@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_file_holds_is_a_year_or_an_error_in_words(head: str, body: str, cut: int) -> None:
    for text in (head + body, epw()[: cut * 50] + body, TMY3[:cut] + body):
        tried(text)


@given(content=st.recursive(
    st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=4), st.just("2025-01-01T00:00")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["time", "shortwave_radiation", "diffuse_radiation", "temperature_2m", "wind_speed_10m", "hourly", "hourly_units", "latitude"]), inner, max_size=6)), max_leaves=20,
))  # fmt: skip
@examples(max_examples=200, deadline=None)
def test_whatever_json_holds_is_a_year_or_an_error_in_words(content: object) -> None:
    for each in (content, {"hourly": content, "x": {"shortwave_radiation": 1}}):
        tried(json.dumps(each))
