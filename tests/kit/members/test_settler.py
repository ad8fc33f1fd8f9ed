"""The inverter as a member: whom it hears, what it owes, and going on after any process was killed at any point."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.audit import Auditor
from virtual_devices.kit.ledger.transfers import GENESIS, LedgerRecord
from virtual_devices.kit.members.house import House, member_of
from virtual_devices.kit.members.participant import Participant
from virtual_devices.kit.members.settlement import Proposal, Settlement, Share
from virtual_devices.kit.members.settler import Settler
from virtual_devices.kit.offers import Demand
from virtual_devices.kit.window import Span, Window

HOME = parse("""
home: killed
site: {latitude: -33.92, longitude: 18.42, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 17:40, step: 60 s}
devices:
  battery: {capacity: 3 kWh, start_soc: 70}
  grid: {outages: "18:00-18:25", import_limit: 4 kW}
  inverter: {rated_power: 3 kW, shed_hold: 7 min}
  tv: {mode: on}
  oven: {mode: on}
  geyser: {mode: on, priority: 9, draw_times: "17:40-18:40"}
  pool: {kind: tv, circuit: non_essential, mode: on, rated_power: 500 W}
events:
  - {at: 2026-06-21 17:55, device: oven, set: {setpoint: 150}}
  - {at: 2026-06-21 18:05, device: battery, set: {capacity: 1.5 kWh}}
  - {at: 2026-06-21 18:10, device: inverter, set: {battery_low_capacity: 30}}
