"""The audit finds every way of tampering with a record that its numbers can show, and trips over none."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.audit import Auditor
from virtual_devices.kit.ledger.transfers import LedgerRecord, chain
from virtual_devices.kit.members.house import House
from virtual_devices.kit.window import Span

HOME = """
home: books
site: {latitude: -33.92, longitude: 18.42, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 11:30, step: 60 s}
devices:
  sun: {}
  roof: {kind: pv_array, capacity: 4 kW, surface_azimuth: 0}
  battery: {capacity: 4 kWh, start_soc: 60, charge_limit: 500 W}
  grid: {outages: "12:10-12:30"}
  inverter: {rated_power: 3 kW}
  tv: {mode: on}
  lights: {mode: on}
  pool: {kind: tv, circuit: non_essential, mode: on, rated_power: 500 W}
"""
Change = Callable[[LedgerRecord], LedgerRecord]


def played() -> list[LedgerRecord]:
    house = House(parse(HOME))
    records: list[LedgerRecord] = []
    house.listeners.append(records.append)
    while house.time < house.home.start + 7200:
        house.step(15)
    return records


def column_of(record: LedgerRecord, sink: str) -> list[int]:
    return next(column for (_, into), column in zip(record.edges, record.energy, strict=True) if into == sink)


RECORDS = played()
RECORD = RECORDS[1]
SHED = next(record for record in RECORDS if any(record.demand["pool"]) and not any(column_of(record, "pool")))


def problems(*records: LedgerRecord) -> list[str]:
    auditor = Auditor()
    for record in records:
        auditor.check(record)
    assert auditor.ok == (not auditor.problems)
    return auditor.problems


def copy(record: LedgerRecord) -> LedgerRecord:
    """With a column of its own for every edge."""
    record = deepcopy(record)
    return replace(record, energy=tuple(list(column) for column in record.energy))


def resealed(record: LedgerRecord) -> LedgerRecord:
    """With the digest that its transfers have, as a clever forger would write it."""
    digest = chain(record.previous, record.edges, record.edges, record.energy, record.span.steps)
    return replace(record, digest=digest)


def with_energy(record: LedgerRecord, changes: dict[tuple[str, str], int], step: int = 3) -> LedgerRecord:
    record = copy(record)
    for edge, more in changes.items():
        record.energy[record.edges.index(edge)][step] += more
    return record


def test_a_sound_ledger_has_no_problems_wherever_the_audit_begins() -> None:
    assert len(RECORDS) > 6
    for first in range(len(RECORDS)):
        auditor = Auditor()
        for record in RECORDS[first:]:
            auditor.check(record)
        assert auditor.problems == []
        assert auditor.checked_steps == sum(record.span.steps for record in RECORDS[first:])


@pytest.mark.parametrize("edge", RECORD.edges, ids=">".join)
@pytest.mark.parametrize("more", [1, -1])
def test_a_millijoule_too_much_or_too_little_is_found_on_every_edge(edge: tuple[str, str], more: int) -> None:
    forged = with_energy(RECORD, {edge: more})
    assert any("digest" in problem for problem in problems(forged))
    assert any("digest" not in problem for problem in problems(resealed(forged)))


def test_a_joule_moved_from_one_load_to_another_is_found() -> None:
    moved = {("essential", "tv"): 1000, ("tv", "heat"): 1000, ("essential", "lights"): -1000, ("lights", "heat"): -1000}
    found = problems(resealed(with_energy(RECORD, moved)))
    assert len(found) == 2
    assert all("neither served wholly nor not at all" in problem for problem in found)


def test_half_a_service_is_found() -> None:
    half = RECORD.demand["tv"][3] // 2
    edges = {("essential", "tv"): -half, ("tv", "heat"): -half, ("inverter", "essential"): -half, ("dc_bus", "inverter"): -half}
    forged = with_energy(RECORD, {**edges, ("roof", "dc_bus"): -half, ("sun", "roof"): -half})
    assert [p for p in problems(resealed(forged)) if "account" in p] == []
    assert "tv is neither served wholly nor not at all" in problems(resealed(forged))[0]


def test_demand_and_what_was_available_must_cover_what_flowed() -> None:
    def less(name: str, kind: str) -> LedgerRecord:
        record = copy(RECORD)
        getattr(record, kind)[name][3] -= 1
        return record

    assert "tv is neither" in problems(less("tv", "demand"))[0]
    used = next(step for step, power in enumerate(column_of(RECORD, "roof")) if power == RECORD.available["roof"][step])
    record = copy(RECORD)
    record.available["roof"][used] -= 1
    assert "roof gives more than it has" in problems(record)[0]
    record = copy(SHED)
    del record.demand["pool"]
    assert problems(record) == []  # a load that says nothing of its demand is a load without any
    assert "neither" in problems(replace(record, demand={**record.demand, "kettle": [0] * record.span.steps}))[0]


@pytest.mark.parametrize("kind", ["opening", "closing"])
def test_a_store_s_balance_is_checked_against_its_transfers(kind: str) -> None:
    for more in (1, -1):
        balances: dict[str, Any] = {kind: {"battery": getattr(RECORD, kind)["battery"] + more}}
        assert "store battery went from" in problems(replace(RECORD, **balances))[0]
    none: dict[str, Any] = {kind: {}}
    assert problems(replace(RECORD, **none)) != []
    both: dict[str, Any] = {key: {**getattr(RECORD, key), "car": 5} for key in ("opening", "closing")}
    assert problems(replace(RECORD, **both)) == []  # a store that nothing happened to


def test_a_store_that_reports_another_balance_than_the_ledger_left_it_with_is_found() -> None:
    lying = replace(
        RECORDS[2],
        opening={"battery": RECORDS[2].opening["battery"] - 1},
        closing={"battery": RECORDS[2].closing["battery"] - 1},
    )
    assert problems(lying) == []  # on its own it is sound
    assert "the ledger left it with" in problems(RECORDS[1], lying)[0]


def test_windows_must_follow_each_other() -> None:
    assert "does not follow window" in problems(RECORDS[0], RECORDS[2])[0]
    assert "does not follow window" in problems(RECORDS[1], RECORDS[1])[0]
    assert "does not follow window" in problems(RECORDS[1], RECORDS[0])[0]
    later = replace(RECORDS[1], span=replace(RECORDS[1].span, start=RECORDS[1].span.start + 60))
    assert "does not follow window" in problems(RECORDS[0], later)[0]
    assert "does not follow window" in problems(RECORDS[0], replace(RECORDS[1], seq=RECORDS[1].seq + 1))[0]
    assert problems(RECORDS[0], replace(RECORDS[1], run="another")) == []  # a fresh start


def test_the_chain_is_checked_on_both_sides() -> None:
    other = "0" * 64
    assert "does not match the transfers" in problems(replace(RECORD, digest=other))[0]
    assert "does not match the transfers" in problems(replace(RECORD, previous=other))[0]
    forged = resealed(replace(RECORDS[1], previous=other))
    assert "is not that of window" in problems(RECORDS[0], forged)[0]
    assert problems(forged) == []  # nothing is known of what was before


def test_a_changed_edge_list_must_be_in_the_chain() -> None:
    more = replace(
        RECORDS[1],
        edges=(*RECORDS[1].edges, ("z", "zz")),
        energy=(*RECORDS[1].energy, [0] * RECORDS[1].span.steps),
    )
    assert "does not match the transfers" in problems(RECORDS[0], more)[0]
    digest = chain(more.previous, RECORDS[0].edges, more.edges, more.energy, more.span.steps)
    assert problems(RECORDS[0], replace(more, digest=digest)) == []
    assert problems(replace(more, digest=digest)) == []  # nor does it matter which list was before


def test_nobody_becomes_the_outside_world_by_saying_so() -> None:
    forged = with_energy(RECORD, {("dc_bus", "inverter"): 5})
    for account in ("inverter", "dc_bus", "meter", "tv", "battery"):
        lying = replace(resealed(forged), outside=tuple(sorted({*RECORD.outside, account})))
        assert problems(lying) != [], account
    for account in RECORD.outside:
        less = replace(RECORD, outside=tuple(name for name in RECORD.outside if name != account))
        assert any(f"account {account}" in problem for problem in problems(less))


def test_a_negative_energy_is_found_even_where_everything_balances() -> None:
    step = 3
    there = RECORD.energy[RECORD.edges.index(("essential", "lights"))][step]
    edges = [("essential", "lights"), ("lights", "heat"), ("inverter", "essential"), ("dc_bus", "inverter")]
    less = dict.fromkeys([*edges, ("roof", "dc_bus"), ("sun", "roof")], -2 * there)
    forged = with_energy(RECORD, less, step)
    forged.demand["lights"][step] = -there
    assert "a negative energy" in problems(resealed(forged))[0]


def test_edges_stand_in_order_each_once() -> None:
    assert problems(resealed(replace(RECORD, edges=RECORD.edges[::-1], energy=RECORD.energy[::-1]))) != []
    twice = replace(
        RECORD, edges=(RECORD.edges[0], *RECORD.edges), energy=([0] * RECORD.span.steps, *RECORD.energy)
    )
    assert problems(resealed(twice)) != []


BAD: list[dict[str, Any]] = [
    {"energy": RECORD.energy[:-1]},
    {"energy": ()},
    {"edges": RECORD.edges[1:]},
    {"edges": ()},
    {"energy": tuple(column[:-1] for column in RECORD.energy)},
    {"energy": (*RECORD.energy[:-1], RECORD.energy[-1][1:])},
    {"energy": (*RECORD.energy[:-1], [2**63] * RECORD.span.steps)},
    {"energy": (*RECORD.energy[:-1], [2**62] * RECORD.span.steps)},
    {"energy": (*RECORD.energy[:-1], [0.5] * RECORD.span.steps)},
    {"energy": (*RECORD.energy[:-1], [None] * RECORD.span.steps)},
    {"demand": {"tv": []}},
    {"available": {"roof": [1]}},
    {"span": Span(RECORD.span.start, 60, 0)},
    {"span": Span(RECORD.span.start, 60, -1)},
    {"span": Span(RECORD.span.start, 60, RECORD.span.steps + 1)},
    {"previous": ""},
    {"previous": "no hex"},
    {"digest": ""},
    {"opening": {}},
    {"closing": {"tv": 0}},
]


@pytest.mark.parametrize("change", BAD, ids=lambda change: next(iter(change)))
def test_what_is_no_record_is_reported_and_not_tripped_over(change: dict[str, Any]) -> None:
    auditor = Auditor()
    auditor.check(RECORDS[0])
    auditor.check(replace(RECORD, **change))
    assert not auditor.ok
    auditor.check(RECORDS[2])


@given(st.data())
@examples(max_examples=300, deadline=None)
def test_any_change_of_any_energy_is_found(data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(RECORDS) - 1))
    record = copy(RECORDS[index])
    for _ in range(data.draw(st.integers(1, 3))):
        column = record.energy[data.draw(st.integers(0, len(record.edges) - 1))]
        step = data.draw(st.integers(0, len(column) - 1))
        column[step] = data.draw(st.integers(0, 2**40).filter(lambda value: value != column[step]))  # noqa: B023
    if record.energy != RECORDS[index].energy:
        assert problems(record) != []
        assert problems(*RECORDS[:index], record) != []


def test_problems_beyond_the_first_twenty_are_counted() -> None:
    auditor = Auditor()
    for _ in range(30):
        auditor.check(replace(RECORD, digest=""))
    assert len(auditor.problems) == 20
    assert auditor.dropped > 0
