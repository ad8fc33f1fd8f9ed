"""Where simulated time should be by the wall, with both clocks in the test's hands."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.runtime.timekeeping import CATCH_UP, LOOK_EVERY, Pace, Timekeeper, waits

NOW = 1_795_800_000
HOUR = 3600
REAL = Pace(1, real_time=True)


@dataclass
class Machine:
    """A machine whose two clocks are set by hand, and a home on it that settles at once whatever is due.

    end: of what is settled, UTC seconds.  lived: simulated seconds that were settled, window by window.
    """

    step: int = 5
    end: int = NOW
    pace: Pace = REAL
    own_pace: bool = False
    monotonic: float = 1000.0
    wall: float = float(NOW)
    said: list[str] = field(default_factory=list)
    lived: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.loop = Loop(monotonic=lambda: self.monotonic, wall=lambda: self.wall)
        self.loop.close()  # only its clocks are used
        self.keeper = Timekeeper(self.loop, self.said.append, str)

    def pass_by(self, seconds: float) -> None:
        """Time as usual."""
        self.monotonic += seconds
        self.wall += seconds

    def live(self) -> int:
        """Settle all that is due; how many simulated seconds that are."""
        before, windows = sum(self.lived), 0
        while windows < 1000:
            coming = self.keeper.meet(self.end, self.step, self.pace, own_pace=self.own_pace)
            assert (coming.start - self.end) % self.step == 0, "steps stay where they were"
            assert coming.start >= self.end, "time never goes back"
            self.end = coming.start
            if coming.late < 0:
                return sum(self.lived) - before
            windows += 1
            self.own_pace = not self.keeper.follows
            steps = int(coming.late // self.step) + 1
            self.end += steps * self.step
            self.lived.append(steps * self.step)
        raise AssertionError("it never comes to rest")


def test_at_real_time_it_keeps_to_the_time_of_day() -> None:
    machine = Machine()
    assert machine.live() == 5
    for _ in range(60):
        machine.pass_by(1)
        machine.live()
    assert machine.end == NOW + 65
    assert machine.said == []


def test_after_a_sleep_it_goes_on_from_now_and_says_so() -> None:
    machine = Machine()
    machine.live()
    machine.wall += 2 * HOUR  # the monotonic clock has slept too
    assert machine.live() == 5
    assert machine.end == NOW + 2 * HOUR + 5, "the window that is due now"
    (text,) = machine.said
    assert "the time of day is 2.0 h ahead" in text
    assert "neither lived nor counted" in text
    machine.pass_by(5)
    assert machine.live() == 5
    assert len(machine.said) == 1


def test_a_short_pause_is_caught_up() -> None:
    machine = Machine()
    machine.live()
    machine.wall += 200
    assert machine.live() == 200
    assert machine.said == []


def test_when_the_wall_is_set_back_time_stands_says_until_when_and_goes_on() -> None:
    machine = Machine()
    machine.live()
    machine.wall -= 5 * HOUR
    for _ in range(3):
        machine.pass_by(1)
        assert machine.live() == 0
    (text,) = machine.said
    assert "5.0 h behind" in text
    assert f"stands until it has come to {machine.end}" in text
    assert 0 < machine.keeper.due_in(machine.keeper.late(machine.end)) <= LOOK_EVERY, "nobody tells it when the clock is mended"
    machine.wall += 5 * HOUR
    machine.pass_by(5)
    assert machine.live() == 5
    assert "goes on" in machine.said[-1]
    assert len(machine.said) == 2


def test_at_its_own_speed_a_sleep_of_the_machine_is_one_of_the_home() -> None:
    machine = Machine(step=60, pace=Pace(60, real_time=False))
    machine.live()
    machine.wall += 2 * HOUR
    assert machine.live() == 0
    machine.wall -= 7 * HOUR
    machine.pass_by(10)
    assert machine.live() == 600
    assert machine.said == []


@pytest.mark.parametrize("speed", [1.0, 60.0, 0.5])
def test_no_home_catches_up_for_more_than_five_minutes(speed: float) -> None:
    """As where a monotonic clock counts a sleep, or a home waited for its inverter for an hour."""
    machine = Machine(step=5, pace=Pace(speed, real_time=False))
    machine.live()
    machine.pass_by(HOUR)
    assert machine.live() == 5
    (text,) = (text for text in machine.said if "command waits" not in text)
    assert "no more than 5 min are caught up" in text
    machine.pass_by(100)
    assert machine.live() == pytest.approx(100 * speed, abs=5)


@pytest.mark.parametrize("speed", [0.0, 1.0, 60.0])
def test_a_home_that_lives_at_the_time_of_day_begins_there_at_any_speed(speed: float) -> None:
    machine = Machine(end=NOW - 30 * 24 * HOUR, pace=Pace(speed, real_time=True))
    coming = machine.keeper.meet(machine.end, machine.step, machine.pace, own_pace=False)
    assert coming.start == NOW
    assert "30 days ahead" in machine.said[-1]


def test_only_a_beginning_does_at_another_speed() -> None:
    machine = Machine(step=60, pace=Pace(60, real_time=True))
    machine.live()
    machine.wall += 2 * HOUR
    assert machine.live() == 0


def test_who_has_run_ahead_and_is_slowed_to_1_goes_on_from_there() -> None:
    machine = Machine(step=60, pace=Pace(60, real_time=True))
    machine.live()
    for _ in range(36):
        machine.pass_by(100)
        machine.live()
    machine.keeper.let_go()
    machine.pace = REAL
    machine.said.clear()
    machine.live()
    there = machine.end
    assert "ahead of the time of day, because it ran faster" in "".join(machine.said)
    for _ in range(3):
        machine.pass_by(200)
        machine.live()
    assert machine.end == there + 600


def test_after_a_pause_it_goes_on_at_the_time_of_day() -> None:
    machine = Machine()
    machine.live()
    machine.keeper.let_go()
    machine.pass_by(HOUR)
    machine.live()
    assert machine.end == NOW + HOUR + 5


@examples(deadline=None)
@given(
    st.sampled_from([1, 5, 60, 300, 3600]),
    st.lists(st.tuples(st.floats(0, 2000), st.floats(-100_000, 100_000) | st.just(0.0)), max_size=12),
)
def test_whatever_the_clocks_do_time_never_goes_back_nor_races(step: int, happenings: list[tuple[float, float]]) -> None:
    machine = Machine(step=step)
    for seconds, jump in happenings:
        machine.pass_by(seconds)
        machine.wall += jump
        lived = machine.live()
        assert lived <= max(CATCH_UP, step) + step, "five minutes, and the step that they end in"
        assert machine.end > machine.wall, "all that is due was settled"


@pytest.mark.parametrize(
    ("step", "speed", "words"),
    [(60, 1, "up to 60 s"), (60, 60, ""), (5, 1, ""), (60, 0, ""), (60, 5, "up to 12 s"), (600, 1, "up to 10 min"), (6, 1, "")],
)
def test_long_waits_for_commands_are_said(step: int, speed: float, words: str) -> None:
    found = waits(step, Pace(speed, real_time=False))
    assert words in found
    assert bool(words) == bool(found)
    machine = Machine(step=step, pace=Pace(speed, real_time=False))
    machine.keeper.meet(NOW, step, machine.pace, own_pace=False)
    machine.keeper.let_go()
    machine.keeper.meet(NOW, step, machine.pace, own_pace=False)
    assert machine.said == ([found] if found else []), "once for a speed"
