"""One month in several years: a home whose dull days decide, cabins, homes before solar, and what costs nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.answers.outage_homes import constant
from tests.answers.test_survive import off
from virtual_devices.answers.survive import CALENDAR, cases, month_of, ready, survive
from virtual_devices.answers.winters import answer_of, season, survive_all, winters
from virtual_devices.cli.survive import _calendar
from virtual_devices.edge.files.read import read_document
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home, override
from virtual_devices.loads.base_load import WORKDAY

DAY = 86_400
DARK = """\
home: b
site: {latitude: 36.1, longitude: -79.95, altitude: 273 m, time_zone: America/New_York}
clock: {start: 2026-01-01, step: 300 s, speed: 1}
seed: 1
devices:
  sun: {}
  weather: {WEATHER}
  roof: {kind: pv_array, capacity: PANELS kW, surface_tilt: 35, surface_azimuth: 180}
  battery: {capacity: BATTERY kWh, start_soc: 80 %}
  grid: {}
  inverter: {rated_power: 5 kW}
  house: {kind: base_load}
  lights: {}
  tv: {}
"""


def dark_home(panels: int = 3, battery: int = 10, weather: str = "") -> Home:
    return parse(DARK.replace("PANELS", str(panels)).replace("BATTERY", str(battery)).replace("WEATHER", weather))


def asked(home: Home, month: int, stage: int = 6, days: int | None = None, most: int = 10) -> dict[str, Any]:
    begin, end = month_of(home, month)
    end = end if days is None else begin + days * DAY
    home = ready(home, begin, {})
    return survive_all(winters(home, {}, most), {}, _calendar(None, stage, home, end), end - begin)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("panels", "battery", "month", "measured"), [(4, 10, 1, (19.0, 31.3)), (3, 10, 1, (47.2, 71.4)), (3, 15, 1, (24.2, 24.2)), (3, 10, 10, (21.2, 26.75))]
)
def test_some_winters_are_dark_and_the_measured_one_lies_among_them(panels: int, battery: int, month: int, measured: tuple[float, float]) -> None:
    """measured: hours of darkness in Greensboro's typical year, 723170TYA.CSV, as this program has them, and as they were reported of it.

    The third was reported with 42.2 h, of panels that gave 3 to 5 % less of a winter's day; made-up winters reach 39.9.
    """
    found = asked(dark_home(panels, battery), month)
    assert not found["survives"]
    assert found["answer"].startswith(f"No: dark in {found['ranges'][0]['dark']} of 10 winters, ")
    low, _, high = found["ranges"][0]["dark_hours"]
    assert low <= min(measured) <= max(measured) <= high
    assert 0 < found["ranges"][0]["dark"] <= 10


@pytest.mark.heavy
def test_the_measured_month_is_as_dark_as_ever() -> None:
    home = dark_home(3, 10, 'file: "pvlib:723170TYA.CSV"')
    home = override(home, {"house": {"spikes": 0, "weekend_profile": WORKDAY}})  # the household that it was worked out for
    document = {"pvlib:723170TYA.CSV": read_document("pvlib:723170TYA.CSV", Path.cwd())}
    begin, end = month_of(home, 10)
    home = ready(home, begin, document)
    assert len(winters(home, document)) == 1
    found = survive_all(winters(home, document), document, _calendar(None, 6, home, end), end - begin)
    assert found["cases"][0]["dark_hours"] == pytest.approx(21.0833, abs=0.001)
    assert found["answer"].startswith("No: on 5 of 31 days")


def test_each_winter_is_what_it_is_alone_whoever_asks_it() -> None:
    found = asked(dark_home(), 1, days=3, most=3)
    assert [each["winter"] for each in found["winters"]] == ["seed 1", "seed 2", "seed 3"]
    home = dark_home()
    begin, _ = month_of(home, 1)
    home = ready(replace(home, site=replace(home.site, seed=2)), begin, {})
    alone = survive(home, {}, _calendar(None, 6, home, begin + 3 * DAY), 3 * DAY)
    theirs = found["winters"][1]["cases"]
    assert [case["ledger_sha256"] for case in alone["cases"]] == [case["ledger_sha256"] for case in theirs]
    assert len({each["cases"][0]["ledger_sha256"] for each in found["winters"]}) == 3
    dark = sorted(each["cases"][0]["dark_hours"] for each in found["winters"])
    assert found["ranges"][0]["dark_hours"] == dark
    assert found["median"]["cases"][0]["dark_hours"] == dark[1]
    assert found["worst"]["cases"][0]["dark_hours"] == dark[2]
    assert found["cases"][0]["case"] == "as_it_is"


def test_only_a_sky_that_differs_is_asked_more_than_once() -> None:
    assert [each.name for each in winters(constant(), {})] == ["seed 0"]
    assert [each.name for each in winters(dark_home(weather="mean_cloud_cover: 65 %"), {})] == ["seed 1"]
    assert len(winters(dark_home(), {}, 4)) == 4


def test_the_season_goes_by_month_and_half_of_the_earth() -> None:
    assert season(dark_home()) == "winters"
    south = override(constant(), {})
    assert season(replace(south, site=replace(south.site, latitude=-33.9))) == "winters"  # it begins in July
    assert season(replace(south, site=replace(south.site, latitude=33.9))) == "summers"


def test_the_answer_in_one_sentence() -> None:
    def line(case: str, title: str, dark: int, hours: float) -> dict[str, Any]:
        return {"case": case, "title": title, "winters": 10, "dark": dark, "dark_hours": [0, 1, hours], "lowest_soc": [0.31, 0.5, 0.8]}

    every: Any = [[{"outage_hours": 170.0}]] * 10
    now, larger = line("as_it_is", "as it is", 4, 6.0), line("bigger_battery", "with 15 kWh", 0, 0)
    free = line("essentials", "with load_limit Essentials (costs nothing)", 1, 0.0834)
    assert answer_of([now, larger], every, "winters") == "No: dark in 4 of 10 winters, 6.0 h in the worst; with 15 kWh in none."
    assert answer_of([now, free, larger], every, "winters") == (
        "No: dark in 4 of 10 winters, 6.0 h in the worst; with load_limit Essentials (costs nothing) in 1, 5 min in the worst; with 15 kWh in none."
    )
    assert answer_of([line("as_it_is", "as it is", 0, 0)], every, "summers") == (
        "Yes: 170.0 h without grid, and dark in none of 10 summers; the battery never fell below 31 %."
    )


def test_what_costs_nothing_keeps_the_battery_for_the_essential_circuit() -> None:
    """Beside 1 kW of essential load 1 kW hangs on the non-essential circuit, which the inverter feeds from the battery while the grid is there."""
    text = '{kind: base_load, variation: 0, profile: "' + ",".join(["1000"] * 24) + '"}'
    home = constant(house=text + "\n  pool: " + text.replace("{", "{circuit: non_essential, ", 1), inverter="{rated_power: 3 kW}")
    names = [case.name for case in cases(home)]
    assert names == ["as_it_is", "essentials", "bigger_battery", "no_battery", "no_outages"]
    assert [case.name for case in cases(constant())] == ["as_it_is", "bigger_battery", "no_battery", "no_outages"]
    found = survive(home, {}, off(home, 2, 1), DAY)
    assert "with load_limit Essentials (costs nothing)" in found["answer"]


def test_a_home_before_solar_gets_an_inverter_and_a_battery_that_stays_full() -> None:
    home = constant(battery="", inverter="")
    first = next(case for case in cases(home) if case.name == "bigger_battery")
    assert first.title == "with a first inverter and a first battery of 5 kWh"
    settings = first.home.entry("inverter").settings
    assert (settings.inverter_enabled, settings.grid_charge_enabled) == (True, True)  # type: ignore[attr-defined]
    found = survive(home, {}, off(home, 1, 1), DAY)
    assert found["cases"][0]["dark_hours"] == 2.5
    assert found["cases"][1]["dark_hours"] < 2.5


def test_a_cabin_without_a_grid_is_asked_about_all_of_its_time() -> None:
    home = constant(grid="")
    assert [case.name for case in cases(home)] == ["as_it_is", "bigger_battery", "no_battery", "no_outages"]
    found = survive(home, {CALENDAR: ""}, "", DAY)
    now = found["cases"][0]
    # 2.5 kWh last for two hours of 1.25 kW; nothing charges them again
    assert (now["outage_hours"], now["dark_hours"], now["unserved_kwh"]) == (24.0, 22.0, 22.0)
    assert now["not_delivered_kwh"] == 22.0
    assert found["answer"].startswith("No: on 1 of 1 day it was dark, for 22.0 h in all; with 5 kWh for 20.0 h.")
