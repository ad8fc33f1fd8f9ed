"""Which loads wanted power and had none: for how long, and how much of their demand nobody met.

Demand is what a load would draw if power returned in that very step. A thermostat's contact stays closed without power, so
its rated power counts as unserved for as long as that lasts, though a few minutes of it would have been enough. What an
outage really kept from a load only shows beside the same home without outages (see ``virtual_devices.kit.ledger.delivery``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import lt
from typing import Any

from virtual_devices.kit.accounts import HEAT
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.quantities import MJ_PER_KWH


@dataclass(slots=True)
class Shortage:
    """Of one load. seconds, longest: in which it wanted power and had none, in all and without a break.  unserved: mJ.

    stretch: seconds without a break until now.
    """

    seconds: int = 0
    longest: int = 0
    unserved: int = 0
    stretch: int = 0

    def add(self, step: int, wanted: Sequence[int], got: Sequence[int]) -> None:
        """Take more steps of ``step`` s; mJ in each."""
        if got is wanted or got == wanted:
            self.stretch = 0
            return
        self.unserved += sum(wanted) - sum(got)
        for lacks, steps in groupby(map(lt, got, wanted)):
            if lacks:
                self._lacks(len(list(steps)) * step)
            else:
                self.stretch = 0

    def _lacks(self, seconds: int) -> None:
        self.seconds += seconds
        self.stretch += seconds
        self.longest = max(self.longest, self.stretch)


@dataclass(slots=True)
class Shortages:
    """Adds up ledger records, by load, on whatever circuit it is and whatever the reason: outage, overload, open breaker."""

    loads: dict[str, Shortage] = field(default_factory=lambda: defaultdict(Shortage))

    def add(self, record: LedgerRecord) -> None:
        """Take one more record."""
        got = {source: column for (source, sink), column in zip(record.edges, record.energy, strict=True) if sink == HEAT}
        for name, wanted in record.demand.items():
            self.loads[name].add(record.span.step, wanted, got.get(name) or [0] * len(wanted))
        for name in self.loads.keys() - record.demand.keys():  # it is away, and wants nothing
            self.loads[name].stretch = 0

    def result(self) -> dict[str, dict[str, Any]]:
        """JSON-ready, every load by name: hours and kWh."""
        return {
            name: {
                "without_power_hours": round(each.seconds / 3600, 4),
                "longest_without_power_hours": round(each.longest / 3600, 4),
                "unserved_kwh": round(each.unserved / MJ_PER_KWH, 6),
            }
            for name, each in sorted(self.loads.items())
        }
