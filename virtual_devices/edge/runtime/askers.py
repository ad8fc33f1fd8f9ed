"""Who asks for something again, and how often he is heard."""

from __future__ import annotations

from virtual_devices.edge.messages.topics import HOST
from virtual_devices.edge.murmur import Bucket

_ASKS = 5, 1.0
"""How often somebody may ask, at once and per wall second."""
_MOST_RECORDS = 16
"""Records of one home that are heard; who asks beyond is nobody's device."""


class Askers:
    """The host, and whoever else keeps something."""

    def __init__(self) -> None:
        self._asks: dict[str, Bucket] = {HOST: Bucket(*_ASKS)}

    def heeds(self, who: str, now: float) -> bool:
        """Whether somebody is heard that asks now: each a few times at once, then once a second."""
        if who not in self._asks and len(self._asks) > _MOST_RECORDS:
            return False
        return self._asks.setdefault(who, Bucket(*_ASKS)).take(now)
