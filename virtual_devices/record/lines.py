"""The ledger's lines in a record: settled windows as they were heard, compressed; those of a quarter-hour together once it has passed.

Most of a line is the same as of the one before: ninety windows of a step take a seventh of the room in one row.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import orjson

from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.ledger.transfers import LedgerRecord

WHOLE_FOR = 30 * 86_400
"""Simulated seconds for which windows are kept whole; before them their digests only."""
_QUICK, _SMALL = 1, 6
"""Levels of zlib: of a window that has just been settled, of those of a quarter."""
_LONGEST = 256 << 20
"""Bytes of a row's lines, at most: more is none of ours."""


@dataclass(frozen=True, slots=True)
class Line:
    """A settled window, as it is recorded. start, end: simulated UTC seconds.  previous, digest: the chain before and after."""

    seq: int
    start: int
    end: int
    previous: str
    digest: str
    payload: bytes

    @classmethod
    def of(cls, record: LedgerRecord, payload: bytes) -> Line:
        """Of a record and the message that it came in."""
        return cls(record.seq, record.span.start, record.span.end, record.previous, record.digest, payload)

    @property
    def quarter(self) -> int:
        """The start of its quarter-hour."""
        return self.start - self.start % QUARTER


class LedgerLines:
    """Writes lines, within the transactions of whoever calls.

    whole_for: simulated seconds for which they are kept whole.  last: seq of the last window that is there; None before the first.
    """

    def __init__(self, connection: sqlite3.Connection, whole_for: int = WHOLE_FOR) -> None:
        self._connection, self._whole_for = connection, whole_for
        self._quarter: list[Line] = []
        """Of the quarter-hour that has not passed, each in the table already."""
        self._trimmed = 0
        """Simulated time up to which only digests are kept."""
        self.last: int | None = None
        self._take_up()

    def _take_up(self) -> None:
        """Learn what a quarter-hour that was interrupted has."""
        found = self._connection.execute("SELECT start, last FROM ledger ORDER BY first DESC LIMIT 1").fetchone()
        if found is None:
            return
        self.last = found[1]
        begin = found[0] - found[0] % QUARTER
        rows = self._connection.execute("SELECT lines FROM ledger WHERE end > ? AND start >= ? AND lines IS NOT NULL ORDER BY first", (begin, begin))
        self._quarter = [_read(payload) for (lines,) in rows.fetchall() for payload in unpacked(lines)]

    def place(self) -> tuple[list[Line], int, int, int | None]:
        """What a transaction that fails gives back, see ``restore``."""
        return self._quarter, len(self._quarter), self._trimmed, self.last

    def restore(self, place: tuple[list[Line], int, int, int | None]) -> None:
        """Go back to a place: the transaction that followed was undone."""
        self._quarter, length, self._trimmed, self.last = place
        del self._quarter[length:]

    def add(self, lines: Iterable[Line]) -> None:
        """Record windows, in order of seq."""
        for quarter, group in groupby(lines, key=lambda line: line.quarter):
            added = list(group)
            if self._quarter and self._quarter[-1].quarter != quarter:
                self._close()
            self._quarter += added
            self._insert(added, _QUICK)
            self.last = added[-1].seq

    def _close(self) -> None:
        """A quarter-hour has passed: its windows share a row from now on."""
        lines, self._quarter = self._quarter, []
        if len(lines) > 1:
            self._connection.execute("DELETE FROM ledger WHERE first BETWEEN ? AND ?", (lines[0].seq, lines[-1].seq))
            self._insert(lines, _SMALL)
        self._trim(lines[-1].end - self._whole_for)

    def _trim(self, before: int) -> None:
        """Keep only the digests of what is older, once a simulated day."""
        if before - self._trimmed >= 86_400:  # noqa: PLR2004
            self._connection.execute("UPDATE ledger SET lines = NULL WHERE end > ? AND end <= ?", (self._trimmed, before))
            self._trimmed = before

    def _insert(self, lines: list[Line], level: int) -> None:
        packed = zlib.compress(b"\n".join(line.payload for line in lines), level)
        first, last = lines[0], lines[-1]
        row = (first.seq, last.seq, first.start, last.end, first.previous, last.digest, packed)
        self._connection.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def stored(connection: sqlite3.Connection, after: int = 0, until: int | None = None) -> Iterator[bytes]:
    """The ledger messages of windows behind a seq, up to another, that are kept whole; oldest first."""
    rows = connection.execute("SELECT first, last, lines FROM ledger WHERE last > ? AND lines IS NOT NULL ORDER BY first", (after,))
    for first, last, lines in rows:
        if until is not None and first > until:
            return
        for seq, payload in zip(range(first, last + 1), unpacked(lines), strict=False):
            if seq > after and (until is None or seq <= until):
                yield payload


def present_windows(connection: sqlite3.Connection) -> list[LedgerRecord]:
    """The windows that reach into the quarter-hour in which the last one ends, as far as they are kept whole; none where it ends with it."""
    found = connection.execute("SELECT max(end) FROM ledger").fetchone()[0]
    if found is None or found % QUARTER == 0:
        return []
    begin = found - found % QUARTER
    rows = connection.execute("SELECT lines FROM ledger WHERE end > ? AND lines IS NOT NULL ORDER BY first", (begin,)).fetchall()
    records = (read_ledger(payload) for (lines,) in rows for payload in unpacked(lines))
    return [record for record in records if record.span.end > begin]


def unpacked(lines: bytes) -> list[bytes]:
    """The messages of a row. Raises ConfigurationError for what is no row of a record."""
    inflate = zlib.decompressobj()
    try:
        found = inflate.decompress(lines, _LONGEST)
    except zlib.error as error:
        raise ConfigurationError(f"the record is damaged: the lines of a window cannot be read ({error})") from None
    return found.split(b"\n")


def _read(payload: bytes) -> Line:
    """A line of ours. Raises ConfigurationError for one that is not."""
    try:
        content = orjson.loads(payload)
        span = content["span"]
        start, end = int(span["start"]), int(span["start"]) + int(span["step"]) * int(span["steps"])
        return Line(int(content["seq"]), start, end, str(content["previous"]), str(content["digest"]), payload)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"the record is damaged: the line of a window cannot be read ({error})") from None
