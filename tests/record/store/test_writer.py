"""A record's writer, killed, on a disk that takes nothing, in a folder that vanishes: what is in the file is whole, and it goes on."""

from __future__ import annotations

import errno
import itertools
import os
import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import examples
from tests.machine import DISKS, Disk, small_disk
from tests.record.lives import (
    HOME,
    RUN,
    assert_whole,
    behind,
    content,
    copy,
    in_a_process,
    lines_of,
    opened,
    quarters_of,
    survives,
    survives_growing,
    windows,
    write,
)
from virtual_devices.edge.messages.retained import place
from virtual_devices.kit.errors import AlreadyRunningError, ConfigurationError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.store import writer as record_writer
from virtual_devices.record.store.kept import moment
from virtual_devices.record.store.writer import RecordWriter

HALF_AN_HOUR = 1800


# -- killed ------------------------------------------------------------------------------------------------------------

# windows of five minutes, with the 4th and within the 11th a quarter-hour begins: those that are there, and those that are written in the life that is cut short
STAGES = {"the first": (0, 1), "in the middle": (1, 2), "one that ends a quarter-hour": (3, 4), "one that trims": (10, 11)}


def after_a_kill(folder: Path, life: Callable[[Path], None], kill: Callable[[Callable[[], None]], bool], rest: Callable[[Path], None]) -> bool:
    """Whether a life survives that begins with what is in ``base``; what it leaves must be whole, and whoever goes on comes to the same."""
    path = folder / "a.sqlite"
    copy(folder / "base.sqlite", path)
    survived = kill(partial(life, path))
    if path.exists():
        assert_whole(path)
    rest(path)
    assert content(path) == content(folder / "undisturbed.sqlite")
    return survived


@pytest.mark.parametrize("sync", [False, True])
@pytest.mark.parametrize("stage", STAGES)
def test_killed_before_any_statement_it_goes_on_and_comes_to_the_same(folder: Path, stage: str, *, sync: bool) -> None:
    there, written = STAGES[stage]
    records = windows(written + 1)
    options: dict[str, Any] = {"sync": sync, "whole_for": HALF_AN_HOUR if stage == "one that trims" else 10**9}
    if there:
        write(folder / "base.sqlite", records[:there], sync=True, whole_for=10**9)
    copy(folder / "base.sqlite", folder / "undisturbed.sqlite")
    write(folder / "undisturbed.sqlite", records, **options)
    steps = itertools.count(1)
    while not after_a_kill(
        folder,
        lambda path: write(path, records[:written], **options),
        lambda life: survives(life, next(steps)),
        lambda path: write(path, records, **options),
    ):
        pass
    assert next(steps) > 20, "each statement was the last one once"
    assert len(content(folder / "undisturbed.sqlite").lines) == written + 1 - (3 if stage == "one that trims" else 0)


def test_killed_in_the_middle_of_a_page_it_goes_on_and_comes_to_the_same(folder: Path) -> None:
    records = windows(8)
    write(folder / "base.sqlite", records[:2])
    write(folder / "undisturbed.sqlite", records)
    sizes = itertools.count(1 << 15, 4999)
    while not after_a_kill(
        folder, lambda path: write(path, records), lambda life: survives_growing(life, next(sizes)), lambda path: write(path, records)
    ):
        pass
    assert next(sizes) > (1 << 15) + 20 * 4999


# -- disks -------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=DISKS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", request.param) as made:
        yield made


@pytest.mark.parametrize("sync", [False, True])
def test_on_a_full_disk_nothing_of_a_window_is_written_and_all_of_it_waits(disk: Disk, *, sync: bool) -> None:
    path, records = disk.folder / "a.sqlite", windows(40)
    writer = opened(path)
    for record in records[:5]:
        writer.book(record)
        writer.write(behind(record))
    before = content(path)
    disk.fill()
    for record in records[5:38]:  # a quarter-hour ends on the way; the log's own room is used up
        writer.book(record)
        try:
            writer.write(behind(record), sync=sync)
        except OSError:
            refused = record.seq
            break
        before = content(path)
    assert content(path) == before
    assert writer.last == place(before.lines[-1])[1] == refused - 1
    writer.book(records[refused])
    with pytest.raises(OSError, match=r"a\.sqlite"):
        writer.write(behind(records[refused]), sync=sync)
    disk.free()
    writer.write(behind(records[refused]), sync=sync)
    assert content(path).lines == lines_of(records[: refused + 1])
    assert writer.lost == 0
    writer.close()
    assert assert_whole(path) == refused + 1


