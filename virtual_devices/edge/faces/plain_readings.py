"""Readings as bare text on a topic each, for tools that cannot read JSON; for devices whose ``plain_readings`` is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from virtual_devices.kit.forms.changes import number_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from virtual_devices.edge.loop import Loop, Timer
    from virtual_devices.edge.messages.topics import Topics
    from virtual_devices.edge.mqtt.client import Client
    from virtual_devices.kit.forms.changes import Reading

REPEAT_EVERY = 30.0
"""Wall seconds after which a reading is told again though it is the same: who reads them may give up on one that is older than a minute."""
_DIGITS = 6


class PlainReadings:
    """Publishes what has changed with every state, and everything again every ``REPEAT_EVERY`` seconds. A list stays in the state alone."""

    def __init__(self, loop: Loop, client: Client, topics: Topics, readings: Sequence[Reading]) -> None:
        self._loop, self._client, self._topics = loop, client, topics
        self._names = [reading.name for reading in readings if reading.type != "list"]
        self._told: dict[str, bytes] = {}
        self._repeat: Timer | None = None

    def tell(self, values: Mapping[str, Any], *, everything: bool = False) -> None:
        """Publish the readings among ``values``: those that have changed, or all."""
        for name in self._names:
            text = plain(values[name])
            if everything or self._told.get(name) != text:
                self._told[name] = text
                self._say(name)
        if self._repeat is None:
            self._repeat = self._loop.call_later(REPEAT_EVERY, self._say_again)

    def stop(self) -> None:
        """Say nothing more."""
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None

    def _say(self, name: str) -> None:
        self._client.publish(f"{self._topics.reading}/{name}", self._told[name], 0, True)  # noqa: FBT003

    def _say_again(self) -> None:
        self._repeat = None
        if self._client.leaving:
            return
        self._repeat = self._loop.call_later(REPEAT_EVERY, self._say_again)
        if self._client.connected:
            for name in self._names:
                self._say(name)


def plain(value: Any) -> bytes:
    """A reading as text: numbers in its unit, 1 and 0 for yes and no, empty (nothing is retained) for what is unknown."""
    if value is None:
        return b""
    if isinstance(value, bool):
        return b"1" if value else b"0"
    if isinstance(value, int | float):
        return number_text(round(value, _DIGITS)).encode()
    return str(value).encode()
