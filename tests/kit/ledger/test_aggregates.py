"""A quarter in a few numbers is what its series come to, however time was cut into windows, and whoever goes on with it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.accounts import ESSENTIAL
from virtual_devices.kit.ledger.aggregates import SWITCHABLE, Aggregate, Aggregates
from virtual_devices.kit.ledger.purposes import totals
from virtual_devices.kit.ledger.quarters import Quarter, Quarters
from virtual_devices.kit.ledger.series import CURTAILED, ENERGY, POWER, STORED, UNSERVED
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House

EXAMPLES = Path(__file__).parents[3] / "examples"


def records(name: str, lengths: Iterator[int], hours: int) -> Iterator[LedgerRecord]:
    """Of an example, cut into windows of these lengths, in steps."""
    home, documents = read_home(EXAMPLES / f"{name}.yaml", now=1_782_016_200)
    house = House(home, documents)
    found: list[LedgerRecord] = []
    house.listeners.append(found.append)
    while not found or found[-1].span.end < home.start + 3600 * hours:
        house.step(next(lengths))
    return iter(found)


def says_the_same(told: Aggregate, quarter: Quarter) -> None:
    assert (told.start, told.step, told.steps) == (quarter.start, quarter.step, quarter.steps)
    series = {name: tally.sum for name, tally in quarter.series.items()}
    energy = {(edge.partition(">")[0], edge.partition(">")[2]): moved for name, moved in series.items() if name.startswith(ENERGY) for edge in [name.removeprefix(ENERGY)]}
    known: Counter[str] = Counter(told.moved)
    assert known["grid_import"] == energy.get(("grid", "meter"), 0)
    assert known["load_unserved"] == sum(moved for name, moved in series.items() if name.startswith(UNSERVED))
    assert known["pv_available"] - known["pv_used"] == sum(moved for name, moved in series.items() if name.startswith(CURTAILED))
    consumers = {source for source, sink in energy if sink == "heat"} | {name.removeprefix(UNSERVED) for name in series if name.startswith(UNSERVED)}
    expected = totals(energy, {name: series.get(POWER + name, 0) + series.get(UNSERVED + name, 0) for name in consumers}, {}, told.stored)
    for purpose in ("grid_import", "grid_export", "battery_charge", "battery_discharge", "load_served", "load_unserved", "load_demand"):
        assert known[purpose] == expected[purpose], purpose
    assert known[SWITCHABLE] == sum(moved for (source, sink), moved in energy.items() if sink in consumers and source != ESSENTIAL)
    assert dict(told.stored) == {name.removeprefix(STORED): tally.last for name, tally in quarter.series.items() if name.startswith(STORED)}


@pytest.mark.parametrize("name", ["cape_town", "every_feature", "switched"])
def test_it_is_what_the_series_come_to(name: str) -> None:
    chance = random.Random(name)  # noqa: S311 - no secret
    aggregates, quarters = Aggregates(), Quarters()
    count = 0
    for record in records(name, iter(lambda: chance.choice([1, 7, 15, 40, 200]), None), 30):
        told, found = aggregates.add(record), quarters.add(record)
        assert len(told) == len(found)
        for one, other in zip(told, found, strict=True):
            says_the_same(one, other)
            count += 1
        if aggregates.open is not None:  # somebody else goes on with it
            aggregates = Aggregates(Aggregate.of(aggregates.open.json()))
    assert count >= 120
