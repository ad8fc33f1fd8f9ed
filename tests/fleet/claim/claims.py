"""Hosts that claim a home, and strangers who do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.stage import SMALL
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import ClaimMessage, write
from virtual_devices.edge.messages.topics import HOST, Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.fleet.claim.claim import Claim
from virtual_devices.fleet.keeping.archive import Archive

RUNNING = SMALL.replace(", paused: true", "")


HOME = "cape"


TOPIC = Topics(HOME, HOST).availability


SHORT = 0.6
"""Wall seconds of a keep-alive in these tests."""


class Played:
    """A host without devices, on a loop that others may be on too."""

    def __init__(self, loop: Loop, broker: Broker, folder: Path, **options: Any) -> None:
        self.said: list[str] = []
        self.lost: list[str] = []
        self.claim = Claim(loop, broker.endpoint, HOME, say=self.said.append, lost=self.lost.append, **options)
        self.archive = Archive(loop, broker.endpoint, HOME, folder, lambda *_: None, claim=self.claim)
        self.client = self.archive.client

    @property
    def token(self) -> str:
        return self.claim.holder.token

    def open(self) -> Played:
        self.archive.loop.complete(self.archive.open())
        return self

    def leave(self) -> None:
        self.archive.loop.complete(self.archive.leave())

    def vanish(self) -> None:
        """What is left of a host that was cut off, and whose end the broker has not noticed: its claim, and no will."""
        self.archive.loop.complete(self.claim.release())
        self.archive.loop.complete(self.client.flush(5))
        self.archive.loop.run(timeout=0.1)  # a socket that is closed with something unread takes its good-bye back
        self.client._wire._mqtt.disconnect()  # an orderly end of the connection: the broker forgets the will
        self.client.closed = self.client.leaving = True
        self.client._cancel(*list(self.client._timers))
        self.client._loop.run(until=lambda: not self.client.connected, timeout=5)


Host = Callable[..., Played]


def kept(anybody: Client) -> bytes:
    """What the broker keeps on the claim's topic."""
    found: dict[str, bytes] = anybody.__dict__["heard"]
    return found.get(TOPIC, b"")


def told(anybody: Client, loop: Loop, payload: bytes) -> None:
    anybody.publish(TOPIC, payload, 1, retain=True)
    assert loop.complete(anybody.flush(5))
    loop.run(timeout=0.05)


def stranger(token: str = "theirs", *, renewed: int = 0) -> bytes:  # noqa: S107 - no secret
    return write(ClaimMessage(machine="karoo", pid=4711, since=1_782_023_400, renewed=renewed, token=token))
