"""What `Loop` adds to asyncio's event loop: a clock of one's own, timers in order, and conditions that are asked once a turn."""

from __future__ import annotations

import asyncio
import itertools
import selectors
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Self, TypeVarTuple

if TYPE_CHECKING:
    from contextvars import Context

ClockReader = Callable[[], float]
Condition = Callable[[], bool]
Arguments = TypeVarTuple("Arguments")


class Deadline(float):
    """A time with a number, by which equal ones keep their order: asyncio's heap does not see to that."""

    __slots__ = ("number",)
    number: int

    def __new__(cls, when: float, number: int) -> Self:
        made = super().__new__(cls, when)
        made.number = number
        return made

    def __lt__(self, other: float) -> bool:
        return self.number < other.number if self == other and isinstance(other, Deadline) else super().__lt__(other)


class Events(asyncio.SelectorEventLoop):
    """asyncio's event loop at a clock that it is given; timers of equal deadlines come in the order in which they were set."""

    def __init__(self, selector: selectors.BaseSelector, monotonic: ClockReader) -> None:
        super().__init__(selector)
        self._monotonic, self._numbers = monotonic, itertools.count()

    def time(self) -> float:
        return self._monotonic()

    def call_at(
        self, when: float, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return super().call_at(Deadline(when, next(self._numbers)), callback, *args, context=context)


class Turns(selectors.DefaultSelector):
    """A selector that looks, whenever asyncio asks it, which is once a turn, at what somebody waits for.

    stopping: a stop has not ended a wait yet.
    """

    def __init__(self, monotonic: ClockReader) -> None:
        super().__init__()
        self.stopping = False
        self._monotonic = monotonic
        self._waits: dict[asyncio.Future[bool], tuple[Condition | None, float]] = {}

    def wait(self, future: asyncio.Future[bool], condition: Condition | None, seconds: float | None) -> asyncio.Future[bool]:
        """Tell the future: True as soon as the condition holds, False when so many seconds are over or at a stop."""
        self._waits[future] = condition, inf if seconds is None else self._monotonic() + seconds
        self._look()
        return future

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self._waits:
            least = min(self._look(), inf if timeout is None else timeout)
            timeout = None if least == inf else least
        return super().select(timeout)

    def _look(self) -> float:
        """Tell whom there is something to tell; seconds until there is the next time, for certain."""
        least, stopping = inf, self.stopping
        for future, (condition, deadline) in list(self._waits.items()):
            left = deadline - self._monotonic()
            try:
                if future.done():  # whoever waited does so no longer
                    left = 0.0
                elif condition is not None and condition():
                    left = 0.0
                    future.set_result(True)
                elif stopping or left <= 0:
                    left = 0.0
                    future.set_result(False)
                    self.stopping = False  # one that meets another ending is kept for the next wait
            except Exception as error:  # noqa: BLE001 - whoever waits gets it
                left = 0.0
                future.set_exception(error)
            if left <= 0:
                del self._waits[future]
            least = min(least, left)
        return least
