"""Gathering what a run in process comes to, while it goes: time is cut where months begin, and nothing else is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from virtual_devices.answers.findings.by_quarters import ByQuarters, QuarterCollector
from virtual_devices.answers.findings.dark import DarkHours
from virtual_devices.answers.findings.gathered import Gathered, GatheredLoad, GatheredMonth, GatheredStore
from virtual_devices.answers.findings.sunshine import insolation
from virtual_devices.kit.ledger.purposes import roots
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.connection import Connection
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.producer import Producer
from virtual_devices.kit.members.store import Store
from virtual_devices.kit.offers import Edge

Go = Callable[[int, Callable[[int], None] | None], None]
"""As ``House.advance``."""
_KWH = 3.6e9
_CYCLES, _HEALTH, _SOC = "equivalent_full_cycles", "state_of_health", "soc"
_PRICE, _EMISSIONS, _CLIPPED = "price_now", "emissions", "clipped_energy"


@dataclass(frozen=True, slots=True)
class _Mark:
    """How the sums stood at a moment."""

    time: int
    seconds: int
    edges: Mapping[Edge, int]
    demand: Mapping[str, int]
    available: Mapping[str, int]
    bill: Mapping[str, float]
    emissions: float | None
    outage: int
    dark: int


@dataclass(slots=True)
class Collector:
    """Made before a house goes on, it listens to it. summary: of the same run, which listens before."""

    house: House
    summary: Summary
    _dark: DarkHours = field(init=False)
    _quarters: QuarterCollector = field(default_factory=QuarterCollector)
    _marks: list[_Mark] = field(default_factory=list)
    _opened: dict[str, int] = field(default_factory=dict)
    _closed: dict[str, int] = field(default_factory=dict)
    _before: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _capacity: dict[str, int] = field(default_factory=dict)
    _grid: Connection | None = None

    def __post_init__(self) -> None:
        house = self.house
        self._dark = DarkHours(house.settler.device.ports)
        self._grid = next((member for member in house.participants if isinstance(member, Connection)), None)
        self._before = {member.name: member.readings() for member in house.participants if isinstance(member, (Store, Producer, Connection))}
        stores = [member for member in house.participants if isinstance(member, Store)]
        self._capacity = {member.name: member.device.rule(member.settings, member.state).capacity for member in stores}
        house.listeners.append(self._add)
        self._mark()

    def advance(self, until: int, progress: Callable[[int], None] | None = None, go: Go | None = None) -> None:
        """Run the house to the first step that begins at or after ``until`` (UTC seconds). go: goes to such a time in the house's place."""
        for bound in _month_ends(self.house, until):
            (go or self.house.advance)(bound, progress)
            if self.house.time > self._marks[-1].time:
                self._mark()

    def quarters(self) -> ByQuarters:
        """The same by quarters of an hour."""
        return self._quarters.collected

    def gathered(self, conditions: list[str], not_covered: list[Mapping[str, Any]]) -> Gathered:
        """All of it. conditions, not_covered: as of ``simulate``."""
        house, first, last = self.house, self._marks[0], self._marks[-1]
        arrays = {member.name: member for member in house.participants if isinstance(member, Producer)}
        rated = {name: member.device.rated_power(member.settings) for name, member in arrays.items()}
        grid = self._grid
        return Gathered(
            house.home.name, house.home.site.zone, first.time, last.time, [_between(*pair, has_grid=grid is not None) for pair in pairwise(self._marks)],
            self._loads(), self._stores(), None if grid is None else getattr(grid.settings, "currency", None),
            None if grid is None else grid.readings().get(_PRICE), {name: power for name, power in rated.items() if power is not None},
            insolation(house.members, first.time, last.time, house.home.step),
            {name: round((member.readings()[_CLIPPED] - self._before[name].get(_CLIPPED, 0.0)) * _KWH) for name, member in arrays.items() if member.readings()},
            self._dark.longest, conditions, not_covered,
            self.summary.digest, self.summary.auditor.problems,
        )  # fmt: skip

    def _add(self, record: LedgerRecord) -> None:
        for name, held in record.opening.items():
            self._opened.setdefault(name, held)
        self._closed.update(record.closing)
        grid = self._grid
        links = [] if grid is None else grid.device.link(grid.settings, record.span)
        self._dark.add(record, [(link.steps, not link.connected) for link in links] or [(record.span.steps, True)])
        self._quarters.add(record)

    def _mark(self) -> None:
        sums, said = self.summary, {} if self._grid is None else self._grid.readings()
        bill = {} if self._grid is None else {part: float(said.get(name) or 0.0) for part, name in self._grid.device.bill_readings.items()}
        counts = self._grid is not None and getattr(self._grid.settings, "carbon_intensity", None) is not None
        self._marks.append(_Mark(
            self.house.time, sums.steps * self.house.home.step, dict(sums.energy), dict(sums.demand), dict(sums.available), bill,
            float(said.get(_EMISSIONS) or 0.0) if counts else None, self._dark.outage, self._dark.dark,
        ))  # fmt: skip

    def _loads(self) -> dict[str, GatheredLoad]:
        lasting = self._essential()
        return {
            name: GatheredLoad(each.seconds, each.unserved, each.longest, self._dark.loads.get(name, 0) if name in lasting else None)
            for name, each in self.summary.shortages.loads.items()
        }  # fmt: skip

    def _essential(self) -> set[str]:
        """The loads that are meant to live through outages."""
        ports = self._dark.ports
        port_of = roots(tuple(sorted(self.summary.energy)), tuple(ports))
        return {name for name in self.summary.demand if name in port_of and ports[port_of[name]].lasting}

    def _stores(self) -> dict[str, GatheredStore]:
        found = {}
        for member in (each for each in self.house.participants if isinstance(each, Store)):
            before, now = self._before[member.name], member.readings()
            rated = getattr(member.settings, "rated_capacity", None)
            opened, capacity = self._opened.get(member.name, 0), self._capacity[member.name]
            found[member.name] = GatheredStore(
                opened, self._closed.get(member.name, opened), rated, before[_SOC] / 100 if before else opened / capacity if capacity else None,
                now[_SOC] / 100 if now else None, now[_CYCLES] - before.get(_CYCLES, 0.0) if _CYCLES in now else None,
                now[_HEALTH] / 100 if now.get(_HEALTH) is not None else None,
            )  # fmt: skip
        return found


def _between(one: _Mark, other: _Mark, *, has_grid: bool) -> GatheredMonth:
    return GatheredMonth(
        one.time, other.time, other.seconds - one.seconds, _less(other.edges, one.edges), _less(other.demand, one.demand),
        _less(other.available, one.available), {part: value - one.bill.get(part, 0.0) for part, value in other.bill.items()},
        None if other.emissions is None else other.emissions - (one.emissions or 0.0), other.outage - one.outage if has_grid else None,
        other.dark - one.dark,
    )  # fmt: skip


def _less(these: Mapping[Any, int], those: Mapping[Any, int]) -> dict[Any, int]:
    return {key: value - those.get(key, 0) for key, value in these.items()}


def _month_ends(house: House, until: int) -> Iterator[int]:
    """The ends of the months from now on, as the home's calendar has them, and the end of the run."""
    local, time = house.home.site.calendar, house.time
    while (time := local.next_month(time)) < until:
        yield time
    yield until
