"""Where a run's energy came from and went, by the edges of its ledger: from account to account, so that at each as much goes out as comes in.

Three kinds of accounts are taken apart: a store gives in one place and takes in another, and so do the grid and whatever lies outside. Wires
between which energy went both ways are one place, since what went round between them came from nowhere and went nowhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from virtual_devices.kit.accounts import DRIVING, GRID, HEAT, LOSSES, OUTSIDE, RESERVED
from virtual_devices.record.reading.energy import Energy
from virtual_devices.record.reading.roles import Roles

OUT, IN = "gives", "takes"
_LAST = (HEAT, LOSSES, DRIVING)
_End = tuple[str, str]
"""An account, and which side of it; empty where it is not taken apart."""


@dataclass(frozen=True, slots=True)
class EnergyPlace:
    """Where energy passes. accounts: of the ledger, that are one here.  side: ``OUT`` or ``IN`` of an account that is taken apart, else empty.

    role: ``source``, ``sun``, ``store``, ``grid``, ``wire``, ``load`` or ``loss``.
    """

    accounts: tuple[str, ...]
    side: str
    role: str

    @property
    def name(self) -> str:
        """That no other place has."""
        return "+".join(self.accounts) + self.side

    @property
    def label(self) -> str:
        """What it is called."""
        plain = ", ".join(account.replace("_", " ") if account in RESERVED else account for account in self.accounts)
        words = {("store", OUT): "from {}", ("store", IN): "into {}", ("grid", OUT): "from the {}", ("grid", IN): "to the {}"}
        return words.get((self.role, self.side), "{}").format(plain)

    @property
    def ends(self) -> bool:
        """Whether energy leaves the home here."""
        return self.accounts[0] in _LAST and self.side == IN


@dataclass(frozen=True, slots=True)
class EnergyWays:
    """places: all there are.  moved: mJ from place to place, by their names, above 0."""

    places: tuple[EnergyPlace, ...]
    moved: Mapping[tuple[str, str], int]

    def passing(self, place: EnergyPlace) -> tuple[int, int]:
        """mJ into a place, and out of it."""
        into = sum(moved for (_, sink), moved in self.moved.items() if sink == place.name)
        return into, sum(moved for (source, _), moved in self.moved.items() if source == place.name)


def ways_of(total: Energy) -> EnergyWays:
    """The ways of a period's energy."""
    roles = total.roles
    edges = Counter[tuple[_End, _End]]()
    for (source, sink), moved in total.edges.items():
        if moved:
            edges[_end(source, sink, roles, OUT), _end(sink, source, roles, IN)] += moved
    places = {end: place for group in _circles(edges) for place in [_place(group, roles)] for end in group}
    moved_by = Counter[tuple[str, str]]()
    for (giver, taker), moved in edges.items():
        if places[giver] != places[taker]:
            moved_by[places[giver].name, places[taker].name] += moved
    return EnergyWays(tuple(dict.fromkeys(places[end] for end in sorted(places))), dict(moved_by))


def _end(account: str, other: str, roles: Roles, side: str) -> _End:
    """One end of an edge. What a store loses it loses of what it took."""
    if account in roles.stores and side == OUT and other in OUTSIDE:
        return account, IN
    return account, side if account in roles.stores or account == GRID or account in OUTSIDE else ""


def _place(group: Sequence[_End], roles: Roles) -> EnergyPlace:
    if len(group) > 1:
        return EnergyPlace(tuple(sorted(account for account, _ in group)), "", "wire")
    account, side = group[0]
    return EnergyPlace((account,), side, _role(account, roles))


def _role(account: str, roles: Roles) -> str:
    known = (
        (roles.sources, "source"), (roles.producers, "sun"), (roles.stores, "store"), (roles.consumers, "load"), ((GRID,), "grid"), (OUTSIDE, "loss"),
    )  # fmt: skip
    return next((role for accounts, role in known if account in accounts), "wire")


def _circles(edges: Iterable[tuple[_End, _End]]) -> list[tuple[_End, ...]]:
    """Which ends reach each other, by Tarjan's way; each that does not by itself."""
    following = defaultdict[_End, list[_End]](list)
    for source, sink in edges:
        following[source].append(sink)
        following[sink] += []
    number, low = dict[_End, int](), dict[_End, int]()
    stack: list[_End] = []
    found: list[tuple[_End, ...]] = []

    def visit(name: _End) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in following[name]:
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            place = stack.index(name)
            found.append(tuple(sorted(stack[place:])))
            del stack[place:]

    for name in sorted(following):
        if name not in number:
            visit(name)
    return found
