"""For how long a run was without grid, and dark: exact, step by step, from ledger records and the grid's own word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from virtual_devices.kit.circuits import Port
from virtual_devices.kit.ledger.darkness import lacking
from virtual_devices.kit.ledger.transfers import LedgerRecord


@dataclass(slots=True)
class DarkHours:
    """Adds up ledger records. ports: of the settling device.  outage, dark, longest: s.  loads: s in which each essential load had none in an outage."""

    ports: Mapping[str, Port]
    outage: int = 0
    dark: int = 0
    longest: int = 0
    loads: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _stretch: int = 0

    def add(self, record: LedgerRecord, outages: Iterable[tuple[int, bool]]) -> None:
        """Take one more record. outages: run-length (steps, no grid?) over its span."""
        runs, step = list(outages), record.span.step
        self.outage += sum(steps for steps, out in runs if out) * step
        columns = [(name, demand, got) for name, port, demand, got in lacking(record, self.ports) if self.ports[port].lasting]
        if not columns or not any(out for _, out in runs):
            self._stretch = 0  # most records
            return
        begin = 0
        for steps, out in runs:
            part = slice(begin, begin + steps)
            begin += steps
            if not out:
                self._stretch = 0
                continue
            dark = [False] * steps
            for name, demand, got in columns:
                lacks = [has < wants for wants, has in zip(demand[part], got[part], strict=True)]
                self.loads[name] += sum(lacks) * step
                dark = [either or this for either, this in zip(dark, lacks, strict=True)]
            self._went(dark, step)

    def _went(self, dark: Iterable[bool], step: int) -> None:
        for is_dark, each in groupby(dark):
            seconds = len(list(each)) * step
            self._stretch = self._stretch + seconds if is_dark else 0
            self.dark += seconds if is_dark else 0
            self.longest = max(self.longest, self._stretch)
