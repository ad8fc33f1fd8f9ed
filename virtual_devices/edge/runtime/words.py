"""What is retained of a device itself, whatever its role: what it is and whether it is there."""

from __future__ import annotations

from collections.abc import Callable

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import AboutMessage, write
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client

HEAL_AFTER = 0.1
"""Wall seconds after which a device says again what somebody changed of its retained words: a flood gets no flood of answers."""


class Words:
    """Says them, and sees to it that they stay so: whoever changes or clears one is set right.

    heal: called soon after that, once for all that was done to the device meanwhile; whether something was cleared.
    """

    def __init__(self, loop: Loop, client: Client, topics: Topics, about: AboutMessage, heal: Callable[[bool], None]) -> None:
        self._loop, self._client, self._topics, self._call_to_heal = loop, client, topics, heal
        self._about = write(about)
        self._due: Timer | None = None
        self._lost = False
        self.standing_by = False
        """Offline for others although it runs: it cannot work without a partner that is not there."""

    def say_about(self) -> None:
        """Say what it is."""
        self._client.publish(self._topics.about, self._about, 1, True)  # noqa: FBT003

    @property
    def _availability(self) -> bytes:
        return b"offline" if self.standing_by else b"online"

    def say_availability(self) -> None:
        """Say that it is at work, or stands by."""
        self._client.publish(self._topics.availability, self._availability, 1, True)  # noqa: FBT003

    def heard(self, leaf: str, payload: bytes, *, online: bool) -> None:
        """What the broker has now as ``about`` or ``availability``. online: the device is at work."""
        said = self._about if leaf == "about" else self._availability
        if payload != said and self._client.connected and (leaf == "about" or online):
            self._lost |= not payload
            self.heal()

    def heal(self) -> None:
        """Say again, soon, what is retained of this device."""
        if self._due is None or not self._due.pending:
            self._due = self._loop.call_later(HEAL_AFTER, self._heal)

    def _heal(self) -> None:
        cleared, self._lost = self._lost, False
        if self._client.connected and not self._client.leaving:  # otherwise it is said at the next connection
            self.say_about()
            self._call_to_heal(cleared)
