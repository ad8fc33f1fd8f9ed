"""What a home's fleet says of its devices, as it is seen from outside."""

from __future__ import annotations

from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.fleet import FleetRunningMessage, FleetWantedMessage, RunningForm
from virtual_devices.edge.messages.topics import FLEET, Topics
from virtual_devices.edge.visitor.session import Session
from virtual_devices.kit.errors import ProtocolError


class FleetView:
    """Asked once. running: by device.  wanted: names of all that are.  off: of those that are switched off. All empty where no fleet is there."""

    def __init__(self, session: Session, home: str) -> None:
        topics = Topics(home, FLEET)
        said = session.collect(topics.availability, topics.wanted, topics.running)
        self.running: dict[str, RunningForm] = {}
        self.wanted: frozenset[str] = frozenset()
        self.off: frozenset[str] = frozenset()
        if said.get(topics.availability) != b"online":
            return
        try:
            wanted = read(FleetWantedMessage, said.get(topics.wanted, b"")).devices
            self.running = read(FleetRunningMessage, said.get(topics.running, b"")).devices
        except ProtocolError:
            return  # of another version: the devices speak for themselves
        self.wanted = frozenset(wanted)
        self.off = frozenset(name for name, form in wanted.items() if not form.replicas)
