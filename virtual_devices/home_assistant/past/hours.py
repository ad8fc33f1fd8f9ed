"""Quarter-hours as Home Assistant keeps them: a row for each whole hour, or each five minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from virtual_devices.home_assistant.past.samples import Sample
from virtual_devices.kit.ledger.quarters import QUARTER

HOUR = 3600
FIVE = 300


@dataclass(frozen=True, slots=True)
class Row:
    """A row of statistics. start: UTC seconds.  mean, low, high: of a measurement.  state, sum: of a counter, at the end; None where it is none."""

    start: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    state: float | None = None
    sum: float | None = None


def hourly(samples: Sequence[Sample], *, counts: bool, begin: int, end: int) -> list[Row]:
    """The whole hours between two times (UTC seconds), oldest first. counts: it is a counter; its sum is what it shows."""
    rows = []
    for start, group in groupby(samples, lambda each: each.start // HOUR * HOUR):
        hour = list(group)
        if begin <= start and start + HOUR <= end and len(hour) == HOUR // QUARTER:
            rows.append(_row(start, hour, counts=counts))
    return rows


def five_minutes(samples: Sequence[Sample], *, counts: bool, begin: int, end: int) -> list[Row]:
    """The same for every five minutes: a counter grows evenly within a quarter-hour, what is measured stays."""
    rows, before = [], None
    for each in samples:
        for number in range(QUARTER // FIVE):
            start = each.start + number * FIVE
            if begin <= start and start + FIVE <= end:
                if counts:
                    from_here = each.last if before is None else before
                    shown = from_here + (each.last - from_here) * (number + 1) * FIVE / QUARTER
                    rows.append(Row(start, state=shown, sum=shown))
                else:
                    rows.append(Row(start, each.mean, each.low, each.high))
        before = each.last
    return rows


def before_first(samples: Sequence[Sample], start: int) -> float:
    """What a counter showed when the hour at ``start`` began."""
    return next((each.last for each in reversed(samples) if each.start < start), 0.0)


def _row(start: int, hour: Sequence[Sample], *, counts: bool) -> Row:
    if counts:
        return Row(start, state=hour[-1].last, sum=hour[-1].last)
    return Row(start, sum(each.mean for each in hour) / len(hour), min(each.low for each in hour), max(each.high for each in hour))
