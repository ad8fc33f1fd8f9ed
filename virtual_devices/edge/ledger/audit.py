"""Auditing ledgers where they are: in a file of JSON lines, or live on the bus."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from virtual_devices.edge.ledger.book import Book
from virtual_devices.edge.ledger.file import LONGEST_LINE
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.messages.topics import Topics, split
from virtual_devices.edge.murmur import printable, shortened
from virtual_devices.edge.visitor.session import Session
from virtual_devices.kit.errors import ConfigurationError, ProtocolError
from virtual_devices.kit.ledger.audit import Auditor
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.names import CLOCK

_SHOWN = 20
_SETTLERS = 20  # names below which somebody calls himself an inverter
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Audit:
    """An audit in words. start, end: of what was looked at, simulated UTC seconds.

    One auditor per inverter, because each keeps a chain of its own; ``broken`` says which lines were no ledger at all, and
    ``unlisted`` how many more of them there were.  windows: checked whole.  by_chain: more of which only the digests are kept.
    skipped_by_chain: simulated seconds between those that their home did not live.
    """

    auditors: dict[str, Auditor] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    unlisted: int = 0
    windows: int = 0
    by_chain: int = 0
    skipped_by_chain: int = 0
    start: int | None = None
    end: int | None = None

    def add(self, payload: bytes, where: str, settler: str = "") -> LedgerRecord | None:
        """Take one ledger message; what it says. where: for the message about one that is none."""
        try:
            record = _record(payload)
        except ProtocolError as error:
            self.complain(f"{where}: {error}")
            return None
        self.auditors.setdefault(settler, Auditor()).check(record)
        self.windows += 1
        self._reach(record.span.start, record.span.end)
        return record

    def pass_by(self, windows: int, start: int, end: int) -> None:
        """Take windows of which only the digests are kept; whoever has those checks their chain."""
        self.by_chain += windows
        self._reach(start, end)
        self.begin_anew()

    def begin_anew(self) -> None:
        """What comes next need not follow what came before it."""
        for auditor in self.auditors.values():
            auditor.begin_anew()

    def _reach(self, start: int, end: int) -> None:
        self.start = start if self.start is None else self.start
        self.end = end

    def complain(self, text: str) -> None:
        """Note a problem that is not in the numbers."""
        if len(self.broken) < _SHOWN:
            self.broken.append(printable(shortened(text)))
        else:
            self.unlisted += 1

    @property
    def ok(self) -> bool:
        """Whether nothing was lost or invented, and everything could be read."""
        return not self.broken and all(auditor.ok for auditor in self.auditors.values())

    @property
    def checked_steps(self) -> int:
        """Steps looked at."""
        return sum(auditor.checked_steps for auditor in self.auditors.values())

    @property
    def skipped(self) -> int:
        """Simulated seconds that a home at real time did not live."""
        return self.skipped_by_chain + sum(auditor.skipped for auditor in self.auditors.values())

    @property
    def problems(self) -> list[str]:
        """Every problem in words, no more than twenty of a sort and then how many more."""
        found, dropped = list(self.broken), self.unlisted
        for settler, auditor in self.auditors.items():
            found += [f"{settler}: {problem}" if settler else problem for problem in auditor.problems]
            dropped += auditor.dropped
        return [*found, f"and {dropped} more"] if dropped else found

    def result(self) -> dict[str, Any]:
        """The audit as the summary of a run has it, and the windows beside."""
        found = {"ok": self.ok, "checked_steps": self.checked_steps, "windows": self.windows, "problems": self.problems}
        found |= {"windows_by_chain": self.by_chain} if self.by_chain else {}
        return found | ({"skipped_seconds": self.skipped} if self.skipped else {})


def audit_file(path: Path, progress: Callable[[Audit], None] | None = None) -> Audit:
    """Audit a file of ledger messages, one per line, plain or gzip; nothing but the present line is kept.

    progress: told after each line.  Raises ConfigurationError when the file cannot be read or holds nothing.
    """
    audit = Audit()
    try:
        with _open(path) as file:
            for number, line in _lines(file, audit, path):
                audit.add(line, f"{path}:{number}")
                if progress is not None:
                    progress(audit)
    except OSError as error:
        raise ConfigurationError(f"ledger {path} cannot be read: {error.strerror or error}; name a file of `--ledger`") from None
    if not audit.windows and not audit.broken:
        raise ConfigurationError(f"ledger {path} is empty: nothing was settled while it was written")
    return audit


def audit_live(session: Session, home: str, seconds: float | None, progress: Callable[[Audit], None] | None = None) -> Audit:
    """Audit the last windows that a home has settled and what it settles from now on, for so many wall seconds (None: until interrupted).

    progress: told after each window.
    """
    audit = Audit()
    books: dict[str, Book] = {}
    settler = json_object(session.collect(Topics(home, CLOCK).window).get(Topics(home, CLOCK).window, b"")).get("settler")

    def book(settler: str) -> Book:
        def booked(record: LedgerRecord, payload: bytes) -> None:
            audit.add(payload, Topics(home, settler).ledger_of(record.seq), settler)
            if progress is not None:
                progress(audit)

        return books.setdefault(settler, Book(booked))

    def take(topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - a listener
        place = split(topic)
        if place is None or not payload or settler not in (None, place[1]) or (place[1] not in books and len(books) >= _SETTLERS):
            return  # of others it is no ledger of this home
        if place[2] == "settlement":
            book(place[1]).settlement(payload)
            return
        try:
            book(place[1]).ledger(payload)
        except ProtocolError as error:
            audit.complain(f"{topic}: {error}")

    every = Topics(home, "+")
    with session.listening(take, every.ledger, every.settlement, qos=1):
        try:
            session.wait(None, seconds)
        except KeyboardInterrupt:
            return audit
    return audit


def _record(payload: bytes) -> LedgerRecord:
    record = read_ledger(payload)
    if record.opening.keys() != record.closing.keys():
        raise ProtocolError("its stores open and close under different names")
    return record


def _open(path: Path) -> IO[bytes]:
    file = path.open("rb")
    begin = file.read(len(_GZIP))
    file.seek(0)
    return cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if begin == _GZIP else file


def _lines(file: IO[bytes], audit: Audit, path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that are not empty, with their numbers; a file that was cut short is a problem, not an end."""
    number = 0
    try:
        while line := file.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE:
                audit.complain(f"{path}:{number}: longer than any ledger message; the rest is not looked at")
                return
            if line.strip():
                yield number, line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        audit.complain(f"{path}: damaged after line {number}: {error}")
