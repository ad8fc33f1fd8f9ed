"""Messages of QoS 1 that wait for a connection, or for room in the present one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

KEPT_OFFLINE = 1000
"""Messages, not retained, that are kept without a connection; the oldest makes room."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way out. correlation: of an answer under MQTT 5, what the question carried.

    counts: though it is retained, each value of its topic has to arrive, in its place among the others.
    """

    topic: str
    payload: bytes
    qos: int
    retain: bool
    correlation: bytes | None = None
    counts: bool = False


class Outbox:
    """A queue in order of arrival that forgets what nobody would read any more.

    Without a connection only the newest value of each retained topic matters: that is all a broker would keep of
    it. While connected every message counts, since somebody may listen.
    """

    def __init__(self) -> None:
        self._messages: dict[str | int, Outgoing] = {}
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._messages)

    def keep(self, message: Outgoing) -> None:
        """Append a message that has to wait for room."""
        self._messages[next(self._numbers)] = message

    def keep_offline(self, message: Outgoing) -> int:
        """Append a message that has to wait for a connection; returns how many others were given up for it."""
        if message.retain and not message.counts:
            # removed first, so that it moves to the end: the order is that of the newest values
            self._messages.pop(message.topic, None)
            self._messages[message.topic] = message
            return 0
        self.keep(message)
        numbered = [key for key in self._messages if isinstance(key, int)]
        for key in numbered[:-KEPT_OFFLINE]:
            del self._messages[key]
        return max(0, len(numbered) - KEPT_OFFLINE)

    def put_back(self, messages: Iterable[Outgoing]) -> int:
        """Messages that a lost connection has not delivered, before those that wait already; returns how many were given up."""
        later = list(self._messages.values())
        self._messages.clear()
        return sum(self.keep_offline(message) for message in (*messages, *later))

    def take(self) -> Outgoing:
        """Remove and return the oldest message."""
        return self._messages.pop(next(iter(self._messages)))
