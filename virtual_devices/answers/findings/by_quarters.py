"""A run by quarters of an hour, as far as anybody who looks back needs it: what was bought, sold, curtailed and taken, and what batteries held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from virtual_devices.answers.findings.gathered import GatheredPeak
from virtual_devices.kit.accounts import GRID, HEAT, METER
from virtual_devices.kit.ledger.quarters import parts_of
from virtual_devices.kit.ledger.transfers import LedgerRecord

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ByQuarters:
    """Quarters, oldest first. start: UTC seconds.  seconds: that were run.  imported, exported, curtailed, taken: mJ.  level: mJ in all stores at its end."""

    start: Whole
    seconds: Whole
    imported: Whole
    exported: Whole
    curtailed: Whole
    taken: Whole
    level: Whole

    def peak(self, energy: Whole) -> GatheredPeak | None:
        """The quarter of the highest mean power; None where there never was any. One of which only a part was run counts by the mean of that part."""
        power = energy / np.maximum(self.seconds, 1)
        if not len(power) or not power.max():
            return None
        place = int(power.argmax())
        return GatheredPeak(round(float(power[place])), int(self.start[place]))


@dataclass(slots=True)
class QuarterCollector:
    """Adds up ledger records, which come in order."""

    _rows: list[Whole] = field(default_factory=list)

    def add(self, record: LedgerRecord) -> None:
        """Take one more record."""
        parts, step = parts_of(record.span), record.span.step
        begins = [part.start for part in parts.values()]
        columns = dict(zip(record.edges, record.energy, strict=True))
        bought, sold = columns.get((GRID, METER)), columns.get((METER, GRID))
        used = [column for (_, sink), column in columns.items() if sink in record.available]
        taken = [column for (source, sink), column in columns.items() if sink == HEAT and source in record.demand]
        into = [column for (_, sink), column in columns.items() if sink in record.closing]
        out = [column for (source, _), column in columns.items() if source in record.closing]
        moved = _sums(into, begins) - _sums(out, begins)
        self._rows.append(np.stack([
            np.fromiter(parts, np.int64, len(parts)), np.fromiter(((part.stop - part.start) * step for part in parts.values()), np.int64, len(parts)),
            _sums([bought] if bought else [], begins), _sums([sold] if sold else [], begins),
            _sums(record.available.values(), begins) - _sums(used, begins), _sums(taken, begins), sum(record.opening.values()) + np.cumsum(moved),
        ]))  # fmt: skip

    def collected(self) -> ByQuarters:
        """All of them; a quarter that several records have parts of is one."""
        rows = np.concatenate(self._rows, axis=1) if self._rows else np.zeros((7, 0), np.int64)
        start, first = np.unique(rows[0], return_index=True)
        if len(start) == rows.shape[1]:
            return ByQuarters(*(rows[number] for number in range(7)))
        sums = np.add.reduceat(rows[1:6], first, axis=1)
        lasts = np.append(first[1:], rows.shape[1]) - 1
        return ByQuarters(start, sums[0], sums[1], sums[2], sums[3], sums[4], rows[6][lasts])


def _sums(columns: Iterable[Sequence[int]], begins: Sequence[int]) -> Whole:
    """Of all columns together, from each of the steps to the next."""
    several: dict[int, tuple[Sequence[int], int]] = {}  # many columns are one and the same
    for column in columns:
        several[id(column)] = column, several.get(id(column), (column, 0))[1] + 1
    if not several:
        return np.zeros(len(begins), np.int64)
    total = sum(np.array(column, np.int64) * count for column, count in several.values())
    return np.add.reduceat(np.asarray(total), begins)
