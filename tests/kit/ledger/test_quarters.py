"""Quarters of an hour: by hand, against a reckoning step by step, and the same however time was cut into windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.ledger.stretches import Stretch, by_quarter, stretches, windows
from tests.laws import examples
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.quarters import Quarter, Quarters
from virtual_devices.kit.ledger.series import Tally, together
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.kit.window import Span

NOON = 1_782_043_200
EXAMPLE = Path(__file__).parents[3] / "examples" / "cape_town.yaml"
EVENTS = """
events:
  - {at: 2026-06-21 07:15, device: kitchen_lights, set: {brightness: 60 %}}
  - {at: 2026-06-21 08:41, device: geyser, set: {circuit: essential}}
  - {at: 2026-06-21 09:13, device: inverter, set: {shed_hold: 7 min, battery_low_capacity: 40 %}}
  - {at: 2026-06-21 12:07, device: battery, set: {capacity: 2 kWh, discharge_limit: 1500 W}}
  - {at: 2026-06-21 12:20, device: battery, set: {capacity: 10 kWh, discharge_limit: 5 kW}}
  - {at: 2026-06-21 13:00, device: inverter, set: {inverter_enabled: off}}
  - {at: 2026-06-21 13:25, device: inverter, set: {inverter_enabled: on, solar_export: off}}
