"""The ledger's chain against an independent reckoning of it, row by row; and what a run came to."""

from __future__ import annotations

import hashlib
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import GENESIS, LedgerRecord, Transfer, chain
from virtual_devices.kit.members.house import House
from virtual_devices.kit.offers import Edge

HOME = """
home: books
site: {latitude: -33.92, longitude: 18.42, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 07:00, step: 60 s}
devices:
  sun: {}
  roof: {kind: pv_array, capacity: 6 kW, surface_azimuth: 0}
  battery: {capacity: 4 kWh, start_soc: 60}
  grid: {outages: "07:40-08:20", import_limit: 6 kW, price: 2.5, feed_in_price: 0.5}
  inverter: {rated_power: 3 kW}
  tv: {mode: on}
  oven: {schedule: "07:30-08:00"}
  geyser: {circuit: non_essential}
events:
  - {at: 2026-06-21 09:10, device: battery, set: {capacity: 1 kWh}}
"""


def row_by_row(records: list[LedgerRecord]) -> str:
    """The digest as its definition says it: h = sha256(h ‖ row), a changed edge list hashed in first."""
    value = hashlib.sha256(b"virtual-devices ledger 1").digest()
    edges: tuple[Edge, ...] = ()
    for record in records:
        if record.edges != edges:
            edges = record.edges
            assert list(edges) == sorted(set(edges))
            value = hashlib.sha256(value + "\n".join(">".join(edge) for edge in edges).encode()).digest()
        for step in range(record.span.steps):
            row = b"".join(struct.pack("<q", column[step]) for column in record.energy)
            value = hashlib.sha256(value + row).digest()
    return value.hex()


@pytest.fixture(scope="module")
def house() -> House:
    house = House(parse(HOME))
    records: list[LedgerRecord] = []
    summary = Summary("books")
    house.listeners += [records.append, summary.add]
    while house.time < house.home.start + 4 * 3600:
        house.step(min(33, (house.home.start + 4 * 3600 - house.time) // 60))
    house.records, house.summary = records, summary  # type: ignore[attr-defined]
    return house


@pytest.fixture(scope="module")
def records(house: House) -> list[LedgerRecord]:
    return list(house.records)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def summary(house: House) -> Summary:
    found: Summary = house.summary  # type: ignore[attr-defined]
    return found


def test_the_chain_is_what_its_definition_says(house: House, records: list[LedgerRecord]) -> None:
    assert len(records) > 5
    assert records[0].previous == GENESIS
    assert all(before.digest == after.previous for before, after in pairwise(records))
    for count in range(1, len(records) + 1):
        assert row_by_row(records[:count]) == records[count - 1].digest
    assert house.settler.digest == records[-1].digest


@given(
    st.lists(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3), min_size=1, max_size=12), st.integers(0, 12)
)
@examples(max_examples=200, deadline=None)
def test_the_chain_does_not_depend_on_how_rows_are_grouped(rows: list[list[int]], cut: int) -> None:
    edges = (("a", "b"), ("a", "c"), ("b", "c"))
    columns = tuple([row[index] for row in rows] for index in range(3))
    whole = chain(GENESIS, (), edges, columns, len(rows))
    cut = min(cut, len(rows))
    first = chain(GENESIS, (), edges, tuple(column[:cut] for column in columns), cut)
    assert chain(first, edges, edges, tuple(column[cut:] for column in columns), len(rows) - cut) == whole
    assert chain(GENESIS, edges, edges, columns, len(rows)) != whole  # the edges count


def test_columns_that_are_one_object_count_as_often_as_they_stand_there() -> None:
    shared = [1, 2, 3]
    edges = (("a", "b"), ("b", "c"))
    apart: tuple[list[int], ...] = ([1, 2, 3], [1, 2, 3])
    assert chain(GENESIS, (), edges, (shared, shared), 3) == chain(GENESIS, (), edges, apart, 3)


def test_transfers_of_a_step_are_those_that_moved_anything(records: list[LedgerRecord]) -> None:
    record = records[0]
    found = record.transfers(0)
    assert Transfer("oven", "heat", 0) not in found
    assert all(transfer.energy for transfer in found)
    assert {(t.source, t.sink): t.energy for t in found} == {
        edge: column[0] for edge, column in zip(record.edges, record.energy, strict=True) if column[0]
    }


def test_a_smaller_battery_s_joules_leave_by_the_account_reset(records: list[LedgerRecord], summary: Summary) -> None:
    moved = summary.energy["battery", "reset"]
    assert moved > 0
    assert summary.auditor.problems == []
    at = next(r for r in records if any(r.energy[r.edges.index(("battery", "reset"))]))
    assert at.energy[at.edges.index(("battery", "reset"))][0] == moved
    assert at.opening["battery"] - moved == 3_600_000_000
    assert all(closing <= 3_600_000_000 for r in records[records.index(at) :] for closing in r.closing.values())


def test_a_summary_balances_and_says_what_the_devices_say(house: House, records: list[LedgerRecord], summary: Summary) -> None:
    totals = summary.totals
    grown = records[-1].closing["battery"] - records[0].opening["battery"]
    reset = summary.energy["battery", "reset"]
    assert totals["pv_used"] + totals["grid_import"] - totals["grid_export"] - grown - reset == (
        totals["load_served"] + totals["losses"]
    )
    assert totals["load_unserved"] > 0
    readings = {name: member.readings() for name, member in house.members.items()}
    assert readings["roof"]["energy_joules"] * 1000 == totals["pv_used"]
    assert readings["grid"]["import_energy_joules"] * 1000 == totals["grid_import"]
    assert readings["grid"]["export_energy_joules"] * 1000 == totals["grid_export"]
    assert readings["battery"]["charge_energy_joules"] * 1000 == totals["battery_charge"]
    assert readings["battery"]["discharge_energy_joules"] * 1000 == totals["battery_discharge"]
    loads = ("tv", "oven", "geyser")
    for kind, total in (("energy_joules", "load_served"), ("unserved_energy_joules", "load_unserved")):
        assert sum(round(readings[name][kind] * 1000) for name in loads) == totals[total]
    inverter = readings["inverter"]
    assert inverter["total_losses"] * 3.6e9 + readings["battery"]["loss_energy_joules"] * 1000 == pytest.approx(
        totals["losses"], abs=1
    )
    cost = (2.5 * totals["grid_import"] - 0.5 * totals["grid_export"]) / 3.6e9
    assert readings["grid"]["cost"] == pytest.approx(cost, abs=1e-9)
    result = summary.result(str, 1.0)
    assert result["audit"] == {"ok": True, "checked_steps": 240, "problems": []}
    assert result["ledger_sha256"] == house.settler.digest
    assert result["energy_by_device_kwh"]["oven"]["in"] == result["energy_by_device_kwh"]["oven"]["out"]
