"""What a home came to in each quarter of an hour, in the few numbers that somebody who looks at hundreds of homes adds up.

They are sums of the same records that the series of ``quarters`` are made of, by the same rules (``parts_of``, ``purposes.totals``), so both say
the same; what each device did is left out, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from virtual_devices.kit.accounts import ESSENTIAL
from virtual_devices.kit.ledger.purposes import totals
from virtual_devices.kit.ledger.quarters import QUARTER, parts_of
from virtual_devices.kit.ledger.transfers import LedgerRecord

SWITCHABLE = "switchable"
"""What loads took that do not hang on the essential port itself: on another port, behind a plug, behind a breaker."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A quarter of an hour. start: UTC seconds.  step: s.  steps: how many it covers.

    moved: mJ by purpose, as ``purposes.totals`` names them, and ``SWITCHABLE``.  stored: mJ in each store after the last of the steps.
    """

    start: int
    step: int
    steps: int
    moved: Mapping[str, int]
    stored: Mapping[str, int]

    @property
    def seconds(self) -> int:
        """Seconds that it covers: fewer than a quarter has, where it is not over or time was skipped."""
        return self.step * self.steps

    def json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"start": self.start, "step": self.step, "steps": self.steps, "moved": dict(self.moved), "stored": dict(self.stored)}

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Aggregate:
        """Of its JSON form. Raises KeyError, TypeError, ValueError or AttributeError for what is none."""
        moved, stored = ({str(name): int(value) for name, value in content[key].items()} for key in ("moved", "stored"))
        return cls(int(content["start"]), int(content["step"]), int(content["steps"]), moved, stored)


@dataclass(slots=True)
class Aggregates:
    """Makes them of a run's records, which come in order, each once.

    open: the quarter that is not over yet, as far as it is known; None between two.  Whoever goes on from it, in this process or another, gets the same.
    """

    open: Aggregate | None = None

    def add(self, record: LedgerRecord) -> list[Aggregate]:
        """Take one more record; the quarters that are over now, oldest first.

        One is over when the last step that can start in it was seen, or one that starts later, or one of another length.
        """
        found = [_aggregate(record, start, part) for start, part in parts_of(record.span).items()]
        if not found:
            return []
        if self.open is not None:
            first = found[0]
            alike = (self.open.start, self.open.step) == (first.start, first.step)
            found = [_both(self.open, first), *found[1:]] if alike else [self.open, *found]
        is_over = record.span.end >= found[-1].start + QUARTER
        self.open = None if is_over else found.pop()
        return found


def _both(one: Aggregate, later: Aggregate) -> Aggregate:
    moved = {name: one.moved.get(name, 0) + value for name, value in later.moved.items()}
    return replace(later, steps=one.steps + later.steps, moved=moved)


def _aggregate(record: LedgerRecord, start: int, part: slice) -> Aggregate:
    """Of the steps of a record that start in a quarter."""
    known: dict[int, int] = {}

    def total(column: list[int]) -> int:
        found = known.get(id(column))  # many edges share one
        if found is None:
            found = known[id(column)] = sum(column[part])
        return found

    energy = {edge: total(column) for edge, column in zip(record.edges, record.energy, strict=True)}
    demand = {name: total(column) for name, column in record.demand.items()}
    available = {name: total(column) for name, column in record.available.items()}
    switchable = sum(moved for (source, sink), moved in energy.items() if sink in demand and source != ESSENTIAL)
    moved = {**totals(energy, demand, available, record.opening), SWITCHABLE: switchable}
    stored = record.closing if part.stop >= record.span.steps else {name: _level(record, name, part.stop) for name in record.opening}
    return Aggregate(start, record.span.step, part.stop - part.start, moved, stored)


def _level(record: LedgerRecord, store: str, steps: int) -> int:
    """What a store holds after the first steps of a record."""
    level = record.opening[store]
    for (source, sink), column in zip(record.edges, record.energy, strict=True):
        if store in (source, sink):
            level += sum(column[:steps]) * (1 if sink == store else -1)
    return level
