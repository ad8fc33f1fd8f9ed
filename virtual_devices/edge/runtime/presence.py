"""Who is there: kept by the clock, which fixes the members of a window, and by the inverter, which waits for them."""

from __future__ import annotations

from virtual_devices.edge.messages.base import AboutMessage, read
from virtual_devices.edge.messages.topics import HOST, Topics
from virtual_devices.kit.names import NAME
from virtual_devices.kit.offers import PARTICIPANTS

MOST = 500
"""Devices of a home; whoever comes later is not seen, but for those that the home itself names."""


class Presence:
    """Availability and ability of every device of a home, from their retained words.

    expected: devices of the home, who are seen however many strangers came before them.
    """

    def __init__(self, home: str, expected: frozenset[str] = frozenset()) -> None:
        self.home, self.expected = home, expected
        self._online: set[str] = set()
        self._ability: dict[str, str] = {}

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        """Topic filters to subscribe to."""
        every = Topics(self.home, "+")
        return (every.availability, 0), (every.about, 0)

    def received(self, device: str, leaf: str, payload: bytes) -> bool:
        """Take a message; True when it changed who is there. Raises ProtocolError for a broken one."""
        if leaf in ("about", "availability") and not self._is_welcome(device):
            return False
        if leaf == "about":
            if not payload:
                return self._ability.pop(device, None) is not None
            ability = read(AboutMessage, payload).ability
            changed = self._ability.get(device) != ability
            self._ability[device] = ability
            return changed
        if leaf == "availability":
            changed = (device in self._online) != (payload == b"online")
            (self._online.add if payload == b"online" else self._online.discard)(device)
            return changed
        return False

    def _is_welcome(self, device: str) -> bool:
        known = device in self._ability or device in self._online or device in self.expected
        return known or (NAME.fullmatch(device) is not None and len(self._ability.keys() | self._online) < MOST)

    def keeps_books(self, device: str) -> bool:
        """Whether it is the host, or says that it is a record."""
        return device == HOST or self._ability.get(device) == "keeps"

    def has_connected(self, device: str) -> bool:
        """Whether it has said what it is, at work or not."""
        return device in self._ability

    def online(self, device: str) -> bool:
        """Whether a device says that it is there."""
        return device in self._online

    def _of(self, abilities: frozenset[str]) -> list[str]:
        return sorted(name for name in self._online if self._ability.get(name) in abilities)

    @property
    def participants(self) -> list[str]:
        """Those who propose, by name."""
        return self._of(PARTICIPANTS)

    @property
    def observers(self) -> list[str]:
        """Those who give conditions, by name."""
        return self._of(frozenset({"conditions"}))

    @property
    def settlers(self) -> list[str]:
        """Those who settle, by name."""
        return self._of(frozenset({"settles"}))
