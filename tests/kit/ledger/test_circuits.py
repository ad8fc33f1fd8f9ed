"""Circuits in what a ledger comes to: whose root is which, what a circuit's power is, and what a record tells of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.purposes import roots
from virtual_devices.kit.ledger.quarters import Quarters
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.record.reading.roles import roles_of

EXAMPLE = Path(__file__).parents[3] / "examples" / "switched.yaml"


@pytest.fixture(scope="module")
def lived() -> tuple[House, list[LedgerRecord]]:
    house = House(parse(EXAMPLE.read_text(encoding="utf-8")))
    records: list[LedgerRecord] = []
    house.listeners.append(records.append)
    house.advance(house.time + 86_400)
    return house, records


def test_everybody_has_a_root() -> None:
    edges = (("a", "b"), ("b", "tv"), ("essential", "a"), ("inverter", "essential"), ("meter", "essential"), ("meter", "inverter"), ("x", "y"), ("y", "x"))
    assert roots(edges, ("essential", "aux")) == {"a": "essential", "b": "essential", "tv": "essential"}


def test_a_circuit_s_power_is_what_it_carries_and_an_inverter_s_what_it_gives(lived: tuple[House, list[LedgerRecord]]) -> None:
    _, records = lived
    quarters, found = Quarters(), []
    for record in records:
        found += quarters.add(record)
    assert len(found) == 96
    for quarter in found:
        for circuit, above in (("kitchen", "essential"), ("lounge", "essential"), ("strip", "lounge"), ("boiler", "aux")):
            power, edge = quarter.series.get(f"power/{circuit}"), quarter.series.get(f"energy/{above}>{circuit}")
            assert (power.sum if power else 0) == (edge.sum if edge else 0)
        given = sum(each.sum for name, each in quarter.series.items() if name.startswith("energy/inverter>") and name.split(">")[1] in ("essential", "aux", "meter"))
        taken = quarter.series.get("energy/meter>inverter")
        power = quarter.series.get("power/inverter")
        assert (power.sum if power else 0) == given - (taken.sum if taken else 0)


def test_a_record_tells_circuits_from_loads(lived: tuple[House, list[LedgerRecord]]) -> None:
    _, records = lived
    quarters = Quarters()
    roles = roles_of(name for record in records for quarter in quarters.add(record) for name in quarter.series)
    assert roles.circuits == ("boiler", "garden", "kitchen", "lounge", "strip", "desk", "tv_plug")  # upper ones first
    assert {"tv", "geyser", "oven"} <= set(roles.consumers)
    assert not set(roles.consumers) & set(roles.circuits)
    assert set(roles.circuits) <= set(roles.devices)
    assert roles.producers == ("roof",)


def test_what_goes_in_comes_out(lived: tuple[House, list[LedgerRecord]]) -> None:
    house, records = lived
    summary = Summary("switched")
    for record in records:
        summary.add(record)
    assert summary.auditor.ok
    for circuit in ("kitchen", "lounge", "strip", "desk", "tv_plug", "garden", "boiler"):
        pair = summary.by_device()[circuit]
        assert pair["in"] == pair["out"] == house.members[circuit].counters["energy"]
