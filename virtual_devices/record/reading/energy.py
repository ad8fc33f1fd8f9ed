"""What a period of a record came to: by edge, by device, by circuit and by purpose, in mJ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from virtual_devices.kit.accounts import GRID, OUTSIDE, PORTS
from virtual_devices.kit.ledger import purposes
from virtual_devices.kit.ledger.series import CURTAILED, ENERGY, STORED, UNSERVED
from virtual_devices.kit.offers import Edge
from virtual_devices.record.reading.columns import ExactIntegers
from virtual_devices.record.reading.cutting import Cut
from virtual_devices.record.reading.roles import Roles

Key = TypeVar("Key", str, Edge)


@dataclass(frozen=True, slots=True)
class Energy:
    """A period. start, end: UTC seconds, of the whole period.  seconds: of it, that are recorded.

    edges: mJ from source to sink, of all edges on which anything ever moved in this run.  unserved: mJ by consumer.  curtailed: by
    producer.  stored: what each store held at the end of what is recorded; those that were there.
    """

    start: int
    end: int
    steps: int
    seconds: int
    edges: Mapping[Edge, int]
    unserved: Mapping[str, int]
    curtailed: Mapping[str, int]
    stored: Mapping[str, int]
    roles: Roles = field(repr=False)

    def into(self, account: str) -> dict[str, int]:
        """mJ that an account was given, by whom: a load by its circuit, a circuit by the grid's meter and by the inverter."""
        return {source: moved for (source, sink), moved in self.edges.items() if sink == account}

    def out_of(self, account: str) -> dict[str, int]:
        """mJ that an account gave, by whom it was taken."""
        return {sink: moved for (source, sink), moved in self.edges.items() if source == account}

    @property
    def demand(self) -> dict[str, int]:
        """mJ that each consumer wanted, served or not."""
        given = self._given()
        return {name: unserved - given[name] for name, unserved in self.unserved.items()}

    @property
    def available(self) -> dict[str, int]:
        """mJ that each producer could have given."""
        given = self._given()
        return {name: curtailed + given[name] for name, curtailed in self.curtailed.items()}

    @property
    def totals(self) -> dict[str, int]:
        """mJ by purpose, as ``Summary.totals`` has them."""
        return purposes.totals(self.edges, self.demand, self.available, self.roles.stores)

    def by_device(self) -> dict[str, dict[str, int]]:
        """mJ into and out of the account of everybody who ever did anything in this run, as ``Summary.by_device`` has them."""
        return purposes.by_device(self.edges, self.roles.devices)

    def by_circuit(self) -> dict[str, dict[str, dict[str, int]]]:
        """mJ into each port and circuit that there is, by where it came from, and out of it, by load or circuit; on whose account it came, no edge says."""
        found = {circuit: {"in": self.into(circuit), "out": self.out_of(circuit)} for circuit in (*PORTS, *self.roles.circuits)}
        return {circuit: each for circuit, each in found.items() if each["in"] or each["out"]}

    def _given(self) -> Counter[str]:
        """mJ that each account gave to the home, less what it took from it: the sum of its series of powers, by their definition."""
        outside = OUTSIDE.union(self.roles.sources, {GRID})
        found: Counter[str] = Counter()
        for (source, sink), moved in self.edges.items():
            found[source] += 0 if sink in outside else moved
            found[sink] -= 0 if source in outside else moved
        return found


def energies(cut: Cut, roles: Roles) -> Iterator[Energy]:
    """What each period came to, oldest first."""
    if not cut.bounds:
        return
    quarters, period = cut.quarters, cut.period
    edges = quarters.sums([f"{ENERGY}{source}>{sink}" for source, sink in roles.edges], period)
    unserved = quarters.sums([UNSERVED + name for name in roles.consumers], period)
    curtailed = quarters.sums([CURTAILED + name for name in roles.producers], period)
    steps, seconds = quarters.total(quarters.steps, period), quarters.total(quarters.step * quarters.steps, period)
    stored = _stored(cut, roles)
    for number, (start, end) in enumerate(cut.bounds):
        yield Energy(
            start, end, int(steps[number]), int(seconds[number]), _by(roles.edges, edges[number]),
            _by(roles.consumers, unserved[number]), _by(roles.producers, curtailed[number]), stored[number], roles,
        )  # fmt: skip


def together(periods: Sequence[Energy]) -> Energy:
    """Periods of one run, oldest first, one at least, as one from the begin of the first to the end of the last."""
    first = periods[0]
    return Energy(
        first.start, periods[-1].end, sum(each.steps for each in periods), sum(each.seconds for each in periods),
        _added([each.edges for each in periods]), _added([each.unserved for each in periods]), _added([each.curtailed for each in periods]),
        {name: held for each in periods for name, held in each.stored.items()}, first.roles,
    )  # fmt: skip


def _added(parts: Sequence[Mapping[Key, int]]) -> dict[Key, int]:
    found: dict[Key, int] = dict.fromkeys(parts[0], 0)
    for part in parts:
        for key, moved in part.items():
            found[key] += moved
    return found


def _by(keys: tuple[Key, ...], numbers: ExactIntegers) -> dict[Key, int]:
    return dict(zip(keys, numbers.tolist(), strict=True))


def _stored(cut: Cut, roles: Roles) -> list[dict[str, int]]:
    """What each store held last in each period."""
    held: list[dict[str, int]] = [{} for _ in cut.bounds]
    for name in roles.stores:
        levels = cut.quarters.swings(STORED + name)
        for number, last in zip(cut.period[levels.rows].tolist(), levels.last.tolist(), strict=True):
            held[number][name] = last  # the last one stays
    return held
