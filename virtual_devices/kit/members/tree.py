"""The tree of one window's circuits: what the settling device sees of it, what each circuit carries, and what turns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from virtual_devices.kit.accounts import HEAT
from virtual_devices.kit.circuits import CircuitState, Port, circle, until_turn, way_up
from virtual_devices.kit.members.settlement import Share
from virtual_devices.kit.offers import Booking, CircuitOffer, Demand, Dispatch, Offer, masked, summed

Runs = tuple[tuple[int, bool], ...]
_HANGING = frozenset({Demand.ability, CircuitOffer.ability})
"""Abilities of those who hang on something; a comparison of words costs less than one of classes, in every window."""


def is_flat(ports: Mapping[str, Port], offers: Iterable[Offer]) -> bool:
    """Whether every load hangs on a port, and nothing stands between."""
    for offer in offers:
        if offer.ability in _HANGING and not (isinstance(offer, Demand) and offer.circuit in ports):
            return False
    return True


class Tree:
    """The circuits and loads of one window.

    ports: of the settling device.  offers: of everybody.  ways: from each circuit and load up to its port, without itself.
    isolated: whoever has no such way, and why.  cut_off: loads behind an open switch, or isolated.
    """

    def __init__(self, ports: Mapping[str, Port], offers: Mapping[str, Offer]) -> None:
        self._ports, self._offers = ports, offers
        self.circuits = {name: offer for name, offer in offers.items() if isinstance(offer, CircuitOffer)}
        self.above = {name: offer.circuit for name, offer in self.circuits.items() if name not in ports}
        hanging = {name: offer.circuit for name, offer in offers.items() if isinstance(offer, (Demand, CircuitOffer))}
        found = {name: way_up(circuit, self.above, ports) for name, circuit in hanging.items() if name not in ports}
        self.ways = {name: way for name, way in found.items() if way}
        self.isolated = {name: _reason(hanging[name], self.above) for name in hanging if name not in self.ways}
        self.loads = {name: offer for name, offer in offers.items() if isinstance(offer, Demand)}
        closed = {name: offer.state.closed for name, offer in self.circuits.items()}
        self.cut_off = {name for name in self.loads if not self._closed(name, closed)}
        self.carried: dict[str, list[int]] = {}
        """mW per step that each circuit on the tree carries."""
        self.live: dict[str, Runs] = {}
        """Whether each circuit has power from above, run-length."""
        self.after: dict[str, CircuitState] = {}
        self._ended_live: dict[str, bool] = {}
        """Whether each port had power in the last step."""

    def _closed(self, name: str, closed: Mapping[str, bool]) -> bool:
        """Whether the way up from a load is there, and no switch on it is open."""
        way = self.ways.get(name)
        return way is not None and all(closed[each] for each in way[:-1])

    def seen(self) -> dict[str, Offer]:
        """The offers as the settling device sees them: loads hang on its ports, and those that are cut off are not there."""
        found: dict[str, Offer] = {}
        for name, offer in self._offers.items():
            if not isinstance(offer, (Demand, CircuitOffer)):
                found[name] = offer
            elif name in self.ways and name not in self.cut_off:
                root = self.ways[name][-1]
                found[name] = offer if offer.circuit == root else replace(offer, circuit=root)
        return found

    def follow(self, decision: Dispatch, step: int) -> int:
        """Work out what each circuit carries and how it stands after a decision; the steps up to and with the first in which one turns."""
        steps = decision.steps
        self.carried, self.live, self.after = {}, {}, {}
        self._ended_live = {port: runs[-1][1] for port, runs in decision.live.items()}
        below: dict[str, list[list[int]]] = {name: [] for name in self.circuits}
        for name, load in self.loads.items():
            if name in self.ways and name not in self.cut_off and load.circuit in below:
                power = load.power if len(load.power) == steps else load.power[:steps]
                below[load.circuit].append(masked(power, decision.supply[name]))
        ends = [steps]
        for name in sorted(self.circuits, key=lambda name: (-len(self.ways.get(name, ())), name)):  # the lowest first
            offer, way = self.circuits[name], self.ways.get(name)
            column = summed(below[name], steps)
            if way is not None:
                self.carried[name] = column
                if way[0] in below:
                    below[way[0]].append(column)
            fed = way is not None and all(self.circuits[each].state.closed for each in way[:-1])
            self.live[name] = decision.live.get(way[-1], ((steps, True),)) if fed and way is not None else ((steps, False),)
            end, self.after[name] = until_turn(offer.rule, offer.state, self.live[name], column, step)
            ends.append(end)
        return min(ends)

    def book(self, decision: Dispatch, booking: Booking) -> None:
        """Enter who is on the tree: loads, also those without demand, and circuits."""
        for name, load in self.loads.items():
            if name not in self.ways:
                continue
            if name in self.cut_off:
                booking.columns[load.circuit, name] = booking.columns[name, HEAT] = booking.zeros
                booking.demand[name] = booking.zeros
            else:
                load.book(name, decision, booking)
        for name, column in self.carried.items():
            booking.columns[self.circuits[name].circuit, name] = column

    def shares(self, shares: Mapping[str, Share], whole: Collection[str]) -> dict[str, Share]:
        """Everybody's shares, with what circuits and loads are told of the tree. whole: whose offer was settled to its end."""
        closed = {name: self._stands(name, whole=name in whole) for name in self.circuits}
        found = dict(shares)
        found |= {name: self._load_share(name, shares[name], closed) for name in self.loads}
        found |= {name: self._circuit_share(name, shares[name]) for name in self.circuits}
        return found

    def _circuit_share(self, name: str, share: Share) -> Share:
        column = self.carried.get(name, [0] * share.span.steps)
        return replace(
            share, live=self.live[name], through=sum(column) * share.span.step, power=column[-1], circuit=self.after[name],
            carried=column if self.circuits[name].rule.curve else [],
        )  # fmt: skip

    def _load_share(self, name: str, share: Share, closed: Mapping[str, bool]) -> Share:
        """closed: how each circuit will stand next."""
        will, cut_off, way = self._closed(name, closed), name in self.cut_off, self.ways.get(name)
        if way is None:
            return replace(share, cut_off=True)
        soon = None if will != cut_off else will and self._ended_live.get(way[-1], True)
        return replace(share, cut_off=cut_off, soon=soon, beside=self._ports[way[-1]].beside)

    def trips(self, before: Mapping[str, Share]) -> tuple[tuple[str, bool], ...]:
        """Circuits that were closed again after an overload (False), and those that one opened in the last step (True). before: last shares."""
        found: list[tuple[str, bool]] = []
        for name, offer in sorted(self.circuits.items()):
            last = before[name].circuit if name in before else None
            if last is not None and last.tripped and not offer.state.tripped:
                found.append((name, False))
            if self.after[name].tripped and not offer.state.tripped:
                found.append((name, True))
        return tuple(found)

    def _stands(self, name: str, *, whole: bool) -> bool:
        """Whether a circuit will be closed next, as far as is known now."""
        before, after = self.circuits[name].state, self.after[name]
        return self.circuits[name].then if whole and after.closed == before.closed else after.closed


def _reason(circuit: str, above: Mapping[str, str]) -> str:
    """Why there is no way up from a circuit to a port."""
    if found := circle(circuit, above):
        return f"it hangs on {' → '.join([*found, found[0]])}, which is a circle; hang one of them on a port"
    last = circuit
    while last in above:
        last = above[last]
    return f"there is no circuit {last!r} to hang on; start it, or hang {'it' if last == circuit else circuit} on another"
