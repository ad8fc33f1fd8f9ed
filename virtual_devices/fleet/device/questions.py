"""Questions under MQTT 5: who asks a device for its state, and says where he wants the answer, is answered there by the fleet.

Devices speak MQTT 3.1.1, under which nobody says such a thing. The question reaches the device too, which says its state at once; that is
handed on. Where the device is not there, what it said last is.
"""

from __future__ import annotations

from dataclasses import dataclass

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.topics import FLEET, Topics
from virtual_devices.edge.mqtt.client import Client, ReturnAddress

FRESH_WITHIN = 1.0
"""Wall seconds in which a device that is there says its state."""
MOST = 50
"""Questions that wait for an answer."""
_GUARDED = ("virtual", "homeassistant")


@dataclass(slots=True)
class _Asked:
    """One who asks a device."""

    device: str
    back: ReturnAddress
    due: Timer | None = None


def may_be_answered(home: str, topic: str) -> bool:
    """Whether the fleet says something on a topic because somebody asks for it: not where its word would be taken for a device's."""
    guarded = topic.partition("/")[0] in _GUARDED or topic.startswith("$")
    return not any(sign in topic for sign in "+#") and (not guarded or topic.startswith(Topics(home, FLEET).response("")))


class Questions:
    """Those that wait for an answer."""

    def __init__(self, loop: Loop, client: Client, home: str) -> None:
        self._loop, self._client, self._home = loop, client, home
        self._waiting: list[_Asked] = []
        self._last: dict[str, bytes] = {}
        """What devices had said before, as far as it was heard: a broker may tell what it retains to a new filter only."""

    def ask(self, device: str, back: ReturnAddress) -> None:
        """Somebody has asked a device for its state."""
        if len(self._waiting) >= MOST or not may_be_answered(self._home, back.topic):
            return
        asked = _Asked(device, back)
        asked.due = self._loop.call_later(FRESH_WITHIN, lambda: self._answer(asked, self._last.get(device)))
        first = all(other.device != device for other in self._waiting)
        self._waiting.append(asked)
        if first:
            self._client.subscribe((Topics(self._home, device).state, 0))

    def hear(self, device: str, payload: bytes, *, retain: bool) -> None:
        """The state of a device."""
        if device in self._last or len(self._last) < MOST:
            self._last[device] = payload
        for asked in [asked for asked in self._waiting if asked.device == device and not retain]:
            self._answer(asked, payload)

    def _answer(self, asked: _Asked, payload: bytes | None) -> None:
        if asked not in self._waiting:
            return
        self._waiting.remove(asked)
        if asked.due is not None:
            asked.due.cancel()
        if all(other.device != asked.device for other in self._waiting):
            self._client.unsubscribe(Topics(self._home, asked.device).state)
        if payload:
            self._client.answer(asked.back, payload)

    def stop(self) -> None:
        """Nobody is answered any more."""
        for asked in self._waiting:
            if asked.due is not None:
                asked.due.cancel()
        self._waiting.clear()
