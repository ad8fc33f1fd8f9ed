"""Quarters of an hour: what a home's accounts came to in each, from ledger records, however time was cut into windows.

A quarter starts at UTC seconds that are a multiple of 900, and a step belongs to the quarter in which it starts: of steps of an hour
there is one in every fourth quarter, and no other quarters. What is told of a quarter are the series of ``virtual_devices.kit.ledger.series``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.series import Tally, series, together
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.window import Span

QUARTER = 900
"""Seconds of a quarter."""


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of an hour. start: UTC seconds.  step: s.  steps: how many it covers, fewer where time was skipped or is to come."""

    start: int
    step: int
    steps: int
    series: Mapping[str, Tally]


@dataclass(slots=True)
class Quarters:
    """Makes quarters of a run's records, which come in order, each once.

    open: the quarter that is not over yet, as far as it is known; None between two quarters. Whoever goes on from it, in this process or
    another, gets the same quarters.
    """

    open: Quarter | None = None

    def add(self, record: LedgerRecord) -> list[Quarter]:
        """Take one more record; the quarters that are over now, oldest first.

        A quarter is over when the last step that can start in it was seen, or one that starts later. Raises ProtocolError, changing nothing,
        for a record from before the open quarter, or one of other steps within it.
        """
        parts = parts_of(record.span)
        if not parts:
            return []
        found = [
            Quarter(start, record.span.step, part.stop - part.start, each)
            for (start, part), each in zip(parts.items(), series(record, list(parts.values())), strict=True)
        ]
        if self.open is not None:
            found = _after(self.open, found)
        is_over = record.span.end >= found[-1].start + QUARTER
        self.open = None if is_over else found.pop()
        return found


@lru_cache(maxsize=64)  # all devices of a home settle the same span
def parts_of(span: Span) -> Mapping[int, slice]:
    """The quarters in which steps of a span start, each with those steps."""
    found, begin = dict[int, slice](), 0
    while begin < span.steps:
        start = (span.start + begin * span.step) // QUARTER * QUARTER
        end = span.steps_until(start + QUARTER)
        found[start] = slice(begin, end)
        begin = end
    return found


def _after(open_quarter: Quarter, found: list[Quarter]) -> list[Quarter]:
    """The quarters of a record behind an open one, of which the first may be a part."""
    first = found[0]
    if first.start > open_quarter.start:
        return [open_quarter, *found]
    if (first.start, first.step) != (open_quarter.start, open_quarter.step):
        raise ProtocolError(
            f"a record of {first.step} s steps that begins in the quarter from {first.start} does not follow "
            f"{open_quarter.steps} steps of {open_quarter.step} s in that from {open_quarter.start}; add a run's records in order"
        )
    joined = together(open_quarter.series, first.series)
    return [Quarter(first.start, first.step, open_quarter.steps + first.steps, joined), *found[1:]]