def test_of_what_waits_for_a_disk_the_oldest_is_given_up_and_counted(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    path, records = disk.folder / "a.sqlite", windows(40)
    newest = sum(len(line) for line in lines_of(records[30:]))
    monkeypatch.setattr(record_writer, "HELD_MOST", newest)
    writer = opened(path)
    writer.book(records[0])
    writer.write(behind(records[0]))
    disk.fill()
    for record in records[1:]:
        writer.book(record)
    with pytest.raises(OSError, match=r"a\.sqlite"):
        writer.write({("inverter", "settlement"): bytes(1 << 23)})
    disk.free()
    writer.write(behind(records[-1]))
    assert writer.lost == 29
    assert content(path).seqs == [1, *range(31, 41)]
    assert content(path).quarters == quarters_of(records), "what the others came to is known"
    writer.close()


def test_a_disk_on_which_the_log_has_no_room_to_grow_has_room_for_the_record(tmp_path: Path) -> None:
    """The log is a thousand pages long before SQLite would empty it by itself."""
    path, records, kilobytes = tmp_path / "a.sqlite", windows(40), 512

    def write_much() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, kilobytes << 10))
        writer = opened(path)
        for record in records:
            writer.book(record)
            writer.write({**behind(record), ("sun", "conditions"): b"%d" % record.seq * 50_000})
        writer.close()

    assert in_a_process(write_much) == 0
    assert assert_whole(path) == 40


def test_who_waits_for_the_disk_waits_even_where_nothing_has_changed(tmp_path: Path) -> None:
    """What was written before without waiting is in the log and may not be on the disk."""
    path, log = tmp_path / "a.sqlite", tmp_path / "a.sqlite-wal"
    writer, record = opened(path), windows(1)[0]
    writer.book(record)
    for _ in range(3):  # within a second
        writer.write(behind(record), sync=True)
    before = log.stat().st_size
    writer.write(behind(record))
    assert log.stat().st_size == before, "there is nothing to write"
    writer.write(behind(record), sync=True)
    assert log.stat().st_size > before
    writer.close()


# -- places ------------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        opened(tmp_path / "none" / "a.sqlite")
    (tmp_path / "file").write_text("of somebody")
    with pytest.raises(NotADirectoryError):
        opened(tmp_path / "file" / "a.sqlite")


def test_a_folder_that_vanishes_is_told_and_what_comes_then_is_written(tmp_path: Path) -> None:
    path, records = tmp_path / "state" / "a.sqlite", windows(6)
    path.parent.mkdir()
    writer = opened(path)
    for record in records[:2]:
        writer.book(record)
        writer.write(behind(record))
    shutil.rmtree(path.parent)
    for record in records[2:5]:
        writer.book(record)
    with pytest.raises(FileNotFoundError):
        writer.write(behind(records[4]), upto=5)
    with pytest.raises(OSError, match=r"a\.sqlite"):
        list(writer.stored(0))
    assert not path.parent.exists()
    writer.write(behind(records[4]), upto=5)
    writer.book(records[5])
    writer.write(behind(records[5]), sync=True)
    writer.close()
    found = content(path)
    assert found.lines == lines_of(records[2:])
    assert (found.kept, found.quarters) == (behind(records[5]), quarters_of(records[2:]))
    assert {path.name for path in path.parent.iterdir()} <= {"a.sqlite", "a.sqlite-wal", "a.sqlite-shm"}


def test_a_file_that_is_replaced_is_told_and_the_one_that_is_there_is_gone_on_with(tmp_path: Path) -> None:
    path, records = tmp_path / "a.sqlite", windows(4)
    writer = opened(path)
    for record in records[:3]:
        writer.book(record)
        writer.write(behind(record))
    write(tmp_path / "copy.sqlite", records[:2])
    (tmp_path / "copy.sqlite").replace(path)
    writer.book(records[3])
    with pytest.raises(FileNotFoundError):
        writer.write(behind(records[3]))
    assert assert_whole(path) == 2, "the log of the one that is gone is not taken for its own"
    writer.write(behind(records[3]))
    assert content(path).seqs == [1, 2, 4]
    other = RecordWriter(tmp_path / "other.sqlite", "another", RUN)
    other.write()
    other.close()
    (tmp_path / "other.sqlite").replace(path)
    with pytest.raises(FileNotFoundError):
        writer.write(behind(records[3]))
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="is of home another, this is cape"):
            writer.write(behind(records[3]))
    writer.close()


# -- one writer --------------------------------------------------------------------------------------------------------


def refused_in_words(path: Path) -> None:
    with pytest.raises(AlreadyRunningError, match=r"another process writes the record .*\.sqlite; stop it first, or name another file"):
        opened(path)


def test_the_second_writer_is_refused_in_words_here_and_elsewhere_and_by_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "a.sqlite", tmp_path / "link.sqlite"
    link.symlink_to(path)
    writer = opened(path)
    for name in (path, link):
        refused_in_words(name)
        assert in_a_process(partial(refused_in_words, name)) == 0
    writer.close()
    writer.close()
    opened(link).close()
    assert not link.is_symlink() or path.exists()
    assert {each.name for each in tmp_path.iterdir()} == {"a.sqlite", "link.sqlite"}, "nothing is left of a lock"


