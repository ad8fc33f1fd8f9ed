"""The rule of a circuit, by hand and by laws."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.kit.circuits import FULL, CircuitRule, CircuitState, advance, circle, heating, until_turn, way_up

AT_ONCE = CircuitRule(curve=((1000, 0), (1001, FULL)), cooling=FULL)
SLOW = CircuitRule(curve=((1000, 0), (2000, FULL // 100), (5000, FULL)), cooling=FULL // 200)
RULES = st.builds(
    CircuitRule,
    power_on=st.sampled_from(["off", "on", "last"]),
    curve=st.sampled_from([(), AT_ONCE.curve, SLOW.curve]),
    cooling=st.sampled_from([0, FULL // 200, FULL]),
)
STATES = st.builds(CircuitState, closed=st.booleans(), fed=st.booleans(), heat=st.integers(0, FULL), tripped=st.booleans())


def test_heat_follows_the_points_of_the_curve() -> None:
    assert heating(SLOW, 1000) == -FULL // 200
    assert heating(SLOW, 1500) == FULL // 200  # half way from 0 to FULL / 100
    assert heating(SLOW, 2000) == FULL // 100
    assert heating(SLOW, 9999) == FULL
    assert heating(CircuitRule(), 10**10) == 0


def test_a_limit_trips_with_the_step_that_passes_it() -> None:
    power = [1000, 1000, 1001, 0]
    steps, after = until_turn(AT_ONCE, CircuitState(), ((4, True),), power, 1)
    assert (steps, after) == (3, CircuitState(closed=False, heat=FULL, tripped=True))
    assert until_turn(AT_ONCE, after, ((1, True),), [0], 1) == (1, CircuitState(closed=False, tripped=True))  # it is cold again


def test_a_slow_curve_trips_when_the_heat_is_full_and_cools_meanwhile() -> None:
    assert until_turn(SLOW, CircuitState(), ((200, True),), [2000] * 200, 1)[0] == 100
    assert until_turn(SLOW, CircuitState(), ((200, True),), [2000] * 50 + [900] * 40 + [2000] * 110, 1)[0] == 50 + 40 + 70  # 0.5 − 0.2
    assert until_turn(SLOW, CircuitState(), ((200, True),), [1000] * 200, 3600) == (200, CircuitState())


def test_power_that_returns_turns_a_relay_as_it_was_told() -> None:
    dark = ((2, True), (3, False), (4, True))
    assert until_turn(CircuitRule("off"), CircuitState(), dark, [5] * 9, 60) == (6, CircuitState(closed=False))  # the first step with power is served
    assert until_turn(CircuitRule("last"), CircuitState(), dark, [5] * 9, 60) == (9, CircuitState())
    opened = CircuitState(closed=False)
    assert until_turn(CircuitRule("on"), opened, dark, [0] * 9, 60) == (6, CircuitState())
    assert until_turn(CircuitRule("on"), CircuitState(closed=False, tripped=True), dark, [0] * 9, 60)[0] == 9  # that takes a reset


@given(rule=RULES, state=STATES, live=st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=5), data=st.data())
def test_however_it_is_cut_it_turns_in_the_same_step(
    rule: CircuitRule, state: CircuitState, live: list[tuple[int, bool]], data: st.DataObject
) -> None:
    flat = [on for count, on in live for _ in range(count)]
    power = data.draw(st.lists(st.sampled_from([0, 999, 1000, 1001, 1500, 2000, 6000]), min_size=len(flat), max_size=len(flat)))
    step = data.draw(st.sampled_from([1, 60, 3600]))
    steps, after = until_turn(rule, state, live, power, step)
    one, taken = state, 0
    for on, carried in zip(flat, power, strict=True):
        following = advance(rule, one, on, carried, step)
        taken += 1
        turned, one = following.closed != one.closed, following
        if turned:
            break
    assert (steps, after) == (taken, one)
    assert 0 <= after.heat <= FULL


def test_the_way_up_ends_at_a_port_or_nowhere() -> None:
    above = {"plug": "essential", "strip": "plug", "a": "b", "b": "a", "lost": "nowhere"}
    ports = ("essential", "aux")
    assert way_up("strip", above, ports) == ("strip", "plug", "essential")
    assert way_up("aux", above, ports) == ("aux",)
    assert way_up("a", above, ports) == way_up("lost", above, ports) == ()
    assert circle("a", above) == ("a", "b")
    assert circle("lost", above) == circle("strip", above) == ()
