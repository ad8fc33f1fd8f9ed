"""A record's file: what it is not is told in words, damaged or cut it is right or refused, and it is read wherever it stands."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import examples
from tests.machine import DISKS, small_disk
from tests.record.lives import (
    Content,
    assert_whole,
    behind,
    content,
    copy,
    killed_behind,
    opened,
    takes_nothing,
    windows,
    write,
)
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.store.database import BESIDE, open_to_read, open_to_write, transaction
from virtual_devices.record.store.lines import stored
from virtual_devices.record.store.writer import kept_of

PAGE = 4096
FEW = examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAME = r"a\.sqlite"


def refused(path: Path, said: str) -> None:
    """In words, by whoever would write and by whoever would read, and left as it is."""
    before = {each: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}
    for attempt in (opened, open_to_read):
        with pytest.raises(ConfigurationError, match=said) as caught:
            attempt(path)
        assert str(path) in str(caught.value)
        assert "; " in str(caught.value), "it says what to do"
    assert {each: each.read_bytes() for each in before} == before


def right_or_refused(path: Path, right: Content) -> bool:
    """Whether it is read; then it must be what was written, and gone on with as that."""
    try:
        with contextlib.closing(open_to_read(path)) as connection:
            kept, lines = kept_of(connection, path), list(stored(connection))
        with contextlib.closing(opened(path)) as writer:
            found = writer.last, writer.kept, list(writer.stored(0))
    except ConfigurationError:
        return False
    assert (kept, lines) == (right.kept, right.lines)
    assert found == (right.seqs[-1], right.kept, right.lines)
    return True


# -- no record ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", f"{NAME} cannot be read .it is empty"), (b"{", "it is no database"), (b"SQLite format 2\0" + bytes(84), "it is no database"),
        (b"SQLite format 3", "it is no database"), (b"SQLite format 3\0", "cannot be read"), (b"SQLite format 3\0" + bytes(5000), "cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / "a.sqlite").write_bytes(text)
    refused(tmp_path / "a.sqlite", said)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for name, make in (("folder", Path.mkdir), ("pipe", os.mkfifo)):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "a.sqlite"
        make(path)
        refused(path, "Is a directory" if name == "folder" else "Not a file")
    with pytest.raises(ConfigurationError, match=r"there is no record .*none\.sqlite; name a record"):
        open_to_read(tmp_path / "none.sqlite")


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
@pytest.mark.parametrize("version", [0, 1, 7])
def test_the_database_of_somebody_else_is_left_as_it_is(tmp_path: Path, journal: str, version: int) -> None:
    path = tmp_path / "a.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("CREATE TABLE facts (name TEXT, value TEXT)")
        connection.execute(f"PRAGMA user_version = {version}")
    refused(path, "is a database, but not the record of a home")


def test_an_empty_database_is_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA user_version = 1")
    refused(path, "is a database, but not the record of a home")


def test_a_new_record_takes_nothing_of_what_an_older_one_left_beside(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    killed_behind(path, windows(4))
    path.unlink()
    assert (tmp_path / "a.sqlite-wal").stat().st_size
    write(path, windows(1))
    assert assert_whole(path) == 1


# -- damaged -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record that was closed."""
    path = tmp_path_factory.mktemp("sound") / "a.sqlite"
    write(path, windows(40), sync=True)
    return path


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record whose writer was killed: most of it is in the log."""
    path = tmp_path_factory.mktemp("logged") / "a.sqlite"
    write(path, windows(20))
    killed_behind(path, windows(30)[20:])
    return path


def lengths(size: int) -> list[int]:
    return sorted({*range(201), *(at + by for at in range(0, size, PAGE) for by in (-1, 0, 1, 100, PAGE // 2) if 0 <= at + by < size)})


def test_a_file_that_was_cut_is_refused_wherever_that_was(folder: Path, sound: Path) -> None:
    path, whole, right = folder / "a.sqlite", sound.read_bytes(), content(sound)
    for length in lengths(len(whole)):
        copy(folder / "none", path)
        path.write_bytes(whole[:length])
        assert not right_or_refused(path, right), length


def test_cut_while_its_newest_windows_are_in_the_log_it_is_right_or_refused(folder: Path, logged: Path) -> None:
    path, whole = folder / "a.sqlite", logged.read_bytes()
    copy(logged, path)
    right = content(path)
    assert right.seqs == list(range(1, 31))
    for length in lengths(len(whole)):
        copy(logged, path)
        path.write_bytes(whole[:length])
        right_or_refused(path, right)


def test_of_a_log_that_was_cut_or_changed_whole_transactions_stay(folder: Path, logged: Path) -> None:
    path, log = folder / "a.sqlite", folder / "a.sqlite-wal"
    whole = logged.with_name("a.sqlite-wal").read_bytes()
    found = set()
    for at in range(0, len(whole), 2999):
        for changed in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
            copy(logged, path)
            folder.joinpath("a.sqlite-shm").unlink()
            log.write_bytes(changed)
            found.add(assert_whole(path))
    assert found == set(range(20, 30)), "each moment before the last, and nothing between"


@FEW
@given(data=st.data())
def test_with_a_byte_changed_it_is_right_or_refused(folder: Path, sound: Path, data: st.DataObject) -> None:
    path, whole = folder / "a.sqlite", bytearray(sound.read_bytes())
    page = data.draw(st.integers(0, len(whole) // PAGE - 1))
    at = page * PAGE + data.draw(st.one_of(st.integers(0, 99), st.integers(0, PAGE - 1)))  # where a page begins it says what is in it
    whole[at] ^= data.draw(st.integers(1, 255))
    copy(folder / "none", path)
    path.write_bytes(whole)
    right_or_refused(path, content(sound))


@FEW
@given(data=st.data())
def test_with_a_page_of_something_else_it_is_right_or_refused(folder: Path, sound: Path, data: st.DataObject) -> None:
    path, whole = folder / "a.sqlite", bytearray(sound.read_bytes())
    pages = st.integers(0, len(whole) // PAGE - 1)
    at, other = data.draw(pages) * PAGE, data.draw(pages) * PAGE
    whole[at : at + PAGE] = data.draw(st.sampled_from([bytes(PAGE), b"\xff" * PAGE, whole[other : other + PAGE]]))
    copy(folder / "none", path)
    path.write_bytes(whole)
    right_or_refused(path, content(sound))


# -- where it stands ---------------------------------------------------------------------------------------------------


def test_in_a_folder_that_takes_nothing_it_is_read(tmp_path: Path) -> None:
    path, records = tmp_path / "home" / "a.sqlite", windows(6)
    path.parent.mkdir()
    write(path, records)
    right = content(path)
    for suffix in BESIDE[1:]:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with takes_nothing(path.parent):
        assert content(path) == right
        for attempt in (opened, lambda path: open_to_write(path, "no remedy")):
            with pytest.raises(OSError, match=NAME):
                attempt(path)


def test_in_such_a_folder_what_is_in_the_log_is_read_too_or_told(tmp_path: Path) -> None:
    path, records = tmp_path / "home" / "a.sqlite", windows(6)
    path.parent.mkdir()
    write(path, records[:2])
    killed_behind(path, records[2:])
    with takes_nothing(path.parent):
        assert assert_whole(path) == 6
    path.with_name("a.sqlite-shm").unlink()
    with takes_nothing(path.parent), pytest.raises(ConfigurationError, match=rf"{NAME} cannot be read without .*{NAME}-wal, .*; copy both"):
        content(path)
    assert assert_whole(path) == 6


def test_in_such_a_folder_one_that_is_written_elsewhere_is_read_as_it_is_now(tmp_path: Path) -> None:
    """The same folder, as others see it."""
    path, records = tmp_path / "home" / "a.sqlite", windows(6)
    path.parent.mkdir()
    writer = opened(path)
    writer.book(records[0])
    writer.write(behind(records[0]))
    seen = tmp_path / "seen"
    seen.symlink_to(path.parent)
    held = os.open(path.parent, os.O_DIRECTORY)  # in which it goes on writing
    with takes_nothing(path.parent):
        assert assert_whole(seen / "a.sqlite") == 1
    writer.book(records[1])
    writer.write(behind(records[1]))
    with takes_nothing(path.parent):
        assert assert_whole(seen / "a.sqlite") == 2
    os.close(held)
    writer.close()


@pytest.mark.parametrize("kind", DISKS)
def test_on_a_full_disk_it_is_read(tmp_path: Path, kind: str) -> None:
    with small_disk(tmp_path / "disk", kind) as disk:
        path = disk.folder / "a.sqlite"
        write(path, windows(6))
        for suffix in BESIDE[1:]:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        disk.fill()
        assert assert_whole(path) == 6
        for each in (path, disk.folder / "another.sqlite"):
            with pytest.raises(OSError, match=each.name):
                opened(each)
        assert not (disk.folder / "another.sqlite").exists()
        disk.free()
        for each in (path, disk.folder / "another.sqlite"):
            opened(each).close()


def test_a_link_leads_to_it_and_what_is_beside_it_is_beside_it(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    path, link = tmp_path / "far" / "a.sqlite", tmp_path / "link.sqlite"
    link.symlink_to(path)
    write(link, windows(3))
    assert assert_whole(path) == assert_whole(link) == 3
    assert link.is_symlink()
    killed_behind(link, windows(5)[3:])
    assert assert_whole(path) == assert_whole(link) == 5
    assert [each for each in tmp_path.iterdir() if each.name.startswith("link")] == [link]
    link.unlink()
    link.symlink_to(link)
    with pytest.raises(ConfigurationError, match="there is no record"):
        open_to_read(link)


def test_a_name_may_have_any_characters(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%20d&mode=rw \u00e4'\".sqlite"
    write(path, windows(2))
    assert assert_whole(path) == 2


Block = Callable[[sqlite3.Connection], object]


@pytest.mark.parametrize("synced", [False, True])
def test_a_transaction_is_whole_or_nothing_whatever_ends_it(tmp_path: Path, *, synced: bool) -> None:
    connection = open_to_write(tmp_path / "a.sqlite", "no remedy")

    def block(value: str, error: BaseException | None) -> None:
        with transaction(connection, synced=synced):
            connection.execute("INSERT INTO facts VALUES (?, 1)", (value,))
            if error is not None:
                raise error

    block("kept", None)
    for error in (OSError(), KeyboardInterrupt(), sqlite3.Error()):
        with pytest.raises(type(error)):
            block("lost", error)
    block("too", None)
    assert connection.execute("SELECT name FROM facts ORDER BY name").fetchall() == [("kept",), ("too",)]
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    connection.close()
