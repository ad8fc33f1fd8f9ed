"""Which battery is the next bigger one."""

from __future__ import annotations

import pytest

from tests.answers.outage_homes import constant
from virtual_devices.answers import bigger
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.members.house import House


def after(home: Home) -> dict[str, object]:
    found = bigger.with_bigger(home)
    assert found is not None
    changed, entry = found
    assert changed.entry(entry.name) is entry
    return {name: getattr(entry.settings, name) for name in ("capacity", "packs", "charge_limit", "discharge_limit")}


@pytest.mark.parametrize(
    ("capacity", "larger"), [(0.1, 5), (4.9, 5), (5, 10), (10, 15), (13.5, 15), (20, 30), (40, 60), (100, 150), (999, 1000)]
)
def test_the_next_of_the_usual_sizes_above_what_it_holds(capacity: float, larger: float) -> None:
    assert after(constant(battery=f"{{capacity: {capacity}}}"))["capacity"] == larger


def test_it_charges_and_discharges_faster_in_proportion() -> None:
    found = after(constant(battery="{capacity: 10, charge_limit: 5 kW, discharge_limit: 4 kW}"))
    assert found == {"capacity": 15, "packs": 1, "charge_limit": 7500, "discharge_limit": 6000}
    found = after(constant(battery="{capacity: 100, charge_limit: 60 kW, discharge_limit: 80 kW}"))
    assert found == {"capacity": 150, "packs": 1, "charge_limit": 90_000, "discharge_limit": 100_000}  # the most there is


@pytest.mark.parametrize("packs", [1, 2, 15])
def test_packs_get_one_more(packs: int) -> None:
    found = after(constant(battery=f"{{capacity: 5, packs: {packs}, charge_limit: 2.5 kW, discharge_limit: 2 kW}}"))
    assert found == {"capacity": 5, "packs": packs + 1, "charge_limit": 2500, "discharge_limit": 2000}


@pytest.mark.parametrize("most", ["capacity: 1000", "capacity: 5, packs: 16", "capacity: 5, packs: 4, charge_limit: 25 kW"])
def test_what_can_be_no_larger_has_no_next(most: str) -> None:
    assert bigger.with_bigger(constant(battery=f"{{{most}}}")) is None


def test_a_home_without_a_battery_gets_one_of_five_kilowatt_hours() -> None:
    home = constant(battery="")
    assert after(home) == {"capacity": 5, "packs": 1, "charge_limit": 6000, "discharge_limit": 6000}
    found = bigger.with_bigger(home)
    assert found is not None
    assert House(found[0]).soc() == {"battery": 0.5}


def test_of_several_the_largest_grows_and_all_can_be_left_out() -> None:
    home = constant(battery="{capacity: 5}\n  cabin: {kind: battery, capacity: 20}")
    found = bigger.with_bigger(home)
    assert found is not None
    assert [(entry.name, bigger.size(entry)) for entry in bigger.stores(found[0])] == [("cabin", 30), ("battery", 5)]
    assert bigger.stores(bigger.without(home)) == []
    assert bigger.words(home.entry("cabin")) == "20 kWh"
    assert bigger.words(constant(battery="{capacity: 5, packs: 3}").entry("battery")) == "15 kWh (3 packs)"
