"""What a fleet announces of itself and of its devices: to Home Assistant, and the kinds to whoever makes forms."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from virtual_devices.edge.faces import fleet_discovery
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import write
from virtual_devices.edge.messages.topics import FLEET, Topics
from virtual_devices.edge.mqtt.client import Client


@dataclass(frozen=True, slots=True)
class Called:
    """title: what people call a device.  known: the name by which Home Assistant knows it, its own or a former one."""

    title: str
    known: str


class Announcer:
    """Says it, and takes back what is said of devices that are removed."""

    def __init__(self, loop: Loop, client: Client, home: str) -> None:
        self._loop, self._client, self._home = loop, client, home
        self._told: dict[str, Called] = {}
        """Devices of which Home Assistant knows that this fleet runs them."""
        self._title = ""
        self._kinds: bytes | None = None
        self._due: Timer | None = None

    def tell(self, devices: Mapping[str, Called], title: str, *, everything: bool) -> None:
        """These are the home's devices, and what people call the fleet. everything: also what was said before, to a broker that may have forgotten it."""
        for known in sorted({called.known for called in self._told.values()} - {called.known for called in devices.values()}):
            self._publish(fleet_discovery.topic(self._home, known), b"")
        if everything or title != self._title:
            self._title = title
            self._publish(fleet_discovery.topic(self._home), orjson.dumps(fleet_discovery.of_fleet(self._home, title)))
        if everything:
            self._told.clear()
            self._loop.asyncio.create_task(self._tell_kinds())
        for name, called in sorted(devices.items()):
            if self._told.get(name) != called:
                message = fleet_discovery.of_device(self._home, name, called.title, called.known)
                self._publish(fleet_discovery.topic(self._home, called.known), orjson.dumps(message))
        self._told = dict(devices)

    def home_assistant_is_back(self) -> None:
        """Say it all again, a moment later: so do all devices."""
        if self._due is None or not self._due.pending:
            self._due = self._loop.call_later(random.uniform(0.1, 1.0), lambda: self.tell(dict(self._told), self._title, everything=True))  # noqa: S311 - spreads a fleet

    def stop(self) -> None:
        """Say nothing more."""
        if self._due is not None:
            self._due.cancel()

    async def _tell_kinds(self) -> None:
        if self._kinds is None:  # its imports would hold up everybody on this loop
            self._kinds = await self._loop.asyncio.run_in_executor(None, _kinds)
        self._publish(Topics(self._home, FLEET).kinds, self._kinds)

    def _publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, 1, retain=True)


def _kinds() -> bytes:
    from virtual_devices.edge.faces.kinds import every_kind  # noqa: PLC0415 - a fleet that is ended at once does without

    return write(every_kind())
