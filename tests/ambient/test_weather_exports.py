"""One year as services export it: read as the same sky, or refused; what is unlike the place is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from tests.ambient.test_weather_file import GREENSBORO, HOURS, TMY3, as_epw, greensboro, pvgis_hourly_rows
from tests.ambient.test_weather_formats import PSM, open_meteo, same
from virtual_devices.ambient._sky import Sky
from virtual_devices.ambient.measured.formats import read_weather
from virtual_devices.ambient.measured.light import best_shift
from virtual_devices.ambient.measured.weather_year import WeatherYear
from virtual_devices.ambient.weather import Settings, Weather
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.site import Context

SKY = Sky(GREENSBORO)
EST = -5 * 3600


@lru_cache(maxsize=1)
def dni() -> Any:
    """W/m², by the file's own global and diffuse light."""
    year = greensboro()
    times = np.array([int(hour.timestamp()) for hour in HOURS]) - EST + 1800
    up = np.cos(np.radians(SKY.position(times).apparent_zenith))
    return np.where(up > 0.035, (year.ghi - np.minimum(year.dhi, year.ghi)) / np.maximum(up, 0.035), 0.0)


def rows(columns: str, cells: Callable[[int, datetime], list[object]]) -> str:
    return columns + "\n" + "\n".join(",".join(str(cell) for cell in cells(i, hour)) for i, hour in enumerate(HOURS)) + "\n"


def sam(columns: str, factor: float = 1.0) -> str:
    """A table of SAM with some of the columns. factor: on light."""
    year, names = greensboro(), columns.split(",")
    values = {"ghi": year.ghi * factor, "dni": dni() * factor, "dhi": year.dhi * factor, "tdry": year.temp_air, "wspd": year.wind_speed}
    found = {name: next(values[key] for key in values if name.lower().startswith(key)) for name in names}
    return "lat,lon,tz,elev\n36.1,-79.95,-5,273\n" + rows(f"year,month,day,hour,{columns}", lambda i, hour: [hour.year, hour.month, hour.day, hour.hour, *(found[name][i] for name in names)])


def solcast(columns: str, stamp: Callable[[datetime], list[object]]) -> str:
    year = greensboro()
    return rows(columns, lambda i, hour: [*stamp(hour + timedelta(hours=5)), year.ghi[i], dni()[i], year.dhi[i], year.temp_air[i], year.wind_speed[i], "PT60M"])


def power(times: str = "LST") -> str:
    year = greensboro()
    head = f"-BEGIN HEADER-\nDates (month/day/year): 01/01/2019 through 12/31/2019 in {times}\nLocation: latitude  36.1   longitude -79.95\nALLSKY_SFC_SW_DWN (Wh/m^2)\n-END HEADER-\n"
    later = 5 if times == "UTC" else 0
    return head + rows("YEAR,MO,DY,HR,ALLSKY_SFC_SW_DWN,ALLSKY_SFC_SW_DIFF,T2M,WS10M", lambda i, hour: [*(hour + timedelta(hours=later)).timetuple()[:4], year.ghi[i], year.dhi[i], year.temp_air[i], year.wind_speed[i]])


def open_meteo_csv() -> str:
    hourly: Any = open_meteo()["hourly"]
    columns = ("time", "temperature_2m", "shortwave_radiation", "diffuse_radiation", "wind_speed_10m")
    head = "time,temperature_2m (°C),shortwave_radiation (W/m²),diffuse_radiation (W/m²),wind_speed_10m (km/h)"
    lines = "\n".join(",".join(str(cell) for cell in row) for row in zip(*(hourly[name] for name in columns), strict=True))
    return f"latitude,longitude,elevation,utc_offset_seconds,timezone\n36.1,-79.95,273.0,-18000,America/New_York\n\n{head}\n{lines}\n"


def quarters() -> str:
    content: Any = open_meteo()
    hourly, first = content.pop("hourly"), HOURS[0] - timedelta(minutes=45)
    times = [f"{first + timedelta(minutes=15 * i):%Y-%m-%dT%H:%M}" for i in range(35_040)]
    content["minutely_15"] = {name: times if name == "time" else [value for value in values for _ in range(4)] for name, values in hourly.items()}
    content["minutely_15_units"] = content.pop("hourly_units")
    return json.dumps(content)


def leap() -> str:
    lines = as_epw(greensboro()).splitlines()
    twice = [line for line in lines[8:] if line.split(",")[1:3] == ["2", "28"]]
    after = lines.index(twice[-1]) + 1
    lines = [line.replace("2019,", "2020,", 1) for line in lines]
    return "\n".join([*lines[:after], *(line.replace("2019,2,28,", "2020,2,29,", 1) for line in twice), *lines[after:]])


SAME: dict[str, Callable[[], str]] = {
    "a leap year's EPW": leap,
    "EPW of an old Macintosh": lambda: as_epw(greensboro()).replace("\n", "\r"),
    "kilowatts": lambda: sam("GHI (kW/m2),DHI (kW/m2),Tdry (C),Wspd (m/s)", 0.001),
    "Solcast by ends": lambda: solcast("period_end,ghi,dni,dhi,air_temp,wind_speed_10m,period", lambda hour: [f"{hour + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}+00:00"]),
    "Solcast by begins": lambda: solcast("PeriodEnd,PeriodStart,Ghi,Dni,Dhi,AirTemp,WindSpeed10m,Period", lambda hour: ["x", f"{hour:%Y-%m-%dT%H:%M:%SZ}"]),
    "NASA by the sun": power,
    "NASA by UTC": lambda: power("UTC"),
    "Open-Meteo's CSV": open_meteo_csv,
    "Open-Meteo's quarters": quarters,
}


