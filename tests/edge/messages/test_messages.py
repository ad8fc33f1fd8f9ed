"""The messages of the bus: there and back without loss, and broken ones told in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.stage import SMALL, small_home
from virtual_devices.edge.messages import base as messages
from virtual_devices.edge.messages.base import (
    AboutMessage,
    AppliedMessage,
    CommandMessage,
    ErrorMessage,
    SiteMessage,
    SpanForm,
    read,
    write,
)
from virtual_devices.edge.messages.ledger import LedgerMessage, ledger_bytes, read_ledger
from virtual_devices.edge.messages.order import (
    before_checkpoint,
    halves_of,
    head_of,
    proposal_halves_of,
    settled_halves_of,
)
from virtual_devices.edge.messages.proposal import ProposalMessage, offered, proposal_bytes
from virtual_devices.edge.messages.retained import place
from virtual_devices.edge.messages.settlement import (
    SettlementMessage,
    ShareForm,
    beside_shares,
    part_of,
    settled_of,
    settlement_bytes,
)
from virtual_devices.edge.messages.window import ConditionsMessage, SettlementHead, WindowHead, WindowMessage, given_of
from virtual_devices.kit.circuits import FULL, CircuitRule, CircuitState
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.mains import Mains
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.settlement import Proposal, Settlement, Share
from virtual_devices.kit.offers import CircuitOffer, Demand, Link, LinkOffer
from virtual_devices.kit.window import Span, Window

FORMS: list[type[messages.Message]] = [
    AboutMessage, SiteMessage, WindowMessage, ConditionsMessage, ProposalMessage, SettlementMessage, LedgerMessage, ErrorMessage,
]  # fmt: skip


@pytest.fixture(scope="module")
def played() -> tuple[list[Proposal], Settlement, LedgerRecord]:
    """A window of a real home, half an hour into its day."""
    house = House(small_home(SMALL))
    records: list[LedgerRecord] = []
    house.listeners.append(records.append)
    house.advance(house.time + 30 * 60)
    window = Window("run", house.seq + 1, Span(house.time, 60, 5), tuple(house.members), house.seq)
    given_: dict[str, Any] = {each.name: each.conditions(window, {}) for each in house.observers}
    proposals = []
    for member in house.participants:
        inputs = {"sun": given_["sun"]} if member.name == "roof" else {}
        proposals.append(member.propose(window, inputs))
    settlement, record = house.settler.settle(window, {each.name: each for each in proposals})
    return proposals, settlement, record


def test_every_ability_proposes_and_comes_back_the_same(played: tuple[list[Proposal], Settlement, LedgerRecord]) -> None:
    for proposal in played[0]:
        there = read(ProposalMessage, proposal_bytes(proposal)).to_kit(proposal.name)
        assert write(there) == write(proposal), proposal.name
    assert {type(each.offer).__name__ for each in played[0]} == {"Demand", "Supply", "StoreOffer", "LinkOffer"}


def test_a_settlement_and_a_ledger_come_back_the_same(played: tuple[list[Proposal], Settlement, LedgerRecord]) -> None:
    _, settlement, record = played
    assert read(SettlementMessage, settlement_bytes(settlement)).to_kit() == settlement
    there = read_ledger(ledger_bytes(record))
    assert write(there) == write(record)
    heat, demand = there.energy[there.edges.index(("oven", "heat"))], there.demand["oven"]
    assert heat is demand, "what is one column is written and kept once"


def test_ledgers_of_before_are_read_too(played: tuple[list[Proposal], Settlement, LedgerRecord]) -> None:
    record = played[2]
    assert write(read_ledger(write(record))) == write(record)


def test_a_ledger_that_names_a_column_that_is_not_there_is_none(played: tuple[list[Proposal], Settlement, LedgerRecord]) -> None:
    message = orjson.loads(ledger_bytes(played[2]))
    for wrong in (len(message["columns"]), -1, 0.5, [0]):
        with pytest.raises(ProtocolError, match="not a ledger"):
            read_ledger(orjson.dumps(message | {"energy": [wrong, *message["energy"][1:]]}))


@pytest.mark.parametrize(
    ("seq", "settled", "cut", "open_"),
    [
        (4, 10, False, (5, 0, 10)),  # an old settlement: the window as it was asked
        (5, 10, False, (6, 600, 10)),
        (5, 3, True, (6, 180, 6)),  # cut: at most twice as many
        (5, 3, False, (6, 180, 10)),
        (7, 10, False, (8, 600, 10)),
        (8, 10, False, None),  # all that were granted are used up
    ],
)
def test_windows_follow_a_settlement(seq: int, settled: int, cut: bool, open_: tuple[int, int, int] | None) -> None:  # noqa: FBT001
    asked = WindowHead(run="run", seq=5, span=SpanForm(start=0, step=60, steps=10), members=[], observers=[], after=4, more=3)
    found = asked.following(SettlementHead(run="run", seq=seq, span=SpanForm(start=0, step=60, steps=settled), cut=cut).settled())
    assert (found and (found.seq, found.span.start, found.span.steps)) == open_
    assert asked.following(SettlementHead(run="other", seq=seq, span=SpanForm(start=0, step=60, steps=settled)).settled()) == asked.following(None)


def test_windows_do_not_follow_beyond_their_end() -> None:
    asked = WindowHead(run="run", seq=1, span=SpanForm(start=0, step=60, steps=10), members=[], observers=[], after=0, more=9, until=900)
    found = asked.following(SettlementHead(run="run", seq=1, span=SpanForm(start=0, step=60, steps=10)).settled())
    assert found is not None
    assert found.span.steps == 5
    assert asked.following(SettlementHead(run="run", seq=2, span=SpanForm(start=600, step=60, steps=5)).settled()) is None


def test_what_is_written_is_in_the_order_that_is_read_fast(played: tuple[list[Proposal], Settlement, LedgerRecord]) -> None:
    proposals, settlement, record = played
    span = SpanForm(start=0, step=60, steps=2)
    window = WindowMessage(run="run", seq=settlement.seq, span=span, members=[], observers=[], after=0, checkpoint={})
    conditions = ConditionsMessage(run="run", seq=settlement.seq, values={"ghi": [1, 2]}, checkpoint={})
    own = [proposal_bytes(each) for each in proposals]
    for payload in (*own, settlement_bytes(settlement), ledger_bytes(record), write(window), write(conditions)):
        assert head_of(payload) == ("run", settlement.seq)
    for each in (settlement, replace(settlement, shares={}), replace(settlement, owed={"gone": Share(3, Span(0, 60, 2))})):
        assert halves_of(settlement_bytes(each)) is not None
        assert (settled_halves_of(settlement_bytes(each)) is None) is bool(each.owed)
    for payload in own:
        message = orjson.loads(payload)
        del message["checkpoint"]
        assert before_checkpoint(payload) == message
        assert proposal_halves_of(payload) is not None


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"{}", b'{"run":"r"}', b'[1,"checkpoint":{}}', b'{"a":{"b":1,"checkpoint":{}}}', b',"checkpoint":{}}'])
def test_what_has_no_checkpoint_at_its_end_is_read_whole(payload: bytes) -> None:
    assert before_checkpoint(payload) is None


def reordered(payload: bytes) -> list[bytes]:
    """The same message in other orders, and with spaces."""
    message = orjson.loads(payload)

    def backwards(value: Any) -> Any:
        return {key: backwards(each) for key, each in reversed(value.items())} if isinstance(value, dict) else value

    first = [{key: message[key], **message} for key in message]
    last = [{**{key: each for key, each in message.items() if key != name}, name: message[name]} for name in message]
    return [orjson.dumps(each) for each in (backwards(message), *first, *last)] + [json.dumps(message, indent=indent).encode() for indent in (None, 2)]


def test_any_order_of_a_message_says_the_same(played: tuple[list[Proposal], Settlement, LedgerRecord]) -> None:
    proposals, settlement, record = played
    for proposal in proposals:
        whole = proposal_bytes(proposal)
        for payload in reordered(whole):
            assert place(payload) == ("run", settlement.seq)
            assert read(ProposalMessage, payload) == read(ProposalMessage, whole)
            assert offered(payload, proposal.name) == replace(proposal, checkpoint={}), "nobody but its device reads the checkpoint"
    owed = {"gone": Share(3, Span(0, 60, 2), supply=((2, True),))}
    circuits = replace(settlement, circuits={"plug": "essential"}, isolated={"oven": 'a "way","digest":"no"'}, trips=(("plug", True),))
    for said in (settlement, replace(settlement, cut=True, owed=owed, foretold=((60, False),)), replace(settlement, shares={}, cut=True), circuits):
        whole = settlement_bytes(said)
        for payload in reordered(whole):
            assert place(payload) == ("run", settlement.seq)
            assert settled_of(payload) == settled_of(whole)
            assert {key: each for key, each in beside_shares(payload).items() if key != "shares"} == beside_shares(whole)
            for name in (*said.members, "gone", "nobody"):
                assert part_of(payload, name) == part_of(whole, name)
    for payload in reordered(ledger_bytes(record)):
        assert read_ledger(payload) == read_ledger(ledger_bytes(record))


def test_a_share_may_name_its_own_window(played: tuple[list[Proposal], Settlement, LedgerRecord]) -> None:
    message = orjson.loads(settlement_bytes(played[1]))
    for at_its_end in (False, True):
        there = {"seq": 1, "span": {"start": 0, "step": 60, "steps": 1}}
        share = {"supply": [[1, True]], **there} if at_its_end else {**there, "supply": [[1, True]]}
        part = part_of(orjson.dumps({**message, "shares": {**message["shares"], "oven": share}}), "oven")
        assert part.share_of(1) == Share(1, Span(0, 60, 1), supply=((1, True),))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b"{}", b"{", b"\xff\x00", b'"text"', b"NaN", b"1" * 5000, b"[" * 9999])
def test_what_is_no_message_is_told_in_one_line(form: type[messages.Message], payload: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        read(form, payload)
    text = str(caught.value)
    name = form.__name__.removesuffix("Message").lower()
    assert text.startswith((f"not a {name} message: ", f"not an {name} message: "))
    assert "\n" not in text
    assert len(text) <= 300


def test_a_link_says_how_long_its_breaker_stays_open_or_that_none_trips() -> None:
    said = {"steps": 2, "connected": True, "import_limit": 1, "export_limit": None}
    body = {
        "run": "r", "seq": 1, "after": 0, "span": {"start": 0, "step": 60, "steps": 4}, "checkpoint": {},
        "offer": {"ability": "connects", "links": [said, said | {"breaker_reset": 300}]},
    }
    proposal = read(ProposalMessage, orjson.dumps(body)).to_kit("grid")
    assert proposal.offer == LinkOffer([Link(2, connected=True, import_limit=1), Link(2, connected=True, import_limit=1, breaker_reset=300)])
    assert read(ProposalMessage, proposal_bytes(proposal)).to_kit("grid") == proposal


@examples(max_examples=60, deadline=None)
@given(st.data())
def test_a_proposal_with_one_thing_wrong_is_never_read_wrongly(data: st.DataObject) -> None:
    good = {
        "run": "r", "seq": 3, "after": 2, "span": {"start": 0, "step": 60, "steps": 2},
        "offer": {"ability": "consumes", "circuit": "essential", "priority": 1, "supplied": True, "power": [1, 2]},
        "checkpoint": {},
    }  # fmt: skip
    read(ProposalMessage, orjson.dumps(good))
    place: Any = good
    while isinstance(place, dict) and place:
        key = data.draw(st.sampled_from(sorted(place)))
        if isinstance(place[key], dict) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        wrong: Any
        if key == "checkpoint":
            wrong = data.draw(st.sampled_from([None, [], 3, "x"]))
        else:
            wrong = data.draw(st.sampled_from([None, -1, 1.5, "", {"a": 1}, [[1]], [-1, 2], [1.5, 2], 2**70]))
        if wrong == place[key] or (key == "start" and wrong == -1):  # a second before 1970 is a time
            return
        place[key] = wrong
        break
    with pytest.raises(ProtocolError):
        read(ProposalMessage, orjson.dumps(good) if _fits(good) else b"{}").to_kit("oven")


def _fits(value: Any) -> bool:
    """Whether orjson can write it: its integers have 64 bits."""
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def test_a_proposal_must_cover_what_it_says() -> None:
    for offer in (
        {"ability": "consumes", "circuit": "essential", "priority": 1, "supplied": True, "power": [1]},
        {"ability": "produces", "source": "sun", "power": [1, 2, 3]},
        {"ability": "connects", "links": [{"steps": 1, "connected": True, "import_limit": None, "export_limit": None}]},
    ):
        body = {"run": "r", "seq": 1, "after": 0, "span": {"start": 0, "step": 60, "steps": 2}, "offer": offer, "checkpoint": {}}
        with pytest.raises(ProtocolError, match="oven"):
            read(ProposalMessage, orjson.dumps(body)).to_kit("oven")


@pytest.mark.parametrize(
    ("payload", "at", "changes"),
    [
        (b"{}", None, {}),
        (b'{"mode": "on"}', None, {"mode": "on"}),
        (b'{"mode": "on", "at": 5}', 5, {"mode": "on"}),
        (b'{"at": "08:30", "x": null, "y": [1]}', "08:30", {"x": None, "y": [1]}),
    ],
)
def test_a_command_takes_any_names(payload: bytes, at: int | str | None, changes: dict[str, Any]) -> None:
    command = read(CommandMessage, payload)
    assert command.at == at
    assert command.model_extra == changes


@pytest.mark.parametrize("by", [b"true", b"1.5", b"[]", b"{}"])
def test_a_sender_is_a_text(by: bytes) -> None:
    with pytest.raises(ProtocolError, match="by"):
        read(CommandMessage, b'{"mode": "on", "by": ' + by + b"}")


def test_what_is_applied_names_its_sender_where_he_is_known() -> None:
    """Who gives no name finds the message as it was before there were any."""
    assert write(AppliedMessage(changes={"mode": None}, time=5)) == b'{"changes":{"mode":null},"time":5}'
    named = AppliedMessage(changes={"mode": "on"}, time=5, by="evcc")
    assert write(named) == b'{"changes":{"mode":"on"},"time":5,"by":"evcc"}'
    assert read(AppliedMessage, write(named)) == named
    assert read(AppliedMessage, b'{"changes":{},"time":5}').by is None


@pytest.mark.parametrize("at", [b"true", b"1.5", b"[]", b"{}"])
def test_a_time_is_a_number_or_a_text(at: bytes) -> None:
    with pytest.raises(ProtocolError, match="at"):
        read(CommandMessage, b'{"mode": "on", "at": ' + at + b"}")


MAINS: dict[str, Any] = {"voltage": 230.0, "frequency": 50.0, "resistance": 0.4, "sag": 0.04, "key": "7/grid"}


@pytest.mark.parametrize("wrong", [{"voltage": 0}, {"voltage": 1e-300}, {"voltage": 1e300}, {"resistance": -1}, {"sag": 2}, {"frequency": None}, {"key": 1}])
def test_mains_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    offer = {"ability": "connects", "links": [{"steps": 4, "connected": True, "import_limit": None, "export_limit": None}], "mains": MAINS | wrong}
    said = {"run": "r", "seq": 1, "after": 0, "span": {"start": 0, "step": 60, "steps": 4}, "checkpoint": {}, "offer": offer}
    with pytest.raises(ProtocolError, match="mains"):
        read(ProposalMessage, orjson.dumps(said))


def test_a_load_says_when_it_assumes_to_lose_its_supply_and_the_grid_what_comes_later() -> None:
    said = {"run": "r", "seq": 1, "after": 0, "span": {"start": 0, "step": 60, "steps": 4}, "checkpoint": {}}
    load = {"ability": "consumes", "circuit": "non_essential", "priority": 1, "supplied": True, "power": [1, 2, 3, 4]}
    grid = {"ability": "connects", "links": [{"steps": 4, "connected": True, "import_limit": None, "export_limit": None}]}
    for offer, expected in (
        (load, Demand("non_essential", 1, True, [1, 2, 3, 4])),  # noqa: FBT003
        (load | {"flips": [1, 3]}, Demand("non_essential", 1, True, [1, 2, 3, 4], (1, 3))),  # noqa: FBT003
        (grid | {"ahead": [[3, False], [1, True]]}, LinkOffer([Link(4, connected=True)], ((3, False), (1, True)))),
        (grid | {"mains": MAINS}, LinkOffer([Link(4, connected=True)], (), Mains(230, 50, 0.4, 0.04, "7/grid"))),
    ):
        proposal = read(ProposalMessage, orjson.dumps(said | {"offer": offer})).to_kit("one")
        assert proposal.offer == expected
        assert read(ProposalMessage, proposal_bytes(proposal)).to_kit("one") == proposal
    for wrong in (load | {"flips": [0]}, load | {"flips": [3, 1]}, load | {"flips": [2, 2]}, grid | {"ahead": [[0, True]]}):
        with pytest.raises(ProtocolError, match=r"flips|ahead"):
            read(ProposalMessage, orjson.dumps(said | {"offer": wrong}))
        with pytest.raises(ProtocolError, match=r"flips|ahead"):
            offered(orjson.dumps({"run": "r", "seq": 1, "after": 0, "span": said["span"], "offer": wrong, "checkpoint": {}}), "one")


def test_a_circuit_says_where_it_hangs_its_rule_and_how_it_stands() -> None:
    said = {"run": "r", "seq": 1, "after": 0, "span": {"start": 0, "step": 60, "steps": 4}, "checkpoint": {}}
    state = {"closed": True, "fed": False, "heat": 5, "tripped": False}
    rule = {"power_on": "off", "curve": [[1000, 0], [1001, FULL]], "cooling": FULL}
    plug = {"ability": "carries", "circuit": "strip", "rule": rule, "state": state, "then": False}
    proposal = read(ProposalMessage, orjson.dumps(said | {"offer": plug})).to_kit("plug")
    assert proposal.offer == CircuitOffer("strip", CircuitRule("off", ((1000, 0), (1001, FULL)), FULL), CircuitState(fed=False, heat=5), then=False)
    assert read(ProposalMessage, proposal_bytes(proposal)).to_kit("plug") == proposal
    wrongs: list[dict[str, Any]] = [{"rule": rule | {"curve": [[5, 0], [5, 1]]}}, {"rule": rule | {"curve": [[5, 3], [6, 1]]}}, {"circuit": "A"}]
    wrongs += [{"rule": rule | {"power_on": "perhaps"}}, {"state": state | {"heat": FULL + 1}}, {"then": None}, {"rule": rule | {"cooling": -1}}]
    for wrong in wrongs:
        with pytest.raises(ProtocolError, match=r"curve|circuit|power_on|heat|then|cooling"):
            read(ProposalMessage, orjson.dumps(said | {"offer": plug | wrong}))


def test_what_a_circuit_s_share_says_comes_back() -> None:
    span = Span(0, 60, 2)
    plug = Share(
        3, span, live=((1, True), (1, False)), through=60, power=1, circuit=CircuitState(closed=False, fed=False, heat=7, tripped=True), carried=[0, 1]
    )
    load = Share(3, span, supply=((2, False),), cut_off=True, soon=False)
    beside = Share(3, span, supply=((2, True),), beside=True, soon=True)
    shares = {"plug": plug, "load": load, "beside": beside}
    settled = Settlement("r", 3, span, tuple(shares), (), shares, {}, False, "0" * 64, {}, (), {"plug": "essential"}, {"lost": "no way"}, (("plug", True),))  # noqa: FBT003
    payload = settlement_bytes(settled)
    assert read(SettlementMessage, payload).to_kit() == settled
    for name, share in shares.items():
        part = part_of(payload, name)
        assert part.share_of(3) == share
        assert part.circuits == {"plug": "essential"}
    plain = settlement_bytes(replace(settled, shares={}, circuits={}, isolated={}, trips=()))
    assert b"circuits" not in plain, "a home without circuits says what it said before"


def test_conditions_are_read_as_whole_numbers_or_not_at_all() -> None:
    said: dict[str, Any] = {"run": "r", "seq": 3, "values": {"ghi": [1, -2, 3], "dni": [0, 0, 2**62]}, "checkpoint": {"any": "thing"}}
    given = given_of(orjson.dumps(said))
    assert (given.run, given.seq) == ("r", 3)
    assert {name: list(column) for name, column in given.values.items()} == said["values"]
    long = {"ghi": [0] * 1441}
    many = {f"field_{number}": [0] for number in range(51)}
    strange: list[Any] = [None, [], 3, "x", {"ghi": None}, {"ghi": 3}, {"ghi": [1.5]}, {"ghi": ["1"]}, {"ghi": [2**63]}, long, many, {"ghi": []}, {"ghi": [1, 2], "dni": [1]}]
    wrongs: list[dict[str, Any]] = [{"values": values} for values in strange]
    wrongs += [{"seq": "3"}, {"seq": True}, {"seq": None}, {"run": 1}, {"run": None}]
    for wrong in wrongs:
        with pytest.raises(ProtocolError, match="not a conditions message"):
            given_of(orjson.dumps(said | wrong))
    for payload in (b"", b"null", b"[]", b"{}", b"{", b"\xff\x00", b'"text"', b"NaN", b"[" * 9999):
        with pytest.raises(ProtocolError, match="not a conditions message"):
            given_of(payload)


@pytest.mark.parametrize("word", [*SettlementMessage.model_fields, *ShareForm.model_fields, "start", "steps", "quarter"])
@pytest.mark.parametrize("first", [False, True])
def test_a_device_may_be_called_as_a_part_of_a_settlement_is(played: tuple[list[Proposal], Settlement, LedgerRecord], word: str, *, first: bool) -> None:
    settlement = played[1]
    renamed = {(word if name == "oven" else name): share for name, share in settlement.shares.items()}
    assert word in renamed
    ordered = dict(sorted(renamed.items(), key=lambda item: (item[0] == word) is not first))
    nested = {**settlement.checkpoint, "settings": {"title": "x", "shares": {"oven": {"used": [1]}}}}
    for checkpoint in (settlement.checkpoint, nested):
        payload = settlement_bytes(replace(settlement, members=tuple(ordered), shares=ordered, checkpoint=checkpoint))
        for name, share in ordered.items():
            assert part_of(payload, name).share_of(settlement.seq) == share, name
        assert part_of(payload, "nobody").share is None


def test_a_device_finds_its_part_of_a_settlement_however_it_is_ordered(played: tuple[list[Proposal], Settlement, LedgerRecord]) -> None:
    settlement = replace(played[1], owed={"gone": Share(3, Span(0, 60, 2), supply=((2, True),))}, foretold=((60, False), (120, True)))
    payload = settlement_bytes(settlement)
    message = orjson.loads(payload)
    before = orjson.dumps({"shares": message["shares"], **message})  # as versions before wrote it
    assert list(orjson.loads(before))[-1] != "shares"
    for name, share in settlement.shares.items():
        part = part_of(payload, name)
        assert part == part_of(before, name)
        assert part.share_of(settlement.seq) == share
        assert (part.run, part.seq, part.cut, part.foretold) == (settlement.run, settlement.seq, settlement.cut, [(60, False), (120, True)])
        assert part.span == settlement.span == settled_of(payload).span
    assert part_of(payload, "gone").share_of(3) == settlement.owed["gone"]
    for stranger in ("nobody", "span", "used", "ven"):
        for read_so in (payload, settlement_bytes(replace(settlement, owed={}))):
            part = part_of(read_so, stranger)
            assert (part.share, part.owed) == (None, None)
    alone = orjson.dumps({**message, "shares": {}})
    assert part_of(alone, "oven").share is None


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b"{}", b"{", b"\xff\x00", b'"text"', b"NaN", b"[" * 9999, b',"shares":{}}', b'{"a":1,"shares":{}}'])
def test_what_is_no_settlement_is_told_in_one_line(payload: bytes) -> None:
    for read_it in (settled_of, lambda payload: part_of(payload, "oven")):
        with pytest.raises(ProtocolError, match="not a settlement message") as caught:
            read_it(payload)
        assert "\n" not in str(caught.value)
    assert beside_shares(payload) in ({}, {"a": 1, "shares": {}})


def test_a_broken_share_is_its_owner_s_to_refuse(played: tuple[list[Proposal], Settlement, LedgerRecord]) -> None:
    payload = settlement_bytes(played[1])
    for good, wrong in ((b'"oven":{"supply":[[', b'"oven":{"supply":[{'), (b'"oven":{', b'"oven":{"more":1,'), (b'"oven":{"supply":[[', b'"oven":{"supply":[[0.5')):
        assert good in payload
        with pytest.raises(ProtocolError):
            part_of(payload.replace(good, wrong), "oven")
    for end in range(0, len(payload), 97):
        with pytest.raises(ProtocolError):
            part_of(payload[:end], "oven")
