"""One listener for all homes of a process: what is announced to Home Assistant is heard and read once, not by each host of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from virtual_devices.edge.faces.announced import EVERYBODY, Announcement, announcement
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.topics import HOST, Topics, identifier
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.claim.claim import unreachable

MOST = 100_000
"""Announcements that are kept, whoever invents devices."""
_CONNECT_TIMEOUT = 15.0


class AnnouncementBoard:
    """found: announcements by topic, of all homes on the broker.  home: one of those that are hosted, as whose host it asks."""

    def __init__(self, loop: Loop, endpoint: Endpoint, home: str) -> None:
        self.found: dict[str, Announcement] = {}
        self._loop = loop
        self._told: dict[str, Callable[[], None]] = {}
        mark = secrets.token_hex(6)
        self._sync, self._mark = Topics(home, HOST).sync, mark.encode()
        self._synced, self._refused = False, ""
        self._client = Client(
            loop, endpoint, f"{identifier(home, HOST)}-{mark}", on_message=self._message, on_connect=self._connected, on_refused=self._on_refused
        )
        self._client.subscribe((EVERYBODY, 0))
        self._client.subscribe((self._sync, 0))  # last: what is retained comes before it

    def join(self, home: str, told: Callable[[], None]) -> None:
        """told: after each word of a device of this home."""
        self._told[home] = told

    def leave(self, home: str) -> None:
        """Its host has ended."""
        self._told.pop(home, None)

    async def open(self) -> None:
        """Connect and take in what the broker retains. Raises BrokerError when it does not answer."""
        self._client.connect()
        await self._loop.until(lambda: self._synced or bool(self._refused), _CONNECT_TIMEOUT)
        if not self._synced:
            raise unreachable(self._client, self._refused)

    async def close(self) -> None:
        """Hear no more."""
        await self._client.leave()

    def _on_refused(self, reason: str) -> None:
        self._refused = reason

    def _connected(self) -> None:
        self.found.clear()
        self._client.publish(self._sync, self._mark)

    def _message(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if topic == self._sync:
            self._synced = self._synced or payload == self._mark
            return
        before, found = self.found.get(topic), announcement(topic, payload)
        if found is None:
            self.found.pop(topic, None)
        elif before is not None or len(self.found) < MOST:
            self.found[topic] = found
        for home in {each.home for each in (before, found) if each is not None}:
            if home in self._told:
                self._told[home]()
