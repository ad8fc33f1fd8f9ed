"""Commands: validated at once, in force from the next window or from their time on, and never half."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.members.members import START, member, through_json, window
from tests.laws import examples
from virtual_devices.kit.errors import ProtocolError, SettingError
from virtual_devices.kit.forms.changes import orders_of, settings_json
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.members.member import MAX_PENDING
from virtual_devices.kit.members.settlement import Share
from virtual_devices.kit.members.waiting import MANY_ORDERS, AppliedCommand, Command
from virtual_devices.kit.settings import DeviceOrders
from virtual_devices.kit.window import Span


def test_a_command_is_echoed_at_once_and_holds_from_the_next_window() -> None:
    lights = member("lights")
    lights.command({"brightness": "40 %", "mode": "ON"})
    assert lights.settings.brightness == 100
    assert (lights.future().brightness, lights.future().mode) == (40, "on")
    lights.command({"brightness": 50})
    assert lights.pending == [Command({"brightness": 50, "mode": "on"})]
    offer = lights.propose(window(), {}).offer
    assert offer.power == [40_000] * 30
    assert lights.take_applied() == [AppliedCommand({"brightness": 50, "mode": "on"}, START)]
    assert lights.take_applied() == []
    assert lights.pending == []


@pytest.mark.parametrize(
    "changes",
    [{}, {"brightnes": 1}, {"brightness": 101}, {"brightness": "5 kW"}, {"mode": "dim"}, {"mode": "on", "brightness": -1}],
    ids=str,
)
def test_a_wrong_command_changes_nothing(changes: dict[str, Any]) -> None:
    lights = member("lights")
    with pytest.raises(SettingError, match=r"lights|setting|names no"):
        lights.command(changes)
    assert lights.pending == []
    assert lights.future() == lights.settings == type(lights.device).settings_type()


def test_what_only_the_home_file_may_set_no_command_sets() -> None:
    battery = member("battery")
    with pytest.raises(SettingError, match="fixed while the home runs"):
        battery.command({"start_soc": 10})
    battery.command({"start_soc": 10}, live=False)


def test_a_timed_command_ends_the_proposal_and_holds_from_there() -> None:
    lights = member("lights", declared={"mode": "on"})
    lights.command({"brightness": 20}, START + 600)
    lights.command({"brightness": 10}, START + 301)  # between two steps: counts from the next
    assert [item.at for item in lights.pending] == [START + 301, START + 600]
    assert lights.future().brightness == 100
    assert [lights.future(START + seconds).brightness for seconds in (300, 301, 600)] == [100, 10, 20]
    first = lights.propose(window(), {})
    assert (first.span.steps, first.offer.power) == (6, [80_000] * 6)
    lights.commit(Share(1, first.span, supply=((6, True),)))
    second = lights.propose(window(2, START + 360), {})
    assert (second.span.steps, second.offer.power) == (4, [8_000] * 4)
    assert lights.take_applied() == [AppliedCommand({"brightness": 10}, START + 360)]
    lights.commit(Share(2, second.span, supply=((4, True),)))
    third = lights.propose(window(3, START + 600), {})
    assert third.offer.power == [16_000] * 30


def test_a_time_that_is_proposed_or_past_is_refused() -> None:
    lights = member("lights")
    proposal = lights.propose(window(), {})
    with pytest.raises(SettingError, match="already proposed"):
        lights.command({"brightness": 1}, proposal.span.end - 1)
    lights.command({"brightness": 1}, proposal.span.end)
    lights.commit(Share(1, proposal.span.part(0, 5), supply=((5, True),)))
    with pytest.raises(SettingError, match="has passed"):
        lights.command({"brightness": 1}, START + 299)
    lights.command({"brightness": 2}, START + 300)  # the rest of the window is void
    assert [item.at for item in lights.pending] == [START + 300, proposal.span.end]


def test_a_command_that_would_make_a_waiting_one_impossible_is_refused() -> None:
    inverter = member("inverter")
    inverter.command({"battery_shutdown_capacity": 12, "battery_low_capacity": 30}, START + 600)
    inverter.command({"battery_restart_capacity": 14}, START + 900)
    inverter.command({"battery_low_capacity": 25})
    with pytest.raises(SettingError, match="battery_restart_capacity must not be below"):
        inverter.command({"battery_shutdown_capacity": 15.5}, START + 700)
    with pytest.raises(SettingError, match=f"what is set for time {START + 900} would not do"):
        inverter.command({"battery_restart_capacity": 40, "battery_shutdown_capacity": 20}, START + 700)
    with pytest.raises(SettingError, match=f"what is set for time {START + 600} would not do"):
        inverter.command({"battery_restart_capacity": 11, "battery_shutdown_capacity": 9})
    assert [item.at for item in inverter.pending] == [None, START + 600, START + 900]
    for seconds in (0, 600, 900):
        inverter.begin(Span(START + seconds, 60, 1))
    assert settings_json(inverter.settings) == settings_json(inverter.future())
    assert inverter.settings.battery_restart_capacity == 14


def test_too_many_waiting_commands_are_refused() -> None:
    lights = member("lights")
    for second in range(MAX_PENDING):
        lights.command({"brightness": second % 100}, START + 60 * second)
    with pytest.raises(SettingError, match="wait already"):
        lights.command({"brightness": 1}, START)
    assert lights.future(START + 60 * 999).brightness == 99
    assert lights.begin(Span(START + 60 * 500, 60, 30)) == 1
    assert lights.settings.brightness == 0
    assert len(lights.pending) == MAX_PENDING - 501


@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 20)), st.integers(0, 100)), max_size=12), st.data())
@examples(max_examples=200, deadline=None)
def test_what_is_in_force_does_not_depend_on_when_commands_came(
    commands: list[tuple[int | None, int]], data: st.DataObject
) -> None:
    lights = member("lights")
    for at, brightness in commands:
        lights.command({"brightness": brightness}, None if at is None else START + 60 * at)
    now = [brightness for at, brightness in commands if at is None]
    expected = now[-1] if now else 100
    for step in range(22):
        due = [brightness for at, brightness in commands if at == step]
        expected = due[-1] if due else expected
        assert lights.future(START + 60 * step).brightness == expected
    index = 0
    while index < 22:
        steps = lights.begin(Span(START + 60 * index, 60, data.draw(st.integers(1, 22 - index))))
        assert lights.settings.brightness == lights.future(START + 60 * (index + steps) - 1).brightness
        index += steps
    assert lights.settings.brightness == expected


# -- who sent it ---------------------------------------------------------------------------------------------------------


def test_commands_of_several_senders_are_told_of_each_and_hold_together() -> None:
    lights = member("lights")
    lights.command({"brightness": 40, "mode": "on"}, by="anna")
    lights.command({"rated_power": 90}, by="evcc")
    lights.command({"brightness": 50})
    assert lights.pending == [Command({"mode": "on"}, by="anna"), Command({"rated_power": 90}, by="evcc"), Command({"brightness": 50})]
    lights.command({"mode": "off"}, by="evcc")
    assert lights.pending == [Command({"brightness": 50}), Command({"rated_power": 90, "mode": "off"}, by="evcc")]
    lights.begin(Span(START, 60, 1))
    assert (lights.settings.brightness, lights.settings.mode, lights.settings.rated_power) == (50, "off", 90)
    assert lights.take_applied() == [
        AppliedCommand({"brightness": 50}, START), AppliedCommand({"rated_power": 90, "mode": "off"}, START, "evcc"),
    ]  # fmt: skip


def test_what_is_possible_only_together_stays_so_over_a_restart() -> None:
    before = member("inverter")
    before.command({"battery_shutdown_capacity": 30, "battery_restart_capacity": 40, "battery_low_capacity": 35}, by="anna")
    before.command({"battery_low_capacity": 45}, by="evcc")
    assert [item.changes for item in before.pending] == [
        {"battery_shutdown_capacity": 30, "battery_restart_capacity": 40}, {"battery_low_capacity": 45},
    ], "the former alone would be refused: low is 20"  # fmt: skip
    after = member("inverter")
    after.restore(through_json(before.checkpoint()))
    assert after.take_notices() == []
    assert after.pending == before.pending
    for one in (before, after):
        one.begin(Span(START, 60, 1))
        assert (one.settings.battery_shutdown_capacity, one.settings.battery_low_capacity) == (30, 45)
        assert [done.by for done in one.take_applied()] == ["anna", "evcc"]


def test_together_they_are_dropped_where_they_have_become_impossible() -> None:
    before = member("inverter")
    before.command({"battery_restart_capacity": 12}, by="anna")
    before.command({"battery_low_capacity": 14}, by="evcc")
    after = member("inverter", declared={"battery_shutdown_capacity": 40, "battery_restart_capacity": 45, "battery_low_capacity": 50})
    after.restore(through_json(before.checkpoint()))
    (notice,) = after.take_notices()
    assert "battery_restart_capacity = 12" in notice
    assert "battery_low_capacity = 14" in notice
    assert after.pending == []


@pytest.mark.parametrize("by", ["", " ", "a\nb", "\x1b[2J", "x" * 65, "\ud800"], ids=repr)
def test_a_sender_that_is_no_word_is_refused(by: str) -> None:
    lights = member("lights")
    with pytest.raises(SettingError, match="by says who sends a command"):
        lights.command({"brightness": 1}, by=by)
    assert lights.pending == []
    lights.command({"brightness": 1}, by="x" * 64)


def test_a_checkpoint_that_names_no_sender_is_as_it_was_before_there_were_any() -> None:
    lights = member("lights")
    lights.command({"brightness": 1})
    lights.command({"brightness": 2}, START + 600)
    lights.command({"brightness": 3}, START + 900, by="evcc")
    kept = through_json(lights.checkpoint())
    assert kept["pending"] == [
        {"changes": {"brightness": 1}, "at": None},
        {"changes": {"brightness": 2}, "at": START + 600},
        {"changes": {"brightness": 3}, "at": START + 900, "by": "evcc"},
    ]
    again = member("lights")
    again.restore(kept)
    assert [item.by for item in again.pending] == ["bus", "bus", "evcc"]
    unfit: tuple[Any, ...] = (7, None, [], "", "x" * 65)
    for wrong in unfit:
        kept["pending"][0]["by"] = wrong
        with pytest.raises(ProtocolError, match="its checkpoint is broken"):
            member("lights").restore(kept)


SENDERS = st.sampled_from(["bus", "anna", "evcc", "Node-RED"])
CHANGES = st.fixed_dictionaries(
    {}, optional={"brightness": st.integers(0, 100), "mode": st.sampled_from(["on", "off"]), "rated_power": st.integers(1, 500), "priority": st.integers(1, 10)}
).filter(bool)


@given(st.lists(st.tuples(SENDERS, CHANGES), min_size=1, max_size=10))
@examples(max_examples=200, deadline=None)
def test_who_sends_changes_nothing_but_what_is_told(commands: list[tuple[str, dict[str, Any]]]) -> None:
    named, unnamed = member("lights"), member("lights")
    for by, changes in commands:
        named.command(changes, by=by)
        unnamed.command(changes)
        assert named.future() == unnamed.future()
        assert len(named.pending) <= 4
    again = member("lights")
    again.restore(through_json(named.checkpoint()))
    for one in (named, again, unnamed):
        one.begin(Span(START, 60, 1))
    assert named.settings == again.settings == unnamed.settings
    applied = named.take_applied()
    assert again.take_applied() == applied
    told = {name: (value, done.by) for done in applied for name, value in done.changes.items()}
    last = {name: by for by, changes in commands for name in changes}
    (together,) = unnamed.take_applied()
    assert told == {name: (value, last[name]) for name, value in together.changes.items()}
    assert sum(len(done.changes) for done in applied) == len(told), "each is told once"


def test_orders_stand_alone_and_each_acts() -> None:
    plug = member("smart_switch")
    plug.command({"max_power": 100})
    plug.command({"toggle": True})
    plug.command({"max_power": "200 W", "power_on": "off"})
    plug.command({"toggle": True}, by="anna")
    plug.command({"toggle": True, "nominal_voltage": 120})
    assert [item.changes for item in plug.pending] == [
        {"toggle": True}, {"max_power": 200, "power_on": "off"}, {"toggle": True}, {"toggle": True, "nominal_voltage": 120},
    ]  # fmt: skip
    again = member("smart_switch")
    again.restore(through_json(plug.checkpoint()))
    for one in (plug, again):
        assert one.state.closed, "nothing is in force before the next window"
        one.begin(Span(START, 60, 1))
        assert not one.state.closed
        assert (one.settings.max_power, one.settings.nominal_voltage, one.settings.power_on) == (200, 120, "off")
    applied = plug.take_applied()
    assert again.take_applied() == applied
    assert [done.by for done in applied] == ["bus", "bus", "anna", "bus"]
    later = member("smart_switch")
    later.restore(through_json(plug.checkpoint()))
    later.begin(Span(START, 60, 1))
    assert later.state == plug.state, "an order that has acted is over"


OBEYING = [kind for kind in sorted(catalogue.kinds()) if catalogue.load(kind).orders_type is not DeviceOrders]
WORDS = {
    "relay": st.sampled_from(["on", "off", "toggle"]), "toggle": st.sampled_from([True]), "reset": st.sampled_from([True]),
    "countdown": st.sampled_from([0, 60, 90, 600]), "nominal_voltage": st.sampled_from([110, 230]),
}  # fmt: skip


def test_who_obeys_orders_can_tell_them_apart() -> None:
    assert {"breaker", "smart_switch"} <= set(OBEYING)
    for kind in OBEYING:
        device, settings = member(kind).device, member(kind).settings
        assert WORDS.keys() >= {item.name for item in orders_of(type(device))}
        assert len({device.obey(settings, state, {"relay": word}, START) for state in device.touchstones() for word in ("on", "off")}) > 2


@pytest.mark.parametrize("kind", OBEYING)
@given(st.data())
@examples(max_examples=100, deadline=None)
def test_a_flood_of_orders_comes_to_the_same_as_each_in_its_turn(kind: str, data: st.DataObject) -> None:
    plug, names = member(kind), [item.name for item in orders_of(catalogue.load(kind))]
    told = data.draw(st.lists(st.fixed_dictionaries({}, optional={name: WORDS[name] for name in [*names, "nominal_voltage"]}).filter(bool), max_size=60))
    alone = [{name: data.draw(WORDS[name])} for name in data.draw(st.lists(st.sampled_from(names), max_size=60))]
    closed, tripped = data.draw(st.sampled_from([(True, False), (False, False), (False, True)]))
    field = {"smart_switch": "countdown_until", "breaker": "reset_at"}.get(kind)
    extra = {field: data.draw(st.sampled_from([0, START + 1, START + 700]))} if field else {}
    plug.state = state = replace(plug.state, closed=closed, tripped=tripped, heat=data.draw(st.integers(0, 10**12)), **extra)
    for changes in (*told, *alone):
        plug.command(changes)
        if changes.keys() & set(names):
            state = plug.device.obey(plug.settings, state, changes, START)
    mixed = sum("nominal_voltage" in changes and len(changes) > 1 for changes in told)
    assert len(plug.pending) <= MANY_ORDERS + 2 * mixed + 1
    plug.begin(Span(START, 60, 1))
    assert plug.state == state


def test_many_orders_that_change_nothing_do_not_fill_the_line() -> None:
    plug = member("smart_switch")
    for number in range(2 * MAX_PENDING + 1):
        plug.command({"toggle": True})
        plug.command({"countdown": number})
    assert len(plug.pending) <= MANY_ORDERS
    plug.begin(Span(START, 60, 1))
    assert (plug.state.closed, plug.state.countdown_until) == (False, START + 2 * MAX_PENDING)


def test_an_order_waits_for_its_time_and_ends_the_proposal_there() -> None:
    plug = member("smart_switch")
    plug.command({"countdown": "2 min"}, START + 600)
    proposal = plug.propose(window(1, START, 60), {})
    assert proposal.span.steps == 10
    plug.void()
    plug.propose(window(1, START + 600, 60, 0), {})
    assert plug.state.countdown_until == START + 720
    with pytest.raises(SettingError, match="order countdown: -1 is out of range"):
        plug.command({"countdown": -1, "max_power": 5})
    assert plug.future().max_power == 0


def test_toggle_of_a_setting_that_is_on_or_off_is_the_opposite_of_what_will_hold() -> None:
    inverter = member("inverter")
    before = inverter.settings.solar_export
    assert inverter.command({"solar_export": "TOGGLE"}).changes == {"solar_export": not before}
    assert inverter.command({"solar_export": b"toggle"}).changes == {"solar_export": before}
    assert inverter.command({"solar_export": "1"}).changes == {"solar_export": True}
    assert inverter.command({"solar_export": 0}).changes == {"solar_export": False}
