"""What outages kept from the loads: the energy that they took without outages, less the energy that they took with them.

That is less than their unserved demand where a load makes up for it afterwards, as a thermostat does: it heats in one go
what it could not heat before. It is signed. A load may have taken more with outages than without, where its thermostat stands
elsewhere in its cycle when the run ends, or where it is supplied in one and shed in the other; the sum stays the exact
difference of what all loads took.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from virtual_devices.kit.circuits import Port
from virtual_devices.kit.ledger.purposes import roots
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.offers import Edge
from virtual_devices.kit.quantities import MJ_PER_KWH


@dataclass(slots=True)
class Consumption:
    """Adds up ledger records. ports: of the settling device.  energy: mJ that each load took, by (port it hangs on, load)."""

    ports: Mapping[str, Port]
    energy: dict[Edge, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, record: LedgerRecord) -> None:
        """Take one more record."""
        port_of = roots(record.edges, tuple(self.ports))
        for (source, sink), column in zip(record.edges, record.energy, strict=True):
            if sink in record.demand:
                self.energy[port_of.get(source, source), sink] += sum(column)

    def by(self, name: str) -> int:
        """MJ that a load took, whatever it hung on."""
        return sum(energy for (_, load), energy in self.energy.items() if load == name)

    @property
    def lasting(self) -> int:
        """MJ that the loads took which are meant to live through outages."""
        return sum(energy for (port, _), energy in self.energy.items() if self.ports[port].lasting)


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """What was not delivered in a run with outages. measure: what was taken in the one without.  taken: in this one."""

    measure: Consumption
    taken: Consumption

    @property
    def loads(self) -> dict[str, float]:
        """KWh of each load, by name."""
        names = {load for _, load in (*self.measure.energy, *self.taken.energy)}
        return {name: _kwh(self.measure.by(name) - self.taken.by(name)) for name in sorted(names)}

    def result(self) -> dict[str, Any]:
        """JSON-ready, kWh: of the essential circuit, and of all."""
        everything = sum(self.measure.energy.values()) - sum(self.taken.energy.values())
        return {
            "not_delivered_essential_kwh": _kwh(self.measure.lasting - self.taken.lasting),
            "not_delivered_kwh": _kwh(everything),
        }


def _kwh(energy: int) -> float:
    return round(energy / MJ_PER_KWH, 6)