def test_when_the_first_is_killed_the_second_has_it_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    for _ in range(3):  # each time with what the one before left
        hear, say = os.pipe()
        pid = os.fork()
        if pid == 0:
            opened(path)
            os.write(say, b"!")
            signal.pause()
        assert os.read(hear, 1) == b"!"
        refused_in_words(path)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert (tmp_path / "a.sqlite-writer").exists()
        opened(path).close()
        os.close(hear)
        os.close(say)


# -- what is written ---------------------------------------------------------------------------------------------------


def test_a_window_is_written_once_and_the_set_as_it_is(tmp_path: Path) -> None:
    path, records = tmp_path / "a.sqlite", windows(4)
    writer = opened(path)
    for record in records[:3]:
        writer.book(record)
    writer.write(behind(records[1]), upto=2)
    assert (writer.last, writer.kept) == (2, behind(records[1]))
    writer.book(records[0])
    writer.book(records[2])
    writer.write()
    found = content(path)
    assert (found.lines, found.kept) == (lines_of(records[:3]), behind(records[1]))
    assert found.facts["broker"] == "own"
    writer.write({})
    assert content(path).kept == {}
    writer.close()
    again = RecordWriter(path, HOME, RUN, {"broker": "another:1883"})
    again.book(records[3])
    again.write(behind(records[3]))
    again.close()
    found = content(path)
    assert (found.seqs, found.facts["broker"], moment(found.kept)) == ([1, 2, 3, 4], "another:1883", (RUN, 4))


@pytest.mark.parametrize(("home", "run", "said"), [("other", RUN, "home cape, this is other"), (HOME, "other", f"run {RUN}, this is other")])
def test_the_record_of_another_is_refused(tmp_path: Path, home: str, run: str, said: str) -> None:
    path = tmp_path / "a.sqlite"
    write(path, windows(1))
    with pytest.raises(ConfigurationError, match=f"is of {said}; choose another --state"):
        RecordWriter(path, home, run)
    opened(path).close()


Change = Callable[[sqlite3.Connection], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.execute("UPDATE kept SET payload = x'7b7d' WHERE leaf = 'settlement'"),
        lambda c: c.execute("UPDATE kept SET payload = 7 WHERE leaf = 'settlement'"),
        lambda c: c.execute("UPDATE kept SET device = 'kettle' WHERE device = 'oven'"),
        lambda c: c.execute("UPDATE kept SET device = '#' WHERE device = 'oven'"),
        lambda c: c.execute("DELETE FROM kept WHERE device = 'oven'"),
        lambda c: c.execute("DELETE FROM facts WHERE name = 'kept_checksum'"),
        lambda c: c.execute("DROP TABLE kept"),
        lambda c: c.execute("UPDATE ledger SET lines = x'00' WHERE first = (SELECT max(first) FROM ledger)"),
        lambda c: c.execute("UPDATE ledger SET last = 'x' WHERE first = (SELECT max(first) FROM ledger)"),
        lambda c: c.execute("UPDATE ledger SET start = 'x' WHERE first = (SELECT max(first) FROM ledger)"),
        lambda c: c.execute("UPDATE ledger SET end = 'x' WHERE first = (SELECT max(first) FROM ledger)"),
    ],
)
def test_what_was_not_written_so_is_not_gone_on_from(tmp_path: Path, change: Change) -> None:
    path = tmp_path / "a.sqlite"
    write(path, windows(5))
    with sqlite3.connect(path) as connection:
        change(connection)
    connection.close()
    with pytest.raises(ConfigurationError):
        opened(path)


@examples(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(failing=st.lists(st.booleans(), max_size=30))
def test_whenever_a_disk_fails_the_next_write_brings_it_all(failing: list[bool], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, records = folder / "a.sqlite", windows(30)
    path.unlink(missing_ok=True)
    writer, written = opened(path), 0

    def replaced(*change: Any) -> None:
        RecordWriter._change(writer, *change)
        raise OSError(errno.EIO, "of the test")

    for fails, record in itertools.zip_longest(failing, records, fillvalue=False):
        assert isinstance(record, LedgerRecord)
        writer.book(record)
        if fails:
            monkeypatch.setattr(writer, "_change", replaced)
            with pytest.raises(OSError, match="of the test"):
                writer.write(behind(record))
            monkeypatch.undo()
        else:
            writer.write(behind(record))
            written = record.seq
        assert assert_whole(path) == written == (writer.last or 0)
    writer.close()
    assert content(path).lines == lines_of(records[:written])
