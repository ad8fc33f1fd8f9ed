"""Quarters as columns: those of many rows at once, for sums over a year in the time in which single quarters give a month.

Rows that share a layout are as long as each other, so that their numbers make one table. All sums are exact: 64-bit integers where no
sum can leave them – a home of 50 MW stays within in a day, and one of 1.5 MW in a month – and Python's own integers elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.ledger.series import STORED
from virtual_devices.record.reading.rows import QuarterRow, QuarterRows
from virtual_devices.record.store.packing import NOT_A_ROW, Layout, integers_of, layout_of, unpack

Integers = NDArray[np.int64]
ExactIntegers = NDArray[Any]
"""64-bit integers, or Python's."""
_BEYOND = 1 << 63


@dataclass(frozen=True, slots=True)
class Alike:
    """Quarters that share a layout. rows: their places among all, ascending.  numbers: a line for each, in the layout's order."""

    rows: Integers
    layout: Layout
    numbers: Integers

    def of_steps(self, name: str, which: int) -> Integers:
        """The lowest (0), highest (1) or last (2) steps of a series; zeros where it tells of none."""
        names = self.layout.of_steps
        if name not in names:
            return np.zeros(len(self.rows), np.int64)
        return self.numbers[:, 2 + len(self.layout.sums) + which * len(names) + names.index(name)]

    def sum(self, name: str) -> Integers:
        """The sums of a series; zeros where it has none."""
        sums = self.layout.sums
        return self.numbers[:, 2 + sums.index(name)] if name in sums else np.zeros(len(self.rows), np.int64)


@dataclass(frozen=True, slots=True)
class Swings:
    """A series, quarter by quarter, mJ: see ``Tally``. rows: the places of the quarters among all, ascending."""

    rows: Integers
    sum: Integers
    low: Integers
    high: Integers
    last: Integers


@dataclass(frozen=True, slots=True)
class Columns:
    """Quarters, oldest first. start: UTC seconds.  step: s.  steps: how many each covers."""

    start: Integers
    step: Integers
    steps: Integers
    parts: tuple[Alike, ...]

    def sums(self, names: Sequence[str], period: Integers) -> ExactIntegers:
        """The sums of some series (across) in each period (down). period: number of each quarter's, ascending from 0."""
        place = {name: number for number, name in enumerate(names)}
        found: ExactIntegers = np.zeros((int(period[-1]) + 1, len(names)), self._exact(period))
        for part in self.parts:
            wanted = [(number, place[name]) for number, name in enumerate(part.layout.sums, 2) if name in place]
            if wanted:
                own, begins = np.unique(period[part.rows], return_index=True)
                numbers = part.numbers[:, [number for number, _ in wanted]].astype(found.dtype, copy=False)
                found[np.ix_(own, np.array([to for _, to in wanted]))] += np.add.reduceat(numbers, begins)
        return found

    def swings(self, name: str) -> Swings:
        """A series in each quarter in which it is named; one that is not stored is zero elsewhere."""
        parts = [part for part in self.parts if name in part.layout.names or not name.startswith(STORED)]
        nothing = [np.zeros(0, np.int64)]
        rows = np.concatenate([part.rows for part in parts] or nothing)
        order = np.argsort(rows)
        low, high, last = (np.concatenate([part.of_steps(name, which) for part in parts] or nothing)[order] for which in range(3))
        return Swings(rows[order], np.concatenate([part.sum(name) for part in parts] or nothing)[order], low, high, last)

    def total(self, values: Integers, period: Integers) -> ExactIntegers:
        """The sum of a number of each quarter in each period. period: as of ``sums``."""
        return np.add.reduceat(values.astype(self._exact(period), copy=False), np.unique(period, return_index=True)[1])

    def _exact(self, period: Integers) -> type:
        """Of which type a sum over a period is whatever it comes to."""
        numbers = [part.numbers for part in self.parts]
        largest = max((max(int(each.max()), -int(each.min())) for each in numbers), default=0)
        return np.int64 if largest * int(np.bincount(period).max()) < _BEYOND else object


def columns(quarters: QuarterRows) -> Columns:
    """Rows as columns. Raises ConfigurationError for a row that ``unpack`` refuses."""
    rows = quarters.rows
    start = np.array([row[0] for row in rows], np.int64)
    step, steps = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    parts = tuple(_parts(quarters))
    for part in parts:
        step[part.rows], steps[part.rows] = part.numbers[:, 0], part.numbers[:, 1]
    return Columns(start, step, steps, parts)


def _parts(quarters: QuarterRows) -> Iterator[Alike]:
    places: dict[int, list[int]] = {}
    for place, (_, layout, _) in enumerate(quarters.rows):
        places.setdefault(layout, []).append(place)
    for found in places.values():
        yield _alike([quarters.rows[place] for place in found], np.array(found, np.int64), quarters.layout(quarters.rows[found[0]]))


def _alike(rows: Sequence[QuarterRow], places: Integers, text: str) -> Alike:
    try:
        layout = layout_of(text)
        plain = b"".join([integers_of(numbers, layout.length) for _, _, numbers in rows])
        numbers = np.frombuffer(plain, "<i8").reshape(-1, layout.length).astype(np.int64, copy=False)
        if _are_steps(np.array([row[0] for row in rows], np.int64), numbers):
            return Alike(places, layout, numbers)
    except NOT_A_ROW:
        pass
    for start, _, data in rows:
        unpack(start, text, data)  # which says what is wrong with the first that is
    raise ConfigurationError(f"quarters from {rows[0][0]} on cannot be read; put back a copy of the record")


def _are_steps(start: Integers, numbers: Integers) -> bool:
    """Whether these are steps that start in these quarters."""
    step, steps = numbers[:, 0], numbers[:, 1]
    return not (np.any(start % QUARTER) or np.any(step < 1) or np.any(steps < 1) or np.any(steps > -(-QUARTER // np.maximum(step, 1))))
