"""Those who listen to homes for pages of the console, each shared by all pages that ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client


class Listener(Protocol):
    """Hears all that comes to the console, and takes what it cares for."""

    def hear(self, home: str, device: str, leaf: str, payload: bytes) -> None:
        """Take a message of a home."""
        ...


@dataclass(eq=False, slots=True)
class Attended:
    """A listener with its topic filters. lookers: for how many it listens."""

    client: Client
    listener: Listener | None = None
    filters: set[str] = field(default_factory=set)
    lookers: int = 0

    def subscribe(self, name: str) -> None:
        """Hear a topic filter too. It may be another listener's already: brokers tell what they retain to a new subscription only."""
        self.filters.add(name)
        self.client.unsubscribe(name)
        self.client.subscribe((name, 0))


class HeardWord:
    """The newest word of a device on one of its topics. payload: empty where there is none."""

    def __init__(self, subscribe: Callable[[str], None], topics: Topics, leaf: str) -> None:
        self._place = topics.home, topics.name, leaf
        self.payload = b""
        subscribe(topics.at(leaf))

    def hear(self, home: str, device: str, leaf: str, payload: bytes) -> None:
        """Take a message of a home."""
        if (home, device, leaf) == self._place:
            self.payload = payload
