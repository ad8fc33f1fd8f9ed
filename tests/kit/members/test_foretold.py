"""What the grid says of the time ahead: loads assume it, so that no window has to be cut where it comes true."""

from __future__ import annotations

from functools import cache

import pytest

from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.consumer import assumed
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.settler import foretold
from virtual_devices.kit.offers import Demand, Link, LinkOffer, masked
from virtual_devices.kit.window import Span

START = 1_782_016_200
HOME = """\
home: dark_evenings
site: {latitude: -33.92, longitude: 18.42, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 00:00, step: 60 s}
devices:
  sun: {}
  roof: {kind: pv_array, capacity: 2 kW}
  battery: {capacity: 20 kWh, start_soc: 90}
  grid: {outages: "06:00-08:00, 18:00-20:30"}
  inverter: {rated_power: 5 kW, reconnect_delay: 0}
  lights: {mode: on, rated_power: 100 W}
  geyser: {circuit: non_essential}
"""
OFTEN = HOME.replace("reconnect_delay: 0", "reconnect_delay: 90").replace("20 kWh", "300 Wh")
"""The battery is empty before the second outage is over, and the inverter waits before it goes back to the grid."""


def minutes(*numbers: int) -> list[tuple[int, bool]]:
    """The grid comes or goes so many minutes after the start, first goes."""
    return [(START + 60 * minute, bool(place % 2)) for place, minute in enumerate(numbers)]


@pytest.mark.parametrize(
    ("circuit", "supplied", "changes", "expected"),
    [
        ("non_essential", True, minutes(), (True, ())),
        ("non_essential", True, minutes(3, 7), (True, (3, 7))),
        ("non_essential", True, minutes(3, 70), (True, (3,))),
        ("non_essential", True, minutes(10), (True, ())),  # with the first step behind the span
        ("non_essential", False, minutes(-2, 7), (False, (7,))),
        ("non_essential", True, minutes(0, 7), (False, (7,))),
        ("non_essential", False, minutes(-2, 0, 4), (True, (4,))),
        ("essential", True, minutes(3, 7), (True, ())),
        ("essential", False, minutes(-2, 7, 8), (False, (7,))),  # shed, it may return with the grid
        ("aux", False, minutes(0), (False, ())),
    ],
)
def test_loads_assume_what_the_grid_foretells(
    circuit: str, supplied: bool, changes: list[tuple[int, bool]], expected: tuple[bool, tuple[int, ...]]  # noqa: FBT001
) -> None:
    assert assumed(Span(START, 60, 10), changes, supplied=supplied, beside=circuit == "non_essential") == expected


def test_what_comes_and_goes_within_a_step_is_not_seen() -> None:
    changes = [(START + 130, False), (START + 140, True)]
    assert assumed(Span(START, 60, 10), changes, supplied=True, beside=True) == (True, ())


def test_the_grid_s_offer_tells_what_comes_after_the_settled_steps() -> None:
    offer = LinkOffer([Link(4, connected=True), Link(2, connected=True, import_limit=5), Link(4, connected=False)], ((3, False), (7, True)))
    times = [(START + 60 * 6, False), (START + 60 * 13, True)]
    assert foretold(Span(START, 60, 3), [offer]) == tuple(times)
    assert foretold(Span(START, 60, 6), [offer]) == tuple(times)
    assert foretold(Span(START, 60, 7), [offer]) == tuple(times[1:])
    assert foretold(Span(START, 60, 7), [Demand("aux", 1, supplied=True, power=[1] * 7)]) == ()


def test_a_demand_says_its_assumption_in_runs() -> None:
    demand = Demand("essential", 1, supplied=False, power=[1, 2, 3, 4, 5], flips=(2, 3))
    assert demand.runs(5) == ((2, False), (1, True), (2, False))
    assert demand.runs(3) == ((2, False), (1, True))
    assert demand.runs(2) == ((2, False),)
    assert masked(demand.power, demand.runs(5)) == [0, 0, 3, 0, 0]


DAYS = 3


@cache
def digest_step_by_step(home: str) -> str:
    single = House(parse(home), max_steps=1)
    single.advance(single.home.start + DAYS * 86_400)
    return single.settler.digest


@pytest.mark.parametrize(("home", "most"), [(HOME, 600), (HOME, 1440), (HOME, 7), (OFTEN, 600), (OFTEN, 7)])
def test_windows_go_on_over_outages_with_the_same_joules(home: str, most: int) -> None:
    house = House(parse(home), max_steps=most)
    records: list[LedgerRecord] = []
    house.listeners.append(records.append)
    house.advance(house.home.start + DAYS * 86_400)
    assert house.settler.digest == digest_step_by_step(home)
    geyser = [joules for record in records for joules in record.energy[record.edges.index(("non_essential", "geyser"))]]
    assert sum(geyser[6 * 60 : 8 * 60]) == 0
    assert sum(geyser[8 * 60 : 9 * 60]) > 0
    fewest = -(-DAYS * 1440 // most)
    if home is HOME:
        assert house.seq <= fewest + 2  # before the first window nobody has foretold anything, and after it the next is shorter
    else:
        assert fewest < house.seq < fewest + 20 * DAYS  # cut where something came otherwise
