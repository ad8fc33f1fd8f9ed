from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.ambient.measured.years import of_year, years_in
from virtual_devices.ambient.weather import Settings, Weather
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.site import Context, Site

HEAD = "Latitude (decimal degrees):\t45.0\nLongitude (decimal degrees):\t8.0\n\ntime,Gb(i),Gd(i),Gr(i),H_sun,T2m,WS10m,Int\n"


def rows(year: int, hours: int = 8760) -> list[str]:
    return [f"{year}{1 + hour // 730:02d}{1 + hour % 730 // 27:02d}:{hour % 24:02d}10,0,0,0,0,5,2,0" for hour in range(hours)]


def test_the_whole_years_of_a_series_are_found_and_taken() -> None:
    text = HEAD + "\n".join(rows(2015) + rows(2016) + rows(2017, 100)) + "\n"
    assert years_in(text) == [2015, 2016]
    taken = of_year(text, 2016)
    assert taken.startswith(HEAD)
    assert years_in(taken) == [2016]
    assert taken.count("\n") == HEAD.count("\n") + 8760


def test_json_too() -> None:
    series: Any = [{"time": line.split(",")[0]} for line in rows(2015) + rows(2016)]
    text = json.dumps({"inputs": {}, "outputs": {"hourly": series}})
    assert years_in(text) == [2015, 2016]
    assert len(json.loads(of_year(text, 2015))["outputs"]["hourly"]) == 8760


def test_a_typical_year_has_no_years_of_its_own() -> None:
    assert years_in('{"outputs": {"tmy_hourly": []}}') == []
    assert years_in("Latitude (decimal degrees): 45\nmonth,year\n1,2015\n" + "\n".join(rows(2015))) == []


@given(st.text(max_size=80))
def test_any_text_has_some_years_or_none(text: str) -> None:
    assert years_in(text) == []
    assert years_in("{" + text) == []


def test_each_year_of_a_file_is_a_winter_and_another_is_refused_with_the_remedy() -> None:
    text = HEAD + "\n".join(rows(2015) + rows(2016)) + "\n"
    weather = Weather(Context("weather", Site(45.0, 8.0, 0.0, "Europe/Rome"), {"series.csv": text}))
    assert weather.years(Settings(file="series.csv")) == [{"file_year": 2015}, {"file_year": 2016}]
    assert weather.years(Settings(file="series.csv", file_year=2016)) == ()
    with pytest.raises(ConfigurationError, match="has no whole year 2020; use 2015 to 2016"):
        weather.begin(Settings(file="series.csv", file_year=2020))
