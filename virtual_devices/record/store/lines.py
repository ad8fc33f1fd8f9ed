"""The ledger's lines in a record: settled windows as they were heard, compressed; those of a quarter-hour together once it has passed.

Most of a line is the same as of the one before: ninety windows of a step take a seventh of the room in one row.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import orjson

from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.kit.errors import ConfigurationError, ProtocolError, shown
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.store.database import path_of, reading
from virtual_devices.record.store.schema import lacks_rows

WHOLE_FOR = 30 * 86_400
"""Simulated seconds for which windows are kept whole; before them their digests only."""
_QUICK, _SMALL = 1, 6
"""Levels of zlib: of a window that has just been settled, of those of a quarter."""
_REMEDY = "put a copy of it in its place, or begin anew"
_ROWS = "SELECT first, last, lines FROM ledger WHERE first >= coalesce((SELECT max(first) FROM ledger WHERE first <= ?), 0) ORDER BY first"
"""From the one on that has a window, or is the next."""
_EXTENT = "SELECT sum(last - first + 1), min(first), min(start) FROM ledger"
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


@dataclass(frozen=True, slots=True)
class Extent:
    """What windows a record has: how many, the seqs of the first and the last, from when to when (simulated UTC seconds)."""

    windows: int
    first: int
    last: int
    start: int
    end: int

    @property
    def missing(self) -> int:
        """Windows that are missing between the first and the last."""
        return self.last - self.first + 1 - self.windows

    def with_lines(self, lines: list[Line]) -> Extent:
        """With more behind them."""
        return replace(self, windows=self.windows + len(lines), last=lines[-1].seq, end=lines[-1].end)


class LedgerLines:
    """Writes lines, within the transactions of whoever calls.

    whole_for: simulated seconds for which they are kept whole.
    """

    def __init__(self, connection: sqlite3.Connection, whole_for: int = WHOLE_FOR) -> None:
        self._connection, self._whole_for = connection, whole_for
        self._quarter: list[Line] = []
        """Of the quarter-hour that has not passed, each in the table already."""
        self._trimmed = 0
        """Simulated time up to which only digests are kept."""
        self.extent: Extent | None = None
        """None before the first window."""
        self._take_up()

    @property
    def last(self) -> int | None:
        """Seq of the last window that is there; None before the first."""
        return self.extent.last if self.extent is not None else None

    def _take_up(self) -> None:
        """Learn what a quarter-hour that was interrupted has."""
        found = self._connection.execute("SELECT * FROM ledger ORDER BY first DESC LIMIT 1").fetchone()
        if found is None:
            return
        *row, lines = found
        payloads = unpacked(lines)  # those of the last row are never trimmed
        first, newest = _read(payloads[0]), _read(payloads[-1])
        if _bounds(first, newest) != tuple(row):
            raise _damaged(f"its last row is not the one of windows {first.seq} to {newest.seq}, which are in it")
        windows, seq, start = (_integer(value) for value in self._connection.execute(_EXTENT).fetchone())
        self.extent, begin = Extent(windows, seq, newest.seq, start, newest.end), first.quarter
        rows = self._connection.execute("SELECT lines FROM ledger WHERE end > ? AND start >= ? AND lines IS NOT NULL ORDER BY first", (begin, begin))
        self._quarter = [_read(payload) for (lines,) in rows.fetchall() for payload in unpacked(lines)]
        if not self._quarter or self._quarter[-1].seq != self.last:
            raise _damaged(f"the row of window {self.last} is not found by its time")

    def place(self) -> tuple[list[Line], int, int, Extent | None]:
        """What a transaction that fails gives back, see ``restore``."""
        return self._quarter, len(self._quarter), self._trimmed, self.extent

    def restore(self, place: tuple[list[Line], int, int, Extent | None]) -> None:
        """Go back to a place: the transaction that followed was undone."""
        self._quarter, length, self._trimmed, self.extent = place
        del self._quarter[length:]

    def add(self, lines: Iterable[Line]) -> None:
        """Record windows, in order of seq."""
        for group in _together(lines):
            if self._quarter and self._quarter[-1].quarter != group[0].quarter:
                self._close()
            self._quarter += group
            self._insert(group, _QUICK)
            known = self.extent or Extent(0, group[0].seq, group[0].seq, group[0].start, group[0].end)
            self.extent = known.with_lines(group)

    def _close(self) -> None:
        """A quarter-hour has passed: its windows share a row from now on."""
        lines, self._quarter = self._quarter, []
        for group in _together(lines):
            if len(group) > 1:
                self._connection.execute("DELETE FROM ledger WHERE first BETWEEN ? AND ?", (group[0].seq, group[-1].seq))
                self._insert(group, _SMALL)
        self._trim(lines[-1].end - self._whole_for)

    def _trim(self, before: int) -> None:
        """Keep only the digests of what is older, once a simulated day."""
        if before - self._trimmed >= 86_400:  # noqa: PLR2004
            self._connection.execute("UPDATE ledger SET lines = NULL WHERE end > ? AND end <= ? AND lines IS NOT NULL", (self._trimmed, before))
            self._trimmed = before

    def _insert(self, lines: list[Line], level: int) -> None:
        packed = zlib.compress(b"\n".join(line.payload for line in lines), level)
        self._connection.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?)", (*_bounds(lines[0], lines[-1]), packed))


def _bounds(first: Line, last: Line) -> tuple[int, int, int, int, str, str]:
    """What a row says of its windows."""
    return first.seq, last.seq, first.start, last.end, first.previous, last.digest


def _together(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Windows that may share a row: of one quarter-hour, each behind the one before."""
    group: list[Line] = []
    for line in lines:
        if group and (line.quarter != group[0].quarter or line.seq != group[-1].seq + 1):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def stored(connection: sqlite3.Connection, after: int = 0, until: int | None = None) -> Iterator[bytes]:
    """The ledger messages of windows behind a seq, up to another, that are kept whole; oldest first.

    Raises ConfigurationError for a record that is damaged, OSError for what the disk does.
    """
    with reading(path_of(connection), _REMEDY):
        if lacks_rows(connection):
            raise _damaged("some of its rows are lost")
        before, whole = 0, False
        for first, last, lines in connection.execute(_ROWS, (after,)):
            if not (isinstance(first, int) and isinstance(last, int) and before < first <= last):
                raise _damaged(f"a row says that it has windows {shown(first)} to {shown(last)}, behind window {before}")
            if until is not None and first > until:
                return
            before = last
            if lines is None and not whole:
                continue
            whole, payloads = True, unpacked(lines)
            if len(payloads) != last - first + 1:
                raise _damaged(f"in the place of windows {first} to {last} there are {len(payloads)}")
            for seq, payload in enumerate(payloads, start=first):
                if seq > after and (until is None or seq <= until):
                    yield payload


