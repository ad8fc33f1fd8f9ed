"""The ledger records that an inverter has said, kept to be said again to whoever was away."""

from __future__ import annotations

from collections import deque

from virtual_devices.edge.messages.topics import HOST
from virtual_devices.edge.murmur import Bucket

KEPT = 256
_KEPT_BYTES = 8 << 20
"""Records that are kept, and their bytes."""
_ASKS = 5, 1.0
"""How often somebody may ask, at once and per wall second."""
_MOST_RECORDS = 16
"""Records of one home that are heard; who asks beyond is nobody's device."""

ToldLedger = tuple[str, int, bytes]
"""Run, seq and message."""


class ToldLedgers:
    """The newest of them, and who may have them again how often."""

    def __init__(self) -> None:
        self._told: deque[ToldLedger] = deque()
        self._bytes = 0
        self._asks: dict[str, Bucket] = {HOST: Bucket(*_ASKS)}

    def keep(self, run: str, seq: int, ledger: bytes) -> None:
        """Keep one more, and as many of those before as there is room for."""
        self._told.append((run, seq, ledger))
        self._bytes += len(ledger)
        while len(self._told) > KEPT or (self._bytes > _KEPT_BYTES and len(self._told) > 1):
            self._bytes -= len(self._told.popleft()[2])

    def heeds(self, who: str, now: float) -> bool:
        """Whether the host or a record is heard that asks now: each a few times at once, then once a second."""
        if who not in self._asks and len(self._asks) > _MOST_RECORDS:
            return False
        return self._asks.setdefault(who, Bucket(*_ASKS)).take(now)

    def behind(self, run: str, seq: int) -> list[ToldLedger]:
        """Those of a run after a seq."""
        return [each for each in self._told if each[0] == run and each[1] > seq]

    def last(self, count: int) -> list[ToldLedger]:
        """The newest."""
        return list(self._told)[-count:]
