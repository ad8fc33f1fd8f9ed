"""A run by quarters of an hour, as far as anybody who looks back needs it: what was bought, sold, curtailed and taken, and what batteries held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

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
        sums = [_sums(each, slices) for each in (bought, sold, record.available.values(), used, taken, into, out)]
        level = sum(record.opening.values())
        for number, (start, part) in enumerate(parts.items()):
            imported, exported, could, did, took, came, went = (each[number] for each in sums)
            level += came - went
            row = start, (part.stop - part.start) * step, imported, exported, could - did, took, level
            if found.start and found.start[-1] == start:  # the rest of a quarter that a record before began
                for column, value in zip(self._added(), row[1:6], strict=True):
                    column[-1] += value
                found.level[-1] = level
            else:
                for column, value in zip((found.start, *self._added(), found.level), row, strict=True):
                    column.append(value)

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
