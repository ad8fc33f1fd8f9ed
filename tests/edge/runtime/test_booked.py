"""How far time may go ahead of a record, and what a clock says that waits for one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.edge.messages.base import BookedMessage, write
from virtual_devices.edge.runtime.booked import AHEAD, AHEAD_STEPS, SILENCE, BookedBound
from virtual_devices.kit.errors import ProtocolError


@dataclass
class Clock:
    """What the bound asks of the device that it is part of. now: wall seconds."""

    now: float = 0.0
    home: str = "cape"
    subscribed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def loop(self) -> Clock:
        return self

    @property
    def client(self) -> Clock:
        return self

    def time(self) -> float:
        return self.now

    def subscribe(self, *topics: tuple[str, int]) -> None:
        self.subscribed += [topic for topic, _ in topics]

    def complain(self, text: str, _about: str) -> None:
        self.said.append(text)


def bound(clock: Clock, record: str | None = "record") -> BookedBound:
    made = BookedBound(cast("Any", clock))
    made.watch(record)
    return made


def say(to: BookedBound, seq: int, run: str = "run", who: str = "record") -> bool:
    return to.received(who, write(BookedMessage(run=run, seq=seq)))


def test_where_nobody_is_named_nobody_is_waited_for() -> None:
    clock = Clock()
    one = bound(clock, None)
    assert clock.subscribed == []
    assert one.room("run", 10_000, 1440) == AHEAD


def test_the_record_is_heard_that_is_named_and_of_this_run() -> None:
    clock = Clock()
    one = bound(clock)
    assert clock.subscribed == ["virtual/cape/record/booked"]
    assert one.room("run", 0, 1) == AHEAD
    assert one.room("run", AHEAD, 1) == 0
    assert not say(one, 50, who="oven")
    assert say(one, 50, run="before")
    assert one.room("run", AHEAD, 1) == 0
    assert say(one, 50)
    assert one.room("run", AHEAD, 1) == 50


def test_nothing_can_be_written_that_is_not_settled() -> None:
    one = bound(Clock())
    say(one, 1 << 50)
    assert one.room("run", 30, 1) == AHEAD


@pytest.mark.parametrize("payload", [b"{", b"[]", b'{"run":"run"}', b'{"run":"run","seq":-1}', b'{"run":"run","seq":"1"}', b'{"run":"run","seq":1,"x":2}'])
def test_what_is_no_such_word_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolError, match="not a booked message"):
        bound(Clock()).received("record", payload)


@given(windows=st.lists(st.tuples(st.integers(1, 1440), st.integers(0, 200)), min_size=1, max_size=300))
def test_time_never_goes_further_ahead_and_always_goes_on(windows: list[tuple[int, int]]) -> None:
    """Windows of so many steps, each followed by a word of a record that may be behind by so many."""
    one, written = bound(Clock()), 0
    steps_of: dict[int, int] = {}
    for steps, behind in windows:
        seq = len(steps_of)
        room = one.room("run", seq, steps)
        beyond = sum(count for each, count in steps_of.items() if each > written)
        assert 0 <= room <= written + AHEAD - seq
        assert bool(room) == (seq - written < AHEAD and beyond < AHEAD_STEPS)
        if room:
            steps_of[seq + 1] = steps
            one.settled(seq + 1, steps)
        written = max(written, len(steps_of) - behind)
        say(one, written)
    say(one, len(steps_of))
    assert one.room("run", len(steps_of), 1440) >= 1


def test_who_waits_says_so_once_and_for_whom() -> None:
    clock = Clock()
    one = bound(clock)
    say(one, 7)
    for _ in range(5):
        one.waits(107)
        clock.now += SILENCE / 2
    (text,) = clock.said
    assert text.startswith("time waits for record to write what was settled, up to window 107: it has written up to window 7")
    one.goes_on()
    one.waits(207)
    clock.now += 2 * SILENCE
    one.waits(207)
    assert len(clock.said) == 2
