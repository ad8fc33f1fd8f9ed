"""What devices offer in a window, and what the inverter makes of it.

All powers are integer milliwatts per step, all energies integer millijoules. These are plain frozen data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtual_devices.kit.mains import Mains
    from virtual_devices.kit.store import StoreRule


from virtual_devices.kit.mains import Mains
from virtual_devices.kit.store import StoreRule

Edge = tuple[str, str]
"""(source account, sink account)."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A consumer's needs per step.

    supplied: whether it is assumed to be, from the first step on.  flips: the steps, rising, from which on it is assumed the other
    way round.
    """

    circuit: str
    priority: int
    supplied: bool
    power: list[int]
    flips: tuple[int, ...] = ()

    def runs(self, steps: int) -> tuple[tuple[int, bool], ...]:
        """The assumption over the first steps, run-length."""
        on, begin, found = self.supplied, 0, []
        for end in (*(flip for flip in self.flips if flip < steps), steps):
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


@dataclass(frozen=True, slots=True)
class Supply:
    """The most a producer can give per step, and the outside account it comes from."""

    source: str
    power: list[int]


@dataclass(frozen=True, slots=True)
class StoreOffer:
    """A store's rule and balance.

    stored: its balance at the end of its last share.  reset: millijoules that leave (or, negative, enter) it to the
    outside account ``reset`` before the first step, because its owner changed what it can hold.
    """

    rule: StoreRule
    stored: int
    reset: int = 0


@dataclass(frozen=True, slots=True)
class LinkOffer:
    """The grid connection over the span, run-length.

    ahead: whether it is there in the steps behind the span (steps, connected), as far as it knows by now.
    mains: the rule of its voltage and frequency, for those who show them; None where it does not tell.
    """

    links: list[Link]
    ahead: tuple[tuple[int, bool], ...] = ()
    mains: Mains | None = None


Offer = Demand | Supply | StoreOffer | LinkOffer


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The inverter's decision over the first ``steps`` steps of a window.

    supply: per consumer run-length (steps, supplied); only the last step may differ from what was assumed.
    used, charge, discharge, imported, exported: mW per device and step.  lost: a store's losses in mJ per step.
    stored: each store's balance afterwards.  transfers: the flows between the accounts inside, mW per step.
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
