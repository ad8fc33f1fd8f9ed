"""Whether a record owns what its home goes on from: one record does, of a host or of a device, and two must never restore a home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from virtual_devices.edge.loop import Loop

CLAIM_LASTS = 10.0
"""Wall seconds for which a host that says nothing more has its home: it says so every five."""


class Owner:
    """Knows it from what the host and the clock say; of a broker that has forgotten the clock's word, from what that was.

    was_owner: whether it was when nothing is known of the clock: it has such a set.
    """

    def __init__(self, loop: Loop, name: str) -> None:
        self._loop, self._name = loop, name
        self.was_owner = False
        self._hosted_until = float("-inf")

    def hear_host(self, payload: bytes) -> None:
        """Take a word about who hosts the home."""
        there = payload not in (b"", b"offline")
        self._hosted_until = self._loop.time() + CLAIM_LASTS if there else float("-inf")

    def owns(self, clock: Mapping[str, Any]) -> bool:
        """Whether it is the owner now. clock: the state of the home's clock, as far as it is known."""
        if "books" in clock:
            self.was_owner = clock["books"] == self._name
        return self.was_owner and self._loop.time() >= self._hosted_until
