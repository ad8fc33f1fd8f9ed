"""Windows and sets to write, what a record comes to, and processes that are killed while they write it (POSIX)."""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from tests.stage import START, small_home
from virtual_devices.edge.messages.ledger import ledger_bytes, read_ledger
from virtual_devices.edge.messages.retained import place
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.quarters import Quarter, Quarters
from virtual_devices.kit.ledger.transfers import GENESIS, LedgerRecord, chain, is_sealed
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.past import PastQuarter
from virtual_devices.kit.window import Span
from virtual_devices.record.reading.rows import quarter_rows
from virtual_devices.record.store.database import BESIDE, open_to_read
from virtual_devices.record.store.happenings import COMMAND, Happening, happenings
from virtual_devices.record.store.kept import Messages, moment
from virtual_devices.record.store.lines import stored
from virtual_devices.record.store.past import stored_past
from virtual_devices.record.store.writer import RecordWriter, facts_of, kept_of

HOME, RUN = "cape", "house"
FILE_STEPS = ("os.rename", "os.remove", "os.mkdir", "os.truncate")
"""What counts besides SQL statements, by the names that Python audits it with."""
Row = tuple[int, int, int, int, str, str]


@cache
def windows(count: int, most: int = 5) -> tuple[LedgerRecord, ...]:
    """The first windows of a small home, of so many minutes at most."""
    house = House(small_home(name=HOME), max_steps=most)
    return tuple(house.step() for _ in range(count))


@dataclass(frozen=True, slots=True)
class Shape:
    """A window to be: its minutes, those skipped before it, and the windows that are missing before it."""

    minutes: int
    skipped: int = 0
    missing: int = 0


def settled(shapes: Sequence[Shape], start: int = START) -> list[LedgerRecord]:
    """Windows of one joule after the other, chained over what is missing too, as it was settled once."""
    found: list[LedgerRecord] = []
    seq, time, digest = 0, start, GENESIS
    edges = (("essential", "oven"),)
    for shape in shapes:
        known: tuple[tuple[str, str], ...] = edges if seq else ()
        for _ in range(shape.missing):
            seq, time, digest = seq + 1, time + 60, chain(digest, known, edges, [[1]], 1)
            known = edges
        time += shape.skipped * 60
        energy = list(range(seq, seq + shape.minutes))
        after = chain(digest, known, edges, [energy], shape.minutes)
        seq += 1
        span = Span(time, 60, shape.minutes)
        found.append(LedgerRecord("house", seq, span, edges, (energy,), {}, {}, {}, {}, (), digest, after))
        time, digest = span.end, after
    return found


def behind(record: LedgerRecord) -> Messages:
    """A set like those that homes keep behind a window: most of it changes with each, devices come and go, and some of it is long."""
    head = {"run": record.run, "seq": record.seq}
    own = {**head, "checkpoint": {"end": record.span.end, "digest": record.digest}}
    said = {
        ("clock", "site"): {"run": record.run, "time_zone": "Africa/Johannesburg", "step": record.span.step},
        ("clock", "window"): {**head, "span": record.span},
        ("inverter", "settlement"): {**head, "digest": record.digest, "checkpoint": [record.digest] * 90},
        ("oven", "proposal"): own,
        ("geyser" if record.seq % 2 else "lights", "proposal"): own,
    }
    return {key: orjson.dumps(message) for key, message in said.items()}


def opened(path: Path, **options: Any) -> RecordWriter:
    return RecordWriter(path, HOME, RUN, {"broker": "own", "home_file": None}, **options)


def write(path: Path, records: Iterable[LedgerRecord], *, sync: bool = False, **options: Any) -> None:
    """A life of a writer: it books each window and writes it together with its set and what happened in it, unless that is there."""
    writer = opened(path, **options)
    for record in records:
        if record.seq > (writer.last or 0):
            writer.book(record)
            writer.happened(Happening(record.span.end, "oven", COMMAND, {"seq": record.seq}), record.seq)
            writer.write(behind(record), record.seq, sync=sync)
    writer.close()


# -- what a record comes to --------------------------------------------------------------------------------------------

Past = dict[tuple[str, int], PastQuarter]
"""Rows by device and start."""


@dataclass(frozen=True, slots=True)
class Content:
    """All that is read of a record, at one moment. rows: bounds of the ledger's.  whole: of them, those that have lines."""

    kept: Messages
    lines: list[bytes]
    rows: list[Row]
    whole: list[int]
    quarters: list[Quarter]
    past: Past
    happenings: list[Happening]
    facts: dict[str, Any]

    @property
    def seqs(self) -> list[int]:
        return [place(line)[1] for line in self.lines]


