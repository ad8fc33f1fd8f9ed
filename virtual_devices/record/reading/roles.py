"""Who is who in a home, by the names of the series that its record has.

A series that was always zero is not named, and a device without any is not known. All others show what they are: what gives to the
account ``heat``, or was not served, consumes; what takes from an account outside, or was curtailed, produces; a store is always named.
An account outside is one that gives to devices and never takes, which no account within a home does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from virtual_devices.kit.accounts import GRID, HEAT, PORTS, RESERVED
from virtual_devices.kit.ledger.series import CURTAILED, ENERGY, STORED, UNSERVED
from virtual_devices.kit.offers import Edge


@dataclass(frozen=True, slots=True)
class Roles:
    """All sorted. circuits: those behind the ports, upper ones first.  sources: accounts outside from which producers have their energy.  devices: everybody who has an account of his own.

    The grid's account is a device, and has one name, whatever the device is called.
    """

    consumers: tuple[str, ...]
    producers: tuple[str, ...]
    stores: tuple[str, ...]
    sources: tuple[str, ...]
    edges: tuple[Edge, ...]
    devices: tuple[str, ...]
    circuits: tuple[str, ...] = ()


def roles_of(names: Iterable[str]) -> Roles:
    """The roles that are told by the names of all series of a run."""
    names = set(names)
    edges = sorted(edge_of(name) for name in names if name.startswith(ENERGY))
    stores = _named(names, STORED)
    givers, takers = {source for source, _ in edges}, {sink for _, sink in edges}
    sources = givers - takers - stores - RESERVED - {GRID} - {source for source, sink in edges if sink in RESERVED}
    consumers = _named(names, UNSERVED) | {source for source, sink in edges if sink == HEAT}
    producers = _named(names, CURTAILED) | {sink for source, sink in edges if source in sources}
    devices = (givers | takers | consumers | producers | stores) - RESERVED - sources
    consuming, producing, storing, outside, everybody = (tuple(sorted(each)) for each in (consumers, producers, stores, sources, devices))
    return Roles(consuming, producing, storing, outside, tuple(edges), everybody, _circuits(edges, consumers))


def _circuits(edges: list[Edge], consumers: set[str]) -> tuple[str, ...]:
    """What hangs on a port, or on something that does, and is no load."""
    found: dict[str, None] = {}
    level = set(PORTS)
    while level:
        level = {sink for source, sink in edges if source in level} - consumers - found.keys() - set(PORTS)
        found |= dict.fromkeys(sorted(level))
    return tuple(found)


def edge_of(name: str) -> Edge:
    """The edge of an energy's series."""
    source, _, sink = name.removeprefix(ENERGY).partition(">")
    return source, sink


def _named(names: Iterable[str], kind: str) -> set[str]:
    return {name.removeprefix(kind) for name in names if name.startswith(kind)}