"""


def record(start: int, steps: int, step: int = 300, **columns: list[int]) -> LedgerRecord:
    """A battery that holds 1000 mJ, and a lamp that wants 7 in each step. columns: in, out, lost and lamp, mJ."""
    column = {name: columns.get(name, [0] * steps) for name in ("into", "out", "lost", "lamp")}
    edges = {
        ("battery", "dc_bus"): column["out"], ("battery", "losses"): column["lost"], ("dc_bus", "battery"): column["into"],
        ("essential", "lamp"): column["lamp"], ("lamp", "heat"): column["lamp"],
    }  # fmt: skip
    closing = 1000 + sum(column["into"]) - sum(column["out"]) - sum(column["lost"])
    return LedgerRecord(
        run="test", seq=1, span=Span(start, step, steps), edges=tuple(edges), energy=tuple(edges.values()), demand={"lamp": [7] * steps},
        available={}, opening={"battery": 1000}, closing={"battery": closing}, outside=(), previous="", digest="",
    )  # fmt: skip


def of(records: Sequence[LedgerRecord]) -> list[Quarter]:
    """All quarters of some records, also one that is open still."""
    quarters = Quarters()
    found = [quarter for each in records for quarter in quarters.add(each)]
    return [*found, quarters.open] if quarters.open else found


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_a_quarter_by_hand() -> None:
    quarters = Quarters()
    whole = record(NOON, 3, into=[50, 0, 10], out=[0, 30, 0], lost=[1, 2, 0], lamp=[7, 0, 7])
    assert quarters.add(whole) == [
        Quarter(NOON, 300, 3, {
            "energy/battery>dc_bus": Tally(30),
            "energy/battery>losses": Tally(3),
            "energy/dc_bus>battery": Tally(60),
            "energy/essential>lamp": Tally(14),
            "energy/lamp>heat": Tally(14),
            "power/battery": Tally(-30, low=-50, high=30, last=-10),
            "power/lamp": Tally(14, low=0, high=7, last=7),
            "unserved/lamp": Tally(7),
            "stored/battery": Tally(0, low=1017, high=1049, last=1027),
        })
    ]  # fmt: skip
    assert quarters.open is None


def test_what_does_not_happen_is_not_named_but_for_what_is_stored() -> None:
    assert of([record(NOON, 3, lamp=[7, 7, 7])])[0].series.keys() == {
        "energy/essential>lamp", "energy/lamp>heat", "power/lamp", "stored/battery",
    }  # fmt: skip


def test_a_step_belongs_to_the_quarter_in_which_it_starts() -> None:
    found = of([record(NOON - 1, 4, lamp=[1, 2, 3, 4])])
    assert [(each.start - NOON, each.steps, each.series["power/lamp"]) for each in found] == [
        (-900, 1, Tally(1, 1, 1, 1)),
        (0, 3, Tally(9, 2, 4, 4)),  # at 299, 599 and 899 s
    ]


def test_of_steps_of_an_hour_there_is_one_in_every_fourth_quarter() -> None:
    quarters = Quarters()
    found = quarters.add(record(NOON + 1000, 3, step=3600))
    assert [(each.start - NOON, each.step, each.steps) for each in found] == [(900, 3600, 1), (4500, 3600, 1), (8100, 3600, 1)]
    assert quarters.open is None


def test_of_steps_of_seven_seconds_there_are_128_or_129_in_a_quarter() -> None:
    found = of([record(NOON, 400, step=7)])
    assert [(each.start - NOON, each.steps) for each in found] == [(0, 129), (900, 129), (1800, 128), (2700, 14)]


def test_a_quarter_is_over_with_the_last_step_that_can_start_in_it_or_when_time_was_skipped() -> None:
    quarters = Quarters()
    assert quarters.add(record(NOON, 1)) == []
    assert quarters.open is not None
    assert quarters.open.steps == 1
    later = quarters.add(record(NOON + 3600, 3))
    assert [(each.start - NOON, each.steps) for each in later] == [(0, 1), (3600, 3)]
    assert quarters.open is None


def test_whoever_comes_in_the_middle_was_zero_before_but_held_what_it_held() -> None:
    battery = record(NOON + 300, 2, into=[5, 6])
    nobody = replace(record(NOON, 1), edges=(), energy=(), demand={}, opening={}, closing={})
    series = of([nobody, battery])[0].series
    assert series["power/battery"] == Tally(-11, low=-6, high=0, last=-6)
    assert series["stored/battery"] == Tally(0, low=1005, high=1011, last=1011)
    gone = replace(nobody, span=Span(NOON + 600, 300, 1))
    series = of([replace(battery, span=Span(NOON, 300, 2)), gone])[0].series
    assert series["power/battery"] == Tally(-11, low=-6, high=0, last=0)
    assert series["stored/battery"] == Tally(0, low=1005, high=1011, last=1011)


@pytest.mark.parametrize("wrong", [record(NOON - 900, 3), record(NOON + 420, 1, step=60)])
def test_records_that_cannot_follow_are_refused_and_change_nothing(wrong: LedgerRecord) -> None:
    quarters = Quarters()
    quarters.add(record(NOON, 2))
    before = quarters.open
    with pytest.raises(ProtocolError, match="add a run's records in order"):
        quarters.add(wrong)
    assert quarters.open == before


def test_a_record_without_steps_changes_nothing() -> None:
    quarters = Quarters()
    assert quarters.add(record(NOON, 0)) == []
    assert quarters.open is None


# -- laws --------------------------------------------------------------------------------------------------------------


def reckoned(start: int, step: int, steps: Sequence[Mapping[str, int]]) -> Quarter:
    """A quarter by the words of its definition."""
    series = {}
    for name in {name for each in steps for name in each}:
        kind = name.partition("/")[0]
        values = [each[name] for each in steps if name in each] if kind == "stored" else [each.get(name, 0) for each in steps]
        total = 0 if kind == "stored" else sum(values)
        tally = Tally(total, min(values), max(values), values[-1]) if kind in ("stored", "power") else Tally(total)
        if kind == "stored" or any(tally):
            series[name] = tally
    return Quarter(start, step, len(steps), series)


@given(stretches(), st.lists(st.integers(1, 50), min_size=1, max_size=5))
@examples(max_examples=100, deadline=None)
def test_quarters_are_what_their_steps_add_up_to_however_time_is_cut(drawn: list[Stretch], lengths: list[int]) -> None:
    step = drawn[0].span.step
    expected = [reckoned(start, step, steps) for start, steps in by_quarter(drawn).items()]
    assert of(windows(drawn, lengths)) == expected


@given(stretches(), st.lists(st.integers(1, 50), min_size=1, max_size=5), st.data())
@examples(max_examples=100, deadline=None)
def test_whoever_goes_on_from_the_open_quarter_gets_the_same(drawn: list[Stretch], lengths: list[int], data: st.DataObject) -> None:
    quarters, other, found = Quarters(), Quarters(), []
    for each in windows(drawn, lengths):
        closed = quarters.add(each)
        if data.draw(st.booleans()):
            other = Quarters(other.open)
        assert other.add(each) == closed
        assert other.open == quarters.open
        found += closed
        if quarters.open is not None:
            assert all(closed.start < quarters.open.start for closed in found)
        if each.span.end % 900 == 0:
            assert quarters.open is None
    assert sorted({quarter.start for quarter in found}) == [quarter.start for quarter in found]


@given(stretches())
@examples(max_examples=50, deadline=None)
def test_a_quarter_ends_with_what_its_store_holds_in_the_books(drawn: list[Stretch]) -> None:
    quarters = Quarters()
    for each in windows(drawn, [1]):
        closed = quarters.add(each)
        now = quarters.open or closed[-1]
        if each.closing:
            assert now.series["stored/battery"].last == each.closing["battery"]


@given(stretches())
@examples(max_examples=50, deadline=None)
def test_it_does_not_matter_in_which_order_quarters_are_added_up(drawn: list[Stretch]) -> None:
    first, *rest = [quarter.series for quarter in of(windows(drawn, [7]))]
    one_by_one = first
    for each in rest:
        one_by_one = together(one_by_one, each)
    if rest:
        behind = rest[-1]
        for each in reversed([first, *rest[:-1]]):
            behind = together(each, behind)
        assert one_by_one == behind


# -- a real home -------------------------------------------------------------------------------------------------------


def lived(max_steps: int, step: int, hours: int) -> tuple[list[LedgerRecord], list[Quarter]]:
    house = House(replace(parse(EXAMPLE.read_text() + EVENTS), step=step), max_steps=max_steps)
    records: list[LedgerRecord] = []
    house.listeners.append(records.append)
    house.advance(house.home.start + hours * 3600)
    return records, of(records)


@pytest.mark.parametrize(("step", "hours"), [(60, 14), (300, 14), (7, 2), (3600, 48)])
def test_a_home_s_quarters_do_not_depend_on_its_windows(step: int, hours: int) -> None:
    records, quarters = lived(1440, step, hours)
    assert sum(quarter.steps for quarter in quarters) == sum(record.span.steps for record in records)
    for name in ("energy/essential>house", "power/battery", "power/grid", "power/inverter", "stored/battery"):
        assert any(name in quarter.series for quarter in quarters), name
    for max_steps in (60, 7, 1):
        assert lived(max_steps, step, hours)[1] == quarters, max_steps


def test_the_quarters_of_a_home_are_its_books() -> None:
    records, quarters = lived(1440, 60, 14)
    energy: dict[str, int] = {}
    for each in records:
        for (source, sink), column in zip(each.edges, each.energy, strict=True):
            name = f"energy/{source}>{sink}"
            energy[name] = energy.get(name, 0) + sum(column)
    wanted = sum(sum(column) for each in records for column in each.demand.values())
    could = sum(sum(column) for each in records for column in each.available.values())

    def total(kind: str) -> int:
        return sum(tally.sum for quarter in quarters for name, tally in quarter.series.items() if name.startswith(kind))

    for name, expected in energy.items():
        assert total(name) == expected, name
    served = sum(total(f"energy/{load}>heat") for load in records[0].demand)
    assert total("unserved/") == wanted - served > 0
    assert total("curtailed/") == could - total("energy/sun>") > 0
    assert energy["energy/battery>reset"] > 0
    assert quarters[-1].series["stored/battery"].last == records[-1].closing["battery"]
