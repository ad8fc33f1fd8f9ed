"""Which ledger records count: those that a settlement has confirmed.

An inverter publishes the record of a window before the settlement that commits it, so that its death between the two loses
no record. A record whose settlement never came is void: the window is settled anew, maybe otherwise. A settlement that
was missed is made good by the next record, which carries the digest before it.
"""

from __future__ import annotations

from collections.abc import Callable

import orjson

from virtual_devices.edge.messages import LedgerMessage, read
from virtual_devices.kit.ledger import LedgerRecord

_KEPT = 64
"""Windows whose record or settlement is still waited for."""

Place = tuple[str, int, str]
"""Run, seq and digest of a window."""


class Book:
    """Puts records and settlements of one inverter together, whichever comes first, each once.

    take: told every confirmed record and the message that it came in, in order of seq.
    """

    def __init__(self, take: Callable[[LedgerRecord, bytes], None]) -> None:
        self._take = take
        self._open: dict[Place, tuple[LedgerRecord, bytes]] = {}
        self._settled: dict[Place, None] = {}
        self._last: tuple[str, int] = ("", 0)

    def ledger(self, payload: bytes) -> None:
        """Take a ledger message. Raises ProtocolError for one that is none."""
        record = read(LedgerMessage, payload).to_kit()
        if record.run == self._last[0] and record.seq <= self._last[1]:
            return  # repeated, as QoS 1 and inverters do
        self._open[record.run, record.seq, record.digest] = record, payload
        _shorten(self._open)
        self._match((record.run, record.seq, record.digest))

    def settlement(self, payload: bytes) -> None:
        """Take a settlement message; one that cannot be read is its readers' business."""
        try:
            content = orjson.loads(payload)
            place = (content["run"], content["seq"], content["digest"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return
        if isinstance(place[0], str) and isinstance(place[1], int) and isinstance(place[2], str):
            self._settled[place] = None
            _shorten(self._settled)
            self._match(place)

    def _match(self, place: Place) -> None:
        if place in self._settled and place in self._open:
            self._settled.pop(place)
            self._confirm(place)

    def _confirm(self, place: Place) -> None:
        record, payload = self._open.pop(place)
        if record.run == self._last[0] and record.seq <= self._last[1]:
            return
        before = (record.run, record.seq - 1, record.previous)
        if before in self._open:
            self._confirm(before)
        self._last = record.run, record.seq
        self._take(record, payload)


def _shorten(kept: dict[Place, object] | dict[Place, tuple[LedgerRecord, bytes]] | dict[Place, None]) -> None:
    while len(kept) > _KEPT:
        del kept[next(iter(kept))]
