"""Laws of circuits, on random trees in random homes: what holds in every window, and that no cut of time matters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.audit import Auditor
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.settlement import Proposal, Settlement
from virtual_devices.kit.offers import CircuitOffer, Demand
from virtual_devices.kit.window import Window

PORTS = ("essential", "aux", "non_essential")
LOADS = ("house", "lamp", "oven", "stove", "tv", "tub")
CIRCUITS = ("a", "b", "c", "d", "e", "f")
STEP = 600
START = 1_774_652_400  # 2026-03-28 00:00 in Berlin, whose clocks go forward in the next night
STEPS = 240
TIMERS = ("", "06:30 on", "07:10 off", "Sat 12:00 toggle", "sunset+00:15 off", "Sun 02:30 on", "18:00 off", "22:00 toggle")
HEAD = """
home: tree
site: {latitude: 52.5, longitude: 13.4, altitude: 40 m, time_zone: Europe/Berlin}
clock: {start: 2026-03-28 00:00, step: 600 s}
"""


@dataclass(frozen=True)
class Plan:
    """A home, and commands to its devices: (step, device, changes), which nobody has looked at as a home."""

    text: str
    commands: tuple[tuple[int, str, dict[str, Any]], ...]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    circuits = CIRCUITS[: draw(st.integers(0, len(CIRCUITS)))]
    loads = LOADS[: draw(st.integers(1, len(LOADS)))]
    lines = []
    for number, name in enumerate(circuits):
        on = draw(st.sampled_from(PORTS + circuits[:number]))
        if draw(st.booleans()):
            first, second = draw(st.sampled_from(TIMERS)), draw(st.sampled_from(TIMERS))
            most, power_on = draw(st.sampled_from([0, 60, 2500])), draw(st.sampled_from(["off", "on", "last"]))
            only = draw(st.sampled_from(["false", "false", "true"]))
            lines.append(
                f'{name}: {{kind: smart_switch, circuit: {on}, timer_1: "{first}", timer_2: "{second}", max_power: {most}, '
                f'power_on: "{power_on}", measure_only: {only}}}'
            )
        else:
            amperes, after = draw(st.sampled_from([1, 5, 16])), draw(st.sampled_from([0, 1800]))
            lines.append(f"{name}: {{kind: breaker, circuit: {on}, rated_current: {amperes}, reset_after: {after}}}")
    kinds = {
        "house": "base_load", "lamp": 'lights, mode: "on"', "oven": 'oven, schedule: "11:00-13:00, 18:00-20:00"',
        "stove": 'oven, mode: "on"', "tv": 'tv, mode: "on"', "tub": "geyser",
    }  # fmt: skip
    for name in loads:
        on, priority = draw(st.sampled_from(PORTS + circuits)), draw(st.integers(1, 10))
        lines.append(f"{name}: {{kind: {kinds[name]}, circuit: {on}, priority: {priority}}}")
    outages = draw(st.sampled_from(["", "08:00-10:30, 18:00-20:30", "00:30-23:30", "12:05-12:15"]))
    lines.append(f'grid: {{outages: "{outages}", import_limit: {draw(st.sampled_from(["100 kW", "3 kW"]))}}}')
    if draw(st.booleans()):
        lines.append("battery: {capacity: 2 kWh}")
    if draw(st.booleans()):
        rating, port = draw(st.sampled_from(["2 kW", "8 kW"])), draw(st.sampled_from(["Disable", "Smartload"]))
        overload, always = draw(st.sampled_from(["Shed", "Trip"])), draw(st.booleans())
        lines.append(
            f"inverter: {{rated_power: {rating}, aux_port_usage: {port}, overload: {overload}, smartload_on_grid: {str(always).lower()}}}"
        )
    commands = draw(st.lists(st.tuples(st.integers(1, STEPS - 1), st.sampled_from(circuits + loads), st.data()), max_size=5))
    made = []
    for step, name, data in sorted(commands, key=lambda command: command[:2]):
        choices: list[dict[str, Any]] = [{"circuit": data.draw(st.sampled_from((*PORTS, *circuits, "nowhere", "grid", "tv")))}]
        if name in circuits:
            choices += [{"relay": "on"}, {"relay": "off"}, {"toggle": True}, {"reset": True}]
        made.append((step, name, data.draw(st.sampled_from(choices))))
    return Plan(HEAD + "devices:\n" + "".join(f"  {line}\n" for line in lines), tuple(made))


@dataclass
class Lived:
    house: House
    digest: str = ""
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    unserved: int = 0


def live(plan: Plan, max_steps: int) -> Lived:
    home = parse(plan.text)
    assert home.start == START
    house = House(home, max_steps=max_steps)
    for step, name, changes in plan.commands:
        member = house.members[name]
        if "circuit" in changes or not getattr(member.settings, "measure_only", False):
            fits = changes.keys() <= {"circuit", *(["relay", "toggle", "reset"] if member.device.ability == "carries" else [])}
            assert fits
            member.command(changes, START + step * STEP)
    lived, auditor = Lived(house), Auditor()
    settle = house.settler.settle

    def watched(window: Window, proposals: Mapping[str, Proposal]) -> tuple[Settlement, LedgerRecord]:
        settlement, record = settle(window, proposals)
        auditor.check(record)
        check(proposals, settlement, record)
        columns = dict(zip(record.edges, record.energy, strict=True))
        lived.unserved += sum(sum(wanted) - sum(columns[name, "heat"]) for name, wanted in record.demand.items())
        return settlement, record

    house.settler.settle = watched  # type: ignore[method-assign]
    house.advance(START + STEPS * STEP)
    assert auditor.problems == []
    lived.digest = house.settler.digest
    for name, each in house.members.items():
        lived.members[name] = {**each.checkpoint(), "readings": each.readings()}
        lived.members[name]["after"] = lived.members[name]["expected"] = None  # these count windows
    return lived


def check(proposals: Mapping[str, Proposal], settlement: Settlement, record: LedgerRecord) -> None:
    offers = {name: proposal.offer for name, proposal in proposals.items()}
    circuits = {name: offer for name, offer in offers.items() if isinstance(offer, CircuitOffer)}
    columns = dict(zip(record.edges, record.energy, strict=True))
    steps, step = record.span.steps, record.span.step
    for name, offer in offers.items():
        if not isinstance(offer, (Demand, CircuitOffer)):
            continue
        way, closed = [offer.circuit], True
        while way[-1] not in PORTS and way[-1] in circuits and way.count(way[-1]) == 1:
            closed = closed and circuits[way[-1]].state.closed
            way.append(circuits[way[-1]].circuit)
        share = settlement.shares[name]
        there = way[-1] in PORTS
        assert (name in settlement.isolated) == (not there)
        if isinstance(offer, Demand):
            assert share.cut_off == (not there or not closed)
            assert (name in record.demand) == there
            if share.cut_off:  # nothing is drawn, nothing is wanted
                assert share.supply == ((steps, False),)
                assert not any(record.demand.get(name, []))
                assert not any(columns.get((offer.circuit, name), []))
            continue
        given = [column for (source, _), column in columns.items() if source == name]
        total = [sum(parts) for parts in zip(*given, strict=True)] if given else [0] * steps
        assert columns.get((offer.circuit, name), [0] * steps) == total
        assert share.through == sum(total)
        assert sum(count for count, _ in share.live) == steps
        assert (settlement.circuits.get(name) == offer.circuit) == there
        if not (there and closed):
            assert share.live == ((steps, False),)
        if not offer.state.closed or not there:
            assert not any(total)
        dead = [index for index, on in enumerate(on for count, on in share.live for _ in range(count)) if not on]
        assert not any(total[index] for index in dead), "nothing flows where there is no power"
        if offer.rule.curve and offer.rule.curve[1][0] == offer.rule.curve[0][0] + 1:
            over = [index for index, energy in enumerate(total) if energy > offer.rule.curve[0][0] * step]
            assert over in ([], [steps - 1]), "it opens with the step"
            assert not over or (share.circuit is not None and share.circuit.tripped and not share.circuit.closed)


def check_lives(plan: Plan, max_steps: int) -> None:
    one, other = live(plan, 1440), live(plan, max_steps)
    assert one.digest == other.digest
    assert one.members == other.members
    for lived in (one, other):
        loads = sum(each["counters"]["unserved_energy"] for each in lived.members.values() if "unserved_energy" in each.get("counters", {}))
        (inverter,) = (each["state"]["totals"] for each in lived.members.values() if "totals" in each["state"])
        assert inverter["unserved"] == loads == lived.unserved


MANY = int(os.environ.get("VIRTUAL_DEVICES_TREES", "500"))
"""Trees of the heavy test; `make trees` tries 2,000, in five minutes of a core."""


@given(plans(), st.sampled_from([1, 7, 60]))
@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
def test_trees(plan: Plan, max_steps: int) -> None:
    check_lives(plan, max_steps)


@pytest.mark.heavy
@given(plans(), st.sampled_from([1, 7, 60]))
@settings(max_examples=MANY, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
def test_many_trees(plan: Plan, max_steps: int) -> None:
    check_lives(plan, max_steps)
