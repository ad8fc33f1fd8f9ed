"""What energies were for: totals of a home and of its devices, from what its edges moved and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from virtual_devices.kit.accounts import DC_BUS, GRID, HEAT, LOSSES, METER
from virtual_devices.kit.circuits import way_up
from virtual_devices.kit.offers import Edge

Energies = Mapping[Edge, int]
"""mJ by edge; one that is not named moved nothing."""


def between(energy: Energies, source: str | None = None, sink: str | None = None) -> int:
    """mJ over all edges from ``source`` (None: any) to ``sink`` (None: any)."""
    return sum(moved for (a, b), moved in energy.items() if source in (None, a) and sink in (None, b))


def totals(energy: Energies, demand: Mapping[str, int], available: Mapping[str, int], stores: Collection[str]) -> dict[str, int]:
    """mJ by purpose. demand, available: mJ by consumer and by producer."""
    wanted = sum(demand.values())
    served = sum(moved for (source, sink), moved in energy.items() if sink == HEAT and source in demand)
    return {
        "pv_available": sum(available.values()),
        "pv_used": sum(moved for (_, sink), moved in energy.items() if sink in available),
        "grid_import": energy.get((GRID, METER), 0),
        "grid_export": energy.get((METER, GRID), 0),
        "battery_charge": sum(energy.get((DC_BUS, name), 0) for name in stores),
        "battery_discharge": sum(energy.get((name, DC_BUS), 0) for name in stores),
        "load_demand": wanted,
        "load_served": served,
        "load_unserved": wanted - served,
        "losses": sum(moved for (_, sink), moved in energy.items() if sink == LOSSES),
    }


def by_device(energy: Energies, names: Iterable[str]) -> dict[str, dict[str, int]]:
    """mJ into and out of the accounts of some devices, by name."""
    taken: Counter[str] = Counter()
    given: Counter[str] = Counter()
    for (source, sink), moved in energy.items():
        given[source] += moved
        taken[sink] += moved
    return {name: {"in": taken[name], "out": given[name]} for name in sorted(names)}


@lru_cache(maxsize=512)
def roots(edges: tuple[Edge, ...], ports: tuple[str, ...]) -> Mapping[str, str]:
    """The port on which each load and circuit hangs, directly or behind others, by the edges that there are."""
    above = {sink: source for source, sink in edges if sink not in ports}
    ways = {name: way_up(name, above, ports) for name in above}
    return {name: way[-1] for name, way in ways.items() if way}