@pytest.mark.parametrize("name", list(SAME))
def test_the_same_year_however_it_is_exported(name: str) -> None:
    found = read_weather(SAME[name](), "x")
    moved = (found.offset - EST) // 3600 % 24  # rows by UTC begin five hours on
    year = greensboro()
    there = replace(year, **{column: np.roll(getattr(year, column), moved) for column in ("ghi", "dhi", "temp_air", "wind_speed")})
    assert same(found, there, 0.01)
    assert abs(best_shift(replace(found, latitude=36.1, longitude=-79.95), SKY)) <= 600


@pytest.mark.parametrize(
    ("columns", "words", "diffuse"),
    [
        ("ghi,tdry,wspd", "it has global light alone; what of it is diffuse is reckoned by Erbs", 0.06),
        ("ghi,dni,tdry,wspd", "no diffuse light, which is reckoned from its global and its direct light", 0.005),
        ("dni,dhi,tdry,wspd", "no global light, which is reckoned from its direct and its diffuse light", 0.005),
    ],
)
def test_light_that_a_file_leaves_out_is_reckoned_and_said(columns: str, words: str, diffuse: float) -> None:
    """Year's sums beside those of the whole file."""
    device, year = Weather(Context("weather", GREENSBORO, {"f": sam(columns)})), greensboro()
    found = device._file(Settings(file="f"))._year
    assert found.ghi.sum() == pytest.approx(year.ghi.sum(), rel=0.005)
    assert found.dhi.sum() == pytest.approx(year.dhi.sum(), rel=diffuse)
    assert words in " ".join(device.notes(Settings(file="f"), 0))
    assert device.warnings(Settings(file="f"), 0, 60) == []


def flat_json(mounting: dict[str, Any]) -> str:
    return json.dumps({"inputs": {"location": {"latitude": 36.1, "longitude": -79.95, "elevation": 273.0}, "mounting_system": mounting}, "outputs": {"hourly": pvgis_hourly_rows(greensboro())}})


REFUSED: dict[str, tuple[Callable[[], str], str]] = {
    "kilowatts that nobody names": (lambda: sam("ghi,dhi,tdry,wspd", 0.001), "its brightest hour has 1.01 W/m²; it has no light, or it is in kW/m²"),
    "no light": (lambda: sam("ghi,dhi,tdry,wspd", 0.0), "its brightest hour has 0 W/m²"),
    "no wind": (lambda: sam("ghi,dhi,tdry"), "it has no column wind_speed; download it with them"),
    "a tilted plane": (lambda: flat_json({"fixed": {"slope": {"value": 35}}}), r"for a tilted plane \(35°\); fetch PVGIS hourly data with slope 0"),
    "modules that turn": (lambda: flat_json({"two_axis": {}}), "for modules that follow the sun; fetch"),
    "days of Open-Meteo": (lambda: json.dumps({"latitude": 1, "utc_offset_seconds": 0, "daily": {}}), "it has no hours; ask Open-Meteo for hourly="),
    "a workbook": (lambda: "PK\x03\x04", "it is an Excel workbook"),
    "a web page": (lambda: "<html><body>404</body></html>", "it is a web page"),
    "degrees Fahrenheit": (lambda: as_epw(replace(greensboro(), temp_air=greensboro().temp_air * 1.8 + 32.0)), "use a file without gaps, in °C, not °F or K"),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_cannot_be_a_sky_is_refused_with_the_remedy(name: str) -> None:
    text, words = REFUSED[name]
    with pytest.raises(ConfigurationError, match=words):
        read_weather(text(), "x")


def doubts(year: WeatherYear) -> list[str]:
    return Weather(Context("weather", GREENSBORO, {"f": as_epw(year)})).warnings(Settings(file="f"), 0, 60)


def test_amounts_that_are_unlike_the_place_are_told() -> None:
    year = greensboro()
    assert doubts(year) == []
    assert "its light is 783 kWh/m² a year, where the climate of 36.1° N, 80.0° W has 1,513" in doubts(replace(year, ghi=year.ghi / 2, dhi=year.dhi / 2))[0]
    assert "its air has 26 °C in the mean of the year" in doubts(replace(year, temp_air=year.temp_air + 12.0))[0]
    assert "100 % of its light is diffuse" in doubts(replace(year, dhi=year.ghi))[0]


def test_a_file_is_told_with_its_place_and_what_it_brings() -> None:
    device = Weather(Context("weather", GREENSBORO, {"f": TMY3}))
    assert device.notes(Settings(file="f"), 0) == ["f: weather of 36.1° N, 80.0° W: 1,566 kWh/m² a year, air of -17 to 36 °C"]
    nameless = Weather(Context("weather", GREENSBORO, {"f": SAME["Solcast by ends"]()}))
    assert "names no place, taken for 36.1° N, 80.0° W" in nameless.notes(Settings(file="f"), 0)[0]


def test_half_an_hour_of_nsrdb_by_summer_or_another_clock_is_told() -> None:
    year = greensboro()
    text = PSM.replace("-79.95,-5,273", "-79.95,0,273") + "\n" + rows(
        "Year,Month,Day,Hour,Minute,GHI,DHI,Temperature,Wind Speed", lambda i, hour: [hour.year, hour.month, hour.day, hour.hour, 30, year.ghi[i], year.dhi[i], year.temp_air[i], year.wind_speed[i]]
    )
    (warning,) = Weather(Context("weather", GREENSBORO, {"f": text})).warnings(Settings(file="f"), 0, 60)
    assert "best at +180 min" in warning
