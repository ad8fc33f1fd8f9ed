"""Two homes run beside each other: savings worked out by hand, nothing between equals, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.answers.compared_homes import A, side
from tests.answers.outage_homes import constant
from virtual_devices.answers.comparing.asking import compare, paired
from virtual_devices.answers.comparing.comparison import Comparison, Spread, middle, spread, whole_years
from virtual_devices.answers.comparing.money import Investment
from virtual_devices.answers.comparing.pairing import Side
from virtual_devices.answers.comparing.running import compared
from virtual_devices.answers.comparing.words import sentences
from virtual_devices.answers.simulate import run
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.members.house import House

DAY, YEAR = 86_400, 365 * 86_400
PROFILE = ",".join(["1000"] * 24)
OTHER = '{kind: base_load, variation: 0, profile: "' + ",".join(["1500"] * 24) + '"}'


def plain(**settings: str) -> Home:
    """1 kW all the time at 2 ZAR, in steps of an hour, and nothing else, unless ``settings`` say so."""
    home = constant(**{"battery": "", "inverter": "", "grid": "{price: 2, currency: ZAR}", **settings})
    return replace(home, step=3600)


def rows(found: Comparison) -> dict[str, tuple[Any, Any, Any]]:
    return {row.key: (row.a, row.b, row.difference) for row in found.rows}


def test_half_a_kilowatt_more_costs_half_a_kilowatt_more() -> None:
    found = compare(plain(), plain(house=OTHER), "1d")
    assert [each.name for each in found.weathers] == ["seed 0"]  # without weather all years are one
    # 24 h of 1 kW, and of 1.5 kW, at 2 ZAR
    assert rows(found)["bill.total"] == (48.0, 72.0, 24.0)
    assert rows(found)["energy_kwh.grid_import"] == (24.0, 36.0, 12.0)
    assert found.saving == Spread(-24.0, -24.0, -24.0)
    assert found.not_delivered == (None, None)
    assert found.notes == ("not alike: house in profile, weekend_profile",)
    assert sentences(found)[0] == "In this day second instead of first costs 24.00 ZAR more."


def test_a_battery_that_no_sun_fills_saves_nothing_once_it_is_refilled() -> None:
    """It gives 99 % of 2.5 kWh, of which 80 % arrive: 1.98 kWh less to import, for 3.96 ZAR. Had it been empty at the start, they would have been imported."""
    home = constant(grid="{price: 2, currency: ZAR}")
    found = compare(home, duration="1d")
    assert found.titles == ("before", "constant")
    bills = [each.bill for each in (found.shown.a, found.shown.b)]
    assert bills[0] is not None
    assert bills[1] is not None
    assert bills[0].amount == bills[0].total == 48.0
    assert bills[1].amount == pytest.approx(48.0 - 3.96, abs=0.01)
    assert bills[1].refill == pytest.approx(3.96, abs=0.01)
    assert found.shown.saving == pytest.approx(0.0, abs=0.005)
    assert rows(found)["bill.refill"] == (0.0, bills[1].refill, bills[1].refill)
    assert sentences(found)[0] == "In this day battery changes nothing in the bill."


def test_before_and_after_by_hand_with_outages() -> None:
    """1 kW, six hours without grid; two of them the battery lasts, see ``outage_homes``."""
    home = constant()
    found = compare(home, before=True, duration="1d")
    assert rows(found)["outage_hours"] == (6.0, 6.0, 0.0)
    assert rows(found)["dark_hours"][0] == 6.0
    assert rows(found)["energy_kwh.grid_import"][0] == 18.0
    assert found.not_delivered[0] == {"house": 6.0}
    assert found.not_delivered[1] is not None
    # the battery is at 1 % by then, of 2.5 kWh from which the day before noon has taken the rest
    assert found.not_delivered[1]["house"] == pytest.approx(rows(found)["dark_hours"][1], abs=0.02)
    assert "Outages keep 6.0 kWh from the loads of before and " in sentences(found)[-1]


def test_a_home_beside_itself_differs_in_nothing() -> None:
    for home in (constant(), side(A).home):
        found = compare(home, home, "1d", seeds=2)
        assert found.saving == Spread(0.0, 0.0, 0.0)
        assert {row.difference for row in found.rows} == {0.0}
        assert all(each == Spread(0.0, 0.0, 0.0) for each in found.differences.values())
        assert found.notes == ()
        for each in found.weathers:
            assert replace(each.a, home="") == replace(each.b, home="")
        assert "changes nothing in the bill" in sentences(found)[0]


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 30), st.integers(0, 100), st.sampled_from(["", "06:00-08:00"]), st.floats(0, 5), st.floats(0, 5), st.integers(1, 10))
def test_what_one_saves_the_other_costs_and_nobody_saves_against_himself(
    capacity: int, level: int, outages: str, price: float, income: float, sun: int
) -> None:
    grid = ("price: 2", f"price: {price}, feed_in_price: {income}, outages: '{outages}'")
    home = side(A, ("5 kWh, start_soc: 45 %", f"{capacity} kWh, start_soc: {level} %"), grid).home
    other = side(A, ("home: one", "home: two"), ("3 kW", f"{sun} kW"), ("45 %", f"{level} %"), grid).home
    alone, one, two = (compare(*pair, "6h", seeds=1) for pair in ((home, home), (home, other), (other, home)))
    assert {row.difference for row in alone.rows} == {0.0}
    assert one.shown.saving == -(two.shown.saving or 0.0)
    assert [row.difference for row in one.rows] == [-(row.difference or 0.0) for row in two.rows]


def test_each_run_is_the_one_that_simulate_makes_in_processes_or_not() -> None:
    pair = paired(side(A), None, {"battery": {"capacity": "10 kWh"}})
    told: list[tuple[float, int]] = []
    here = compared(pair, DAY // 4, seeds=2, workers=1, progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (4.0, 4)
    assert told == sorted(told)
    there = compared(pair, DAY // 4, seeds=2, workers=2)
    assert here.weathers == there.weathers
    assert [each.name for each in here.weathers] == ["seed 7", "seed 8"]
    assert here.weathers[0].a.digest == run(House(pair.a.home), DAY // 4)["ledger_sha256"]
    assert here.saving is not None
    assert here.shown.saving == here.saving.median


def test_a_home_without_a_grid_pays_nothing() -> None:
    found = compare(plain(), plain(grid="", battery="{capacity: 50 kWh, start_soc: 100 %}", inverter="{}"), "1d")
    assert rows(found)["bill.total"] == (48.0, 0.0, -48.0)
    assert found.not_delivered[0] is None
    assert found.not_delivered[1] is not None


def test_homes_without_prices_are_told_in_kilowatt_hours() -> None:
    found = compare(plain(grid="{}"), plain(grid="{}", house=OTHER), "1d")
    if found.saving is None:
        assert sentences(found)[0] == "In this day second instead of first: there is no bill, because no grid has prices; -12.0 kWh less come from the grid."


def test_a_price_is_held_against_whole_years() -> None:
    half = '{kind: base_load, variation: 0, profile: "' + ",".join(["500"] * 24) + '"}'
    paid = Investment("ZAR", 43_800.0, 10, discount=0.0, price_rise=0.0)
    found = compare(plain(), plain(house=half), YEAR, price=paid)
    # 0.5 kW · 8760 h · 2 ZAR a year
    assert found.saving == Spread(8760.0, 8760.0, 8760.0)
    (each,) = found.worths
    assert [each.payback, each.net_present_value] == pytest.approx([5.0, 43_800.0])
    assert each.levelised == pytest.approx(1.0)
    assert "At 43800 ZAR it is paid back after 5.0 years, discounted after 5.0 years; its net present value over 10 years is 43800 ZAR." in sentences(found)
    for wrong, said in (("7d", "whole years"), ("1d", "run 1y")):
        with pytest.raises(ConfigurationError, match=said):
            compare(plain(), plain(house=half), wrong, price=paid)
    with pytest.raises(ConfigurationError, match="the price is in EUR, and home constant pays in ZAR; give it in ZAR"):
        compare(plain(), plain(house=half), YEAR, price=replace(paid, currency="EUR"))


def test_changes_by_name_and_sides_that_somebody_made() -> None:
    found = compare(Side("mine", plain(), {}), duration="2h", changes={"house.scale": "50 %"})
    assert rows(found)["bill.total"] == (4.0, 2.0, -2.0)
    assert sentences(found)[0] == "In these 2 h house.scale 50 % saves 2.00 ZAR."
    with pytest.raises(ConfigurationError, match=r"changes: 'scale' names no setting; write device.setting"):
        compare(plain(), changes={"scale": 1})


def test_json_is_what_the_page_says() -> None:
    found = compare(plain(), plain(house=OTHER), "1d")
    assert list(found.json(sentences(found))) == [
        "answer", "titles", "notes", "start", "end", "duration", "years", "currency", "saving", "shown", "rows", "months", "not_delivered_kwh",
        "investment", "worth", "weathers",
    ]  # fmt: skip


@pytest.mark.parametrize(("days", "years"), [(365, 1), (366, 1), (364, None), (7, None), (730, 2), (731, 2), (180, None), (3652, 10)])
def test_whole_years(days: int, years: int | None) -> None:
    assert whole_years(days * DAY) == years


def test_the_middle_of_several() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(1.0, 2.0, 3.0)
    assert spread([4.0, 1.0, None, 2.0]) == Spread(1.0, 2.0, None)
    assert spread([4.0, None], unknown_is_low=True) == Spread(None, None, 4.0)
    assert middle([5.0, 1.0, 3.0]) == 2
    assert middle([1.0, 1.0]) == 0
