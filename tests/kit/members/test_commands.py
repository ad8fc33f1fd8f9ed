"""Commands: validated at once, in force from the next window or from their time on, and never half."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.kit.members.members import START, member, window
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.forms.changes import settings_json
from virtual_devices.kit.members.member import MAX_PENDING, AppliedCommand, Command
from virtual_devices.kit.members.settlement import Share
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
