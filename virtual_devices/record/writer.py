"""One run's record, while it is written: what was settled and what the home goes on from, together in one transaction.

So a home never goes on behind a window that is not in its books, whenever its host is killed.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from virtual_devices import __version__
from virtual_devices.edge.messages.ledger import ledger_bytes
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.quarters import Quarter
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.past import PastQuarter
from virtual_devices.record.database import WriterLock, as_os_error, open_to_write, transaction
from virtual_devices.record.happenings import Happening, HappeningBook, last_happenings
from virtual_devices.record.kept import Messages, place_of
from virtual_devices.record.lines import WHOLE_FOR, LedgerLines, Line, present_windows, stored
from virtual_devices.record.past import PastBook
from virtual_devices.record.quarters import Layouts, QuarterBook, QuartersOfWindow

REMEDY = "start with --fresh"
HELD_MOST = 64 << 20
"""Bytes of windows that wait for the disk, at most; of more the oldest are given up."""


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
        self._done: deque[tuple[int, QuartersOfWindow]] = deque()
        """By seq, what the windows that wait did to the quarter-hours; they stay where their windows are given up."""
        self._waiting_bytes = 0
        self._facts: dict[str, Any] = {}
        self._kept: dict[tuple[str, str], bytes] = {}
        self._present: Quarter | None = None
        """The quarter-hour that is not over by the last window in the file."""
        self._lock = WriterLock(path)
        try:
            self._connection = open_to_write(path, REMEDY)
        except BaseException:
            self._lock.release()
            raise
        try:
            self._take_up(dict(facts or {}), whole_for)
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise as_os_error(error, path) from None
            raise

    def _take_up(self, facts: dict[str, Any], whole_for: int) -> None:
        found = facts_of(self._connection)
        for name, own, what in (("home", self.home, "home"), ("run", self.run, "run")):
            if found.get(name, own) != own:
                raise ConfigurationError(f"{self.path} is of {what} {found[name]}, this is {own}; choose another --state")
        self._kept = kept_of(self._connection, self.path)
        self._lines = LedgerLines(self._connection, whole_for)
        self._layouts = Layouts(self._connection)
        self._quarters = QuarterBook(self._connection, self._layouts, present_windows(self._connection))
        self._past = PastBook(self._connection, self._layouts)
        self._present = self._quarters.present
        self._happenings = HappeningBook(self._connection)
        self._new_facts = {"home": self.home, "run": self.run, "program": __version__, **facts}
        self._facts = {name: found[name] for name in self._new_facts if name in found}

    @property
    def last(self) -> int | None:
        """Seq of the last window that is in the file."""
        return self._lines.last

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

    def told(self, device: str, seq: int, row: PastQuarter) -> None:
        """Take a row of a device's past. seq: of the window in which it was over, and which it is written with."""
        self._past.take(device, seq, row)

    @property
    def happenings_wait(self) -> bool:
        """Whether something that happened is not written yet."""
        return bool(self._happenings)

    def last_happenings(self, *kinds: str) -> list[Happening]:
        """Of each device the last one in the file of some kinds. Raises OSError."""
        try:
            return last_happenings(self._connection, kinds)
        except sqlite3.Error as error:
            raise as_os_error(error, self.path) from None

    def write(self, messages: Messages | None = None, upto: int | None = None, *, sync: bool = False) -> None:
        """Write, in one transaction, windows up to a seq (None: all), what happened, and the set that the home goes on from (None: as it was).

        sync: wait until it is on the disk.  Raises OSError; then nothing of it is written, and all of it waits.
        """
        count = sum(upto is None or line.seq <= upto for line in self._waiting)
        lines = [self._waiting[index] for index in range(count)]
        done = [each for seq, each in self._done if upto is None or seq <= upto]
        present = done[-1].present if done else self._present
        before = self._lines.place()
        facts = {**self._new_facts, "at": int(time.time())} if sync else self._new_facts
        try:
            with transaction(self._connection, synced=sync):
                self._lines.add(lines)
                self._quarters.write(quarter for each in done for quarter in each.over)
                if sync and present is not None:
                    self._quarters.write([present])
                self._happenings.write(upto)
                self._past.write(upto)
                if messages is not None:
                    self._replace(messages)
                self._note(facts)
        except BaseException as error:
            self._lines.restore(before)
            self._layouts.forget()
            if isinstance(error, sqlite3.Error):
                raise as_os_error(error, self.path) from None
            raise
        for line in lines:
            self._waiting.popleft()
            self._waiting_bytes -= len(line.payload)
        for _ in done:
            self._done.popleft()
        self._happenings.forget(upto)
        self._past.forget(upto)
        self._present = present
        self._facts.update(facts)
        if messages is not None:
            self._kept = dict(messages)

    def _replace(self, messages: Messages) -> None:
        """Only what has changed is written."""
        gone = [key for key in self._kept if key not in messages]
        changed = [(*key, payload) for key, payload in messages.items() if self._kept.get(key) != payload]
        if gone:
            self._connection.executemany("DELETE FROM kept WHERE device = ? AND leaf = ?", gone)
        self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", changed)

    def _note(self, facts: Mapping[str, Any]) -> None:
        changed = [(name, value) for name, value in facts.items() if name not in self._facts or self._facts[name] != value]
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


def facts_of(connection: sqlite3.Connection) -> dict[str, Any]:
    """What a record says of itself."""
    return dict(connection.execute("SELECT name, value FROM facts").fetchall())


def kept_of(connection: sqlite3.Connection, path: Path, remedy: str = REMEDY) -> dict[tuple[str, str], bytes]:
    """The set that a home goes on from; empty where it was given up. Raises ConfigurationError for what no home can have kept."""
    rows = connection.execute("SELECT device, leaf, payload FROM kept").fetchall()
    try:
        return {place_of(device, leaf): bytes(payload) for device, leaf, payload in rows}
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{path} cannot be read ({error}); {remedy}") from None
