"""Records of other versions: a newer one is refused, an older one is brought forward in one transaction or stays as it was."""

from __future__ import annotations

import contextlib
import itertools
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.record.lives import HOME, RUN, assert_whole, behind, content, copy, opened, survives, windows, write
from virtual_devices import __version__
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.files.runs import Runs
from virtual_devices.record.reading.audit import audit_record
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.store import database
from virtual_devices.record.store.database import open_to_read, open_to_write
from virtual_devices.record.store.schema import APPLICATION, STEPS, VERSION, make_tables, migrate, version_of
from virtual_devices.record.store.writer import facts_of

NEXT = VERSION + 1


def change(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def version(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return version_of(connection)


def names(path: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


def forward(connection: sqlite3.Connection) -> None:
    """A step to a version that does not exist: a table more, and all sets say something else."""
    connection.execute("CREATE TABLE seen (first INTEGER PRIMARY KEY, digest TEXT NOT NULL)")
    connection.execute("INSERT INTO seen SELECT first, digest FROM ledger")
    connection.execute("UPDATE facts SET value = 'brought forward' WHERE name = 'home_file'")
    connection.execute("CREATE INDEX seen_digest ON seen (digest)")


@pytest.fixture
def of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """This program is of the next version, and knows the way."""
    monkeypatch.setattr(database, "VERSION", NEXT)
    monkeypatch.setattr(database, "STEPS", {**STEPS, VERSION: forward})


# -- newer -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attempt", [opened, open_to_read, lambda path: open_to_write(path, "start with --fresh")])
def test_a_newer_record_is_refused_with_both_versions_and_its_program(tmp_path: Path, attempt: Callable[[Path], object]) -> None:
    path = tmp_path / "a.sqlite"
    write(path, windows(2))
    change(path, "PRAGMA user_version = 9", "UPDATE facts SET value = '7.0.3' WHERE name = 'program'")
    before = path.read_bytes()
    said = rf"{re.escape(str(path))} was written by a newer version of virtual-devices \(7\.0\.3, format 9; this is {__version__}, format {VERSION}\); upgrade, or "
    with pytest.raises(ConfigurationError, match=said):
        attempt(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("otherwise", ["DROP TABLE facts", "ALTER TABLE facts RENAME COLUMN value TO content", "DELETE FROM facts"])
def test_whatever_a_newer_one_has_made_of_the_tables(tmp_path: Path, otherwise: str) -> None:
    path = tmp_path / "a.sqlite"
    write(path, windows(2))
    change(path, "PRAGMA user_version = 9", otherwise)
    for attempt in (opened, open_to_read):
        with pytest.raises(ConfigurationError, match=r"newer version of virtual-devices \(unknown, format 9; "):
            attempt(path)


def test_a_newer_record_among_others_hinders_nobody_and_is_not_taken_for_nothing(tmp_path: Path) -> None:
    runs = Runs(tmp_path, HOME)
    write(tmp_path / f"{RUN}.sqlite", windows(2))
    write(tmp_path / "newer.sqlite", windows(2))
    change(tmp_path / "newer.sqlite", "PRAGMA user_version = 9")
    picked = runs.pick(None)
    assert picked is not None
    assert picked.path == tmp_path / f"{RUN}.sqlite"
    (tmp_path / f"{RUN}.sqlite").unlink()
    for run in (None, "newer"):
        with pytest.raises(ConfigurationError, match="newer version"):
            runs.pick(run)


# -- older -------------------------------------------------------------------------------------------------------------


def test_an_older_record_is_brought_forward_by_whoever_writes(tmp_path: Path, of_the_next: None) -> None:
    path = tmp_path / "a.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        make_tables(connection)
    write(path, windows(3))
    assert version(path) == NEXT
    assert {"seen", "seen_digest"} <= names(path)


def test_who_only_reads_an_older_record_is_told_who_brings_it_forward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"{RUN}.sqlite"
    write(path, windows(3))
    monkeypatch.setattr(database, "VERSION", NEXT)
    monkeypatch.setattr(database, "STEPS", {**STEPS, VERSION: forward})
    with pytest.raises(ConfigurationError, match="older version of virtual-devices; the home's next `up` brings it forward"):
        open_to_read(path)
    assert version(path) == VERSION
    picked = Runs(tmp_path, HOME)._read(path)
    assert picked.origin.home_file == "brought forward"
    with contextlib.closing(open_to_read(path)) as connection:
        assert facts_of(connection)["home_file"] == "brought forward"


@pytest.mark.parametrize("found", [0, -1, VERSION + 2, VERSION + 7])
def test_a_version_that_nobody_knows_the_way_from_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: int) -> None:
    path = tmp_path / "a.sqlite"
    write(path, windows(1))
    change(path, f"PRAGMA user_version = {found}")
    monkeypatch.setattr(database, "VERSION", VERSION + 8)
    monkeypatch.setattr(database, "STEPS", {VERSION + 2: forward})  # but not the rest of it
    for attempt in (opened, open_to_read):
        with pytest.raises(ConfigurationError, match=rf"has tables of format {found}, which this version \({__version__}\) cannot read"):
            attempt(path)


def test_killed_before_any_statement_it_is_old_or_new(folder: Path, of_the_next: None, monkeypatch: pytest.MonkeyPatch) -> None:
    path, base = folder / "a.sqlite", folder / "base.sqlite"
    with monkeypatch.context() as patched:
        patched.setattr(database, "VERSION", VERSION)
        write(base, windows(5))
        before = content(base)
    copy(base, folder / "new.sqlite")
    open_to_write(folder / "new.sqlite", "").close()
    after = content(folder / "new.sqlite")
    tables = {version(each): names(each) for each in (base, folder / "new.sqlite")}
    seen: list[int] = []
    for step in itertools.count(1):
        copy(base, path)
        survived = survives(lambda: open_to_write(path, "").close(), step)
        seen.append(version(path))
        assert names(path) == tables[seen[-1]]
        monkeypatch.setattr(database, "VERSION", seen[-1])
        found = content(path)
        assert found == (before if seen[-1] == VERSION else after)
        monkeypatch.setattr(database, "VERSION", NEXT)
        open_to_write(path, "").close()
        assert (version(path), content(path)) == (NEXT, after)
        if survived:
            break
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (VERSION, NEXT)
    assert seen.count(VERSION) > 8


def test_a_step_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.sqlite"
    write(path, windows(3))
    before = content(path)

    def half(connection: sqlite3.Connection) -> None:
        forward(connection)
        connection.execute("INSERT INTO seen VALUES (1, '')")  # it is there

    with monkeypatch.context() as patched:
        patched.setattr(database, "VERSION", NEXT)
        patched.setattr(database, "STEPS", {VERSION: half})
        with pytest.raises(ConfigurationError, match=r"cannot be read \(UNIQUE"):
            opened(path)
    assert version(path) == VERSION
    assert content(path) == before
    write(path, windows(4))
    assert assert_whole(path) == 4


def test_steps_are_gone_one_after_the_other(tmp_path: Path) -> None:
    path, gone = tmp_path / "a.sqlite", []
    write(path, windows(1))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        steps = {found: lambda _, found=found: gone.append(found) for found in range(VERSION, VERSION + 3)}
        migrate(connection, steps, VERSION + 3)
        assert version_of(connection) == VERSION + 3
        with pytest.raises(KeyError):
            migrate(connection, steps, VERSION + 4)
    assert gone == [*range(VERSION, VERSION + 3)]


def test_a_record_says_in_its_header_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    write(path, windows(1))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,) == (int.from_bytes(b"VDev", "big"),)
        assert version_of(connection) == VERSION
    assert behind(windows(1)[0]) == content(path).kept


WRITTEN = sorted((Path(__file__).parents[2] / "scenarios" / "written").glob("2026-11-28/stopped/**/*.sqlite"))


def test_a_record_of_the_first_version_is_read_as_it_is_and_brought_forward_by_whoever_writes(tmp_path: Path) -> None:
    (written,) = WRITTEN
    path = tmp_path / written.name
    copy(written, path)
    assert version(path) == 1
    with Reader(path) as reader:
        before = list(reader.energy("15min"))
        assert before
        assert reader.tellers == []
        with pytest.raises(ConfigurationError, match="knows no readings of 'geyser'"):
            reader.readings("geyser", "1h")
    assert version(path) == 1
    assert audit_record(path).ok
    with contextlib.closing(open_to_write(path, "")):
        assert version(path) == VERSION
    with Reader(path) as reader:
        assert list(reader.energy("15min")) == before
        assert reader.tellers == []
    assert audit_record(path).ok
