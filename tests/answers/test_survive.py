"""Homes through outages: by hand, and against the same home run as any other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.answers.outage_homes import AREA, constant
from tests.stage import WEATHER, small_home
from tests.supply.calendars import utc
from virtual_devices.answers import simulate
from virtual_devices.answers.survive import (
    CALENDAR,
    answer,
    cases,
    cautions,
    month_of,
    ready,
    survive,
    watched,
    with_outages,
)
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import Home, starting_at
from virtual_devices.kit.members.house import House
from virtual_devices.supply._load_shedding import calendar_text, outages_of, read_area
from virtual_devices.supply._outages import Outage

DAY = 86_400


def off(home: Home, stage: int, days: int, area: str = AREA) -> str:
    """The calendar of a stage that is in force for days from the home's start."""
    local = home.site.calendar
    outages = outages_of(read_area(area, "area.csv"), [Outage(home.start, home.start + days * DAY, stage)], local)
    return calendar_text(outages, "area", home.site.zone)


def tried(home: Home, stage: int = 1) -> dict[str, dict[str, Any]]:
    result = survive(home, {}, off(home, stage, 1), DAY)
    return {case["case"]: case for case in result["cases"]}


def test_two_hours_of_battery_leave_half_an_hour_of_two_and_a_half_dark() -> None:
    found = tried(constant())
    now, larger, none = found["as_it_is"], found["bigger_battery"], found["no_battery"]
    assert (now["outage_hours"], now["dark_hours"], now["longest_dark_hours"], now["lowest_soc"]) == (2.5, 0.5, 0.5, 0.0)
    assert (now["unserved_essential_kwh"], now["unserved_kwh"], now["import_kwh"]) == (0.5, 0.5, 21.5)
    assert (now["cost"], now["currency"]) == (43.0, "ZAR")  # 2 a kWh
    assert now["autonomy"] == round(1 - 21.5 / 23.5, 4)
    assert now["days"][0]["marks"] == "....#" + "-" * 43
    assert now["hours_without"] == {"house": 0.5}
    # nothing makes up for it: what was not served is what was not delivered
    assert (now["not_delivered_essential_kwh"], now["not_delivered_kwh"]) == (0.5, 0.5)
    assert now["loads"] == {
        "house": {"without_power_hours": 0.5, "longest_without_power_hours": 0.5, "unserved_kwh": 0.5, "not_delivered_kwh": 0.5}
    }
    # 5 kWh would do for four hours
    assert (larger["battery_kwh"], larger["dark_hours"], larger["unserved_kwh"]) == (5, 0.0, 0.0)
    assert (none["battery_kwh"], none["dark_hours"], none["unserved_kwh"], none["lowest_soc"]) == (None, 2.5, 2.5, None)
    assert (larger["not_delivered_kwh"], none["not_delivered_kwh"]) == (0.0, 2.5)
    assert (found["no_outages"]["outage_hours"], found["no_outages"]["unserved_kwh"]) == (0.0, 0.0)
    assert found["no_outages"]["not_delivered_kwh"] == 0.0


GEYSER = '{kind: base_load, variation: 0}\n  geyser: {circuit: non_essential, draw_times: "00:00-00:30", persons: 1}'


def test_what_a_geyser_makes_up_for_after_the_outage_was_delivered() -> None:
    found = tried(constant(house=GEYSER))
    now, bright = found["as_it_is"], found["no_outages"]
    geyser = now["loads"]["geyser"]
    # 50 L of 60 °C in half an hour cool the tank below 57.5 °C within minutes; from then on it wants its 3 kW until 02:30
    assert 2.25 < geyser["without_power_hours"] < 2.5
    assert geyser["unserved_kwh"] == pytest.approx(3 * geyser["without_power_hours"], abs=1e-3)
    # what it lacks in the end: 50 L drawn up to 14 K colder (0.81 kWh at most), what a colder tank loses less, and where in its
    # deadband of 5 K the thermostat stands at the end (150 L: 0.87 kWh either way)
    assert -0.87 < geyser["not_delivered_kwh"] < 0.87 + 0.81
    assert geyser["unserved_kwh"] > 6.75
    assert geyser["not_delivered_kwh"] + now["loads"]["house"]["not_delivered_kwh"] == pytest.approx(now["not_delivered_kwh"], abs=2e-6)
    assert now["not_delivered_essential_kwh"] == now["loads"]["house"]["not_delivered_kwh"]
    assert bright["loads"]["geyser"] == {
        "without_power_hours": 0.0, "longest_without_power_hours": 0.0, "unserved_kwh": 0.0, "not_delivered_kwh": 0.0,
    }  # fmt: skip


