"""Which ledger records count: those that a settlement has confirmed.

An inverter publishes the record of a window before the settlement that commits it, so that its death between the two loses
no record. A record whose settlement never came is void: the window is settled anew, maybe otherwise. A settlement that
was missed is made good by the next record, which carries the digest before it; a record that was missed is asked for.
Before a record counts, its own digest and the one before it are worked out anew: what was changed on the way is not booked.
"""

from __future__ import annotations

from collections.abc import Callable

from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.edge.messages.settlement import beside_shares
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.transfers import LedgerRecord, is_sealed

_KEPT = 300
"""Windows whose record or settlement is still waited for; more than that, and the book goes on with a gap."""
_KEPT_BYTES = 32 << 20
"""Bytes of their messages, at most; their records take some times as much."""
_LONGEST_PLACE = 128  # characters of a run and a digest

ChainPlace = tuple[str, int, str]
"""Run, seq and digest of a window."""


class Book:
    """Puts records and settlements of one inverter together, whichever comes first, each once.

    take: told every confirmed record and the message that it came in, in order of seq.  missing: asked for the records
    of a run after a seq when one was missed; without it the book goes on with a gap.  after: (run, seq) that it goes on
    from; else it may begin anywhere.
    """

    def __init__(
        self,
        take: Callable[[LedgerRecord, bytes], None],
        missing: Callable[[str, int], None] | None = None,
        after: tuple[str, int] | None = None,
    ) -> None:
        self._take, self._missing = take, missing
        self._waiting: dict[ChainPlace, None] = {}
        """Confirmed, but something before them was missed."""
        self._open: dict[ChainPlace, tuple[LedgerRecord, bytes]] = {}
        self._size = 0
        """Bytes of the messages of ``_open``."""
        self._settled: dict[ChainPlace, None] = {}
        self._last: tuple[str, int] = after or ("", 0)
        self._digest: str | None = None
        """After the last one that was booked; None where it is not known."""
        self.run: str | None = None
        """The only run whose records count; None: of any."""

    def ledger(self, payload: bytes) -> None:
        """Take a ledger message. Raises ProtocolError for one that is none, is of another run, or has not the digest that it says."""
        record = read_ledger(payload)
        if self.run not in (None, record.run):
            raise ProtocolError(f"the ledger record of window {record.seq} is of run {record.run}, but this is run {self.run}")
        if record.run == self._last[0] and record.seq <= self._last[1]:
            return  # repeated, as QoS 1 and inverters do
        if not is_sealed(record):
            raise ProtocolError(f"the ledger record of window {record.seq} does not have the digest of its transfers; it is not booked")
        place = (record.run, record.seq, record.digest)
        self._size += len(payload) - _bytes(self._open.pop(place, None))
        self._open[place] = record, payload
        self._size = _shorten(self._open, self._size)
        self._match(place)

    def settlement(self, payload: bytes) -> None:
        """Take a settlement message; one that cannot be read is its readers' business."""
        content = beside_shares(payload)
        run, seq, digest = content.get("run"), content.get("seq"), content.get("digest")
        if isinstance(run, str) and isinstance(seq, int) and isinstance(digest, str) and len(run + digest) <= _LONGEST_PLACE:
            place = run, seq, digest
            self._settled[place] = None
            _shorten(self._settled)
            self._match(place)
            if self._missing is not None and place[0] == self._last[0] and place[1] > self._last[1] and place not in self._open:
                self._missing(*self._last)  # the record went before the settlement, and was missed

    def has(self, run: str, seq: int) -> bool:
        """Whether it has gone on to this window of a run, or beyond."""
        return run == self._last[0] and seq <= self._last[1]

    def is_behind(self) -> bool:
        """Whether records of windows are missing that are known to be settled; they are asked for."""
        run, seq = self._last
        behind = bool(self._waiting) or any(place[0] == run and place[1] > seq for place in self._settled)
        if behind and self._missing is not None:
            self._missing(run, seq)
        return behind

    def give_up(self) -> None:
        """Take what is confirmed, with the gaps that there are."""
        while self._waiting:
            self._book(next(iter(self._waiting)))

    def pass_over(self) -> tuple[str, int] | None:
        """Go on behind the newest settlement of the run although nobody has its record: run and seq, or None where there is none."""
        run, seq = self._last
        newest = max((place for place in self._settled if place[0] == run and place[1] > seq), key=lambda place: place[1], default=None)
        if newest is None:
            return None
        self._last, self._digest = newest[:2], newest[2]
        self._settled = {place: None for place in self._settled if place[0] != run or place[1] > newest[1]}
        return self._last

    def _match(self, place: ChainPlace) -> None:
        if place in self._settled and place in self._open:
            self._settled.pop(place)
            self._waiting[place] = None
        for waiting in list(self._waiting):
            if waiting in self._open and not self._lacks(waiting):
                self._book(waiting)
        if len(self._waiting) > _KEPT:
            self.give_up()

    def _lacks(self, place: ChainPlace) -> bool:
        """Whether a record before this one was missed; then it is asked for."""
        run, last = self._last
        record, _ = self._open[place]
        while record.run == run and record.seq > last + 1:
            before = (record.run, record.seq - 1, record.previous)
            if before not in self._open:
                if self._missing is not None:
                    self._missing(run, last)
                return self._missing is not None
            record, _ = self._open[before]
        contradicts = self._digest is not None and record.run == run and record.seq == last + 1 and record.previous != self._digest
        if contradicts and self._missing is not None:
            self._missing(run, last)
        return contradicts and self._missing is not None

    def _book(self, place: ChainPlace) -> None:
        """This record and those before it that it confirms."""
        self._waiting.pop(place, None)
        if place not in self._open:
            return
        record, payload = self._open.pop(place)
        self._size -= len(payload)
        if record.run == self._last[0] and record.seq <= self._last[1]:
            return
        self._book((record.run, record.seq - 1, record.previous))
        self._last, self._digest = (record.run, record.seq), record.digest
        self._take(record, payload)


def _shorten(kept: dict[ChainPlace, object] | dict[ChainPlace, tuple[LedgerRecord, bytes]] | dict[ChainPlace, None], size: int = 0) -> int:
    """Drop the oldest until there are few enough, of a few bytes in all; how many bytes are left."""
    while len(kept) > _KEPT or size > _KEPT_BYTES:
        size -= _bytes(kept.pop(next(iter(kept))))
    return size


def _bytes(kept: object) -> int:
    return len(kept[1]) if isinstance(kept, tuple) else 0
