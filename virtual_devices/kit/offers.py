"""What devices offer in a window, and what the inverter makes of it.

All powers are integer milliwatts per step, all energies integer millijoules. These are plain frozen data. An offer knows whose it
is (``ability``), what of a dispatch is its device's share (``shared``: fields of ``Dispatch``), how many steps it covers (``length``,
None: any), and what it enters into the ledger (``book``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import add

from virtual_devices.kit.accounts import DC_BUS, GRID, HEAT, LOSSES, METER, RESET
from virtual_devices.kit.circuits import CircuitRule, CircuitState
from virtual_devices.kit.mains import Mains
from virtual_devices.kit.store import StoreRule

Edge = tuple[str, str]
"""(source account, sink account)."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A consumer's needs per step.

    circuit: what it hangs on, a port or a circuit.  supplied: whether it is assumed to be, from the first step on.  flips: the steps,
    rising, from which on it is assumed the other way round.
    """

    ability = "consumes"
    shared = ("supply",)

    circuit: str
    priority: int
    supplied: bool
    power: list[int]
    flips: tuple[int, ...] = ()

    @property
    def length(self) -> int:
        return len(self.power)

    def runs(self, steps: int) -> tuple[tuple[int, bool], ...]:
        """The assumption over the first steps, run-length."""
        return runs_of(self.supplied, self.flips, steps)

    def book(self, name: str, decision: Dispatch, booking: Booking) -> None:
        power = booking.settled(self.power)
        got = masked(power, decision.supply[name])
        booking.columns[self.circuit, name] = booking.columns[name, HEAT] = got
        booking.demand[name] = power


def runs_of(supplied: bool, flips: tuple[int, ...], steps: int) -> tuple[tuple[int, bool], ...]:  # noqa: FBT001
    """An assumption over some steps, run-length. supplied: from the first of them on.  flips: see Demand."""
    on, begin, found = supplied, 0, []
    for end in (*(flip for flip in flips if flip < steps), steps):
        found.append((end - begin, on))
        on, begin = not on, end
    return tuple(found)


def masked(power: list[int], runs: tuple[tuple[int, bool], ...]) -> list[int]:
    """What a consumer gets that needs ``power`` and is supplied in these runs; its own list where it gets all."""
    if len(runs) == 1 and runs[0][1]:
        return power
    column: list[int] = []
    for count, on in runs:
        column += power[len(column) : len(column) + count] if on else [0] * count
    return column


def summed(columns: Sequence[list[int]], steps: int) -> list[int]:
    """Columns of so many steps added up; the column itself where there is one."""
    if not columns:
        return [0] * steps
    total = columns[0]
    for column in columns[1:]:
        total = list(map(add, total, column))
    return total


@dataclass(frozen=True, slots=True)
class Supply:
    """The most a producer can give per step, and the outside account it comes from."""

    ability = "produces"
    shared = ("used",)

    source: str
    power: list[int]

    @property
    def length(self) -> int:
        return len(self.power)

    def book(self, name: str, decision: Dispatch, booking: Booking) -> None:
        booking.columns[self.source, name] = booking.columns[name, DC_BUS] = decision.used[name]
        booking.available[name] = booking.settled(self.power)
        booking.outside.add(self.source)


@dataclass(frozen=True, slots=True)
class StoreOffer:
    """A store's rule and balance.

    stored: its balance at the end of its last share.  reset: millijoules that leave (or, negative, enter) it to the
    outside account ``reset`` before the first step, because its owner changed what it can hold.  temperature: m°C, for those who show it;
    None where it does not tell.
    """

    ability = "stores"
    shared = ("charge", "discharge", "stored")
    length = None

    rule: StoreRule
    stored: int
    reset: int = 0
    temperature: int | None = None

    def turns(self) -> tuple[int, ...]:
        """The steps from which on it has another rule than before, rising."""
        return ()

    def at(self, step: int) -> tuple[StoreRule, int | None]:
        """Its rule and temperature in a step, counted from 0."""
        return self.rule, self.temperature

    def book(self, name: str, decision: Dispatch, booking: Booking) -> None:
        booking.columns[DC_BUS, name], booking.columns[name, DC_BUS] = decision.charge[name], decision.discharge[name]
        energy, zeros, reset = booking.energy, booking.zeros, self.reset
        energy[name, LOSSES] = decision.lost[name]
        energy[name, RESET] = [reset, *zeros[1:]] if reset > 0 else zeros
        energy[RESET, name] = [-reset, *zeros[1:]] if reset < 0 else zeros
        booking.opening[name] = self.stored


@dataclass(frozen=True, slots=True)
class ForeseenStoreOffer(StoreOffer):
    """One that goes on where a store turns: within a process. Over the bus a proposal ends there.

    then: from which step on, rising from 1, it has which rule, of the same capacity and voltage, and temperature.
    """

    then: tuple[tuple[int, StoreRule, int | None], ...] = ()

    def turns(self) -> tuple[int, ...]:
        rules = (self.rule, *(rule for _, rule, _ in self.then))
        return tuple(first for (first, rule, _), before in zip(self.then, rules, strict=False) if rule is not before)

    def at(self, step: int) -> tuple[StoreRule, int | None]:
        return next(((rule, warm) for first, rule, warm in reversed(self.then) if first <= step), (self.rule, self.temperature))


@dataclass(frozen=True, slots=True)
class LinkOffer:
    """The grid connection over the span, run-length.

    ahead: whether it is there in the steps behind the span (steps, connected), as far as it knows by now.
    mains: the rule of its voltage and frequency, for those who show them; None where it does not tell.
    """

    ability = "connects"
    shared = ("imported", "exported")

    links: list[Link]
    ahead: tuple[tuple[int, bool], ...] = ()
    mains: Mains | None = None

    @property
    def length(self) -> int:
        return sum(link.steps for link in self.links)

    def book(self, name: str, decision: Dispatch, booking: Booking) -> None:
        for edge, column in (((GRID, METER), decision.imported[name]), ((METER, GRID), decision.exported[name])):
            before = booking.columns.get(edge)
            booking.columns[edge] = column if before is None else [a + b for a, b in zip(before, column, strict=True)]
        booking.outside.add(GRID)


@dataclass(frozen=True, slots=True)
class CircuitOffer:
    """Where a circuit hangs, its rule, and how it stands from the first step on.

    then: whether it will be closed behind the offer's last step, unless it turns by itself before.
    """

    ability = "carries"
    shared = ()
    length = None

    circuit: str
    rule: CircuitRule
    state: CircuitState
    then: bool

    def book(self, name: str, decision: Dispatch, booking: Booking) -> None:
        """What it carries is the sum of what hangs on it; whoever knows the tree books that."""


Offer = Demand | Supply | StoreOffer | LinkOffer | CircuitOffer
PARTICIPANTS = frozenset(offer.ability for offer in (Demand, Supply, StoreOffer, LinkOffer, CircuitOffer))
"""Abilities of those who offer something in a window."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The inverter's decision over the first ``steps`` steps of a window.

    supply: per consumer run-length (steps, supplied); only the last step may differ from what was assumed.
    used, charge, discharge, imported, exported: mW per device and step.  lost: a store's losses in mJ per step.
    stored: each store's balance afterwards.  transfers: the flows between the accounts inside, mW per step.  live: per port run-length
    (steps, whether it had power), whoever hangs on it; a port that is not named always had.
    """

    steps: int
    supply: dict[str, tuple[tuple[int, bool], ...]]
    used: dict[str, list[int]]
    charge: dict[str, list[int]]
    discharge: dict[str, list[int]]
    lost: dict[str, list[int]]
    stored: dict[str, int]
    imported: dict[str, list[int]]
    exported: dict[str, list[int]]
    transfers: dict[Edge, list[int]]
    live: dict[str, tuple[tuple[int, bool], ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Booking:
    """What a settled window enters into the ledger. zeros: one per settled step.

    columns, demand, available: mW per step, by edge and by device.  energy: mJ per step.  opening: each store's mJ before.  outside:
    accounts outside the home.
    """

    zeros: list[int]
    columns: dict[Edge, list[int]]
    energy: dict[Edge, list[int]] = field(default_factory=dict)
    demand: dict[str, list[int]] = field(default_factory=dict)
    available: dict[str, list[int]] = field(default_factory=dict)
    opening: dict[str, int] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)

    def settled(self, column: list[int]) -> list[int]:
        """Of an offer's column the settled steps; the column itself where it has no more."""
        steps = len(self.zeros)
        return column if len(column) == steps else column[:steps]


@dataclass(frozen=True, slots=True)
class Link:
    """A grid connection over ``steps`` steps. Limits in milliwatts; None: no limit.

    breaker_reset: seconds for which the home's own breaker stays open once more than import_limit is asked for; 0: it has none
    that trips, the inverter sheds loads instead.
    """

    steps: int
    connected: bool
    import_limit: int | None = None
    export_limit: int | None = None
    breaker_reset: int = 0


MAX_BREAKER_RESET = 86_400
"""Longest that a breaker stays open, in s."""