def test_not_delivered_is_what_two_runs_differ_by() -> None:
    home = small_home(WEATHER)
    text = off(home, 3, 2, "date_of_month,start_time,finish_time,stage\n21,08:40,11:10,1\n22,02:00,07:00,3\n")
    for case in survive(home, {}, text, 2 * DAY)["cases"]:
        variant = next(each.home for each in cases(home) if each.name == case["case"])
        served = [
            simulate.run(House(each, {CALENDAR: text}), 2 * DAY)["energy_kwh"]["load_served"]
            for each in (with_outages(home, None), variant)
        ]
        assert case["not_delivered_kwh"] == pytest.approx(served[0] - served[1], abs=2e-6)


def test_without_outages_a_load_takes_the_same_whatever_the_battery() -> None:
    home = constant(house=GEYSER)
    taken = [
        simulate.run(House(with_outages(case.home, None)), DAY)["energy_by_device_kwh"]
        for case in cases(home)
    ]
    assert len(taken) == 5
    assert all(each[name]["in"] == taken[0][name]["in"] > 0 for each in taken for name in ("house", "geyser"))


def test_a_file_of_the_home_that_ends_is_named_but_not_the_calendar_that_was_asked_about() -> None:
    home = constant(grid="{price_series: p.json, outage_calendar: old.ics}")
    prices = '[{"start": "2026-07-01T00:00:00+02:00", "end": "2026-07-01T06:00:00+02:00", "value": 1}]'
    result = survive(home, {"p.json": prices, "old.ics": ""}, off(home, 1, 1), DAY)
    assert result["not_covered"] == [
        {
            "device": "grid", "file": "p.json", "begins": "2026-07-01T00:00:00+02:00", "ends": "2026-07-01T06:00:00+02:00",
            "otherwise": "the base price holds", "hours": 18.0,
        }
    ]  # fmt: skip


def test_outages_between_two_steps_are_warned_of_and_the_home_s_own_are_not() -> None:
    text = off(constant(), 1, 1, "date_of_month,start_time,finish_time,stage\n1,00:00,02:10,1\n")
    home = constant(grid='{outages: "12:00-18:10"}', inverter="{reconnect_delay: 0, shed_hold: 15 min}")
    assert cautions(home, {}, text) == []
    home = replace(home, step=900)
    assert cautions(home, {}, text) == [
        (f"home.yaml:6: device grid: {CALENDAR}: 2026-07-01 02:10:00 falls between two steps of 900 s and counts from the next; "
        "move it, or change step or start")
    ]


def test_a_higher_stage_has_the_lower_ones_too() -> None:
    now = tried(constant(), stage=2)["as_it_is"]
    assert (now["outage_hours"], now["dark_hours"], now["longest_dark_hours"], now["dark_days"]) == (3.0, 1.0, 0.5, 1)


def test_the_outages_of_the_home_and_its_events_do_not_count() -> None:
    text = "\nevents:\n  - {at: 2026-07-01 20:00, device: grid, set: {main_switch: off, price: 3}}\n"
    text += "  - {at: 2026-07-01 21:00, device: grid, set: {outages: 22:00-23:00}}"
    home = constant(house="{kind: base_load, variation: 0}" + text, grid='{main_switch: off, outages: "12:00-18:00"}')
    assert len(home.events) == 2
    now = tried(home)["as_it_is"]
    assert now["outage_hours"] == 2.5
    assert [event.changes for event in with_outages(home, None).events] == [{"price": 3.0}]


def test_a_home_without_a_battery_is_compared_with_its_first() -> None:
    found = survive(constant(battery=""), {}, off(constant(), 1, 1), DAY)
    assert [case["title"] for case in found["cases"]] == [
        "as it is, no battery", "with a first battery of 5 kWh", "as it is, no outages",
    ]  # fmt: skip
    # half full, less the shutdown at 0 %: 2.5 kWh · 97 % at 1.25 kW are 116.4 min, so 116 whole steps of 150
    assert found["cases"][1]["dark_hours"] == round(34 / 60, 4)
    assert found["answer"].startswith("No: on 1 of 1 day it was dark, for 2.5 h in all; with a first battery of 5 kWh for 34 min.")


def test_it_is_what_simulate_says_of_the_same_home_with_the_same_calendar() -> None:
    home = small_home(WEATHER)
    text = off(home, 3, 2, "date_of_month,start_time,finish_time,stage\n21,08:40,11:10,1\n22,02:00,07:00,3\n")
    now = survive(home, {}, text, 2 * DAY)["cases"][0]
    house = simulate.from_file(home, {CALENDAR: text}, {"grid": {"outages": "", "outage_calendar": CALENDAR}}, step=None)
    result = simulate.run(house, 2 * DAY)
    assert now["outage_hours"] == 7.5
    assert now["ledger_sha256"] == result["ledger_sha256"]
    assert now["unserved_kwh"] == result["energy_kwh"]["load_unserved"] > 0
    assert (now["import_kwh"], now["cost"]) == (result["energy_kwh"]["grid_import"], result["cost"]["amount"])


