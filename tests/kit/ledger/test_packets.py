"""Whole joules of each wire: whatever is carried in whatever windows, nothing is lost and nothing said twice."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stage import SMALL, small_home
from virtual_devices.kit.ledger.packets import Packets
from virtual_devices.kit.ledger.transfers import GENESIS, LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.kit.offers import Edge
from virtual_devices.kit.window import Span

WIRES: list[Edge] = [("sun", "roof"), ("roof", "dc_bus"), ("dc_bus", "inverter"), ("oven", "heat")]


def window(seq: int, columns: dict[Edge, list[int]]) -> LedgerRecord:
    """A record of columns, mJ per step; only what packets are made of is true in it."""
    steps = max(map(len, columns.values()), default=1)
    edges = tuple(sorted(columns))
    return LedgerRecord("run", seq, Span(0, 5, steps), edges, tuple(columns[edge] for edge in edges), {}, {}, {}, {}, (), GENESIS, GENESIS)


def told(*windows: dict[Edge, list[int]]) -> list[dict[str, int]]:
    packets, found = Packets(), []
    for seq, columns in enumerate(windows, 1):
        packets = packets.following(window(seq, columns))
        found.append(packets.joules)
    return found


def test_what_makes_no_whole_joule_goes_with_the_next_packet() -> None:
    wire = ("oven", "heat")
    assert told({wire: [1499, 1]}, {wire: [700]}, {wire: [1800]}) == [{"oven/heat": 1}, {"oven/heat": 1}, {"oven/heat": 2}]
    assert told({wire: [400]}, {wire: [400]}, {wire: [400]}) == [{"oven/heat": 0}, {"oven/heat": 0}, {"oven/heat": 1}]


def test_a_wire_that_falls_still_says_so_once_and_keeps_what_is_left() -> None:
    wire = ("oven", "heat")
    assert told({wire: [2600]}, {wire: [0]}, {wire: [0]}, {wire: [400]}) == [{"oven/heat": 2}, {"oven/heat": 0}, {}, {"oven/heat": 1}]
    assert told({wire: [2000]}, {}, {}) == [{"oven/heat": 2}, {"oven/heat": 0}, {}], "the oven has left"
    assert told({wire: [900]}, {wire: [0]}) == [{"oven/heat": 0}, {}], "it was not seen to flow"


energies = st.one_of(st.just(0), st.integers(0, 1100), st.integers(0, 2**60))


@st.composite
def columns(draw: st.DrawFn) -> dict[Edge, list[int]]:
    steps = draw(st.integers(1, 3))
    return {wire: draw(st.lists(energies, min_size=steps, max_size=steps)) for wire in draw(st.sets(st.sampled_from(WIRES)))}


@given(st.lists(columns(), max_size=12), st.integers(0, 12))
def test_all_packets_together_are_less_than_a_joule_behind(windows: list[dict[Edge, list[int]]], restart: int) -> None:
    packets, said, carried = Packets(), Counter[str](), Counter[str]()
    flowing: set[str] = set()
    for seq, each in enumerate(windows, 1):
        if seq == restart:
            packets = Packets.of(json.loads(json.dumps(packets.json())))
        packets = packets.following(window(seq, each))
        energy = {"/".join(wire): sum(column) for wire, column in each.items() if any(column)}
        assert packets.joules.keys() == energy.keys() | flowing, "of each that carried something, and of each that was seen to flow and does not"
        flowing = {wire for wire, joules in packets.joules.items() if joules}
        carried.update(energy)
        said.update(packets.joules)
        for wire, total in carried.items():
            assert said[wire] == total // 1000
            assert packets.left.get(wire, 0) == total % 1000


def test_flows_change_nothing_but_the_checkpoint() -> None:
    off, on = (House(small_home(text)) for text in (SMALL, SMALL.replace("inverter: {", "inverter: {flows: on, ")))
    for house in (off, on):
        house.advance(house.home.start + 50 * house.home.step)
    assert on.settler.digest == off.settler.digest
    assert "packets" not in off.settler.checkpoint()
    assert on.settler.checkpoint()["packets"]["joules"]["sun/roof"] > 0


@pytest.mark.parametrize("kept", [{}, {"joules": 3, "left": {}}, {"joules": {"a/b": "x"}, "left": {}}, []])
def test_a_broken_checkpoint_is_none(kept: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Packets.of(kept)  # type: ignore[arg-type] # what may stand in a file
