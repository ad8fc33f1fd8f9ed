"""A run by quarters of an hour, as far as anybody who looks back needs it: what was bought, sold, curtailed and taken, and what batteries held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import sub

from virtual_devices.answers.findings.gathered import GatheredPeak
from virtual_devices.kit.accounts import GRID, HEAT, METER
from virtual_devices.kit.ledger.quarters import parts_of
from virtual_devices.kit.ledger.transfers import LedgerRecord


@dataclass(frozen=True, slots=True)
class ByQuarters:
    """Quarters, oldest first. start: UTC seconds.  seconds: that were run.  imported, exported, curtailed, taken: mJ.  level: mJ in all stores at its end."""

    start: list[int] = field(default_factory=list)
    seconds: list[int] = field(default_factory=list)
    imported: list[int] = field(default_factory=list)
    exported: list[int] = field(default_factory=list)
    curtailed: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    level: list[int] = field(default_factory=list)

    def peak(self, energy: Sequence[int]) -> GatheredPeak | None:
        """The quarter of the highest mean power; None where there never was any. One of which only a part was run counts by the mean of that part."""
        highest, time = max(((moved / seconds, -start) for moved, seconds, start in zip(energy, self.seconds, self.start, strict=True)), default=(0.0, 0))
        return GatheredPeak(round(highest), -time) if highest else None


@dataclass(slots=True)
class QuarterCollector:
    """Adds up ledger records, which come in order."""

    collected: ByQuarters = field(default_factory=ByQuarters)

    def add(self, record: LedgerRecord) -> None:
        """Take one more record."""
        parts, step, found = parts_of(record.span), record.span.step, self.collected
        columns = dict(zip(record.edges, record.energy, strict=True))
        bought, sold = ([columns[edge]] if edge in columns else [] for edge in ((GRID, METER), (METER, GRID)))
        used = [column for (_, sink), column in columns.items() if sink in record.available]
        taken = [column for (source, sink), column in columns.items() if sink == HEAT and source in record.demand]
        into = [column for (_, sink), column in columns.items() if sink in record.closing]
        out = [column for (source, _), column in columns.items() if source in record.closing]
        slices = list(parts.values())
        imported, exported, could, did, took, came, went = (
            _sums(each, slices) for each in (bought, sold, record.available.values(), used, taken, into, out)
        )
        seconds = [(part.stop - part.start) * step for part in slices]
        levels = list(accumulate(map(sub, came, went), initial=sum(record.opening.values())))[1:]
        starts, added = list(parts), (seconds, imported, exported, list(map(sub, could, did)), took)
        first = int(found.start[-1:] == starts[:1])  # 1: the rest of a quarter that a record before began
        for column, values in zip(self._added(), added, strict=True):
            if first:
                column[-1] += values[0]
            column.extend(values[first:])
        found.start.extend(starts[first:])
        found.level[len(found.level) - first :] = levels

    def _added(self) -> tuple[list[int], ...]:
        """What of a quarter is a sum."""
        found = self.collected
        return found.seconds, found.imported, found.exported, found.curtailed, found.taken


def _sums(columns: Iterable[Sequence[int]], parts: Sequence[slice]) -> list[int]:
    """Of all columns together, in each of some parts."""
    several: dict[int, tuple[Sequence[int], int]] = {}  # many columns are one and the same
    for column in columns:
        several[id(column)] = column, several.get(id(column), (column, 0))[1] + 1
    found = [0] * len(parts)
    for column, count in several.values():
        if any(column):
            found = [had + count * sum(column[part]) for had, part in zip(found, parts, strict=True)]
    return found
