"""The records of a folder: which is resumed, what giving up leaves, which stay, and what is nobody's."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import examples
from tests.machine import DISKS, small_disk
from tests.record.lives import (
    HOME,
    RUN,
    assert_whole,
    behind,
    content,
    in_a_process,
    killed_behind,
    takes_nothing,
    windows,
)
from virtual_devices.kit.errors import AlreadyRunningError, ConfigurationError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.files import runs as record_runs
from virtual_devices.record.files.runs import OWN, KeptRun, Runs
from virtual_devices.record.store.database import BESIDE
from virtual_devices.record.store.writer import RecordWriter


def made(folder: Path, run: str, *, home: str = HOME, broker: str = OWN, at: int = 1000, count: int = 3, home_file: str | None = None) -> Path:
    """A record that was last written at a time."""
    path = folder / f"{run}.sqlite"
    folder.mkdir(exist_ok=True)
    writer = RecordWriter(path, home, run, {"broker": broker, "home_file": home_file, "at": at})
    for record in windows(count):
        writer.book(record)
    writer.write(behind(windows(count)[-1]))
    writer.close()
    return path


def picked(folder: Path, run: str | None = None, broker: str = OWN) -> KeptRun:
    found = Runs(folder, HOME, broker).pick(run)
    assert found is not None
    return found


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# -- which is resumed --------------------------------------------------------------------------------------------------


def test_the_run_that_was_kept_last_on_this_broker_is_resumed(tmp_path: Path) -> None:
    made(tmp_path, "old", at=1000)
    made(tmp_path, "new", at=2000, home_file="/home.yaml")
    made(tmp_path, "newer", at=3000, broker="one:1883")
    made(tmp_path, "another", at=4000, broker="two:1883")
    found = picked(tmp_path)
    assert (found.path.stem, found.origin.broker, found.origin.home_file, found.origin.at) == ("new", OWN, "/home.yaml", 2000)
    assert found.messages == behind(windows(3)[-1])
    assert picked(tmp_path, broker="one:1883").path.stem == "newer"
    assert picked(tmp_path, "another", broker="one:1883").path.stem == "another", "what the broker retains decides"
    assert Runs(tmp_path, HOME, "three:1883").pick(None) is None
    assert Runs(tmp_path, HOME).pick("unknown") is None
    assert Runs(tmp_path / "none", HOME).pick(None) is None


def test_of_two_of_one_second_the_one_that_was_written_last_is_resumed(tmp_path: Path) -> None:
    for run, time in (("a", 3), ("b", 5), ("c", 4)):
        path = made(tmp_path, run) if run != "a" else made_and_killed(tmp_path, run)
        for suffix in BESIDE[:2]:
            with contextlib.suppress(FileNotFoundError):
                os.utime(path.with_name(path.name + suffix), (time, time))
    assert (tmp_path / "a.sqlite-wal").stat().st_size, "which is brought into its file now"
    assert picked(tmp_path).path.stem == "b"


def made_and_killed(folder: Path, run: str) -> Path:
    def life() -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(RecordWriter, "close", lambda _: os._exit(0))
            made(folder, run)

    in_a_process(life)
    return folder / f"{run}.sqlite"


@pytest.mark.parametrize("fact", ["at", "broker", "home_file"])
@pytest.mark.parametrize("value", [None, "x", 7, 1.5, b"\xff"])
def test_facts_that_are_none_are_passed_over(tmp_path: Path, fact: str, value: object) -> None:
    made(tmp_path, RUN, **{fact: value})  # type: ignore[arg-type]
    found = Runs(tmp_path, HOME, value if fact == "broker" and isinstance(value, str) else OWN).pick(None)
    assert found is not None
    assert found.origin.at == (value if fact == "at" and isinstance(value, int) else 0 if fact == "at" else 1000)


def test_a_copy_beside_a_run_is_not_taken_for_it(tmp_path: Path) -> None:
    """It is of an earlier moment, and newer as a file."""
    path = made(tmp_path, RUN, count=2)
    shutil.copyfile(path, tmp_path / "backup.sqlite")
    writer = Runs(tmp_path, HOME).writer(RUN)
    writer.book(windows(3)[2])
    writer.write(behind(windows(3)[2]))
    writer.close()
    os.utime(tmp_path / "backup.sqlite", (1 << 40, 1 << 40))
    assert picked(tmp_path).path == path
    assert picked(tmp_path).messages == behind(windows(3)[2])
    assert picked(tmp_path, "backup").messages == {}
    assert Runs(tmp_path, HOME, "one:1883").pick(None) is None, "where the run is not looked for, its copy is in nobody's way"
    path.unlink()
    assert Runs(tmp_path, HOME, "one:1883").pick(None) is None
    with pytest.raises(ConfigurationError, match=rf"backup\.sqlite is of run {RUN}; name it {RUN}\.sqlite, or keep it in another folder"):
        picked(tmp_path)
    (tmp_path / "backup.sqlite").rename(path)
    assert picked(tmp_path).messages == behind(windows(2)[1])


def test_a_broken_one_is_told_only_where_no_other_can_be_resumed(tmp_path: Path) -> None:
    good = made(tmp_path, "good")
    for name, text in (("empty", b""), ("text", b"{"), ("zeros", b"SQLite format 3\0" + bytes(5000))):
        (tmp_path / f"{name}.sqlite").write_bytes(text)
    (tmp_path / "folder.sqlite").mkdir()
    os.mkfifo(tmp_path / "pipe.sqlite")
    (tmp_path / "link.sqlite").symlink_to(tmp_path / "nowhere")
    made(tmp_path, "theirs", home="another", at=9000)
    assert picked(tmp_path).path == good
    assert not (tmp_path / "nowhere").exists()
    good.unlink()
    with pytest.raises(ConfigurationError):
        picked(tmp_path)
    for name in ("empty", "text", "zeros", "folder", "pipe", "theirs"):
        with pytest.raises(ConfigurationError, match=rf"{name}\.sqlite"):
            picked(tmp_path, name)


def test_where_nothing_can_be_written_a_run_is_resumed_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    path = made(folder, RUN)
    killed_behind(path, windows(5)[3:])
    with takes_nothing(folder):
        assert picked(folder).messages == behind(windows(5)[4])
        with pytest.raises(OSError, match=rf"{RUN}\.sqlite"):
            Runs(folder, HOME).writer(RUN)
        with pytest.raises(OSError, match=rf"{RUN}\.sqlite"):
            Runs(folder, HOME).give_up()
        assert picked(folder).messages == behind(windows(5)[4])


# -- what can be a run -------------------------------------------------------------------------------------------------


@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    run=st.one_of(
        st.text(max_size=80), st.text("./\\a-_\0\n", max_size=70), st.from_regex(r"[A-Za-z0-9_-]{60,70}"), st.from_regex(r"[A-Za-z0-9_-]{1,64}\n")
    )
)
def test_a_run_that_is_no_name_of_a_file_leads_nowhere(folder: Path, run: str) -> None:
    runs, outside = Runs(folder / "deep" / "state", HOME), folder / "deep"
    shutil.rmtree(outside, ignore_errors=True)
    try:
        runs.writer(run).close()
    except ConfigurationError as error:
        assert "its name is none of ours" in str(error)  # noqa: PT017 - others are fine
        assert runs.pick(run) is None
        assert not outside.exists()
    else:
        assert names(runs.folder) == [f"{run}.sqlite"]
        assert names(outside) == ["state"]
    assert names(folder) in ([], ["deep"])


def test_a_run_has_one_writer(tmp_path: Path) -> None:
    runs = Runs(tmp_path, HOME)
    writer = runs.writer(RUN)
    with pytest.raises(AlreadyRunningError):
        runs.writer(RUN)
    runs.writer("other").close()
    writer.close()
    runs.writer(RUN).close()


def test_a_file_in_the_place_of_the_folder_is_told_and_left(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.write_text("of somebody")
    runs = Runs(folder, HOME)
    assert runs.pick(None) is None
    assert runs.pick(RUN) is None
    runs.give_up()
    with pytest.raises(FileExistsError):
        runs.writer(RUN)
    assert folder.read_text() == "of somebody"


# -- giving up ---------------------------------------------------------------------------------------------------------


def test_giving_up_clears_the_sets_of_this_broker_and_keeps_all_books(tmp_path: Path) -> None:
    mine, older, elsewhere = made(tmp_path, "mine"), made(tmp_path, "older"), made(tmp_path, "elsewhere", broker="one:1883")
    theirs = made(tmp_path, "theirs", home="another")
    before = {path: content(path) for path in (mine, older, elsewhere, theirs)}
    shutil.copyfile(mine, tmp_path / "backup.sqlite")
    Runs(tmp_path, HOME).give_up()
    for path, then in before.items():
        now = content(path)
        assert (now.lines, now.rows, now.quarters, now.facts) == (then.lines, then.rows, then.quarters, then.facts)
        assert now.kept == ({} if path in (mine, older) else then.kept)
    assert content(tmp_path / "backup.sqlite") == before[mine]
    assert Runs(tmp_path, HOME, "one:1883").pick(None) is not None
    found = picked(tmp_path, "mine")
    assert found.messages == {}
    for path in (tmp_path / "backup.sqlite", theirs):
        path.unlink()
    assert Runs(tmp_path, HOME).pick(None) is None
    Runs(tmp_path, HOME).give_up()


def test_giving_up_sets_aside_what_cannot_be_read_with_all_that_is_beside_it(tmp_path: Path) -> None:
    for name, text in (("empty", b""), ("text", b"{")):
        (tmp_path / f"{name}.sqlite").write_bytes(text)
        (tmp_path / f"{name}.sqlite-wal").write_text("its log")
    (tmp_path / "folder.sqlite").mkdir()
    good = made(tmp_path, "good")
    Runs(tmp_path, HOME).give_up()
    assert names(tmp_path) == [
        "empty.sqlite.damaged-1", "empty.sqlite.damaged-1-wal", "folder.sqlite.damaged-1", "good.sqlite",
        "text.sqlite.damaged-1", "text.sqlite.damaged-1-wal",
    ]  # fmt: skip
    assert content(good).kept == {}
    assert Runs(tmp_path, HOME).pick(None) is None


@pytest.mark.parametrize("kind", DISKS)
def test_where_a_full_disk_does_not_let_go_that_is_an_error_of_the_system(tmp_path: Path, kind: str) -> None:
    with small_disk(tmp_path / "disk", kind) as disk:
        made(disk.folder, RUN)
        before = picked(disk.folder).messages
        disk.fill()
        with contextlib.suppress(OSError):  # the file may have the room itself
            Runs(disk.folder, HOME).give_up()
        now = picked(disk.folder).messages
        assert now in ({}, before)
        disk.free()
        Runs(disk.folder, HOME).give_up()
        assert Runs(disk.folder, HOME).pick(None) is None


# -- which stay --------------------------------------------------------------------------------------------------------


def test_the_runs_that_were_written_last_stay_and_the_present_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_runs, "MOST_RUNS", 4)
    for number in range(6):
        os.utime(made(tmp_path, f"run{number}"), (1000 + number, 1000 + number))
    (tmp_path / "run0.sqlite-wal").write_text("its log")
    (tmp_path / "run1.sqlite-journal").write_text("its journal")
    os.utime(tmp_path / "run0.sqlite-wal", (1, 1))
    (tmp_path / "of_somebody.txt").write_text("x")
    (tmp_path / "run9.sqlite.damaged-1").write_text("x")
    Runs(tmp_path, HOME).writer("run2").close()
    assert names(tmp_path) == ["of_somebody.txt", "run2.sqlite", "run3.sqlite", "run4.sqlite", "run5.sqlite", "run9.sqlite.damaged-1"]
    Runs(tmp_path, HOME).writer("new").close()
    assert [path.stem for path in Runs(tmp_path, HOME).paths()] == ["new", "run3", "run4", "run5"]


def test_as_many_as_may_stay_do(tmp_path: Path) -> None:
    for number in range(record_runs.MOST_RUNS + 3):
        (tmp_path / f"run{number:03}.sqlite").write_bytes(b"")
        os.utime(tmp_path / f"run{number:03}.sqlite", (number, number))
    Runs(tmp_path, HOME).writer("new").close()
    assert names(tmp_path) == ["new.sqlite", *(f"run{number:03}.sqlite" for number in range(4, record_runs.MOST_RUNS + 3))]


def test_a_run_that_goes_on_says_where_it_is_now(tmp_path: Path) -> None:
    made(tmp_path, RUN, home_file="/old.yaml")

    def go_on(of: LedgerRecord, **options: Any) -> KeptRun:
        writer = Runs(tmp_path, HOME, **options).writer(RUN)
        writer.book(of)
        writer.write(behind(of), sync=True)
        writer.close()
        return picked(tmp_path, RUN)

    found = go_on(windows(4)[3], broker="one:1883", home_file="/new.yaml")
    assert (found.origin.broker, found.origin.home_file) == ("one:1883", "/new.yaml")
    assert found.origin.at > 1_600_000_000
    assert go_on(windows(5)[4]).origin.home_file is None
    assert assert_whole(found.path) == 5
