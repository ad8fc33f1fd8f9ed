"""A record and those who meet at it: one writer, and readers and copies while it writes as fast as it goes."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.machine import DISKS, small_disk
from tests.record.lives import (
    RUN,
    Shape,
    assert_whole,
    behind,
    content,
    in_a_process,
    killed_behind,
    opened,
    settled,
    takes_nothing,
    windows,
    write,
)
from virtual_devices.kit.errors import AlreadyRunningError, ConfigurationError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.store.database import BESIDE, BUSY_FOR, WriterLock, copied, open_to_read
from virtual_devices.record.store.kept import moment
from virtual_devices.record.store.writer import kept_of

SECONDS = 1.0
"""Wall seconds for which processes meet."""


def for_a_while() -> Iterator[None]:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        yield


@contextlib.contextmanager
def meanwhile(*actions: Callable[[], object]) -> Iterator[None]:
    """Each in a process of its own, all of which come to their ends."""
    pids = []
    for action in actions:
        pid = os.fork()
        if pid == 0:
            os._exit(in_a_process(action))
        pids.append(pid)
    try:
        yield
    finally:
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    assert codes == [0] * len(actions)


WITHIN = 60.0
"""Wall seconds within which something is seen on any machine."""


def until(seen: Callable[[], bool], stop: Path) -> Iterator[None]:
    """Again and again until it is seen; then the others are told to stop."""
    end = time.monotonic() + WITHIN
    while not seen() and time.monotonic() < end:
        yield
    stop.touch()


def write_until(stop: Path, path: Path, records: list[LedgerRecord]) -> None:
    writer = opened(path)
    for record in records:
        if stop.exists():
            break
        begin = time.monotonic()
        writer.book(record)
        writer.write(behind(record))
        assert time.monotonic() - begin < BUSY_FOR, "nobody holds it up"
    writer.close()


@pytest.fixture(scope="module")
def many() -> list[LedgerRecord]:
    return settled([Shape(1)] * 8000)


# -- one writer --------------------------------------------------------------------------------------------------------


def test_of_many_that_fight_for_it_one_at_a_time_has_it(folder: Path) -> None:
    """It is let go by removing its file, which others have open already."""
    path, held, turns = folder / "a.sqlite", folder / "held", folder / "turns"

    def fight() -> None:
        for _ in for_a_while():
            try:
                lock = WriterLock(path)
            except AlreadyRunningError:
                continue
            os.close(os.open(held, os.O_CREAT | os.O_EXCL))  # fails where another has it
            with turns.open("ab", buffering=0) as file:
                file.write(b"%d\n" % os.getpid())
            held.unlink()
            lock.release()

    with meanwhile(*[fight] * 4):
        pass
    taken = turns.read_text().split()
    assert len(taken) > 100
    assert len(set(taken)) == 4
    assert sorted(each.name for each in folder.iterdir()) == ["turns"]


def test_a_lock_whose_file_somebody_removed_is_given_back_without_harm(folder: Path) -> None:
    path = folder / "a.sqlite"
    first = WriterLock(path)
    (folder / "a.sqlite-writer").unlink()
    second = WriterLock(path)
    first.release()
    with pytest.raises(AlreadyRunningError):
        WriterLock(path)
    second.release()
    second.release()
    WriterLock(path).release()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("left", [b"", b"of somebody", bytes(10_000)])
def test_whatever_is_in_its_file_it_is_no_hindrance(folder: Path, left: bytes) -> None:
    (folder / "a.sqlite-writer").write_bytes(left)
    write(folder / "a.sqlite", windows(1))
    assert not (folder / "a.sqlite-writer").exists()


# -- readers -----------------------------------------------------------------------------------------------------------


def test_who_reads_while_it_is_written_sees_whole_transactions(folder: Path, many: list[LedgerRecord]) -> None:
    path, stop = folder / "a.sqlite", folder / "stop"
    seen: list[int] = []
    opened(path).close()
    with meanwhile(lambda: write_until(stop, path, many)), contextlib.closing(open_to_read(path)) as connection:
        for _ in until(lambda: len(set(seen)) > 5, stop):
            connection.execute("BEGIN")
            last = connection.execute("SELECT max(last) FROM ledger").fetchone()[0]
            kept = kept_of(connection, path)
            connection.execute("COMMIT")
            assert moment(kept) == ((RUN, last) if last is not None else None)
            assert assert_whole(path) >= (last or 0), "as one that comes just now does"
            seen.append(last or 0)
    assert seen == sorted(seen)
    assert len(set(seen)) > 5
    assert assert_whole(path) >= seen[-1]


def test_a_set_is_read_without_a_transaction_as_well(folder: Path, many: list[LedgerRecord]) -> None:
    """Its checksum is of the same moment."""
    path, stop = folder / "a.sqlite", folder / "stop"
    found: set[tuple[str, int] | None] = set()
    opened(path).close()
    with meanwhile(lambda: write_until(stop, path, many)), contextlib.closing(open_to_read(path)) as connection:
        for _ in until(lambda: len(found) > 50, stop):
            found.add(moment(kept_of(connection, path)))
    assert len(found) > 50


# -- copies ------------------------------------------------------------------------------------------------------------


def test_a_copy_of_what_is_being_written_is_whole_and_disturbs_nobody(folder: Path, many: list[LedgerRecord]) -> None:
    path, target, stop = folder / "a.sqlite", folder / "copy.sqlite", folder / "stop"
    seen: list[int] = []
    opened(path).close()
    with meanwhile(lambda: write_until(stop, path, many)), contextlib.closing(open_to_read(path)) as connection:
        for _ in until(lambda: len(set(seen)) > 3, stop):
            copied(connection, target)
            seen.append(assert_whole(target))
            assert sorted(each.name for each in folder.iterdir() if "copy" in each.name) in (
                ["copy.sqlite"], ["copy.sqlite", "copy.sqlite-shm", "copy.sqlite-wal"]
            )  # fmt: skip
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert assert_whole(path) >= seen[-1]


def test_a_copy_is_the_record_and_goes_on_by_itself(tmp_path: Path) -> None:
    path, target = tmp_path / "a.sqlite", tmp_path / "copy.sqlite"
    write(path, windows(5))
    killed_behind(path, windows(8)[5:])
    target.write_text("of an older day")
    with contextlib.closing(open_to_read(path)) as connection:
        copied(connection, target)
    assert content(target) == content(path)
    write(target, windows(12))
    assert (assert_whole(target), assert_whole(path)) == (12, 8)


def refused(path: Path, target: Path, said: str) -> None:
    before = content(path)
    around = {each for each in target.parent.iterdir() if each.suffix == ".partial"} if target.parent.is_dir() else set()
    with contextlib.closing(open_to_read(path)) as connection, pytest.raises(ConfigurationError, match=said) as caught:
        copied(connection, target)
    assert str(caught.value).startswith(f"the copy {target} ")
    assert str(caught.value).endswith("; choose another place")
    assert content(path) == before
    assert not target.parent.is_dir() or {each for each in target.parent.iterdir() if ".partial" in each.name} == around


def test_where_a_copy_cannot_be_written_that_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    path, closed = tmp_path / "a.sqlite", tmp_path / "closed"
    write(path, windows(5))
    refused(path, tmp_path / "none" / "copy.sqlite", "cannot be written")
    closed.mkdir()
    refused(path, closed, "cannot be written: Is a directory")
    with takes_nothing(closed):
        refused(path, closed / "copy.sqlite", "cannot be written")


@pytest.mark.parametrize("kind", DISKS)
def test_on_a_full_disk_there_is_no_copy_and_the_one_before_stands(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.sqlite"
    write(path, windows(5))
    with small_disk(tmp_path / "disk", kind) as disk:
        target = disk.folder / "copy.sqlite"
        target.write_text("of yesterday")
        disk.fill()
        refused(path, target, "cannot be written")
        disk.free()
        assert target.read_text() == "of yesterday"


def test_a_copy_never_takes_the_place_of_a_record_that_somebody_writes(tmp_path: Path) -> None:
    """Its log would be taken for the copy's."""
    path, other, link = tmp_path / "a.sqlite", tmp_path / "b.sqlite", tmp_path / "link.sqlite"
    write(path, windows(2))
    write(other, windows(3))
    writer = opened(other)
    writer.book(windows(4)[3])
    writer.write(behind(windows(4)[3]))
    link.symlink_to(path)
    refused(path, path, "would take the place of the record itself")
    refused(path, link, "would take the place of the record itself")
    refused(path, other, "would take the place of a record that is in use")
    writer.close()
    for suffix in BESIDE[1:]:
        other.with_name(other.name + suffix).unlink(missing_ok=True)
    with contextlib.closing(open_to_read(path)) as connection:
        copied(connection, other)
    assert assert_whole(other) == 2


def test_the_copy_of_a_damaged_record_is_refused_or_as_damaged(tmp_path: Path) -> None:
    path, target = tmp_path / "a.sqlite", tmp_path / "copy.sqlite"
    write(path, windows(5))
    with contextlib.closing(open_to_read(path)) as connection:
        text = bytearray(path.read_bytes())
        text[4096:8192] = b"\xff" * 4096
        path.write_bytes(text)
        with contextlib.suppress(ConfigurationError):
            copied(connection, target)
    if target.exists():
        with pytest.raises((ConfigurationError, sqlite3.DatabaseError)):
            content(target)
