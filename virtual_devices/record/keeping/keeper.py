"""What is kept of a home on disk: its record, a window and the set that it leaves in one transaction.

Once per wall second and at the end the disk is waited for. A disk that takes nothing for a while costs nothing: windows wait in memory.
"""

from __future__ import annotations

import contextlib
import errno
from collections import deque
from collections.abc import Callable
from functools import partial

from virtual_devices.edge.files.write import RETRY_EVERY, Trouble, why
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.kit.errors import ConfigurationError, VirtualDevicesError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.past import PastRows
from virtual_devices.record.files import former
from virtual_devices.record.files.runs import KeptRun, Runs
from virtual_devices.record.hearing.window_hearing import LASTING
from virtual_devices.record.keeping.moments import IsBooked, Moments
from virtual_devices.record.store.happenings import Happening
from virtual_devices.record.store.kept import Messages, moment, run_of
from virtual_devices.record.store.writer import RecordWriter

SYNC_EVERY = 1.0
"""Wall seconds between two waits for the disk."""
_EARLY = 4096
"""Windows that wait for the first set of their run, at most."""


class Keeper:
    """Keeps the newest consistent set of a home, and the windows that led to it.

    booked: see ``Moments``.  say: told once when nothing can be kept, and when it can be again.  written: told after each write.
    """

    def __init__(
        self, loop: Loop, runs: Runs, booked: IsBooked, say: Callable[[str], None], written: Callable[[], None] = lambda: None
    ) -> None:
        self.runs = runs
        self.opened: Callable[[RecordWriter], None] = lambda _: None
        """Told each record that is opened, before anything else is written to it; may raise OSError, and it is opened again later."""
        self._loop = loop
        self._moments = Moments(booked)
        self._written = written
        self._writer: RecordWriter | None = None
        self._early: deque[tuple[LedgerRecord, bytes]] = deque(maxlen=_EARLY)
        """Windows of a run whose record is not open yet."""
        self._early_happenings: deque[tuple[Happening, LedgerRecord | None]] = deque(maxlen=_EARLY)
        self._early_past: deque[tuple[str, str, int, PastRows]] = deque(maxlen=_EARLY)
        self._noted: Timer | None = None
        """When what happened is written, whether a window is settled by then or not."""
        self._consistent: Messages | None = None
        self._saved: Messages | None = None
        self._synced_at = 0.0
        self._again: Timer | None = None
        self._trouble = Trouble(
            say,
            lambda reason: f"the state of home {runs.home} cannot be kept in {runs.folder}: {reason}; it goes on, and tries again",
            f"the state of home {runs.home} is kept again in {runs.folder}",
        )

    # -- what an earlier host left --------------------------------------------------------------------------------------

    def pick(self, run: str | None) -> KeptRun | None:
        """The run to resume, see ``Runs.pick``. Raises ConfigurationError."""
        try:
            former.take_over(self.runs)
            return self.runs.pick(run)
        except OSError as error:
            raise ConfigurationError(f"{error.filename or self.runs.folder} cannot be read: {why(error)}; choose another --state") from None

    def go_on(self, run: str, messages: Messages | None = None) -> None:
        """Write to the record of a run; messages: what is retained of it, where that is known. Raises ConfigurationError."""
        try:
            self._open(run, messages)
        except OSError as error:
            self._trouble.failed(error)  # a disk that is full now may have room later

    def open(self, run: str) -> RecordWriter:
        """The record of a run. Raises OSError, ConfigurationError."""
        return self._open(run)

    def lines(self, after: int, until: int) -> list[bytes]:
        """The ledger messages of windows behind a seq, up to another, as far as the record has them."""
        return list(self._writer.stored(after, until)) if self._writer is not None else []

    def give_up(self) -> None:
        """Leave nothing that a start would resume from. Raises ConfigurationError where the folder does not let go."""
        self.let_go()
        try:
            former.give_up(self.runs)
            self.runs.give_up()
        except OSError as error:
            raise ConfigurationError(f"{error.filename}: an earlier state cannot be removed: {why(error)}; choose another --state") from None
        self._consistent = self._saved = None
        self._moments.forget()
        self._early.clear()
        self._early_happenings.clear()
        self._early_past.clear()

    def give_up_others(self, run: str) -> None:
        """The home goes on with a run: leave nothing that a start would resume another from, as far as the folder lets go of it."""
        with contextlib.suppress(OSError):
            self.runs.give_up_others(run)

    # -- what is kept ---------------------------------------------------------------------------------------------------

    def settled(self, payload: bytes, found: Messages) -> None:
        """Take a settlement, with all that is retained."""
        self._moments.settled(payload, found, self._loop.time())

    def book(self, record: LedgerRecord, payload: bytes) -> None:
        """Take a window's ledger message."""
        if self._writer is not None and self._writer.run == record.run:
            self._writer.book(record, payload)
        else:
            self._early.append((record, payload))

    def happened(self, happening: Happening, record: LedgerRecord | None = None) -> None:
        """Take something that happened. record: the window that it is of, which is booked; None: it holds whatever becomes of the windows."""
        if self._writer is not None and (record is None or record.run == self._writer.run):
            self._writer.happened(happening, record.seq if record is not None else 0)
        else:
            self._early_happenings.append((happening, record))
        if self._noted is None or not self._noted.pending:
            self._noted = self._loop.call_later(SYNC_EVERY, self._note)

    def told(self, device: str, run: str, seq: int, rows: PastRows) -> None:
        """Take rows of a device's past; they are written with their window."""
        if self._writer is not None and self._writer.run == run:
            self._writer.told(device, seq, rows)
        else:
            self._early_past.append((run, device, seq, rows))

    @property
    def told_until(self) -> tuple[str, int] | None:
        """Run, and seq of the last window whose rows are in the record for sure: those of the last one may have come too late for it."""
        writer = self._writer
        return (writer.run, max(0, writer.last - 2)) if writer is not None and writer.last is not None else None

    def last_happenings(self) -> list[Happening]:
        """Of each device the last one of each of the ``LASTING`` kinds, as far as the record has them and can be read."""
        if self._writer is None:
            return []
        try:
            return [happening for kinds in LASTING for happening in self._writer.last_happenings(*kinds)]
        except (OSError, ConfigurationError):
            return []  # what lasts is told anew, that is all

    def keep(self) -> None:
        """Keep the newest moment that is booked, if there is a new one."""
        if not self._moments:
            return
        newest = self._moments.take(self._loop.time())
        if newest is not None:
            self._consistent = newest
            if self._again is None or not self._again.pending:  # else it is tried again soon, however many windows pass
                self.save(sync=self._loop.time() - self._synced_at >= SYNC_EVERY)

    def save(self, *, sync: bool = True) -> None:
        """Write the newest consistent set and the windows up to it. sync: wait until it is on the disk."""
        consistent, writer = self._consistent, self._writer
        if (consistent is None and not self._has_news) or (consistent is self._saved and not sync):
            return
        settled = moment(consistent) if consistent is not None else None
        run = (run_of(consistent) or "") if consistent is not None else writer.run if writer is not None else ""
        if self._write(run, consistent, settled[1] if settled is not None else 0, self.save, sync=sync):
            self._saved = consistent

    def save_books(self, run: str) -> None:
        """Write every window of a run that is booked, and nothing to go on from."""
        self._moments.forget()
        self._consistent = self._saved = None
        if self._again is None or not self._again.pending:
            self._write(run, {}, None, partial(self.save_books, run), sync=self._loop.time() - self._synced_at >= SYNC_EVERY)

    def _write(self, run: str, messages: Messages | None, upto: int | None, again: Callable[[], None], *, sync: bool) -> bool:
        """Whether it was written; else it is tried again soon."""
        try:
            self._open(run, messages).write(messages, upto, sync=sync)
        except (OSError, VirtualDevicesError) as error:
            self._trouble.failed(error if isinstance(error, OSError) else OSError(errno.EIO, str(error)))
            if self._again is None or not self._again.pending:
                self._again = self._loop.call_later(RETRY_EVERY, again)
            return False
        if sync:
            self._synced_at = self._loop.time()
        self._trouble.over()
        self._written()
        return True

    @property
    def _has_news(self) -> bool:
        """Whether something has happened that the record does not have."""
        return self._writer is not None and self._writer.happenings_wait

    def _note(self) -> None:
        """Write what happened while no window was settled, such as a refusal in a home that stands still."""
        if self._has_news and (self._again is None or not self._again.pending):
            self.save()

    @property
    def last(self) -> int:
        """Seq of the last window that is in the record; 0 before the first, and while none is open."""
        return (self._writer.last or 0) if self._writer is not None else 0

    @property
    def windows_wait(self) -> bool:
        """Whether a window is booked that is not written yet."""
        return bool(self._early) if self._writer is None else self._writer.windows_wait

    @property
    def writer(self) -> RecordWriter | None:
        """The record that is open."""
        return self._writer

    @property
    def unkept(self) -> str | None:
        """Why the newest consistent set could not be written, in a sentence; None: it is."""
        if self._trouble.reason is None:
            return None
        return f"the state of home {self.runs.home} is not kept in {self.runs.folder}: {self._trouble.reason}; it will go on from an earlier moment"

    def close(self) -> None:
        """Save and let go of the record."""
        self.keep()
        self.save()
        for timer in (self._again, self._noted):
            if timer is not None:
                timer.cancel()
        self.let_go()

    def _open(self, run: str, messages: Messages | None = None) -> RecordWriter:
        """The record of a run; messages: its set, where it is known. Raises OSError, ConfigurationError, AlreadyRunningError."""
        if self._writer is None or self._writer.run != run:
            self.let_go()
            writer = self.runs.writer(run, messages)
            try:
                self.opened(writer)
            except BaseException:
                writer.close()
                raise
            self._writer = writer
            for record, payload in self._early:
                if record.run == run:
                    self._writer.book(record, payload)
            for happening, of in self._early_happenings:
                if of is None or of.run == run:
                    self._writer.happened(happening, of.seq if of is not None else 0)
            for its_run, device, seq, rows in self._early_past:
                if its_run == run:
                    self._writer.told(device, seq, rows)
            self._early.clear()
            self._early_happenings.clear()
            self._early_past.clear()
        return self._writer

    def let_go(self) -> None:
        """Let others write to the record; nothing more is saved. Harmless when that was done."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
