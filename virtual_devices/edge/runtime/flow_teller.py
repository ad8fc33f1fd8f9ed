"""What flows on each wire, said by the inverter packet by packet: after the commit, whole joules of each settled window as bare text."""

from __future__ import annotations

from virtual_devices.edge.messages.flow import flow_bytes
from virtual_devices.edge.messages.retained import place
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.kit.ledger.packets import Packets
from virtual_devices.kit.members.settlement import Settlement


class FlowTeller:
    """Says the packets of a window, and after them, retained, of which window they were.

    That word tells whoever comes after a killed inverter whether its last packets were said. So none is lost; some may be said twice,
    before the word that says whose they are.
    """

    def __init__(self, client: Client, topics: Topics) -> None:
        self._client, self._topics = client, topics
        self._last: Packets | None = None
        self._found = self._word = b""
        """As the broker retains it, and as it was said here last."""

    def heard(self, payload: bytes) -> None:
        """Take the word as the broker retains it."""
        self._found = payload

    def take_up(self, settlement: Settlement, packets: Packets | None) -> None:
        """Go on after a settlement of an earlier life: say its packets, unless that life has."""
        self._last = packets
        run, seq = place(self._found)
        if packets is not None and (run != settlement.run or seq < settlement.seq):
            self.tell(settlement, packets)
        elif packets is not None:
            self._word = self._found

    def tell(self, settlement: Settlement, packets: Packets | None) -> None:
        """Say what a settled window brought; None: flows are told no more, every wire falls still."""
        if packets is not None:
            for wire, joules in packets.joules.items():
                self._say(wire, joules)
            self._word = flow_bytes(settlement)
            self.repeat()
        elif self._last is not None:
            for wire in self._last.flowing:
                self._say(wire, 0)
            self._word = b""
            self._client.publish(self._topics.flow, b"", 1, True)  # noqa: FBT003
        self._last = packets

    def _say(self, wire: str, joules: int) -> None:
        self._client.publish(f"{self._topics.flow}/{wire}", b"%d" % joules, 1)

    def repeat(self) -> None:
        """Say the word again, which the broker may have forgotten."""
        if self._word:
            self._client.publish_each(self._topics.flow, self._word)
