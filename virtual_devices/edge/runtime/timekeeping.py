"""Where simulated time should be by the wall, and what to do when it is not.

At a speed of its own a home keeps to start + speed × monotonic time: while the machine sleeps, so does the home. At real time it
keeps to the time of day, which people and time servers set, and which goes on while the machine sleeps.

Nothing is caught up that is older than ``CATCH_UP``: a home that was away for longer would tell its history of things that
nobody saw happen. At real time it skips them, otherwise its time has stood. And simulated time never goes back: when the wall
does, it stands until the wall has come to where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from virtual_devices.edge.loop import Loop

CATCH_UP = 300.0
"""Wall seconds that are caught up, at most."""
STANDS = 60.0
"""Wall seconds for which time may stand without a word, because the wall was set back."""
LOOK_EVERY = 1.0
"""Wall seconds between two looks at the time of day: nobody is told when it is set."""
ALIVE = 6.0
"""Wall seconds that a command may wait for the next step without a word."""


@dataclass(frozen=True, slots=True)
class Pace:
    """speed: simulated seconds per wall second, 0 as fast as possible.  real_time: the home lives at the time of day."""

    speed: float
    real_time: bool


@dataclass(frozen=True, slots=True)
class NextStart:
    """start: of the next window; later than the end of the last where time is skipped.  late: simulated seconds that the wall is past it."""

    start: int
    late: float


class Timekeeper:
    """Time of one home.

    say: told in words what happens to it.  written: how an instant is told to people.
    """

    def __init__(self, loop: Loop, say: Callable[[str], None], written: Callable[[int], str]) -> None:
        self._loop, self._say, self._written = loop, say, written
        self._anchor: tuple[float, int] | None = None
        self._pace = Pace(0, real_time=False)
        self._warned_of: Pace | None = None
        self._follows = self._stands = self._met = False

    @property
    def follows(self) -> bool:
        """Whether simulated time is the time of day."""
        return self._follows

    def let_go(self) -> None:
        """Whatever it kept to does not hold any more: the pace is another, or time stood still."""
        self._anchor, self._follows, self._stands = None, False, False

    def late(self, start: int) -> float:
        """Simulated seconds by which the wall has passed ``start``; negative: it is still to come."""
        if self._anchor is None or not self._pace.speed:
            return 0.0
        if self._follows:
            return self._loop.wall() - start
        since, simulated = self._anchor
        return simulated + self._pace.speed * (self._loop.time() - since) - start

    def due_in(self, late: float) -> float:
        """Wall seconds until a window that is not due yet should be looked at again."""
        wait = -late / self._pace.speed
        return min(wait, LOOK_EVERY) if self._follows else wait

    def meet(self, start: int, step: int, pace: Pace, *, own_pace: bool) -> NextStart:
        """What comes after everything before ``start`` is settled. step: s.

        own_pace: how the home came to where it is: ahead of the time of day by its own doing, or at it.
        """
        if self._anchor is None:
            self._begin(start, step, pace, own_pace=own_pace)
        to_the_wall = pace.real_time and (self._follows or not self._met)  # at any speed it begins at the time of day
        self._met = True
        late = self._loop.wall() - start if to_the_wall else self.late(start)
        if to_the_wall and late > max(CATCH_UP, step):
            start = self._skip(start, int(late // step) * step)
        elif not to_the_wall and late > max(CATCH_UP * pace.speed, step):
            self._say(
                f"simulated time is {_length(late / pace.speed)} of wall time late; no more than {_length(CATCH_UP)} are caught up, so it goes on "
                f"from {self._written(start)} as if it had stood still"
            )
            self._anchor = (self._loop.time(), start)
        self._watch_the_wall(start, step)
        return NextStart(start, self.late(start))

    def _begin(self, start: int, step: int, pace: Pace, *, own_pace: bool) -> None:
        if pace != self._warned_of and (words := waits(step, pace)):
            self._say(words)
        self._warned_of = pace
        ahead = start - self._loop.wall()
        self._anchor, self._pace = (self._loop.time(), start), pace
        self._follows = pace.real_time and pace.speed == 1 and not (own_pace and ahead > CATCH_UP)
        if pace.real_time and pace.speed == 1 and not self._follows:
            self._say(
                f"simulated time is {_length(ahead)} ahead of the time of day, because it ran faster; it goes on from "
                f"{self._written(start)} at speed 1, and only a fresh start (--fresh) brings it to the time of day"
            )

    def _skip(self, start: int, seconds: int) -> int:
        """Go on so much later, and keep to that."""
        then = start + seconds
        self._anchor = (self._loop.time(), then)
        self._say(
            f"the time of day is {_length(seconds)} ahead; simulated time goes on from {self._written(then)}, and what lies between "
            f"({self._written(start)} until then) is neither lived nor counted"
        )
        return then

    def _watch_the_wall(self, start: int, step: int) -> None:
        ahead = -self.late(start) - step if self._follows else 0.0
        if ahead > STANDS and not self._stands:
            self._stands = True
            self._say(
                f"the time of day is {_length(ahead + step)} behind simulated time; time stands until it has come to {self._written(start)}, "
                "or begin anew with --fresh"
            )
        elif ahead <= 0 and self._stands:
            self._stands = False
            self._say(f"the time of day has come to {self._written(start)}; simulated time goes on")


def waits(step: int, pace: Pace) -> str:
    """In words, that commands wait noticeably long for the next step; nothing where they do not."""
    seconds = step / pace.speed if pace.speed else 0.0
    if seconds <= ALIVE:
        return ""
    return (
        f"a step of this run is {step} s, so at speed {pace.speed:g} a command waits up to {_length(seconds)}; a run keeps its step, a fresh "
        "start (--fresh) at this speed takes a shorter one unless the home file names it"
    )


def _length(seconds: float) -> str:
    """``3 min``, ``2.0 h``, ``160 days``."""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{round(seconds)} s"
    if seconds < 5400:  # noqa: PLR2004 - an hour and a half
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{round(seconds / 86_400)} days"  # noqa: PLR2004 - two days
