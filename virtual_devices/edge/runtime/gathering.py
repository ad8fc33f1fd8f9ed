"""Whom a clock's first window waits for: at a fresh start for all who are to run, after a restart for those who were there."""

from __future__ import annotations

from collections.abc import Callable

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.fleet import FleetWantedMessage
from virtual_devices.edge.messages.window import WindowMessage
from virtual_devices.kit.names import CLOCK

NEWCOMERS = 5.0
"""Wall seconds that a clock which goes on waits for devices that were not in its last window."""


class Gathering:
    """Until the first window of a clock's life. online: whether a device says that it is there."""

    def __init__(self, loop: Loop, online: Callable[[str], bool]) -> None:
        self._loop, self._online = loop, online
        self._wanted: frozenset[str] | None = None
        """Who is to run, as the home's fleet says; None without one."""
        self._made_at = self._came_at = loop.time()

    def came(self) -> None:
        """Somebody has come, or what there is to do has begun: a fresh start is patient again."""
        self._came_at = self._loop.time()

    def hear_wanted(self, payload: bytes) -> None:
        """What the fleet wants. Raises ProtocolError for what cannot be read."""
        devices = read(FleetWantedMessage, payload).devices if payload else None
        self._wanted = frozenset(name for name, device in devices.items() if device.replicas and name != CLOCK) if devices is not None else None

    def missing(self, wait_for: str, last: WindowMessage | None) -> list[str]:
        """Who is not there yet. wait_for: names where there is no fleet, between commas.  last: the window that it goes on behind; None at a fresh start."""
        names = sorted(self._wanted) if self._wanted is not None else [name.strip() for name in wait_for.split(",") if name.strip()]
        if last is not None and self._loop.time() - self._made_at > NEWCOMERS:
            # who was away before may stay so until a window lets it come
            there = {*last.members, *last.observers}
            names = [name for name in names if name in there]
        return [name for name in names if not self._online(name)]

    def is_patient(self, patience: float, *, fresh: bool) -> bool:
        """Whether those are still waited for: after a restart as long as patience (s; 0: for ever) lasts, at a fresh start since the last came."""
        since = self._came_at if fresh else self._made_at
        return not patience or self._loop.time() - since < patience
