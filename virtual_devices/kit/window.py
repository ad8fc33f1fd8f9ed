"""Spans of simulated time, and the window that the clock hands out."""

from __future__ import annotations

from dataclasses import dataclass

MAX_STEPS = 1440
"""Most steps in one window."""


@dataclass(frozen=True, slots=True)
class Span:
    """``steps`` consecutive steps of ``step`` whole seconds from ``start`` (integer UTC seconds)."""

    start: int
    step: int
    steps: int

    @property
    def end(self) -> int:
        """First second after the span."""
        return self.start + self.step * self.steps

    @property
    def times(self) -> range:
        """The start of every step."""
        return range(self.start, self.end, self.step)

    def part(self, first: int, steps: int) -> Span:
        """``steps`` steps from step number ``first``."""
        if first == 0 and steps == self.steps:
            return self  # as nearly always
        return Span(self.start + first * self.step, self.step, steps)

    def steps_until(self, time: int) -> int:
        """Steps that begin before ``time``: a time that falls between two steps counts from the next one."""
        return max(0, min(self.steps, -(-(time - self.start) // self.step)))


@dataclass(frozen=True, slots=True)
class Window:
    """What the clock asks everybody about: a span, who takes part, and which settlement it follows.

    run: made anew at each fresh start.  seq: number of the window.  after: the last settled seq.
    members: names of the devices that take part, fixed by the clock.  foretold: when the grid will come or go, as far as the
    settlement before it tells (simulated time, and whether it is there from then on).
    """

    run: str
    seq: int
    span: Span
    members: tuple[str, ...]
    after: int
    foretold: tuple[tuple[int, bool], ...] = ()


def after_cut(most: int, settled: int, *, cut: bool, growth: int = 2) -> int:
    """Most steps of the next window: after one that ended early, at most ``growth`` times what was settled of it."""
    return min(most, growth * settled) if cut else most
