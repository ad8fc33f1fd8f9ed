"""Time that a home skips: nothing happened in it, nothing is due for it, and what it holds is what it held."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.forms.changes import readings_of
from virtual_devices.kit.ledger.audit import SHORTEST_SKIP
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.members.house import House

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
LENGTHS = [3600, 40 * 86_400, 400 * 86_400]
MOST = 40_000 * 60 / 3.6e6
"""kWh that any of these homes moves in a minute, at most."""


def growing(house: House) -> dict[str, float]:
    """Every reading that only grows, as Home Assistant adds it up, and what day and month cost."""
    found = {}
    for name, member in house.members.items():
        values: dict[str, Any] = member.readings()
        for reading in readings_of(type(member.device)):
            total = reading.quantity is not None and reading.quantity.state_class in ("total", "total_increasing")
            if total and not (reading.day or reading.month) and isinstance(values.get(reading.name), float):
                scale = 3.6e6 if reading.name.endswith("_joules") else 1.0
                found[f"{name}.{reading.name}"] = values[reading.name] / scale
    return found


@pytest.mark.parametrize("seconds", LENGTHS)
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_nothing_is_counted_for_it(file: Path, seconds: int) -> None:
    home, documents = read_home(file)
    house, summary = House(home, documents), Summary(home.name)
    house.listeners.append(summary.add)
    house.advance(home.start + 6 * 3600)
    before, held = growing(house), house.settler.shares.copy()
    health = {name: member.readings().get("state_of_health") for name, member in house.members.items()}
    assert len(before) > 10
    house.time += seconds
    record = house.step(1)
    assert summary.auditor.problems == []
    assert summary.auditor.skipped == seconds
    for name, opening in record.opening.items():
        assert opening == held[name].stored, "a battery keeps its charge"
    for name, value in growing(house).items():
        least = -10 * MOST if name.endswith(".cost") else 0  # what is fed in lowers it
        assert least <= value - before[name] < 10 * MOST, name
    for name, member in house.members.items():
        now = member.readings().get("state_of_health")
        assert now == pytest.approx(health[name], abs=0.01), f"{name} does not age"  # but for its cycles
    house.advance(house.time + 6 * 3600)
    assert summary.auditor.problems == []


def test_a_bill_with_daily_and_monthly_charges_skips_them() -> None:
    home, documents = read_home(next(file for file in EXAMPLES if file.stem == "block_tariff"))
    house = House(home, documents)  # from midnight: 4.60 a day with 15 % VAT
    house.advance(home.start + 3600)
    fixed = house.members["grid"].readings()["fixed_cost"]
    assert fixed == pytest.approx(4.60 * 1.15)
    house.time += 45 * 86_400
    house.advance(house.time + 3600)
    readings = house.members["grid"].readings()
    assert readings["fixed_cost"] == fixed
    assert readings["month_cost"] == pytest.approx(readings["day_cost"])
    house.advance(house.time + 86_400)
    assert house.members["grid"].readings()["fixed_cost"] == pytest.approx(fixed + 4.60 * 1.15), "the next midnight counts"


def test_a_skip_on_the_same_day_keeps_the_day() -> None:
    home, documents = read_home(next(file for file in EXAMPLES if file.stem == "block_tariff"))
    house = House(home, documents)
    house.advance(home.start + 3600)
    before = house.members["grid"].readings()["day_cost"]
    house.time += 2 * 3600
    house.step(1)
    assert before < house.members["grid"].readings()["day_cost"] < before + 1


@pytest.mark.parametrize("seconds", [1, SHORTEST_SKIP - 1, -60])
def test_less_than_what_is_caught_up_is_no_skip_but_a_fault(seconds: int) -> None:
    home, documents = read_home(next(file for file in EXAMPLES if file.stem == "before_solar"))
    house, summary = House(home, documents), Summary(home.name)
    house.listeners.append(summary.add)
    house.step(10)
    house.time += seconds
    house.step(1)
    assert "does not follow window 1" in summary.auditor.problems[0]
    assert summary.auditor.skipped == 0


def test_a_timed_command_that_fell_into_it_holds_from_its_end() -> None:
    home, documents = read_home(next(file for file in EXAMPLES if file.stem == "before_solar"))
    house = House(home, documents)
    house.step(10)
    house.members["oven"].command({"mode": "on"}, house.time + 600)
    house.members["oven"].command({"mode": "off"}, house.time + 1200)
    house.members["tv"].command({"mode": "on"}, house.time + 600)
    house.time += 3600
    house.step(1)
    settings: list[Any] = [house.members[name].settings.model_dump()["mode"] for name in ("oven", "tv")]
    assert settings == ["off", "on"]
