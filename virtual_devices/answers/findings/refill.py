"""What it would have cost to start with the batteries as full as they were in the end: without it, a run that empties them looks cheap.

Had the run started where it ended, it would have ended there too, as a rule: two homes that differ only in what their batteries hold do alike
from the first time on at which both batteries are full, or empty. Until then the one with less in it buys what the other need not, as soon as it
is empty, and does not sell what the other sells, while that is full; the one with more buys less while the grid charges. How much of each, the
run's own quarters of an hour tell: a second battery is thought beside the one there was. What is not settled in the end would have to be bought.

What is bought costs the run's mean import price, what is not sold would have earned its mean income; losses on the way between meter and
battery are those of the run itself: what inverter and battery lost of all that went through them. Where little did, that is mostly what they draw
while they wait, which a kilowatt-hour more would not change: no more than a fifth of each is taken to be lost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from virtual_devices.answers.findings.by_quarters import ByQuarters
from virtual_devices.answers.findings.gathered import GatheredStore
from virtual_devices.kit.accounts import DC_BUS, LOSSES
from virtual_devices.kit.offers import Edge

USUAL = 0.95
"""Of what goes into a battery or through an inverter that did nothing in this run: the default of both."""
_LEAST = 0.8
"""The same of one through which little went."""
_NEAR = 0.1
"""Part of its capacity within which a battery counts as full or empty: it takes ever less towards the end."""
_SETTLED = 1000
"""mJ that are nothing."""


@dataclass(frozen=True, slots=True)
class Refill:
    """mJ at the meter. bought: more than was, negative: less.  unsold: less than was sold, negative: more."""

    bought: int
    unsold: int


def refill_of(edges: Mapping[Edge, int], stores: Mapping[str, GatheredStore], quarters: ByQuarters) -> Refill:
    """What a run that started where this one ended would have bought more and sold less."""
    ahead = sum(store.closed - store.opened for store in stores.values())
    if not ahead:
        return Refill(0, 0)
    way = _battery(edges, stores) * _inverter(edges, stores)
    low, high, near = _range(stores, quarters)
    bought = unsold = 0.0
    rows = zip(quarters.level, quarters.imported, quarters.exported, quarters.curtailed, strict=True)
    for level, imported, exported, curtailed in rows:
        if abs(ahead) < _SETTLED:
            break
        if ahead < 0:
            if level > high - near:
                free = min(-ahead, round(curtailed * way))
                sold = min(-ahead - free, round(exported * way))
                unsold += sold / way
                ahead += free + sold
            if level + ahead < low:
                lacking = low - level - ahead
                bought += lacking * way
                ahead += lacking
        else:
            if level < low + near:
                had = min(ahead, round(imported / way))
                bought -= had * way
                ahead -= had
            if level + ahead > high:
                over = level + ahead - high
                spared = min(over, round(imported * way))  # what the grid brought, into a battery that it charged
                bought -= spared / way
                unsold -= (over - spared) * way if exported or not curtailed else 0
                ahead -= over
    bought -= ahead * way if ahead > 0 else ahead / way
    return Refill(round(bought), round(unsold))


def _range(stores: Mapping[str, GatheredStore], quarters: ByQuarters) -> tuple[int, int, int]:
    """When the batteries are empty and full, and how near to that they count as such, mJ.

    Where the run shows that they were, that is what they held then: what is kept for outages, or never charged, is nobody's to have.
    """
    opened = sum(store.opened for store in stores.values())
    low, high = min(opened, *quarters.level), max(opened, *quarters.level)
    room = max(high, sum(store.capacity or 0 for store in stores.values()))
    near = round(room * _NEAR)
    was_empty = any(imported and level < low + near for level, imported in zip(quarters.level, quarters.imported, strict=True))
    left = [exported + curtailed for exported, curtailed in zip(quarters.exported, quarters.curtailed, strict=True)]
    was_full = any(more and level > high - near for level, more in zip(quarters.level, left, strict=True))
    return low if was_empty else 0, high if was_full else room, near


def _battery(edges: Mapping[Edge, int], stores: Collection[str]) -> float:
    """Of what goes in or out, the part that is not lost on that one way."""
    through = sum(edges.get((DC_BUS, name), 0) + edges.get((name, DC_BUS), 0) for name in stores)
    lost = sum(edges.get((name, LOSSES), 0) for name in stores)
    return max(_LEAST, 1 - lost / through) if through else USUAL


def _inverter(edges: Mapping[Edge, int], stores: Collection[str]) -> float:
    """Of what goes through the inverter, either way, the part that comes out."""
    inverters = {source for source, sink in edges if sink == LOSSES} - set(stores)
    through = sum(moved for (_, sink), moved in edges.items() if sink in inverters)
    lost = sum(edges[name, LOSSES] for name in inverters)
    return max(_LEAST, 1 - lost / through) if through else USUAL