def stored_at(connection: sqlite3.Connection, time: int) -> bytes | None:
    """The ledger message of the window that holds a time (UTC seconds); None where none does, or it is not kept whole."""
    row = connection.execute("SELECT lines FROM ledger WHERE end > ? ORDER BY end LIMIT 1", (time,)).fetchone()
    if row is None or row[0] is None:
        return None
    return next((payload for payload in unpacked(row[0]) if (line := _read(payload)).start <= time < line.end), None)


def stored_between(connection: sqlite3.Connection, start: int, end: int) -> Iterator[bytes]:
    """The ledger messages of the windows that have steps between two times (UTC seconds), as far as they are kept whole; oldest first."""
    for (lines,) in connection.execute("SELECT lines FROM ledger WHERE end > ? AND start < ? AND lines IS NOT NULL ORDER BY end", (start, end)):
        for payload in unpacked(lines):
            line = _read(payload)
            if line.start < end and line.end > start:
                yield payload


def present_windows(connection: sqlite3.Connection) -> list[LedgerRecord]:
    """The windows that reach into the quarter-hour in which the last one ends, as far as they are kept whole; none where it ends with it."""
    found = connection.execute("SELECT max(end) FROM ledger").fetchone()[0]
    if found is None or _integer(found) % QUARTER == 0:
        return []
    begin = found - found % QUARTER
    rows = connection.execute("SELECT lines FROM ledger WHERE end > ? AND lines IS NOT NULL ORDER BY first", (begin,)).fetchall()
    try:
        records = [read_ledger(payload) for (lines,) in rows for payload in unpacked(lines)]
    except ProtocolError as error:
        raise _damaged(f"the line of a window cannot be read ({error})") from None
    return [record for record in records if record.span.end > begin]


def unpacked(lines: bytes) -> list[bytes]:
    """The messages of a row. Raises ConfigurationError for what is no row of a record."""
    inflate = zlib.decompressobj()
    try:
        found = inflate.decompress(lines, _LONGEST)
    except (zlib.error, TypeError) as error:
        raise _damaged(f"the lines of a window cannot be read ({error})") from None
    if not inflate.eof:
        raise _damaged("the lines of a window have no end")
    return found.split(b"\n")


def _read(payload: bytes) -> Line:
    """A line of ours. Raises ConfigurationError for one that is not."""
    try:
        content = orjson.loads(payload)
        span = content["span"]
        start, end = int(span["start"]), int(span["start"]) + int(span["step"]) * int(span["steps"])
        return Line(int(content["seq"]), start, end, str(content["previous"]), str(content["digest"]), payload)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(f"the line of a window cannot be read ({error})") from None


def _integer(value: object) -> int:
    """What a column must hold, and a damaged one need not."""
    if not isinstance(value, int):
        raise _damaged(f"a row says {shown(value)} for a number")
    return value


def _damaged(reason: str) -> ConfigurationError:
    return ConfigurationError(f"the record is damaged: {reason}; {_REMEDY}")
