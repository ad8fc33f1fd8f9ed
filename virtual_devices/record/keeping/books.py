"""The books of a home: which windows count, its record, what happened beside them, and a ledger file where one is wanted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from virtual_devices.edge.ledger.book import Book
from virtual_devices.edge.ledger.file import LedgerFile
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.past import read_past
from virtual_devices.edge.messages.retained import place
from virtual_devices.edge.messages.topics import LEDGER
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.hearing.hearing import Hearing
from virtual_devices.record.keeping.home_memory import HomeMemory

RunSeq = tuple[str, int]


class Books:
    """Books what is heard.

    ledger: a file to write it to as well.  say: told in words what matters to the owner.  murmur: told what others can make one say.
    take: told each window that is booked from now on.  lacks: told the first and the last of windows that are missing before the next.
    """

    def __init__(
        self, loop: Loop, memory: HomeMemory, ledger: Path | None, say: Callable[[str], None], murmur: Callable[[str], None],
        take: Callable[[LedgerRecord], None], lacks: Callable[[int, int], None] = lambda *_: None,
    ) -> None:  # fmt: skip
        self._memory, self._path, self._say, self._murmur, self._take = memory, ledger, say, murmur, take
        self._lacks = lacks
        self._file: LedgerFile | None = None
        self._hearing = Hearing(loop.time)
        self._last: RunSeq | None = None
        self._book = Book(self._booked, memory.ask_for)
        self.is_open = False
        """Whether what was left before has been taken up."""
        self.seen = 0
        """Seq of the last window that was booked here; 0 before the first."""

    def open(self, after: RunSeq | None) -> None:
        """Go on behind the last window that is booked; a ledger file that is behind gets from the record what it lacks."""
        if self._path is not None:
            self._file = LedgerFile(self._path, after, say=self._say)
            if after is not None and self._file.last is not None:
                after = after[0], self._catch_up(self._file, *after)
        if after is not None:
            self._hearing.go_on(after[0], self._memory.keeper.last_happenings())
        self._last = after
        self._book = Book(self._booked, self._memory.ask_for, after)
        self._book.run = after[0] if after is not None else None
        for payload in self._memory.ledger() if after is not None else []:
            self._hear_ledger(payload)
        for (_, leaf), payload in self._memory.found.items():
            if leaf == "settlement" and after is not None:
                self._book.settlement(payload)
        self.is_open = True

    def _catch_up(self, file: LedgerFile, run: str, seq: int) -> int:
        """Write what the record has and a ledger file lacks; the window from which on the file needs what the broker has."""
        last = file.last or self._before_the_kept((run, seq))
        lacking = self._memory.keeper.lines(last, seq)
        if len(lacking) < seq - last:
            return last
        for payload in lacking:
            file.write(payload)
        return seq

    def _before_the_kept(self, after: RunSeq) -> int:
        """The window before the oldest from which on the broker has every ledger record."""
        run, seq = after
        kept = {place(payload) for payload in self._memory.ledger()}
        while (run, seq) in kept:
            seq -= 1
        return seq

    # -- at work ------------------------------------------------------------------------------------------------------

    def starts(self, devices: Collection[str]) -> None:
        """These devices are being started with their home: that they come is no news."""
        self._hearing.starts(devices)

    def ends(self) -> None:
        """The home ends now: that devices go is no news."""
        self._hearing.ends()

    def hear(self, device: str, leaf: str, payload: bytes) -> None:
        """A message of the home."""
        for happening in self._hearing.hear(device, leaf, payload):
            self._memory.keeper.happened(happening)
        if leaf == "site" and payload:
            self._book.run = place(payload)[0]
        if self.is_open and leaf.startswith(LEDGER) and payload:
            self._hear_ledger(payload)
        elif leaf == "settlement" and payload:
            self._book.settlement(payload)
        elif leaf == "past" and payload:
            self._hear_past(device, payload)

    def _hear_past(self, device: str, payload: bytes) -> None:
        """Rows of a device that is, or has been, in this home."""
        if (device, "about") not in self._memory.found:
            return
        try:
            said = read_past(payload)
            self._memory.keeper.told(device, said.run, said.seq, said.to_kit())
        except ProtocolError as error:
            self._murmur(f"{device}: {error}")

    def _hear_ledger(self, payload: bytes) -> None:
        try:
            self._book.ledger(payload)
        except ProtocolError as error:
            self._murmur(str(error))

    def has(self, run: str, seq: int, late: bool) -> bool:  # noqa: FBT001 - the archive's callback
        """Whether a window is booked. late: it was waited for too long; what there is counts."""
        if late:
            self._book.give_up()
        return self._book.has(run, seq)

    def is_behind(self) -> bool:
        """Whether records of windows are missing that are known to be settled; they are asked for."""
        return self._book.is_behind()

    def give_up(self) -> int | None:
        """Take what is there, with the gaps that there are; the seq of the last window that nobody has, where that is the newest."""
        self._book.give_up()
        passed = self._book.pass_over()
        if passed is not None and self._last is not None:
            self._lacks(self._last[1] + 1, passed[1])
            self._last = passed
        return passed[1] if passed is not None else None

    def _booked(self, record: LedgerRecord, payload: bytes) -> None:
        self.seen = record.seq
        before, self._last = self._last, (record.run, record.seq)
        gap = before is not None and before[0] == record.run and record.seq > before[1] + 1
        if gap and before is not None:
            self._lacks(before[1] + 1, record.seq - 1)
        if self._file is not None and gap and before is not None:
            self._say(f"the ledger lacks the windows {before[1] + 1} to {record.seq - 1}: nobody has their records any more")
        if self.is_open:  # else it was settled before this host began
            self._take(record)
        self._memory.keeper.book(record, payload)
        for happening in self._hearing.booked(record):
            self._memory.keeper.happened(happening, record)
        if self._file is not None:
            self._file.write(payload)

    # -- the end ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Book what is there, with the gaps that there are, and finish the ledger file; the record is the archive's to close."""
        self._book.give_up()
        if self._file is not None:
            self._file.close()

    @property
    def unwritten(self) -> list[str]:
        """What is not on the disk, in sentences."""
        return [text for text in (self._file and self._file.shortfall, self._memory.keeper.unkept) if text]
