"""Waiting in one thread for what another hears of a home: by being told, never by looking again and again."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from math import inf
from typing import Self

from virtual_devices.client.line import BrokerLine
from virtual_devices.edge.messages.topics import split
from virtual_devices.kit.errors import BrokerError


class HomeHearing(ABC):
    """Hears topics of a home from now on, until it is closed. ``take`` is called in the line's thread, ``wait`` in that of whoever waits."""

    def __init__(self, line: BrokerLine, *filters: str) -> None:
        self._line = line
        self._news = threading.Condition()
        self._open = ExitStack()
        self._open.enter_context(line.hearing(self._hear, self._nudge, *filters))

    @abstractmethod
    def take(self, device: str, leaf: str, payload: bytes) -> None:
        """Take a message; nobody waits meanwhile."""

    def silence(self) -> tuple[float, BrokerError] | None:
        """Since when it cannot go on, of `time.monotonic`, and why."""
        since = self._line.lost_since
        return None if since is None else (since, self._line.gone())

    def wait(self, done: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until something holds, for so many wall seconds (None: for ever); whether it does.

        Raises BrokerError where there is silence for longer than the line's patience, or it was closed.
        """
        deadline = inf if timeout is None else time.monotonic() + timeout
        with self._news:
            while not done():
                if self._line.closed:
                    raise BrokerError(f"the connection to {self._line.endpoint.url} was closed meanwhile; connect again")
                silence = self.silence()
                now, lost = time.monotonic(), inf if silence is None else silence[0] + self._line.patience
                if silence is not None and now >= lost:
                    raise silence[1]
                left = min(deadline, lost) - now
                if left <= 0:
                    return False
                self._news.wait(None if left == inf else left)
        return True

    def close(self) -> None:
        """Hear no longer. Harmless when it is done twice."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hear(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - a listener
        place = split(topic)
        if place is not None:
            with self._news:
                self.take(place[1], place[2], payload)
                self._news.notify_all()

    def _nudge(self) -> None:
        with self._news:
            self._news.notify_all()
