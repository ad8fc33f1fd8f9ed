"""One run's record, while it is written: what was settled and what the home goes on from, together in one transaction.

So a home never goes on behind a window that is not in its books, whenever its host is killed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from virtual_devices import __version__
from virtual_devices.edge.messages.ledger import ledger_bytes, read_ledger
from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.home.revisions import Revision
from virtual_devices.kit.ledger.quarters import QUARTER, Quarter
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.past import PastRows
from virtual_devices.record.store.database import (
    WriterLock,
    as_os_error,
    emptied,
    is_full,
    open_to_write,
    path_of,
    reading,
    transaction,
)
from virtual_devices.record.store.happenings import Happening, HappeningBook, Row, last_happenings, write_happenings
from virtual_devices.record.store.kept import Messages, checksum, checksum_of, place_of
from virtual_devices.record.store.lines import WHOLE_FOR, Extent, LedgerLines, Line, present_windows, stored
from virtual_devices.record.store.past import PastBook
from virtual_devices.record.store.quarters import QuarterBook
from virtual_devices.record.store.revisions import write_revisions

REMEDY = "start with --fresh"
REMEDY_OF_READERS = "`virtual-devices audit` says how much of it is whole"
HELD_MOST = 64 << 20
"""Bytes of windows that wait for the disk, at most; of more the oldest are given up."""
_PUT = "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT (device, leaf) DO UPDATE SET payload = excluded.payload"
"""A row that stays where it is: no other page has to be written for it."""
_KEPT = "SELECT device, leaf, payload, (SELECT value FROM facts WHERE name = ?) FROM kept"
CHECKSUM = "kept_checksum"
"""The fact by which a set is known to be what was written."""


class RecordWriter:
    """Writes the record of a run to a file, made where there is none.

    facts: what the record says of itself, beside the home and the run.  whole_for: simulated seconds for which windows are kept whole.
    lost: windows that were given up because the disk took nothing.

    Raises ConfigurationError for a file that is none of this home and run, AlreadyRunningError where somebody else writes it, and OSError
    where the disk does not take it.
    """

    def __init__(self, path: Path, home: str, run: str, facts: Mapping[str, Any] | None = None, *, whole_for: int = WHOLE_FOR) -> None:
        self.path, self.home, self.run = path, home, run
        self.lost = 0
        self._waiting: deque[Line] = deque()
        self._done: deque[tuple[int, list[Quarter]]] = deque()
        """By seq, what the windows that wait did to the quarter-hours; they stay where their windows are given up."""
        self._waiting_bytes = 0
        self._whole_for = whole_for
        self._happenings = HappeningBook()
        self._new_facts = {"home": home, "run": run, "program": __version__, **(facts or {})}
        self._revisions: Sequence[Revision] = ()
        self._gone = False
        """The file is no longer there; the next write makes it anew."""
        self._open()

    def _open(self) -> None:
        self._lock = WriterLock(self.path)
        connection = None
        try:
            connection = open_to_write(self.path, REMEDY)
            self._file = self.path.stat()
            with reading(self.path, REMEDY):
                self._take_up(connection)
        except BaseException:
            if connection is not None:
                connection.close()
            self._lock.release()
            raise
        self._connection = connection

    def _take_up(self, connection: sqlite3.Connection) -> None:
        found = facts_of(connection)
        for name, own, what in (("home", self.home, "home"), ("run", self.run, "run")):
            if found.get(name, own) != own:
                raise ConfigurationError(f"{self.path} is of {what} {found[name]}, this is {own}; choose another --state")
        self._facts: dict[str, Any] = {name: found[name] for name in (*self._new_facts, CHECKSUM) if name in found}
        self._kept = kept_of(connection, self.path)
        self._checksums = {key: checksum_of(*key, payload) for key, payload in self._kept.items()}
        self._lines = LedgerLines(connection, self._whole_for)
        self._quarters = QuarterBook(connection, present_windows(connection))
        self._past = PastBook(connection, self._quarters_that_wait)
        self._done = deque((line.seq, self._quarters.add(read_ledger(line.payload))) for line in self._waiting)

    @property
    def last(self) -> int | None:
        """Seq of the last window that is in the file."""
        return self._lines.last

    @property
    def extent(self) -> Extent | None:
        """Of the windows that are in the file; None before the first."""
        return self._lines.extent

    @property
    def windows_wait(self) -> bool:
        """Whether a window is not written yet."""
        return bool(self._waiting)

    @property
    def kept(self) -> Messages:
        """The set that is in the file."""
        return self._kept

    def book(self, record: LedgerRecord, payload: bytes | None = None) -> None:
        """Take a settled window, to be written with what comes next; payload: the message that it came in."""
        line = Line.of(record, payload if payload is not None else ledger_bytes(record))
        if line.seq <= max(self._lines.last or 0, self._waiting[-1].seq if self._waiting else 0):
            return  # it is there
        self._waiting.append(line)
        self._done.append((line.seq, self._quarters.add(record)))
        self._waiting_bytes += len(line.payload)
        while self._waiting_bytes > HELD_MOST:
            self._waiting_bytes -= len(self._waiting.popleft().payload)
            self.lost += 1

    def happened(self, happening: Happening, seq: int = 0) -> None:
        """Take something that happened. seq: of the window that it is of, and is written with; 0: with whatever comes next."""
        self._happenings.take(happening, seq)

    def told(self, device: str, seq: int, rows: PastRows) -> None:
        """Take rows of a device's past. seq: of the window in which they were over, and which they are written with."""
        self._past.take(device, seq, rows)

    def _quarters_that_wait(self) -> int:
        """Quarters of the windows that are not written yet."""
        return sum(-((line.quarter - line.end) // QUARTER) for line in self._waiting)

    @property
    def happenings_wait(self) -> bool:
        """Whether something that happened is not written yet."""
        return bool(self._happenings)

    def last_happenings(self, *kinds: str) -> list[Happening]:
        """Of each device the last one of some kinds that is in the file. Raises OSError."""
        try:
            return last_happenings(self._connection, kinds)
        except sqlite3.Error as error:
            raise as_os_error(error, self.path) from None

    def want(self, revisions: Sequence[Revision]) -> None:
        """Write, at once and on the disk, what the home is wanted to be. Raises OSError; then nothing of it is written."""
        self._find()
        before, self._revisions = self._revisions, tuple(revisions)
        try:
            self._put(self._write_revisions, sync=True)
        except OSError:
            self._revisions = before
            raise

    def _write_revisions(self) -> None:
        write_revisions(self._connection, self._revisions)

    def write(self, messages: Messages | None = None, upto: int | None = None, *, sync: bool = False, at: int | None = None) -> None:
        """Write, in one transaction, windows up to a seq (None: all), what happened, and the set that the home goes on from (None: as it was).

        sync: wait until it is on the disk.  at: when that is, UTC seconds; now, unless it is said.  Raises OSError; then nothing of it is
        written, and all of it waits.
        """
        self._find()
        lines = [line for line in self._waiting if upto is None or line.seq <= upto]
        done = [each for seq, each in self._done if upto is None or seq <= upto]
        quarters = [quarter for each in done for quarter in each]
        facts = {**self._new_facts, "at": int(time.time()) if at is None else at} if sync else {**self._new_facts}
        checksums = self._checksums_of(messages) if messages is not None else self._checksums
        if messages is not None:
            facts[CHECKSUM] = checksum(checksums.values())
        happened = self._happenings.rows(upto)
        self._put(partial(self._change, lines, quarters, happened, upto, messages, facts), sync=sync)
        for line in lines:
            self._waiting.popleft()
            self._waiting_bytes -= len(line.payload)
        for _ in done:
            self._done.popleft()
        self._happenings.forget(upto)
        self._past.forget(upto)
        self._facts.update(facts)
        if messages is not None:
            self._kept, self._checksums = dict(messages), checksums

    def _find(self) -> None:
        """Whether the file is still there: what is written to one that was removed is nobody's. Raises FileNotFoundError once, then OSError."""
        if self._gone:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._open()
            self._gone = False
            self._put(self._write_revisions, sync=False)
        try:
            there = os.path.samestat(self.path.stat(), self._file)
        except FileNotFoundError:
            there = False
        if not there:
            emptied(self._connection)  # else its log would be taken for that of a file that has its name now
            self.close()
            self._gone = True
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.path))

    def _put(self, change: Callable[[], None], *, sync: bool) -> None:
        """Make a change in one transaction; on a disk that is full the log's own room may do for it. Raises OSError."""
        before = self._lines.place()
        try:
            try:
                with transaction(self._connection, synced=sync):
                    change()
            except sqlite3.Error as error:
                if not (is_full(error) and emptied(self._connection)):
                    raise
                self._lines.restore(before)
                self._quarters.undone()
                self._past.undone()
                with transaction(self._connection, synced=sync):
                    change()
        except BaseException as error:
            self._lines.restore(before)
            self._quarters.undone()
            self._past.undone()
            if isinstance(error, sqlite3.Error):
                raise as_os_error(error, self.path) from None
            raise

    def _change(
        self, lines: list[Line], quarters: list[Quarter], happened: list[Row], upto: int | None, messages: Messages | None, facts: Mapping[str, Any]
    ) -> None:
        self._lines.add(lines)
        self._quarters.write(quarters)
        write_happenings(self._connection, happened)
        self._past.write(upto)
        if messages is not None:
            self._replace(messages)
        self._note(facts)

    def _checksums_of(self, messages: Messages) -> dict[tuple[str, str], int]:
        known, kept = self._checksums, self._kept
        return {key: known[key] if kept.get(key) == payload else checksum_of(*key, payload) for key, payload in messages.items()}

    def _replace(self, messages: Messages) -> None:
        """Only what has changed is written."""
        gone = [key for key in self._kept if key not in messages]
        changed = [(*key, payload) for key, payload in messages.items() if self._kept.get(key) != payload]
        if gone:
            self._connection.executemany("DELETE FROM kept WHERE device = ? AND leaf = ?", gone)
        self._connection.executemany(_PUT, changed)

    def _note(self, facts: Mapping[str, Any]) -> None:
        """Only what has changed, and always the time: a transaction that changes nothing would not wait for the disk."""
        changed = [(name, value) for name, value in facts.items() if name == "at" or name not in self._facts or self._facts[name] != value]
        if changed:
            self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", changed)

    def stored(self, after: int, until: int | None = None) -> Iterator[bytes]:
        """The ledger messages behind a seq, up to another, that are in the file whole. Raises OSError."""
        try:
            yield from stored(self._connection, after, until)
        except sqlite3.Error as error:
            raise as_os_error(error, self.path) from None

    def close(self) -> None:
        """Let go of the file; what waits is not written. Harmless when that was done."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._lock.release()


def facts_of(connection: sqlite3.Connection, remedy: str = REMEDY) -> dict[str, Any]:
    """What a record says of itself. Raises ConfigurationError for one that is damaged."""
    with reading(path_of(connection), remedy):
        return dict(connection.execute("SELECT name, value FROM facts").fetchall())


def kept_of(connection: sqlite3.Connection, path: Path, remedy: str = REMEDY) -> dict[tuple[str, str], bytes]:
    """The set that a home goes on from; empty where it was given up. Raises ConfigurationError for what no home can have kept."""
    with reading(path, remedy):
        rows = connection.execute(_KEPT, (CHECKSUM,)).fetchall()
    try:
        found = {place_of(device, leaf): _bytes(payload) for device, leaf, payload, _ in rows}
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{path} cannot be read ({error}); {remedy}") from None
    if rows and rows[0][3] != checksum(checksum_of(*key, payload) for key, payload in found.items()):
        raise ConfigurationError(f"{path} cannot be read (what the home would go on from is not what was written); {remedy}")
    return found


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"it holds {shown(value)} for a message")
    return value
