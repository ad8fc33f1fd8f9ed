"""What a record says at a glance, copies of one that is written, and the room that it gives back."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from tests.machine import DISKS, small_disk
from tests.records import kept_in, lines_in
from tests.stage import SMALL, STEP, small_home
from virtual_devices.edge.messages.retained import place
from virtual_devices.kit.errors import AlreadyRunningError, ConfigurationError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.record.audit import audit_record
from virtual_devices.record.info import home_of, info_of, size_of
from virtual_devices.record.runs import Runs, written_at
from virtual_devices.record.upkeep import backup, vacuum
from virtual_devices.record.writer import RecordWriter

DAY = 86_400
FACTS = {"broker": "one:1883", "home_file": "/homes/cape.yaml", "zone": "Africa/Johannesburg", "step": STEP}


@pytest.fixture(scope="module")
def windows() -> list[LedgerRecord]:
    house = House(small_home(SMALL, "cape"), max_steps=5)
    found: list[LedgerRecord] = []
    house.listeners.append(found.append)
    house.advance(house.home.start + 2 * DAY)
    return found


def opened(path: Path, windows: list[LedgerRecord], whole_for: int = 30 * DAY) -> RecordWriter:
    writer = RecordWriter(path, "cape", "house", FACTS, whole_for=whole_for)
    for record in windows:
        writer.book(record)
    writer.write({("inverter", "settlement"): b'{"run":"house","seq":%d,"digest":"%s"}' % (windows[-1].seq, windows[-1].digest.encode())})
    return writer


def test_what_a_record_says_is_told_also_while_it_is_written(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    writer = opened(tmp_path / "a.sqlite", windows, whole_for=DAY // 4)
    found = info_of(writer.path)
    assert found.whole + found.by_chain == len(windows)
    assert found.by_chain > 0
    assert (found.home, found.run, found.broker, found.home_file, found.step) == ("cape", "house", "one:1883", "/homes/cape.yaml", 60)
    assert found.behind == len(windows)
    assert found.json()["start"] == "2026-06-21T08:30:00+02:00"
    assert found.json()["end"] == "2026-06-23T08:30:00+02:00"
    assert found.size == sum((tmp_path / name).stat().st_size for name in ("a.sqlite", "a.sqlite-wal"))
    writer.write({})
    assert info_of(writer.path).behind is None
    writer.write({("clock", "site"): b"{}"})
    assert info_of(writer.path).behind == 0
    writer.close()


def test_a_record_without_windows_says_so(tmp_path: Path) -> None:
    RecordWriter(tmp_path / "a.sqlite", "cape", "house").close()
    found = info_of(tmp_path / "a.sqlite")
    assert (found.home, found.start, found.whole, found.by_chain, found.behind) == (None, None, 0, 0, None)
    assert home_of(tmp_path / "a.sqlite") is None


def test_whoever_looks_at_a_record_does_not_make_it_the_newest(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    for name in ("old", "new"):
        opened(tmp_path / f"{name}.sqlite", windows[:3]).close()
    before = written_at(tmp_path / "old.sqlite")
    assert info_of(tmp_path / "old.sqlite").written == before
    assert audit_record(tmp_path / "old.sqlite").ok
    assert written_at(tmp_path / "old.sqlite") == before
    assert len(Runs(tmp_path, "").paths()) == 2


def test_a_zone_that_nobody_knows_is_utc(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    opened(tmp_path / "a.sqlite", windows[:1]).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection, connection:
        connection.execute("UPDATE facts SET value = 'Nowhere/Land' WHERE name = 'zone'")
    assert info_of(tmp_path / "a.sqlite").json()["start"] == "2026-06-21T06:30:00+00:00"


@pytest.mark.parametrize("change", ["UPDATE ledger SET start = 'soon'", "DROP TABLE ledger", "DROP TABLE kept"])
def test_a_damaged_record_is_told_in_words(tmp_path: Path, windows: list[LedgerRecord], change: str) -> None:
    opened(tmp_path / "a.sqlite", windows[:1]).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection, connection:
        connection.execute(change)
    with pytest.raises(ConfigurationError, match="`virtual-devices audit` says"):
        info_of(tmp_path / "a.sqlite")
    assert not audit_record(tmp_path / "a.sqlite").ok


# -- copies ------------------------------------------------------------------------------------------------------------


def test_a_copy_is_whole_whenever_it_is_taken(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    """While somebody writes without a pause."""
    writer = opened(tmp_path / "a.sqlite", windows[:1])
    ended = threading.Event()

    def copies() -> None:
        try:
            for number in range(12):
                backup(writer.path, tmp_path / f"copy{number}.sqlite")
        finally:
            ended.set()

    thread = threading.Thread(target=copies)
    thread.start()
    count = 1
    while not ended.is_set():
        if count < len(windows):
            writer.book(windows[count])
            count += 1
        writer.write(sync=True)
    thread.join()
    lengths = []
    for number in range(12):
        path = tmp_path / f"copy{number}.sqlite"
        found = audit_record(path)
        assert found.ok, found.problems
        lengths.append(found.windows)
        assert kept_in(path) == kept_in(writer.path)
    assert lengths == sorted(lengths)
    assert lengths[-1] > 1
    writer.close()


def test_a_copy_goes_into_a_folder_and_over_an_older_copy(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    writer = opened(tmp_path / "a.sqlite", windows[:5])
    (tmp_path / "safe").mkdir()
    assert backup(writer.path, tmp_path / "safe") == tmp_path / "safe" / "a.sqlite"
    writer.book(windows[5])
    writer.write()
    assert backup(writer.path, tmp_path / "safe" / "a.sqlite") == tmp_path / "safe" / "a.sqlite"
    assert [place(line)[1] for line in lines_in(tmp_path / "safe" / "a.sqlite")] == [1, 2, 3, 4, 5, 6]
    assert [each.name for each in (tmp_path / "safe").iterdir()] == ["a.sqlite"]
    writer.close()
    other = RecordWriter(tmp_path / "safe" / "a.sqlite", "cape", "house")
    assert other.last == 6, "a home goes on from a copy"
    with pytest.raises(AlreadyRunningError):
        backup(writer.path, tmp_path / "safe")
    other.close()


def test_nothing_but_a_record_is_overwritten_and_never_itself(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    path = tmp_path / "a.sqlite"
    opened(path, windows[:5]).close()
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "link").symlink_to(path)
    for target, said in (
        ("notes.txt", "is there already and is no record"), ("a.sqlite", "is the record itself"), ("link", "is the record itself"),
        ("none/a.sqlite", "cannot be written: No such file or directory"),
    ):  # fmt: skip
        with pytest.raises(ConfigurationError, match=said):
            backup(path, tmp_path / target)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    with pytest.raises(ConfigurationError, match="no database"):
        backup(tmp_path / "notes.txt", tmp_path / "b.sqlite")
    assert not (tmp_path / "b.sqlite").exists()


@pytest.mark.parametrize("kind", DISKS)
def test_a_copy_that_does_not_fit_leaves_the_older_one(tmp_path: Path, windows: list[LedgerRecord], kind: str) -> None:
    opened(tmp_path / "a.sqlite", windows).close()
    with small_disk(tmp_path / "disk", kind) as disk:
        copy = backup(tmp_path / "a.sqlite", disk.folder)
        before = copy.read_bytes()
        disk.fill()
        with pytest.raises(ConfigurationError, match=r"the copy .* cannot be written: .*; choose another place"):
            backup(tmp_path / "a.sqlite", disk.folder)
        disk.free()
        assert copy.read_bytes() == before
        assert [each.name for each in disk.folder.iterdir()] == ["a.sqlite"]


@pytest.mark.skipif("mounted" not in DISKS, reason="needs a disk of its own")
def test_a_record_on_a_full_disk_is_read_and_copied_to_another(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    with small_disk(tmp_path / "disk", "mounted") as disk:
        opened(disk.folder / "a.sqlite", windows).close()
        disk.fill()
        assert info_of(disk.folder / "a.sqlite").whole == len(windows)
        backup(disk.folder / "a.sqlite", tmp_path)
        assert audit_record(tmp_path / "a.sqlite").result() == audit_record(disk.folder / "a.sqlite").result()


# -- room --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_room_is_given_back_and_nothing_else_changes(tmp_path: Path, windows: list[LedgerRecord], mode: str) -> None:
    path = tmp_path / "a.sqlite"
    opened(path, windows).close()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE ledger SET lines = NULL WHERE first < 400")
        connection.commit()
        connection.execute(f"PRAGMA journal_mode = {mode}")
    lines, kept, checked = lines_in(path), kept_in(path), audit_record(path).result()
    before, after = vacuum(path)
    assert before > 1.2 * after
    assert after == size_of(path)
    assert (lines_in(path), kept_in(path), audit_record(path).result()) == (lines, kept, checked)
    assert vacuum(path) == (after, after)


def test_a_record_that_is_written_keeps_its_room(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    writer = opened(tmp_path / "a.sqlite", windows[:5])
    with pytest.raises(AlreadyRunningError, match=r"another process writes the record .*a\.sqlite; stop it first"):
        vacuum(writer.path)
    writer.close()
    with pytest.raises(ConfigurationError, match="there is no record"):
        vacuum(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()
