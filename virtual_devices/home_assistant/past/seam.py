"""Where a past meets what Home Assistant has recorded: which rows are written, and with which sums, so that no bar of a dashboard jumps or falls.

A bar is the difference of two sums, and the first bar of all its sum. So a past begins with 0, as Home Assistant itself does when it first
sees a counter, and what comes after it is lifted by what the past came to.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from virtual_devices.home_assistant.past.hours import HOUR, Row

TINY = 1e-6
"""A fall that comes of rounding."""


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that is there already. sum: of a counter, else None."""

    start: int
    sum: float | None = None


@dataclass(frozen=True, slots=True)
class Lift:
    """What is added to all sums from a time (UTC seconds) on."""

    start: int
    by: float


@dataclass(frozen=True, slots=True)
class Join:
    """What to write. shift: what the sums are more than the counter showed.  lift: of what comes after the rows."""

    rows: list[Row]
    shift: float = 0.0
    lift: Lift | None = None


def joined(rows: Sequence[Row], before: float, kept: Sequence[KeptRow], *, overwrite: bool = False) -> Join:
    """Rows of a past (oldest first) beside those that are there (oldest first).

    before: the counter when the first of the rows began.  overwrite: write the whole time anew; else only what lies before all that is there.
    """
    chosen = list(rows) if overwrite else [row for row in rows if not kept or row.start < kept[0].start]
    if not chosen or chosen[0].sum is None:
        return Join(chosen)
    if overwrite:
        chosen = _without_holes(chosen, kept)
    begin, end = _last_sum(kept, chosen[0].start), _last_sum(kept, chosen[-1].start + HOUR)
    shift = begin - before
    written = [replace(row, sum=(row.sum or 0.0) + shift) for row in chosen]
    by = (written[-1].sum or 0.0) - end
    return Join(written, shift, Lift(written[-1].start + HOUR, by) if by else None)


def falls(kept: Sequence[KeptRow]) -> list[Lift]:
    """What a counter that only grows wants where its sums fall: there Home Assistant began to see it anew, after a past was written."""
    known = [(each.start, each.sum) for each in kept if each.sum is not None]
    return [Lift(start, sooner) for (_, sooner), (start, later) in itertools.pairwise(known) if later < sooner - TINY]


def lifted(kept: Sequence[KeptRow], lifts: Sequence[Lift]) -> list[KeptRow]:
    """The rows after that."""
    return [each if each.sum is None else KeptRow(each.start, each.sum + sum(lift.by for lift in lifts if lift.start <= each.start)) for each in kept]


def _last_sum(kept: Sequence[KeptRow], until: int) -> float:
    """Of the last row that starts before a time; 0 where there is none."""
    return next((each.sum for each in reversed(kept) if each.start < until and each.sum is not None), 0.0)


def _without_holes(rows: Sequence[Row], kept: Sequence[KeptRow]) -> list[Row]:
    """With a row for each that is there between them and of which nothing is known: the counter stood."""
    known = {row.start: row for row in rows}
    for each in kept:
        if rows[0].start < each.start < rows[-1].start:
            known.setdefault(each.start, Row(each.start))
    filled: list[Row] = []
    for start in sorted(known):
        row = known[start]
        filled.append(row if row.sum is not None else replace(filled[-1], start=start))
    return filled
