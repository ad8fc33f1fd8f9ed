"""Checkpoints, resuming and shares: a member in a new process goes on as if nothing had happened."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.members.members import SITE, START, member, through_json, window
from tests.laws import examples
from virtual_devices.kit.circuits import until_turn
from virtual_devices.kit.device import NoState
from virtual_devices.kit.errors import CatalogueError, ProtocolError
from virtual_devices.kit.forms.changes import orders_of, settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.members.ahead import covered
from virtual_devices.kit.members.circuit import Circuit
from virtual_devices.kit.members.conditions import ConditionsMember
from virtual_devices.kit.members.connection import Connection
from virtual_devices.kit.members.consumer import Consumer
from virtual_devices.kit.members.make import MEMBERS, make_member
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.members.participant import Participant
from virtual_devices.kit.members.producer import Producer
from virtual_devices.kit.members.settlement import Proposal, Share
from virtual_devices.kit.members.settler import Settler
from virtual_devices.kit.members.store import Store
from virtual_devices.kit.offers import PARTICIPANTS, Demand, Link, LinkOffer, StoreOffer, Supply
from virtual_devices.kit.site import Context
from virtual_devices.kit.store import advance, charge_limit
from virtual_devices.kit.window import Span

KWH = 3_600_000_000


# -- checkpoints ---------------------------------------------------------------------------------------------------------


def test_a_declaration_that_changed_wins_over_the_live_value_and_else_the_live_value_stays() -> None:
    before = member("lights", declared={"brightness": 70, "rated_power": 100})
    before.command({"brightness": 30, "rated_power": 60, "mode": "on"})
    before.begin(Span(START, 60, 1))
    after = member("lights", declared={"brightness": 70, "rated_power": 90})
    after.restore(through_json(before.checkpoint()))
    assert after.settings.brightness == 30  # declared as before
    assert after.settings.rated_power == 90  # declared anew
    assert after.settings.mode == "on"  # never declared
    gone = member("lights", declared={"rated_power": 100})
    gone.restore(through_json(before.checkpoint()))
    assert gone.settings.brightness == 100  # declared no longer: the default again
    assert gone.settings.rated_power == 60


def test_a_waiting_command_that_a_new_declaration_makes_impossible_is_dropped_and_told() -> None:
    before = member("inverter")
    before.command({"battery_shutdown_capacity": 14, "battery_low_capacity": 30}, START + 600)
    before.command({"idle_power": 10}, START + 900)
    after = member("inverter", declared={"battery_restart_capacity": 13})
    after.restore(through_json(before.checkpoint()))
    assert after.future(START + 900).idle_power == 10
    (notice,) = after.take_notices()
    assert "battery_shutdown_capacity = 14" in notice
    assert after.begin(Span(START + 900, 60, 1)) == 1
    assert after.settings.battery_shutdown_capacity == 10


@pytest.mark.parametrize("kind", sorted(catalogue.kinds()))
def test_a_checkpoint_of_another_kind_or_version_or_a_broken_one_changes_nothing(kind: str) -> None:
    one = member(kind)
    good = through_json(one.checkpoint())
    before = json.dumps(one.checkpoint())
    bad = [{**good, "version": 0}, {**good, "kind": "kettle"}, {**good, "settings": 5}, {}, {**good, "pending": [1]}]
    own = ("version", "kind", "declared", "settings", "state", "pending", "after", "counters", "last", "time")
    bad += [{key: value for key, value in good.items() if key != left_out} for left_out in own]
    if type(one.device).state_type is not NoState:
        bad.append({**good, "state": dict.fromkeys(good["state"], "nonsense")})
        bad.append({**good, "state": 5})
    for checkpoint in bad:
        with pytest.raises(ProtocolError):
            one.restore(checkpoint)
    assert json.dumps(one.checkpoint()) == before
    one.restore(good)
    assert json.dumps(one.checkpoint()) == before


def offers_of(one: Any, index: int, supplied: list[bool]) -> Share:
    """A share that answers what a participant has proposed, over its first ``len(supplied)`` steps."""
    made = one.proposed
    span, seq, steps = made.span.part(0, len(supplied)), made.seq, len(supplied)
    if isinstance(one, Consumer):
        runs = [(1, on) for on in supplied]
        return Share(seq, span, supply=tuple(runs))
    if isinstance(one, Producer):
        power = one.offer(made.span, inputs_of(one, made.span)).power[:steps]
        return Share(seq, span, used=[value // 2 for value in power])
    if isinstance(one, Store):
        rule, stored = one.device.rule(one.settings, one.state).flat, one.state.stored_energy
        charge = []
        for on in supplied:
            charge.append(charge_limit(rule, stored, span.step) // 2 if on else 0)
            stored = advance(rule, stored, charge[-1], 0, span.step)
        return Share(seq, span, charge=charge, discharge=[0] * steps, stored=stored)
    if isinstance(one, Circuit):
        offer = made.offer
        power = [4_000_000 if on and offer.state.closed else 0 for on in supplied]
        live = tuple((1, on) for on in supplied)
        done, after = until_turn(offer.rule, offer.state, live, power, span.step)
        return Share(
            seq, span.part(0, done), live=live[:done], through=sum(power[:done]) * span.step, power=power[done - 1], circuit=after,
            carried=power[:done] if offer.rule.curve else [],
        )  # fmt: skip
    imported = [1_000_000 * (index + 1) if on else 0 for on in supplied]
    return Share(seq, span, imported=imported, exported=[0] * steps)


def inputs_of(one: Any, span: Span) -> dict[str, dict[str, list[int]]]:
    if one.kind not in ("pv_array", "weather"):
        return {}
    sun = member("sun").device
    conditions = sun.conditions(sun.settings_type(), span, {})
    if one.kind == "weather":
        return {"sun": conditions}
    weather = member("weather").device
    return {"sun": conditions, "weather": weather.conditions(weather.settings_type(), span, {"sun": conditions})}


PROPOSING = [kind for kind in sorted(catalogue.kinds()) if catalogue.load(kind).ability in PARTICIPANTS]


@pytest.mark.parametrize("kind", PROPOSING)
@given(data=st.data())
@examples(max_examples=20, deadline=None)
def test_a_new_process_goes_on_from_a_proposal_as_the_old_one_would(kind: str, data: st.DataObject) -> None:
    """Two lives of one device: one is never ended, the other begins anew, from JSON, at random moments."""
    steady, mortal = member(kind), member(kind)
    names = {item.name for item in (*settings_of(catalogue.load(kind)), *orders_of(catalogue.load(kind)))}
    for change in ({"mode": "on"}, {"toggle": True}, {"countdown": 300}, {"timer_3": "17:53 toggle"}):
        if change.keys() <= names:
            for one in (steady, mortal):
                one.command(change, START + 60 * 17)
    time = START - 6 * 3600
    for seq in range(1, 8):
        asked = window(seq, time, data.draw(st.integers(1, 25)))
        inputs = inputs_of(steady, asked.span)
        proposal, other = steady.propose(asked, inputs), mortal.propose(asked, inputs)
        assert other == proposal
        assert through_json(proposal.checkpoint) == through_json(other.checkpoint)
        if data.draw(st.booleans()):
            kept = Proposal(**{**vars_of(other), "checkpoint": through_json(other.checkpoint)})
            mortal = member(kind)
            mortal.resume(kept)
            assert mortal.busy_until == proposal.span.end
        steps = data.draw(st.integers(1, proposal.span.steps))
        last = bool(steady.last.get("supplied", 1))
        supplied = [last] * (steps - 1) + [data.draw(st.booleans())]
        share = offers_of(steady, seq, supplied)
        if isinstance(steady, Consumer) and len(set(supplied)) == 1:
            share = Share(share.seq, share.span, supply=((steps, supplied[0]),))
        steady.commit(share)
        mortal.commit(share)
        assert mortal.readings() == steady.readings()
        assert through_json(mortal.checkpoint()) == through_json(steady.checkpoint())
        time = share.span.end


def vars_of(proposal: Proposal) -> dict[str, Any]:
    return {name: getattr(proposal, name) for name in proposal.__dataclass_fields__}


@pytest.mark.parametrize("kind", ["weather", "sun"])
def test_an_observer_goes_on_from_its_checkpoint(kind: str) -> None:
    steady = member(kind)
    first = steady.conditions(window(), inputs_of(steady, window().span))
    mortal = member(kind)
    mortal.restore(through_json(steady.checkpoint()))
    assert mortal.after == 1
    asked = window(2, START + 600)
    inputs = inputs_of(steady, asked.span)
    assert mortal.conditions(asked, inputs) == steady.conditions(asked, inputs)
    assert all(type(value) is int for column in first.values() for value in column)
    assert steady.readings() == mortal.readings()


def test_conditions_end_where_an_input_or_a_command_ends() -> None:
    weather = member("weather")
    weather.command({"mean_cloud_cover": 90}, START + 600)
    asked = window(1, START - 6 * 3600, 500)
    inputs = inputs_of(weather, asked.span)
    shorter = {key: {name: column[:12] for name, column in given.items()} for key, given in inputs.items()}
    assert covered(shorter, 500) == 12
    assert {len(column) for column in weather.conditions(asked, shorter).values()} == {12}
    asked = window(2, START, 30)
    inputs = inputs_of(weather, asked.span)
    assert {len(column) for column in weather.conditions(asked, inputs).values()} == {10}  # though the sun has 30
    roof = member("pv_array")
    roof.command({"surface_tilt": 60}, START + 300)
    assert len(roof.propose(asked, inputs_of(roof, asked.span)).offer.power) == 5


# -- shares --------------------------------------------------------------------------------------------------------------

SPAN = Span(START, 60, 10)
WRONG = {
    "lights": [Share(1, SPAN), Share(1, SPAN, supply=((9, True),)), Share(1, SPAN, supply=((11, True), (-1, False)))],
    "pv_array": [Share(1, SPAN), Share(1, SPAN, used=[0] * 9)],
    "battery": [
        Share(1, SPAN, stored=6 * KWH),
        Share(1, SPAN, charge=[0] * 10, discharge=[0] * 9, stored=6 * KWH),
        Share(1, SPAN, charge=[0] * 10, discharge=[0] * 10, stored=6 * KWH),  # forgets the self-discharge
    ],
    "grid": [Share(1, SPAN), Share(1, SPAN, imported=[0] * 10, exported=[])],
}


@pytest.mark.parametrize("kind", sorted(WRONG))
def test_a_share_that_does_not_answer_the_proposal_is_refused_and_changes_nothing(kind: str) -> None:
    one = member(kind)
    with pytest.raises(ProtocolError, match="does not answer"):
        one.commit(Share(1, SPAN))  # nothing is proposed
    one.propose(window(1, START, 10), inputs_of(one, SPAN))
    before = json.dumps(one.checkpoint())
    elsewhere = [
        Share(2, SPAN), Share(1, Span(START + 60, 60, 10)), Share(1, Span(START, 1, 10)),
        Share(1, Span(START, 60, 0)), Share(1, Span(START, 60, 11)),
    ]  # fmt: skip
    for share in [*elsewhere, *WRONG[kind]]:
        with pytest.raises(ProtocolError):
            one.commit(share)
    assert json.dumps(one.checkpoint()) == before
    assert one.proposed is not None
    one.commit(offers_of(one, 0, [True] * 10))
    with pytest.raises(ProtocolError):
        one.commit(offers_of_seq(one))


def offers_of_seq(one: Participant) -> Share:
    """The share that was taken already."""
    return Share(one.after, SPAN, supply=((10, True),))


@pytest.mark.parametrize("more", [1, -1])
def test_a_settlement_that_is_a_millijoule_off_is_refused_by_the_battery(more: int) -> None:
    battery = member("battery")
    battery.propose(window(1, START, 10), {})
    share = offers_of(battery, 0, [True] * 10)
    lying = Share(share.seq, share.span, charge=share.charge, discharge=share.discharge, stored=share.stored + more)
    with pytest.raises(ProtocolError, match="mJ, but what was charged and discharged leaves"):
        battery.commit(lying)
    battery.commit(share)
    assert battery.state.stored_energy == share.stored


def test_a_consumer_s_last_step_is_redone_where_its_supply_changed() -> None:
    oven, reference = member("oven", declared={"mode": "on"}), member("oven", declared={"mode": "on"}).device
    oven.propose(window(), {})
    oven.commit(Share(1, Span(START, 60, 5), supply=((4, True), (1, False))))
    settings = oven.settings
    four, warm = reference.draw(settings, reference.begin(settings), Span(START, 60, 4), {}, supplied=True)
    one, cut = reference.draw(settings, warm, Span(START + 240, 60, 1), {}, supplied=False)
    assert oven.state == cut
    assert oven.readings()["energy_joules"] == sum(four) * 60 / 1000
    assert oven.readings()["unserved_energy_joules"] == sum(one) * 60 / 1000
    assert oven.readings()["supplied"] is False
    proposal = oven.propose(window(2, START + 300), {})
    assert isinstance(proposal.offer, Demand)
    assert proposal.offer.supplied is False
    assert proposal.offer.power == reference.draw(settings, cut, Span(START + 300, 60, 30), {}, supplied=False)[0]


def test_a_smaller_battery_gives_up_what_it_can_no_longer_hold() -> None:
    battery = member("battery", declared={"capacity": 10, "start_soc": 80})
    battery.command({"capacity": 5})
    offer = battery.propose(window(1, START, 1), {}).offer
    assert isinstance(offer, StoreOffer)
    assert (offer.stored, offer.reset) == (8 * KWH, 3 * KWH)
    after = advance(offer.rule.flat, 5 * KWH, 0, 0, 60)
    battery.commit(Share(1, Span(START, 60, 1), charge=[0], discharge=[0], stored=after))
    assert battery.state.stored_energy == after < 5 * KWH
    assert battery.readings()["soc"] == pytest.approx(100, abs=0.001)
    assert battery.propose(window(2, START + 60, 1), {}).offer.reset == 0


def test_each_ability_has_its_member_and_its_offer() -> None:
    asked = window(1, START, 3)
    for kind, expected, offer in (
        ("oven", Consumer, Demand), ("pv_array", Producer, Supply), ("battery", Store, StoreOffer), ("grid", Connection, LinkOffer)
    ):  # fmt: skip
        one = member(kind)
        assert type(one) is expected
        assert isinstance(one.propose(asked, inputs_of(one, asked.span)).offer, offer)
    assert type(member("weather")) is ConditionsMember
    assert type(member("inverter")) is Settler
    assert type(member("clock")) is Member
    assert member("grid").propose(asked, {}).offer.links == [Link(3, True, 13_800_000, 5_000_000)]  # noqa: FBT003
    device = catalogue.load("clock")(Context("clock", SITE))
    with pytest.raises(CatalogueError, match="ability"):
        make_member("clock", device, type(device).settings_type(), members={"consumes": MEMBERS["consumes"]})
