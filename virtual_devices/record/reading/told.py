"""What a device told of its past, added up to periods: what it measured, for how long something held, and how it stood at their ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from virtual_devices.kit.members.past import PARTS, PastRows, TallyColumns, joined
from virtual_devices.record.reading.columns import Integers
from virtual_devices.record.reading.cutting import placed
from virtual_devices.record.reading.periods import unequal

MEASURED_PARTS = 1000
"""Of the unit of a condition."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was a number in each step, in its unit: over all known steps of a period, in the lowest, the highest and the last of them."""

    mean: float
    low: float
    high: float
    last: float


@dataclass(frozen=True, slots=True)
class ReadingsOfPeriod:
    """What a device told of a period. start, end: UTC seconds, of the whole of it.  seconds: for which it tells something.

    measured: by condition.  held: for how many seconds it was so: ``supplied``, ``wanting``, ``connected``.  last: readings as they stood
    when the last known step had ended, in their units.
    """

    start: int
    end: int
    seconds: int
    measured: Mapping[str, Measured]
    held: Mapping[str, int]
    last: Mapping[str, float]

    def plain(self) -> dict[str, float]:
        """By reading, one number for each: of what was measured the mean, of what held the seconds."""
        return {name: each.mean for name, each in self.measured.items()} | {f"{name}_seconds": float(value) for name, value in self.held.items()} | dict(self.last)


class MeasuredColumns(NamedTuple):
    """What was measured, a number for each period: see ``Measured``."""

    means: list[float]
    lows: list[float]
    highs: list[float]
    lasts: list[float]

    def of(self, number: int) -> Measured:
        """Of one of the periods, counted from 0."""
        return Measured(*(values[number] for values in self))


@dataclass(frozen=True, slots=True)
class ToldColumns:
    """What a device told, column by column: a number for each of these periods, see ``ReadingsOfPeriod``. bounds: start and end of each.

    last: None where the reading was unknown.
    """

    bounds: list[tuple[int, int]]
    seconds: list[int]
    measured: Mapping[str, MeasuredColumns]
    held: Mapping[str, list[int]]
    last: Mapping[str, list[float | None]]

    def plain(self) -> dict[str, list[float | None]]:
        """By reading, one number for each period, as ``ReadingsOfPeriod.plain`` has them."""
        found: dict[str, list[float | None]] = {name: list(values.means) for name, values in self.measured.items()}
        found |= {f"{name}_seconds": [float(value) for value in values] for name, values in self.held.items()}
        return found | dict(self.last)


def told_columns(told: Sequence[PastRows], every: str, zone: str) -> ToldColumns:
    """What a device told, period by period, oldest first. every, zone: as of ``periods``.

    Raises ConfigurationError for steps that are not equal.
    """
    pieces = joined(sorted(told, key=lambda rows: rows.starts[0]))
    if not pieces:
        return ToldColumns([], [], {}, {}, {})
    rows = pieces[0]
    if len(pieces) > 1:
        raise unequal(rows.step, pieces[1].step, pieces[1].starts[0])
    period, bounds = placed(np.array(rows.starts, np.int64), every, zone)
    begins = np.unique(period, return_index=True)[1]
    ends = [*begins[1:].tolist(), len(rows.starts)]
    steps = _sums(rows.steps, begins)
    measured = {name: _measured(swings, begins, ends, steps) for name, swings in rows.columns.items()}
    held = {name: _sums(values, begins) for name, values in rows.seconds.items()}
    places = list(zip(begins.tolist(), ends, strict=True))
    last = {name: [_last(values[begin:end]) for begin, end in places] for name, values in rows.last.items()}
    return ToldColumns(bounds, [rows.step * count for count in steps], measured, held, last)


def readings(told: Sequence[PastRows], every: str, zone: str) -> Iterator[ReadingsOfPeriod]:
    """The same, period by period."""
    found = told_columns(told, every, zone)
    for number, (start, end) in enumerate(found.bounds):
        last = {name: values[number] for name, values in found.last.items()}
        yield ReadingsOfPeriod(
            start, end, found.seconds[number],
            {name: values.of(number) for name, values in found.measured.items()}, {name: values[number] for name, values in found.held.items()},
            {name: value for name, value in last.items() if value is not None},
        )  # fmt: skip


def _sums(values: Sequence[int], begins: Integers) -> list[int]:
    found: list[int] = np.add.reduceat(np.array(values, object), begins).tolist()  # exact, whatever they come to
    return found


def _measured(swings: TallyColumns, begins: Integers, ends: Sequence[int], steps: Sequence[int]) -> MeasuredColumns:
    lows = np.minimum.reduceat(np.array(swings.lows, np.int64), begins) / MEASURED_PARTS
    highs = np.maximum.reduceat(np.array(swings.highs, np.int64), begins) / MEASURED_PARTS
    means = [total / count / MEASURED_PARTS for total, count in zip(_sums(swings.sums, begins), steps, strict=True)]
    return MeasuredColumns(means, lows.tolist(), highs.tolist(), [swings.lasts[end - 1] / MEASURED_PARTS for end in ends])


def _last(values: Sequence[int | None]) -> float | None:
    """In the reading's unit."""
    for value in reversed(values):
        if value is not None:
            return value / PARTS
    return None
