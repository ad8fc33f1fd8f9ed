"""From the sun to the socket: what falls on the modules, and what becomes of it on its way to the loads, as far as it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from virtual_devices.answers.findings.findings import ArrayFound, Findings
from virtual_devices.kit.accounts import DRIVING, GRID, HEAT, LOSSES, METER, RESET
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.energy import Energy

LITTLE = 0.0005
"""kWh below which nothing is said to be lost."""


@dataclass(frozen=True, slots=True)
class LossLink:
    """name: what it is.  change: kWh that are lost (negative) or come in beside; None: what there is here.  left: kWh behind it.

    style: ``sun``, ``grid``, ``battery``, ``loss``, ``export`` or ``load``.
    """

    name: str
    change: float | None
    left: float
    style: str


@dataclass(slots=True)
class _Chain:
    links: list[LossLink] = field(default_factory=list)

    def stands(self, name: str, left: float, style: str) -> None:
        self.links.append(LossLink(name, None, left, style))

    def change(self, name: str, by: float, style: str) -> None:
        if abs(by) >= LITTLE:
            self.links.append(LossLink(name, by, (self.links[-1].left if self.links else 0.0) + by, style))


def loss_chain(findings: Findings, total: Energy) -> tuple[LossLink, ...]:
    """The chain of a run. It ends at what the loads took, to the rounding of its numbers; a home without sun begins at the grid.

    What the modules lose and what was clipped is known where every array says what light it had; without, it begins at what they could give.
    """
    roles, chain = total.roles, _Chain()

    def moved(sources: object, sinks: object) -> float:
        """kWh from some accounts to others; None: any."""
        return sum(energy for (source, sink), energy in total.edges.items() if _among(source, sources) and _among(sink, sinks)) / MJ_PER_KWH

    if roles.producers:
        _of_modules(chain, findings.arrays, moved(roles.sources, roles.producers))
    chain.change("from the grid", moved(GRID, METER), "grid")
    kept = moved(None, roles.stores) - moved(roles.stores, None)
    chain.change("kept in the battery, fuller than at the start" if kept > 0 else "from the battery, emptier than at the start", -kept, "battery")
    of_stores = moved(roles.stores, LOSSES)
    chain.change("lost in the battery", -of_stores, "loss")
    chain.change("lost in the inverter and on wires", of_stores - moved(None, LOSSES), "loss")
    chain.change("driven away", -moved(None, DRIVING), "loss")
    chain.change("put right by hand", moved(RESET, None) - moved(None, RESET), "battery")
    chain.change("sold to the grid", -moved(METER, GRID), "export")
    chain.stands("what the loads took", moved(roles.consumers, HEAT), "load")
    return tuple(chain.links)


def _among(account: str, some: object) -> bool:
    return some is None or account == some or (isinstance(some, tuple) and account in some)


def _of_modules(chain: _Chain, arrays: Mapping[str, ArrayFound], used: float) -> None:
    """From the light on the modules to what was used of it."""
    available = used + sum(array.curtailed_kwh for array in arrays.values())
    light = [array.insolation * array.kwp for array in arrays.values() if array.insolation is not None and array.kwp is not None]
    if arrays and len(light) == len(arrays):
        clipped = sum(array.clipped_kwh or 0.0 for array in arrays.values())
        chain.stands("sun on the modules, at their rated efficiency", sum(light), "sun")
        chain.change("lost in the modules: heat, glass, dirt, wires", available + clipped - sum(light), "loss")
        chain.change("clipped at the input", -clipped, "loss")
    if available - used >= LITTLE:
        chain.stands("what the modules could give", available, "sun")
        chain.change("curtailed: nobody could take it", used - available, "loss")
    chain.stands("sun that was used", used, "sun")