def content(path: Path) -> Content:
    with contextlib.closing(open_to_read(path)) as connection:
        connection.execute("BEGIN")
        rows = connection.execute("SELECT first, last, start, end, previous, digest FROM ledger ORDER BY first").fetchall()
        whole = [first for (first,) in connection.execute("SELECT first FROM ledger WHERE lines IS NOT NULL ORDER BY first")]
        facts = {name: value for name, value in facts_of(connection).items() if name != "at"}
        happened, quarters = list(happenings(connection, 0, 1 << 62)), list(quarter_rows(connection).quarters())
        past = {(name, row.start): row for name, told in stored_past(connection) for row in told.quarters()}
        return Content(kept_of(connection, path), list(stored(connection)), rows, whole, quarters, past, happened, facts)


def past_of(home: Home, seconds: int) -> Past:
    """What devices tell of their past, of a home that nothing happens to."""
    house, found = House(home), Past()
    house.tell_past(lambda name, told: found.update({(name, row.start): row for row in told.quarters()}))
    house.advance(home.start + seconds)
    return found


def is_chain(rows: Sequence[Row]) -> bool:
    return all(one[1] + 1 == other[0] and one[3] <= other[2] and one[5] == other[4] for one, other in itertools.pairwise(rows))


def assert_whole(path: Path) -> int:
    """Nothing of it is half; the last window, 0 before the first."""
    found = content(path)
    last = found.rows[-1][1] if found.rows else 0
    assert (moment(found.kept) or (RUN, 0)) == (RUN, last), "a home goes on behind what is in its books, and behind no less"
    assert [happening.what["seq"] for happening in found.happenings] in ([], list(range(1, last + 1)))
    assert is_chain(found.rows)
    assert not found.rows or (found.rows[0][0], found.rows[0][4]) == (1, GENESIS)
    records = [read_ledger(line) for line in found.lines]
    assert all(is_sealed(record) for record in records)
    assert found.seqs == list(range(last - len(records) + 1, last + 1))
    return last


def quarters_of(records: Iterable[LedgerRecord]) -> list[Quarter]:
    """Also the one that is not over."""
    quarters = Quarters()
    over = [quarter for record in records for quarter in quarters.add(record)]
    return [*over, quarters.open] if quarters.open is not None else over


def lines_of(records: Iterable[LedgerRecord]) -> list[bytes]:
    return [ledger_bytes(record) for record in records]


# -- processes ---------------------------------------------------------------------------------------------------------


def in_a_process(action: Callable[[], object]) -> int:
    """Do something in a process of its own; its exit code, negative for a signal. What it raises is shown, and is 1."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            action()
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it is, this process is not the test's
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def survives(action: Callable[[], object], step: int) -> bool:
    """Do something in a process that is killed (SIGKILL) right before its n-th step: an SQL statement, or a change to a file's name."""

    def counted() -> None:
        steps = itertools.count(1)

        def count(*_: object) -> None:
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        def hear(event: str, _: object) -> None:
            if event in FILE_STEPS:
                count()

        def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect_untold(*arguments, **options)
            connection.set_trace_callback(count)
            return connection

        connect_untold, sqlite3.connect = sqlite3.connect, connect  # type: ignore[assignment] # this process is not the test's
        sys.addaudithook(hear)
        action()

    return _survived(in_a_process(counted), -signal.SIGKILL)


def survives_growing(action: Callable[[], object], size: int) -> bool:
    """Do something in a process that the system kills as soon as it makes a file longer than so many bytes: in the middle of a page, too."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        action()

    return _survived(in_a_process(limited), -signal.SIGXFSZ)


def _survived(code: int, killed: int) -> bool:
    assert code in (0, killed)
    return code == 0


# -- places ------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder on a disk that waits for nothing, where there is one: who is killed leaves the same there."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:  # noqa: S108 - it is not for keeping
        yield Path(folder)


def copy(path: Path, target: Path) -> None:
    """A record as it lies there, with what is beside it, in the place of another."""
    for suffix in BESIDE:
        one, other = path.with_name(path.name + suffix), target.with_name(target.name + suffix)
        other.unlink(missing_ok=True)
        if one.exists():
            shutil.copyfile(one, other)


@contextlib.contextmanager
def takes_nothing(folder: Path) -> Iterator[None]:
    """A folder in which nothing can be written, nor made, nor removed: for root it is mounted so (Linux), others have to obey its permissions."""
    if os.geteuid() != 0:
        there = [each for each in folder.iterdir() if each.is_file()]
        for each in there:
            each.chmod(0o400)
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(0o700)
            for each in there:
                each.chmod(0o600)
        return
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def killed_behind(path: Path, records: Iterable[LedgerRecord], **options: Any) -> None:
    """What a writer leaves that is killed when it has written these: all of it in the log."""

    def life() -> None:
        writer = opened(path)
        for record in records:
            writer.book(record)
            writer.happened(Happening(record.span.end, "oven", COMMAND, {"seq": record.seq}), record.seq)
            writer.write(behind(record), **options)
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_a_process(life) == -signal.SIGKILL
