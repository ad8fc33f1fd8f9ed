"""The plan without a browser: its form by the catalogue of kinds, what people write, what is known of the days to come, and what comes of a plan in words."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.stage import SMALL, small_home
from virtual_devices.answers.simulate import run
from virtual_devices.console.ahead.plan_outlook import (
    PlanOutlook,
    course_of,
    grid_powers,
    levels,
    outlook_found,
    outlook_on_bus,
    wall,
)
from virtual_devices.console.ahead.plan_words import better, rows, tariff_words, zones
from virtual_devices.console.ahead.planning import (
    PlanForm,
    bounds,
    changes,
    field_named,
    held,
    kept_level,
    master,
    moved,
    number_of,
    only_passes,
    plan_form,
)
from virtual_devices.console.parts.plan.plan_chart import chart_options
from virtual_devices.console.past.records import HomeRecords
from virtual_devices.console.past.usual_use import usual_use
from virtual_devices.edge.faces.kinds import every_kind
from virtual_devices.edge.messages.base import AboutMessage
from virtual_devices.edge.messages.fleet import KindForm
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.members.house import House

KINDS = {form.kind: form for form in every_kind().kinds}
NOON = datetime(2026, 6, 21, 12)  # noqa: DTZ001 - by the clock on the wall
HOUR = 3_600_000
PLAN = {f"prog{number}_time": f"{4 * (number - 1):02}:00" for number in range(1, 7)} | {f"prog{number}_capacity": 10.0 * number for number in range(1, 7)}


@pytest.fixture
def form() -> PlanForm:
    found = plan_form(KINDS["inverter"])
    assert found is not None
    return found


# -- the form


def test_the_inverter_has_six_programs_by_what_its_settings_may_be(form: PlanForm) -> None:
    assert [each.title for each in form.programs] == [f"Program {number}" for number in range(1, 7)]
    assert form.begin == "time"
    assert form.parts == {"time": "Time", "power": "Power", "capacity": "Capacity", "charge": "Charge", "sell": "Sell"}
    assert form.programs[4].settings["charge"] == "prog5_charge"
    assert {"use_timer", "load_limit", "solar_export", "grid_charge_enabled"} == set(form.beside)
    assert len(form.schemas) == 30 + 4
    assert master(form) == "use_timer"
    assert kept_level(form) == "capacity"


def test_another_inverter_may_call_them_as_it_likes() -> None:
    times = {"enum": ["00:00", "12:00"], "x-live": True}
    properties: dict[str, Any] = {f"slot_{number}_{part}": times | {"title": f"Slot {number} {part}"} for number in (1, 2, 3) for part in ("from",)}
    properties |= {f"slot_{number}_soc": {"type": "number", "minimum": 0, "maximum": 100, "x-unit": "%", "x-live": True} for number in (1, 2, 3)}
    kind = KindForm(
        kind="other", title="Other", about="", group="x", icon="", ability="settles", settings={"properties": properties}, orders={}, readings={}
    )
    form = plan_form(kind)
    assert form is not None
    assert (form.begin, len(form.programs), form.parts["from"], kept_level(form), master(form)) == ("from", 3, "From", "soc", None)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"inverter"}))
def test_no_other_kind_has_programs(kind: str) -> None:
    assert plan_form(KINDS[kind]) is None
    assert plan_form(None) is None


@pytest.mark.parametrize(
    ("text", "value"), [("3000", 3000), ("3 kW", 3000), (" 3.5kW ", 3500), ("0.1 MW", 100_000), ("500 W", 500), ("0", 0)]
)
def test_powers_as_people_write_them(form: PlanForm, text: str, value: float) -> None:
    assert number_of(text, form.schemas["prog1_power"], "Program 1 power") == pytest.approx(value)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("prog1_power", "3 kVA", "is no number in W; write one such as 5000 W"),
        ("prog1_power", "", "an empty text is no number in W"),
        ("prog1_power", "-1", "out of range; use 0 to 100000 W"),
        ("prog1_power", "nan", "is no number"),
        ("prog1_power", "1e9", "is no number"),
        ("prog1_capacity", "101", "101 % is out of range; use 0 to 100 %"),
        ("prog1_capacity", "3 k%", "is no number in %"),
    ],
)
def test_what_is_no_value_is_refused_in_words(form: PlanForm, name: str, text: str, why: str) -> None:
    with pytest.raises(SettingError) as refused:
        number_of(text, form.schemas[name], "It")
    assert why in str(refused.value)


def test_only_what_is_other_is_sent() -> None:
    assert changes({"a": 1, "b": "x"}, {"a": 1.0, "b": "y", "c": True}) == {"b": "y", "c": True}
    assert bounds({"enum": ["a"]}) is None


def test_a_refusal_finds_its_field(form: PlanForm) -> None:
    assert field_named("prog3_time comes before prog2_time; programs keep their order", form.schemas) == "prog3_time"
    assert field_named("prog1_power 9000 W is above rated_power", form.schemas) == "prog1_power"
    assert field_named("rated_power is in prog1_powers", form.schemas) is None


def test_an_inverter_that_is_off_holds_no_program() -> None:
    seen = DeviceView("home", "inverter", AboutMessage(kind="inverter", ability="settles", title="", version=""), online=True)
    seen.state = {"inverter_enabled": False}
    assert only_passes(seen)
    seen.state = {"inverter_enabled": True}
    assert not only_passes(seen)
    assert not only_passes(DeviceView("home", "other"))


# -- what is to come


def test_which_program_holds(form: PlanForm) -> None:
    def number(minute: int, **plan: Any) -> int | None:
        found = held(form, {**PLAN, **plan}, minute)
        return found.number if found is not None else None

    assert [number(minute) for minute in (0, 239, 240, 720, 1439)] == [1, 1, 2, 4, 6]
    assert number(60, prog1_time="02:00") == 6, "past midnight the last one goes on"
    assert number(480, prog2_time="08:00") == 3, "of equal times the last one holds"
    assert held(form, {}, 0) is None


def test_the_course_of_a_level(form: PlanForm) -> None:
    start = wall(NOON)
    course = course_of(form, PLAN, "capacity", start, start + 24 * HOUR)
    assert [((time - start) // HOUR, level) for time, level in course] == [(0, 40), (4, 50), (8, 60), (12, 10), (16, 20), (20, 30), (24, 30)]


def test_what_a_home_tells_of_the_days_to_come() -> None:
    settler = {"half_hours_today": [{"period_start": "2026-06-21T12:00:00+02:00", "pv_estimate": 1.5}, {"period_start": "2026-06-21T12:30:00+02:00", "pv_estimate": 2}]}
    grid = {
        "currency": "ZAR",
        "price_forecast": [{"start_time": "2026-06-21T12:00:00+02:00", "end_time": "2026-06-21T13:00:00+02:00", "price": 2.5}],
        "forecast": [{"start_time": "2026-06-21T18:00:00+02:00", "end_time": "2026-06-21T20:30:00+02:00", "stage": 2}],
    }
    found, noon = outlook_on_bus(NOON, wall(NOON) + 24 * HOUR, settler, grid, dict.fromkeys(range(24), 0.4)), wall(NOON)
    assert found.start == noon
    assert found.sun == ((noon, 1.5), (noon + HOUR // 2, 2.0), (noon + HOUR, 2.0))
    assert found.price == ((noon, 2.5), (noon + HOUR, 2.5))
    assert found.outages == ((noon + 6 * HOUR, noon + 17 * HOUR // 2),)
    assert found.wanted[0] == (noon, 0.4)
    assert found.wanted[-1] == (noon + 24 * HOUR, 0.4)
    assert not outlook_on_bus(NOON, noon, settler, None).grid


@pytest.mark.parametrize("rubbish", [None, 7, "x", [None, 3, {}], [{"start_time": "never", "price": 1}], [{"start_time": 3, "price": "dear"}], [{"start_time": "2026-06-21T12:00:00", "price": True}]])
def test_rubbish_on_the_bus_is_left_out(rubbish: Any) -> None:
    said = dict.fromkeys(("half_hours_today", "half_hours_tomorrow", "price_forecast", "forecast", "currency"), rubbish)
    found = outlook_on_bus(NOON, wall(NOON), said, said)
    assert not found.sun
    assert not found.outages
    assert all(isinstance(price, float) for _, price in found.price)


def test_a_begin_is_moved_as_far_as_its_neighbours_let_it(form: PlanForm) -> None:
    assert moved(form, PLAN, 480, 75) == ("prog3_time", "09:15")
    assert moved(form, PLAN, 480, -600) == ("prog3_time", "04:00")
    assert moved(form, PLAN, 480, 600) == ("prog3_time", "12:00")
    assert moved(form, PLAN, 1200, 600) == ("prog6_time", "23:45")
    assert moved(form, PLAN, 0, -30) == ("prog1_time", "00:00")
    assert moved(form, PLAN, 481, 15) is None


# -- what comes of it


def plan(bill: float, soc: list[float | None], dark: float = 0.0, **more: Any) -> dict[str, Any]:
    energy = dict.fromkeys(("grid_import", "grid_export", "pv_used", "load_unserved"), 1.0)
    cost = {"currency": "ZAR", "amount": bill, "import": bill, "fixed": 0.0, "export": -0.0001}
    outages = {"dark_hours": dark, "outage_hours": 2.0, "lowest_soc": 0.2, "unserved_kwh": 0.0}
    zone = [{"price": 2.0, "kwh": 3.0, "cost": 6.0}]
    return {"soc": soc, "grid": [100.0, -50.0], "energy_kwh": energy, "cost": cost, "outages": outages, "zones": zone, "stored_kwh": (soc[-1] or 0) / 10, **more}


def found(*plans: dict[str, Any]) -> dict[str, Any]:
    clock = wall(NOON) // 1000
    return {
        "clock": [clock, clock + 900], "row_seconds": 900, "sun": [1000.0, 0.0], "wanted": [500.0, 500.0], "price": [2.0, 3.0], "feed_in": [1.0, 1.0],
        "dark_grid": [0.5, 1.0], "plans": list(plans),
    }  # fmt: skip


def test_which_is_better_in_words() -> None:
    assert better(found(plan(10, [50, 60]), plan(7.5, [50, 45], 0.5))) == [
        "This plan is better by 2.50 ZAR: it costs 7.50 ZAR, the present one 10.00 ZAR.",
        "It is 0.5 h longer in the dark.",
        "It leaves 15 % less in the battery at the end, 1.5 kWh. At the cheapest price that is worth 3.00 ZAR.",
    ]
    assert better(found(plan(10, [50, 60]), plan(12, [50, 60]))) == ["This plan is worse by 2.00 ZAR: it costs 12.00 ZAR, the present one 10.00 ZAR."]
    assert better(found(plan(10, [50, 60]), plan(10.001, [50, 60]))) == ["Both plans come to the same bill, 10.00 ZAR."]
    assert better(found(plan(10, [50, 60]))) == ["Nothing is changed, so this is what will come: a bill of 10.00 ZAR, 60 % in the battery at the end, 0.0 h in the dark."]


def test_a_home_without_grid_or_battery_has_no_bill_and_no_level() -> None:
    bare = found(plan(0, [None, None], 1.0, cost=None, zones=[]), plan(0, [None, None], 0.0, cost=None, zones=[]))
    assert better(bare) == ["It is 1.0 h less in the dark."]
    assert "Bill" not in dict(rows(bare))
    assert "Battery at the end" not in dict(rows(bare))
    assert not outlook_found(bare).grid
    assert levels(bare, 0) == ()


def test_tables_have_a_value_for_each_plan() -> None:
    result = found(plan(10, [50, 60]), plan(7.5, [50, 45], zones=[{"price": 3.0, "kwh": 2.5, "cost": 7.5}]))
    assert dict(rows(result))["Bill"] == ["10.00 ZAR", "7.50 ZAR"]
    assert dict(rows(result))["Earned"] == ["0.00 ZAR", "0.00 ZAR"], "nothing has no sign"
    assert zones(result) == [("At 3 ZAR/kWh", ["0.00 kWh, 0.00 ZAR", "2.50 kWh, 7.50 ZAR"]), ("At 2 ZAR/kWh", ["3.00 kWh, 6.00 ZAR", "0.00 kWh, 0.00 ZAR"])]
    assert zones(found(plan(10, [50, 60]))) == []


def test_what_there_is_to_say_of_prices() -> None:
    known = PlanOutlook(0, price=((0, 2.0), (1, 3.5), (2, 3.5)), currency="ZAR")
    assert tariff_words(known, 0.99) == "A kWh from the grid costs 2 to 3.5 ZAR/kWh; sold now it earns 0.99 ZAR/kWh."
    assert "at every hour" in tariff_words(PlanOutlook(0, price=((0, 2.0), (1, 2.0)), currency="ZAR"), None)
    assert "no grid" in tariff_words(PlanOutlook(0, grid=False), None)


def test_a_chart_has_what_is_known_and_nothing_else(form: PlanForm) -> None:
    result = found(plan(10, [50, 60]), plan(7.5, [50, 45]))
    known = outlook_found(result)
    assert known.outages == ((wall(NOON), wall(NOON) + 1_800_000),)
    assert grid_powers(result, 1) == ((wall(NOON), 0.1), (wall(NOON) + 900_000, -0.05), (wall(NOON) + 1_800_000, -0.05))
    assert levels(result, 0) == ((wall(NOON) + 900_000, 50), (wall(NOON) + 1_800_000, 60))
    options = chart_options(known, wall(NOON) + 1_800_000, course_of(form, PLAN, "capacity", wall(NOON), wall(NOON) + 1_800_000), result)
    names = [each["name"] for each in options["series"]]
    assert names[:-3] == ["Sun", "Wanted", "Target", "Price", "Feed-in", "Grid, as it is", "Battery, as it is", "Grid, this plan", "Battery, this plan"]
    assert set(names[-3:]) == {"Outage"}
    assert options["useUTC"]
    bare = chart_options(PlanOutlook(0), HOUR, (), None)
    assert bare["series"] == []
    for each in options["series"]:
        times = [point[0] for point in each["data"]]
        assert all(one < other for one, other in pairwise(times))


def test_what_a_home_usually_takes_is_in_its_record(tmp_path: Path) -> None:
    house, file = House(small_home(SMALL)), tmp_path / "past.sqlite"
    result = run(house, 2 * 86_400, record=file)
    found = usual_use(HomeRecords(tmp_path), house.home.name)
    assert set(found) == set(range(24))
    assert sum(found.values()) * 2 == pytest.approx(result["energy_kwh"]["load_demand"], rel=0.02)
    assert max(found, key=lambda hour: found[hour]) == 9, "when the oven and the geyser are on"
    assert usual_use(HomeRecords(None), "nobody_of_this_name") == {}
