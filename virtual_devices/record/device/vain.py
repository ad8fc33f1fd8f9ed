"""When a record has asked in vain for what it missed."""

from __future__ import annotations

from virtual_devices.edge.loop import Loop

ASKED_FOR = 5.0
"""Wall seconds for which a record that is behind asks an inverter that is there; what has not come by then nobody has."""


class Vain:
    """Since when it asks, without anything having come."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._since: float | None = None
        self._seen = 0

    def over(self) -> None:
        """Nothing is asked for."""
        self._since = None

    def is_vain(self, *, behind: bool, seen: int, asked: bool) -> bool:
        """Whether it is time to go on without. seen: the last window that came.  asked: whether somebody is there to answer."""
        if not behind or not asked:
            self._since = None
        elif self._since is None or seen != self._seen:
            self._since, self._seen = self._loop.time(), seen
        elif self._loop.time() - self._since > ASKED_FOR:
            self._since = None
            return True
        return False