def test_nothing_depends_on_how_time_is_cut() -> None:
    home = with_outages(small_home(WEATHER.replace("start_soc: 40 %", "capacity: 0.5, start_soc: 40 %")), CALENDAR)
    text = off(home, 1, 2, "date_of_month,start_time,finish_time,stage\n21,08:50,09:40,1\n")
    found = []
    for longest in (1, 7, 60, 1440):
        house = House(home, {CALENDAR: text}, max_steps=longest)
        darkness = watched(house)
        house.advance(home.start + DAY)
        found.append(darkness.result())
    assert found[0]["dark_hours"] > 0
    assert found == found[:1] * 4


@pytest.mark.parametrize(
    ("month", "begin", "end"),
    [
        (7, "2026-07-01", "2026-08-01"),
        (12, "2026-12-01", "2027-01-01"),
        (1, "2027-01-01", "2027-02-01"),
        (2, "2027-02-01", "2027-03-01"),
        (6, "2027-06-01", "2027-07-01"),
    ],
)
def test_the_month_is_the_first_that_begins_after_the_home(month: int, begin: str, end: str) -> None:
    home = starting_at(constant(), utc("2026-06-21 06:30"))
    assert month_of(home, month) == (utc(begin), utc(end))
    assert month_of(starting_at(home, utc(begin)), month) == (utc(begin), utc(end))


def test_a_home_that_outages_cannot_be_asked_about_is_told_why() -> None:
    begin = utc("2026-07-01")
    with pytest.raises(ConfigurationError, match=r"home constant has neither a grid nor an inverter that works; add `grid: \{\}` or `inverter"):
        ready(constant(grid="", inverter=""), begin, {})
    assert ready(constant(grid=""), begin, {}).start == begin
    assert ready(constant(inverter=""), begin, {}).start == begin
    assert ready(constant(), begin, {}).start == begin


def test_the_answer_in_one_sentence() -> None:
    def of(dark: float, outage: float = 170.0, **larger: float) -> str:
        now = {"case": "as_it_is", "days": [{}] * 31, "outage_hours": outage, "dark_hours": dark, "dark_days": 9, "lowest_soc": 0.31}
        title = "with 15 kWh (3 packs)"
        return answer([now, *({"case": "bigger_battery", "title": title, "dark_hours": hours} for hours in larger.values())])

    assert of(0) == "Yes: 170.0 h without grid in 31 days, and never dark; the battery never fell below 31 %."
    assert of(0, outage=0) == "Yes: the grid never goes off in these 31 days."
    assert of(14.2, larger=1) == "No: on 9 of 31 days it was dark, for 14.2 h in all; with 15 kWh (3 packs) for 1.0 h."
    assert of(14.2, larger=0) == "No: on 9 of 31 days it was dark, for 14.2 h in all; with 15 kWh (3 packs) never."
    assert of(0.0167) == "No: on 9 of 31 days it was dark, for 1 min in all."


def test_the_cases_of_a_home_that_can_grow_no_more() -> None:
    names = [case.name for case in cases(constant(battery="{capacity: 1000}"))]
    assert names == ["as_it_is", "no_battery", "no_outages"]


def test_a_house_behind_a_plug_is_as_dark_as_it_would_be_without() -> None:
    """Two plugs deep, it is still essential; a second one behind an open switch wants nothing, and a plug that opens in the dark hides nothing."""
    plain = constant().source
    text = '{circuit: plug, kind: base_load, variation: 0, profile: "' + ",".join(["1000"] * 24) + '"}'
    house = constant(house=text + "\n  plug: {kind: smart_switch, circuit: strip, power_on: last}\n  strip: {kind: breaker, rated_current: 50 A}")
    assert plain == house.source
    direct, behind = tried(constant()), tried(house)
    for case, found in direct.items():
        same = {name: value for name, value in found.items() if name != "ledger_sha256"}
        assert {name: behind[case][name] for name in same} == same
    opens = constant(
        house=text
        + '\n  plug: {kind: smart_switch, power_on: "off"}\n  shed: {kind: base_load, circuit: open}'
        + '\n  open: {kind: smart_switch, power_on: "off"}\nevents:\n  - {at: 2026-07-01 00:00, device: open, set: {relay: off}}'
    )
    found = tried(opens)["as_it_is"]
    assert (found["dark_hours"], found["unserved_essential_kwh"], found["hours_without"]) == (0.5, 0.5, {"house": 0.5})
    assert found["loads"]["shed"]["unserved_kwh"] == 0
