"""A circuit refuses a settlement that its own rule does not give, and check refuses a home that hangs together wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from virtual_devices.kit.circuits import CircuitState
from virtual_devices.kit.errors import HomeFileError, ProtocolError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.participant import Participant
from virtual_devices.kit.window import Span, Window

HEAD = """
home: wired
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 06:00, step: 60 s}
devices:
  grid: {}
"""


@pytest.mark.parametrize(
    "wrong",
    [
        {"circuit": CircuitState(closed=False)},
        {"circuit": None},
        {"live": ((4, True),)},
        {"live": ((5, True), (0, False))},
        {"live": ((5, False),)},
        {"carried": []},
        {"through": 1},
    ],
)
def test_a_share_that_its_rule_does_not_give_is_refused(wrong: dict[str, Any]) -> None:
    house = House(parse(HEAD + "  plug: {kind: smart_switch, max_power: 500 W}\n  tv: {circuit: plug, mode: on}\n"))
    window = Window("house", 1, Span(house.time, 60, 5), tuple(house.members), 0)
    proposals = {member.name: member.propose(window, {}) for member in house.participants}
    settlement, _ = house.settler.settle(window, proposals)
    plug = house.members["plug"]
    assert isinstance(plug, Participant)
    before = plug.state
    with pytest.raises(ProtocolError, match="plug: window 1"):
        plug.commit(replace(settlement.shares["plug"], **wrong))
    assert plug.state == before
    plug.commit(settlement.shares["plug"])
    assert plug.counters["energy"] == settlement.shares["plug"].through > 0


@pytest.mark.parametrize(
    ("devices", "problem"),
    [
        ("tv: {circuit: plug}", "home.yaml:7: device tv: circuit: there is no circuit 'plug' in this home; use one of: essential, aux, non_essential"),
        ("tv: {circuit: grid}", "device tv: circuit: device 'grid' is a grid, on which nothing can hang"),
        ("a: {kind: breaker, circuit: b}\n  b: {kind: breaker, circuit: a}", "device a: circuit: a → b → a is a circle; hang one of them on essential"),
        ("a: {kind: breaker, circuit: a}", "device a: circuit: a → a is a circle"),
        ("tv: {circuit: A}", "setting 'circuit': 'A' is no device's name"),
    ],
)
def test_a_home_that_hangs_together_wrongly_is_refused(devices: str, problem: str) -> None:
    with pytest.raises(HomeFileError, match="device") as refused:
        parse(HEAD + f"  {devices}\n")
    assert problem in str(refused.value)


def test_an_event_may_rewire_but_not_into_a_circle() -> None:
    home = HEAD + "  a: {kind: breaker}\n  b: {kind: breaker, circuit: a}\n  tv: {circuit: b}\nevents:\n"
    event = "  - {at: 2026-06-21 07:00, device: %s, set: {circuit: %s}}\n"
    assert len(parse(home + event % ("tv", "a") + event % ("b", "essential") + event % ("a", "b")).events) == 3
    with pytest.raises(HomeFileError, match="event for a: circuit: a → b → a is a circle"):
        parse(home + event % ("a", "b"))
    with pytest.raises(HomeFileError, match="event for tv: circuit: there is no circuit 'c' in this home"):
        parse(home + event % ("tv", "c"))
