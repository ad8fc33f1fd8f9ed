"""The ledger records that an inverter has said, kept to be said again to whoever was away."""

from __future__ import annotations

from collections import deque

from virtual_devices.edge.runtime.askers import Askers

KEPT = 256
_KEPT_BYTES = 8 << 20
"""Records that are kept, and their bytes."""

ToldLedger = tuple[str, int, bytes]
"""Run, seq and message."""


class ToldLedgers:
    """The newest of them, and who may have them again how often."""

    def __init__(self) -> None:
        self._told: deque[ToldLedger] = deque()
        self._bytes = 0
        self.askers = Askers()

    def keep(self, run: str, seq: int, ledger: bytes) -> None:
        """Keep one more, and as many of those before as there is room for."""
        self._told.append((run, seq, ledger))
        self._bytes += len(ledger)
        while len(self._told) > KEPT or (self._bytes > _KEPT_BYTES and len(self._told) > 1):
            self._bytes -= len(self._told.popleft()[2])

    def behind(self, run: str, seq: int) -> list[ToldLedger]:
        """Those of a run after a seq."""
        return [each for each in self._told if each[0] == run and each[1] > seq]

    def last(self, count: int) -> list[ToldLedger]:
        """The newest."""
        return list(self._told)[-count:]
