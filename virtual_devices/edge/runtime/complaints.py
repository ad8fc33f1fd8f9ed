"""What a device says on its ``error`` topic."""

from __future__ import annotations

from collections.abc import Callable

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import ErrorMessage, write
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.murmur import Bucket
from virtual_devices.edge.runtime.command_intake import ANSWERS
from virtual_devices.edge.runtime.last_error import LastError


class Complaints:
    """Says what is wrong with somebody's message; in a flood, how many more there were. The newest is part of the state.

    show: called soon after each, to publish a state with it.
    """

    def __init__(self, loop: Loop, client: Client, topics: Topics, show: Callable[[], None]) -> None:
        self._loop, self._client, self._topics, self._show = loop, client, topics, show
        self._bucket = Bucket(*ANSWERS)
        self._unsaid = 0
        self.last = LastError()

    def complain(self, text: str, about: str) -> None:
        """Say it, or count it. about: a device or topic."""
        if not self._bucket.take(self._loop.time()):
            if not self._unsaid:
                self._loop.call_later(1.0, self._say_how_many)
            self._unsaid += 1
            return
        self._publish(ErrorMessage(error=text[:1000], about=about[:300]))
        self.last.note(text)
        self._loop.call_soon(self._show)

    def _say_how_many(self) -> None:
        count, self._unsaid = self._unsaid, 0
        self._publish(ErrorMessage(error=f"and {count} more like these, which nobody is told one by one", about=self._topics.name))

    def _publish(self, message: ErrorMessage) -> None:
        self._client.publish(self._topics.error, write(message), 1)
