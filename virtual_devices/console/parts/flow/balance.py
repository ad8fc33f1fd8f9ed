"""Whether a drawing adds up: what its lines bring is what they take away, at every node, and of the home as a whole.

A drawing is made of what each device has said last. Within a moment of the bus some have told a new window and others not yet; then it is
out of balance until they have, and says no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass

from virtual_devices.console.parts.flow.layout import FlowLayout
from virtual_devices.edge.visitor.picture import Flow, Now


@dataclass(frozen=True, slots=True)
class HomeBalance:
    """Of a home just now, all in W and never negative. loss: of the inverter, as it says."""

    sun: float
    discharge: float
    imported: float
    loads: float
    charge: float
    exported: float
    loss: float

    @property
    def gap(self) -> float:
        """W that come from nowhere, − where they go nowhere."""
        return self.loads + self.charge + self.exported + self.loss - self.sun - self.discharge - self.imported


def balance(now: Now) -> HomeBalance:
    """What comes into a home and what becomes of it, by what each device says of itself."""
    return HomeBalance(
        sun=_sum(now.sources),
        discharge=_sum(now.stores, 1),
        imported=_sum(now.grids, 1),
        loads=_sum(now.loads),
        charge=_sum(now.stores, -1),
        exported=_sum(now.grids, -1),
        loss=lost(now) or 0.0,
    )


def lost(now: Now) -> float | None:
    """W that the inverter turns into heat: as it says, else what is left of the others; None where nobody says anything."""
    if now.loss is not None:
        return now.loss
    if not any(flow.power is not None for flow in (*now.sources, *now.stores, *now.grids)):
        return None
    return max(0.0, _sum(now.sources) + _sum(now.stores) + _sum(now.grids) - _sum(now.loads))


def node_powers(now: Now, drawn: FlowLayout) -> dict[str, float | None]:
    """W at each node of a drawing by its id: at what gives + what it gives, at a meter what goes on to the inverter; None where nobody says."""
    by_name = {flow.name: flow.power for flow in (*now.sources, *now.stores, *now.grids, *now.circuits, *now.loads)}
    ports = {port.name: port.power for port in now.ports}
    found: dict[str, float | None] = {}
    for node in drawn.nodes:
        if node.kind == "port":
            found[node.id] = ports.get(node.name)
        elif node.kind == "meter":
            found[node.id] = through(now)
        elif node.kind == "inverter":
            found[node.id] = lost(now)
        else:
            found[node.id] = by_name.get(node.name)
    return found


def through(now: Now) -> float | None:
    """W from the grid into the inverter, past what hangs on the meter; − while it sells."""
    if now.through is not None:
        return now.through
    beside = [port.power or 0.0 for port in now.ports if port.beside]
    return _sum(now.grids) - sum(beside) if any(flow.power is not None for flow in now.grids) else None


def line_powers(now: Now, drawn: FlowLayout) -> dict[str, float | None]:
    """W on each line of a drawing by its id, − against the direction in which it is drawn; None where nobody says."""
    powers = node_powers(now, drawn)
    found: dict[str, float | None] = {}
    for line in drawn.lines:
        known = [power for node in line.of if (power := powers[node]) is not None]
        found[line.id] = sum(known) if known else None
    return found


def gaps(now: Now, drawn: FlowLayout) -> dict[str, float]:
    """W that leave more than they enter, at each node that energy only passes, by its id: inverter with its loss, meter, ports, circuits."""
    powers = line_powers(now, drawn)
    found = {node.id: 0.0 for node in drawn.nodes if node.kind in ("inverter", "meter", "port", "circuit")}
    for line in drawn.lines:
        if line.counts:
            power = powers[line.id] or 0.0
            found[line.start] = found.get(line.start, 0.0) + power
            found[line.end] = found.get(line.end, 0.0) - power
    kinds = {node.id: node.kind for node in drawn.nodes}
    own = {id_: lost(now) or 0.0 for id_, kind in kinds.items() if kind == "inverter"}
    return {id_: gap + own.get(id_, 0.0) for id_, gap in found.items() if kinds[id_] in ("inverter", "meter", "port", "circuit")}


def _sum(flows: tuple[Flow, ...], sign: int = 0) -> float:
    """W of all, or of those that give (1) or take (−1), without a sign then."""
    powers = [flow.power or 0.0 for flow in flows]
    return sum(max(0.0, power * sign) for power in powers) if sign else sum(powers)
