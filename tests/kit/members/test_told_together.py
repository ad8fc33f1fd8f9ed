"""Conditions that go on beyond their window: there to work ahead with, and nothing that anybody goes by."""

from __future__ import annotations

from tests.kit.members.members import START, member, through_json, window
from virtual_devices.kit.members.ahead import Inputs
from virtual_devices.kit.members.conditions import TOGETHER
from virtual_devices.kit.window import MAX_STEPS, Span

STEP = 60
BEGUN = START - START // STEP % TOGETHER * STEP
"""Begin of steps that are told together."""


def sun_over(start: int, steps: int) -> Inputs:
    return {"sun": member("sun").conditions(window(1, start, steps), {})}


def test_short_windows_are_told_what_the_next_ones_will_be_told() -> None:
    sun, whole = member("sun"), member("sun").conditions(window(1, BEGUN, TOGETHER), {})
    for number in (0, 1, 7, TOGETHER - 1):
        told = sun.conditions(window(number + 1, BEGUN + number * STEP, 1), {})
        assert told == {name: column[number:] for name, column in whole.items()}
        assert sun.busy_until == BEGUN + (number + 1) * STEP, "what lies beyond is not proposed: a command may come for it"
    longer = sun.conditions(window(100, BEGUN + STEP, TOGETHER), {})
    assert {len(column) for column in longer.values()} == {TOGETHER}
    assert {len(column) for column in sun.conditions(window(101, BEGUN + STEP, MAX_STEPS), {}).values()} == {MAX_STEPS}


def test_what_is_set_is_in_force_from_the_next_window_on() -> None:
    weather, plain = member("weather"), member("weather")
    first = weather.conditions(window(1, BEGUN, 1), sun_over(BEGUN, TOGETHER))
    assert len(first["temp_air"]) == TOGETHER
    weather.command({"mean_temp_air": 30})
    second, without = (each.conditions(window(2, BEGUN + STEP, 1, after=1), sun_over(BEGUN + STEP, TOGETHER - 1)) for each in (weather, plain))
    assert without["temp_air"] == first["temp_air"][1:] != second["temp_air"]
    weather.command({"mean_temp_air": 10}, at=BEGUN + 4 * STEP)
    until = weather.conditions(window(3, BEGUN + 2 * STEP, 5, after=2), sun_over(BEGUN + 2 * STEP, 5))
    assert len(until["temp_air"]) == 2, "a timed command ends what is told"


def test_who_is_made_anew_knows_of_which_steps_it_spoke() -> None:
    before, after = member("sun"), member("sun")
    told = before.conditions(window(1, BEGUN, 3), {})
    assert len(told["solar_zenith"]) == TOGETHER
    after.restore(through_json(before.checkpoint()))
    after.given = told
    for each in (before, after):
        each.tell_past()
        each.conditions(window(2, BEGUN + 2 * STEP, 1, after=1), {})  # two of them were settled, which it has not heard
        assert each.settled_span == Span(BEGUN, STEP, 2)
        assert each.last["solar_zenith"] == told["solar_zenith"][1]
