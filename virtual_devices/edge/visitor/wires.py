"""What flows on each wire of a home, summed up from the packets that its inverter tells on the bus.

Packets are collected until the word that says of which window they were. One that names a window that was had before is of a restarted
inverter, which did not know whether its last packets were said: then what was collected since is dropped. So every packet counts once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.flow import FlowMessage
from virtual_devices.kit.accounts import GRID
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.names import is_name

MOST_WIRES = 2000
"""Wires that are kept apart, whoever invents more."""
_LONGEST = 18
"""Digits of a packet."""


@dataclass(frozen=True, slots=True)
class WireFlow:
    """One wire. power: W, the mean of the last window.  energy: J since somebody looks."""

    source: str
    sink: str
    power: float
    energy: int


class WireFlows:
    """Collects what an inverter says on ``flow`` and below. ``feed`` takes messages as they come.

    begun: run and seq of the window after which it counts: of that one some packets may have been said before anybody listened.
    windows: seq of the windows that were counted, summed up in ``energy``, J by wire.  told: False once flows were switched off.
    """

    def __init__(self) -> None:
        self.begun: tuple[str, int] | None = None
        self.last: tuple[str, int] | None = None
        self.windows = 0
        self.told = True
        self.energy: dict[str, int] = {}
        self._power: dict[str, float] = {}
        self._collected: dict[str, int] = {}

    def feed(self, leaf: str, payload: bytes, *, retained: bool = False) -> None:
        """Take a message; what is no packet and no word about them is passed over."""
        if leaf == "flow":
            self._end(payload, retained=retained)
            return
        wire = leaf.removeprefix("flow/")
        source, between, sink = wire.partition("/")
        known = wire in self._collected or len(self._collected) < MOST_WIRES
        if between and is_name(source) and is_name(sink) and known and payload.isdigit() and len(payload) <= _LONGEST:
            self._collected[wire] = int(payload)

    def _end(self, payload: bytes, *, retained: bool) -> None:
        collected, self._collected = self._collected, {}
        self.told = bool(payload)
        if not payload:
            self._power.clear()
            return
        try:
            word = read(FlowMessage, payload)
        except ProtocolError:
            return
        run, seq = word.run, word.seq
        if retained or (self.last is not None and self.last[0] == run and seq <= self.last[1]):
            return  # of before anybody listened, or had already
        self._power |= {wire: joules / (word.span.step * word.span.steps) for wire, joules in collected.items()}
        self.last = run, seq
        if self.begun is None:
            self.begun = run, seq
            return
        self.windows += 1
        for wire, joules in collected.items():
            if wire in self.energy or len(self.energy) < MOST_WIRES:
                self.energy[wire] = self.energy.get(wire, 0) + joules

    def now(self) -> list[WireFlow]:
        """Every wire on which something was, from where energy comes from to where it goes."""
        pairs = [tuple(wire.split("/")) for wire in self._power]
        far = _distances(pairs)
        ordered = sorted(pairs, key=lambda pair: (far.get(pair[0], len(far)), pair[0], far.get(pair[1], len(far)), pair[1]))
        return [
            WireFlow(source, sink, self._power[f"{source}/{sink}"], self.energy.get(f"{source}/{sink}", 0)) for source, sink in ordered
        ]


def _distances(wires: Iterable[tuple[str, ...]]) -> dict[str, int]:
    """How many wires lie between each account and the next one that only gives, or the grid."""
    leads: dict[str, list[str]] = {}
    sinks = set()
    for source, sink in wires:
        leads.setdefault(source, []).append(sink)
        sinks.add(sink)
    far = {source: 0 for source in leads if source not in sinks or source == GRID}
    waiting = deque(far)
    while waiting:
        source = waiting.popleft()
        for sink in leads.get(source, ()):
            if sink not in far:
                far[sink] = far[source] + 1
                waiting.append(sink)
    return far
