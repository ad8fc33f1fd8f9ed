"""A record that is written in one run, and takes a file's place when that is over: nobody goes on from it.

It is whole at any time, and where it ends early it lacks the last windows, never one between: what could be written stands the audit.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from virtual_devices.edge.files.write import RETRY_EVERY, why
from virtual_devices.edge.messages.ledger import ledger_bytes
from virtual_devices.kit.errors import ConfigurationError, VirtualDevicesError
from virtual_devices.kit.home.revisions import Revision
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.past import PastRows
from virtual_devices.kit.window import MAX_STEPS
from virtual_devices.record.files.placing import Place
from virtual_devices.record.store.database import open_to_read
from virtual_devices.record.store.happenings import HELD_MOST as MOST_HAPPENINGS
from virtual_devices.record.store.happenings import Happening
from virtual_devices.record.store.writer import RecordWriter, facts_of, kept_of

AT_ONCE = 16
"""Windows that are written in one transaction, or as many as come in a wall second."""
WRITE_EVERY = 1.0
ROWS_AT_ONCE = MAX_STEPS // 2
"""Rows of a device's past with which they are written before: with those of the next window they are fewer than the writer holds (``store.past``)."""
HELD_MOST = 32 << 20
"""Bytes of windows that wait for a disk; with more the record ends. Half of what the writer holds, which would lose the oldest."""
_REMEDY = "name another file"


class RecordFile:
    """A record being written.

    facts: what it says of itself, beside the home and the run.  revisions: what the home is wanted to be, as far as somebody says.  shortfall: after ``close``, what is missing, in a sentence.

    Raises ConfigurationError where none can be made, or a file is that is no record, or one that a home goes on from, and
    AlreadyRunningError where somebody writes one. Later on nothing is raised: a disk that takes nothing is tried again.
    """

    def __init__(self, path: Path, home: str, run: str, facts: Mapping[str, Any], revisions: Sequence[Revision] = (), *, now: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self.shortfall: str | None = None
        self._now = now
        self._about = home, run, facts
        self._revisions = revisions
        self._waiting: list[tuple[LedgerRecord, bytes]] = []
        self._past: list[tuple[str, int, PastRows]] = []
        self._rows: Counter[str] = Counter()
        """Of each device, in ``_past``."""
        self._happened: list[tuple[Happening, int]] = []
        self._last: int | None = None
        self._heard = self._written = self._bytes = 0
        self._due = now() + WRITE_EVERY
        self._failing = self._ended = self._closed = False
        self._reason = ""
        self._writer: RecordWriter | None = None
        self._place = Place(path, _REMEDY)
        try:
            _refuse_a_homes_own(self._place.path)
            self._place.discard()
        except OSError as error:
            self._place.release()
            raise ConfigurationError(f"record {path} cannot be written: {why(error)}; choose another place") from None
        except BaseException:
            self._place.release()
            raise

    def add(self, record: LedgerRecord) -> None:
        """One record."""
        self._heard += 1
        if self._ended:
            return
        self._last = record.seq
        payload = ledger_bytes(record)
        self._waiting.append((record, payload))
        self._bytes += len(payload)
        many = len(self._waiting) >= AT_ONCE or any(count > ROWS_AT_ONCE for count in self._rows.values())
        if self._now() >= self._due or (many and not self._failing):
            self._write()
        self._ended = self._bytes > HELD_MOST

    def told(self, device: str, rows: PastRows) -> None:
        """Rows of a device's past, after the record of the window in which they were over."""
        if not self._ended and self._last is not None:
            self._past.append((device, self._last, rows))
            self._rows[device] += len(rows.starts)

    def happened(self, happening: Happening, seq: int) -> None:
        """Something that happened in a window, before or after its record."""
        if not self._ended and len(self._happened) < MOST_HAPPENINGS:
            self._happened.append((happening, seq))

    def close(self) -> None:
        """Put the record in its place, and say in ``shortfall`` what it lacks. Harmless when that was done."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._heard:
                self._write(sync=True)
            self._let_go()
            self._settle()
        finally:
            self._let_go()
            self._place.release()

    def _write(self, *, sync: bool = False) -> None:
        try:
            if self._writer is None:
                self._writer = RecordWriter(self._place.partial, *self._about)
                self._writer.want(self._revisions)
            for record, payload in self._waiting:
                self._writer.book(record, payload)
            for told in self._past:
                self._writer.told(*told)
            for happened in self._happened:
                self._writer.happened(*happened)
            self._writer.write(sync=sync)
        except (OSError, VirtualDevicesError) as error:
            self._failing, self._reason, self._due = True, why(error), self._now() + RETRY_EVERY
            return
        self._failing, self._due = False, self._now() + WRITE_EVERY
        self._written += len(self._waiting)
        self._waiting.clear()
        self._past.clear()
        self._rows.clear()
        self._happened.clear()
        self._bytes = 0

    def _let_go(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _settle(self) -> None:
        """What was written takes the place; where that is nothing, what was there before stands."""
        cannot, count = f"record {self.path} cannot be written: ", f"{self._written} of {self._heard} windows are in"
        try:
            if self._written:
                self._place.take()
            else:
                self._place.discard()
        except OSError as error:
            self.shortfall = f"{cannot}{why(error)}; {count} {self._place.partial}"
            return
        if self._written < self._heard:
            self.shortfall = f"{cannot}{self._reason}; {f'{count} it, those before the others' if self._written else 'none of the windows is in it'}"


def _refuse_a_homes_own(path: Path) -> None:
    """Raises ConfigurationError for a record that a home goes on from: nobody means to give that up for a simulation."""
    if path.exists() and path.stat().st_size:
        with contextlib.closing(open_to_read(path, _REMEDY)) as connection:
            if kept_of(connection, path, _REMEDY):
                raise ConfigurationError(f"{path} is the record that home {facts_of(connection).get('home')} goes on from; {_REMEDY}")
