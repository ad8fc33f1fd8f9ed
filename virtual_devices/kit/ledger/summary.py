"""What a run came to: energies by purpose and by device, from the ledger and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from virtual_devices.kit.accounts import GRID, RESERVED
from virtual_devices.kit.ledger import purposes
from virtual_devices.kit.ledger.audit import Auditor
from virtual_devices.kit.ledger.gaps import Gaps, Source
from virtual_devices.kit.ledger.shortage import Shortages
from virtual_devices.kit.ledger.transfers import GENESIS, LedgerRecord
from virtual_devices.kit.offers import Edge
from virtual_devices.kit.quantities import MJ_PER_KWH

_COST = ("amount", "import", "export", "fixed")
"""What a result says of the cost."""


@dataclass(slots=True)
class Summary:
    """Adds up ledger records and audits them on the way.

    start, end: simulated UTC seconds.  energy: mJ per edge.  soc: last known state of charge (0–1) of each store, set by
    whoever runs the home.  cost: see ``billed``.  sources: devices whose files matter, as they are while records come.
    """

    home: str
    auditor: Auditor = field(default_factory=Auditor)
    start: int | None = None
    end: int = 0
    steps: int = 0
    windows: int = 0
    digest: str = GENESIS
    energy: dict[Edge, int] = field(default_factory=lambda: defaultdict(int))
    demand: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    available: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    stores: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    soc: dict[str, float] = field(default_factory=dict)
    cost: dict[str, Any] = field(default_factory=lambda: {"currency": None} | dict.fromkeys(_COST, 0.0))
    sources: Collection[Source] = ()
    shortages: Shortages = field(default_factory=Shortages)
    gaps: Gaps = field(default_factory=Gaps)

    def add(self, record: LedgerRecord) -> None:
        """Take one more record."""
        self.auditor.check(record)
        if self.start is None:
            self.start = record.span.start
        self.end, self.digest = record.span.end, record.digest
        self.steps += record.span.steps
        self.windows += 1
        sums: dict[int, int] = {}  # many columns are one and the same
        for column in (*record.energy, *record.demand.values(), *record.available.values()):
            if id(column) not in sums:
                sums[id(column)] = sum(column)
        for edge, column in zip(record.edges, record.energy, strict=True):
            self.energy[edge] += sums[id(column)]
        for name, column in record.demand.items():
            self.demand[name] += sums[id(column)]
        for name, column in record.available.items():
            self.available[name] += sums[id(column)]
        self.stores.update(record.closing)
        self.outside.update(record.outside)
        self.shortages.add(record)
        self.gaps.add(record.span, self.sources)

    def billed(self, currency: str | None, readings: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """Take a grid's newest readings: ``amount`` is ``import`` and ``fixed`` less ``export``, in the currency.

        names: of the readings, see ``Connects``.
        """
        self.cost = {"currency": currency} | {part: round(readings.get(names[part]) or 0.0, 4) for part in _COST}

    def between(self, source: str | None = None, sink: str | None = None) -> int:
        """mJ over all edges from ``source`` (None: any) to ``sink`` (None: any)."""
        return purposes.between(self.energy, source, sink)

    @property
    def totals(self) -> dict[str, int]:
        """mJ by purpose."""
        return purposes.totals(self.energy, self.demand, self.available, self.stores)

    def by_device(self) -> dict[str, dict[str, int]]:
        """mJ into and out of every account of the home's devices; the grid's has one name, whatever the device is called."""
        names = {*self.demand, *self.available, *self.stores} | {account for edge in self.energy for account in edge}
        return purposes.by_device(self.energy, names - RESERVED - (self.outside - {GRID}))

    def result(self, times: Callable[[int], str], wall_seconds: float) -> dict[str, Any]:
        """The one JSON object in which ``up --for … --json`` and ``simulate --json`` end. times: how an instant is written."""
        problems = list(self.auditor.problems)
        if self.auditor.dropped:
            problems.append(f"and {self.auditor.dropped} more")
        return {
            "home": self.home,
            "start": times(self.start) if self.start is not None else None,
            "end": times(self.end) if self.start is not None else None,
            "steps": self.steps,
            "wall_seconds": round(wall_seconds, 3),
            "windows": self.windows,
            "energy_kwh": _kwh(self.totals),
            "energy_by_device_kwh": {name: _kwh(pair) for name, pair in self.by_device().items()},
            "loads": self.shortages.result(),
            "soc": {name: round(value, 6) for name, value in sorted(self.soc.items())},
            "cost": self.cost,
            "not_covered": self.gaps.result(times),
            "ledger_sha256": self.digest,
            "audit": {"ok": self.auditor.ok, "checked_steps": self.auditor.checked_steps, "problems": problems}
            | ({"skipped_seconds": self.auditor.skipped} if self.auditor.skipped else {}),
        }


def _kwh(energies: Mapping[str, int]) -> dict[str, float]:
    return {name: round(energy / MJ_PER_KWH, 6) for name, energy in energies.items()}