""")
STEPS = 60


@dataclass
class Played:
    """A home over a bus that loses nothing: proposals and the settlement are retained, as JSON where somebody restarts."""

    home: Home
    members: dict[str, Any] = field(default_factory=dict)
    proposals: dict[str, Proposal] = field(default_factory=dict)
    settlement: Settlement | None = None
    records: list[LedgerRecord] = field(default_factory=list)
    seq: int = 0

    def __post_init__(self) -> None:
        for entry in self.home.devices:
            self.members[entry.name] = member_of(self.home, entry, {})
        self.time = self.home.start

    @property
    def settler(self) -> Settler:
        found = self.members["inverter"]
        assert isinstance(found, Settler)
        return found

    @property
    def names(self) -> list[str]:
        return sorted(name for name, member in self.members.items() if isinstance(member, Participant))

    def fresh(self, name: str) -> Any:
        entry = self.home.entry(name)
        return member_of(replace(self.home, events=()), entry, {})

    def hear(self, name: str) -> None:
        """A participant takes what the last settlement holds for it."""
        member, settlement = self.members[name], self.settlement
        if member.proposed is None or settlement is None or settlement.seq < member.proposed.seq:
            return
        shares = (settlement.shares.get(name), settlement.owed.get(name))
        share = next((share for share in shares if share is not None and share.seq == member.proposed.seq), None)
        if share is None:
            member.proposed = member.busy_until = None
        else:
            member.commit(share)

    def ask(self, steps: int) -> Window:
        return Window("run", self.seq + 1, Span(self.time, 60, steps), tuple(self.names), self.seq)

    def propose(self, name: str, window: Window) -> Proposal:
        self.hear(name)
        if self.members[name].proposed is None:
            self.proposals[name] = self.members[name].propose(window, {})
        return self.proposals[name]

    def settle(self, window: Window, names: list[str]) -> Settlement:
        proposals = {name: self.propose(name, window) for name in names}
        assert all(self.settler.accepts(proposal, window) for proposal in proposals.values())
        settlement, record = self.settler.settle(window, proposals)
        self.settlement = replace(settlement, checkpoint=self.settler.checkpoint())
        self.records.append(record)
        self.seq, self.time = window.seq, settlement.span.end
        return self.settlement

    def restart(self, name: str) -> None:
        """Kill a process and begin it anew from what is retained."""
        if name == "inverter":
            member = self.fresh(name)
            assert self.settlement is not None
            member.resume(replace(self.settlement, checkpoint=through_json(self.settlement.checkpoint)))
        else:
            proposal = self.proposals[name]
            member = self.fresh(name)
            member.resume(replace(proposal, checkpoint=through_json(proposal.checkpoint)))
        self.members[name] = member


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def problems(records: list[LedgerRecord]) -> list[str]:
    auditor = Auditor()
    for record in records:
        auditor.check(record)
    return auditor.problems


def house_digest() -> str:
    house = House(HOME)
    house.advance(HOME.start + 60 * STEPS)
    return house.settler.digest


REFERENCE = house_digest()


@given(st.data())
@examples(max_examples=25, deadline=None)
def test_killing_any_process_between_any_two_messages_changes_no_joule(data: st.DataObject) -> None:
    played = Played(HOME)
    everybody = [*played.names, "inverter"]

    def kill() -> None:
        for name in data.draw(st.lists(st.sampled_from(everybody), max_size=3)):
            if name in played.proposals or (name == "inverter" and played.settlement is not None):
                played.restart(name)

    while played.time < HOME.start + 60 * STEPS:
        window = played.ask(data.draw(st.integers(1, (HOME.start + 60 * STEPS - played.time) // 60)))
        for name in data.draw(st.permutations(played.names)):
            played.propose(name, window)
            kill()
        played.settle(window, played.names)
        kill()  # settled and not committed
        for name in data.draw(st.lists(st.sampled_from(played.names))):
            played.hear(name)
            played.hear(name)  # told twice
        kill()  # committed and not proposed again: it commits once more
    assert played.settler.digest == REFERENCE
    assert problems(played.records) == []


def test_an_unheard_settlement_is_owed_until_it_is_confirmed() -> None:
    played = Played(HOME)
    everybody = played.names
    rest = [name for name in everybody if name != "tv"]
    played.settle(played.ask(4), everybody)
    share = played.settlement.shares["tv"]  # type: ignore[union-attr]
    for _ in range(3):  # gone: its share is kept, and it is left out
        settlement = played.settle(played.ask(2), rest)
        assert settlement.left_out == ("tv",)
        assert settlement.members == tuple(rest)
        assert settlement.owed == {"tv": share}
    window = played.ask(3)
    late = played.members["tv"].propose(window, {})  # it never heard of its share, and says so
    assert late.after == 0
    assert not played.settler.accepts(late, window)
    played.members["tv"].resume(through_wire(played.proposals["tv"]))
    assert played.propose("tv", window).after == 1  # told what is owed, it proposes from there
    settlement = played.settle(window, everybody)
    assert settlement.owed == {}
    assert settlement.left_out == ()
    played.hear("tv")
    assert played.members["tv"].after == 5
    assert played.members["tv"].readings()["energy_joules"] == 7 * 60 * 120  # nothing for the time it was away
    assert problems(played.records) == []


def through_wire(proposal: Proposal) -> Proposal:
    return replace(proposal, checkpoint=through_json(proposal.checkpoint))


def test_who_proposed_but_was_left_out_loses_no_state() -> None:
    played = Played(HOME)
    rest = [name for name in played.names if name != "battery"]
    played.settle(played.ask(4), played.names)
    window = played.ask(4)
    played.propose("battery", window)
    stored = played.members["battery"].state.stored_energy
    played.settle(window, rest)
    played.hear("battery")
    assert played.members["battery"].proposed is None
    assert played.members["battery"].state.stored_energy == stored
    played.settle(played.ask(4), played.names)
    assert played.records[-1].opening["battery"] == stored
    assert problems(played.records) == []


def test_the_edges_follow_the_members() -> None:
    played = Played(HOME)
    played.settle(played.ask(3), played.names)
    known = played.records[-1].edges
    played.settle(played.ask(3), [name for name in played.names if name not in ("grid", "pool")])
    assert {edge for edge in known if {"grid", "pool"} & set(edge)} == set(known) - set(played.records[-1].edges)
    assert played.records[1].outside == ()
    played.settle(played.ask(3), [])
    assert played.settlement is not None
    assert played.settlement.span.steps == 3
    assert problems(played.records) == []


def test_proposals_of_another_window_or_state_are_told_apart() -> None:
    played = Played(HOME)
    played.settle(played.ask(4), played.names)
    settler, window = played.settler, played.ask(4)
    good = played.propose("tv", window)
    assert settler.accepts(good, window)
    assert not settler.accepts(replace(good, run="another"), window)
    assert not settler.accepts(replace(good, seq=1), window)
    assert not settler.accepts(replace(good, after=0), window)  # behind
    for claims in (
        {"after": 2},
        {"span": Span(window.span.start + 60, 60, 4)},
        {"span": Span(window.span.start, 30, 4)},
        {"span": Span(window.span.start, 60, 5)},
        {"span": Span(window.span.start, 60, 0)},
    ):
        with pytest.raises(ProtocolError, match="tv"):
            settler.accepts(replace(good, **claims), window)
    assert settler.accepts(replace(good, name="kettle", after=0), window)  # new here
    with pytest.raises(ProtocolError):
        settler.accepts(replace(good, name="kettle", after=7), window)


def test_a_window_is_settled_once() -> None:
    played = Played(HOME)
    window = played.ask(4)
    proposals = {name: played.propose(name, window) for name in played.names}
    settlement, record = played.settler.settle(window, proposals)
    again = json.dumps(played.settler.checkpoint())
    with pytest.raises(ProtocolError, match="settled already"):
        played.settler.settle(window, proposals)
    assert json.dumps(played.settler.checkpoint()) == again
    restarted = played.fresh("inverter")
    restarted.resume(replace(settlement, checkpoint=json.loads(again)))
    with pytest.raises(ProtocolError, match="settled already"):
        restarted.settle(window, proposals)
    assert restarted.digest == record.digest == settlement.digest
    assert restarted.shares == settlement.shares
    assert record.previous == GENESIS


def test_the_same_window_is_settled_alike_by_an_inverter_that_died_before_it_published() -> None:
    played, other = Played(HOME), Played(HOME)
    for one in (played, other):
        one.settle(one.ask(4), one.names)
    window = played.ask(50)
    proposals = {name: played.propose(name, window) for name in played.names}
    first = played.settler.settle(window, proposals)
    other.restart("inverter")
    assert other.settler.settle(window, proposals) == first


def test_it_settles_over_the_shortest_proposal_and_its_own_commands() -> None:
    played = Played(HOME)
    settlement = played.settle(played.ask(60), played.names)
    assert settlement.span.steps == 15  # the oven's command at 17:55
    for name in played.names:
        played.hear(name)
    settlement = played.settle(played.ask(3), played.names)
    settlement = played.settle(played.ask(60), played.names)
    assert settlement.span.end == HOME.start + 60 * 21  # the outage at 18:00 cuts with its first step


def test_a_broken_settlement_is_refused_and_changes_nothing() -> None:
    played = Played(HOME)
    settlement = played.settle(played.ask(4), played.names)
    good = through_json(settlement.checkpoint)
    one = played.fresh("inverter")
    before = json.dumps(one.checkpoint())
    for left_out in good.keys() - {"program"}:  # which only words need
        with pytest.raises(ProtocolError):
            one.resume(replace(settlement, checkpoint={key: value for key, value in good.items() if key != left_out}))
    with pytest.raises(ProtocolError):
        one.resume(replace(settlement, checkpoint={**good, "expected": ["only one"]}))
    assert json.dumps(one.checkpoint()) == before


def test_a_checkpoint_does_not_change_when_life_goes_on() -> None:
    played = Played(HOME)
    kept = played.settle(played.ask(4), played.names).checkpoint
    text = json.dumps(kept)
    played.settle(played.ask(4), played.names)
    assert json.dumps(kept) == text


def test_shares_say_what_was_settled_to_each() -> None:
    played = Played(HOME)
    settlement = played.settle(played.ask(4), played.names)
    record, shares = played.records[0], settlement.shares
    assert set(shares) == set(played.names)
    assert all(isinstance(share, Share) and share.span == settlement.span for share in shares.values())
    assert shares["battery"].stored == record.closing["battery"]
    tv = played.proposals["tv"].offer
    assert isinstance(tv, Demand)
    assert record.demand["tv"] == [power * 60 for power in tv.power[:4]]
    imported = record.energy[record.edges.index(("grid", "meter"))]
    assert [power * 60 for power in shares["grid"].imported] == imported
