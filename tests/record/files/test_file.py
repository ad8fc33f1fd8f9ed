"""A record that one run writes: whole at any time, in its place in one go, and without a hole whatever the disk does."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import examples
from tests.records import lines_in
from tests.stage import SMALL, small_home
from virtual_devices.edge.messages.retained import place
from virtual_devices.kit.errors import AlreadyRunningError, ConfigurationError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import RUN, House
from virtual_devices.record.files import file as record_file
from virtual_devices.record.files.file import RecordFile
from virtual_devices.record.reading.audit import audit_record
from virtual_devices.record.store.database import BESIDE
from virtual_devices.record.store.writer import RecordWriter

FEW = examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def windows() -> list[LedgerRecord]:
    house = House(small_home(SMALL, "cape"), max_steps=1)
    found: list[LedgerRecord] = []
    house.listeners.append(found.append)
    house.advance(house.home.start + 300 * house.home.step)
    return found


class Wall:
    """A clock that goes on as it is told."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def written(path: Path, windows: list[LedgerRecord]) -> None:
    file = RecordFile(path, "cape", RUN, {})
    for record in windows:
        file.add(record)
    file.close()
    assert file.shortfall is None


def seqs(path: Path) -> list[int]:
    return [place(line)[1] for line in lines_in(path)]


def test_until_it_is_closed_the_old_one_stands_and_nobody_else_writes_there(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    path = tmp_path / "run.sqlite"
    written(path, windows[:10])
    before = path.read_bytes()
    file = RecordFile(path, "cape", RUN, {}, now=Wall())
    for record in windows:
        file.add(record)
    assert path.read_bytes() == before
    there = len(windows) // record_file.AT_ONCE * record_file.AT_ONCE
    assert 0 < there < len(windows), "not all are written yet, and not one by one"
    assert seqs(path.with_name("run.sqlite.partial")) == list(range(1, there + 1))
    with pytest.raises(AlreadyRunningError, match="another process writes the record"):
        RecordFile(path, "cape", RUN, {})
    with pytest.raises(AlreadyRunningError):
        RecordWriter(path, "cape", RUN)
    file.close()
    assert seqs(path) == list(range(1, 301))
    assert [each.name for each in tmp_path.iterdir()] == ["run.sqlite"]


def test_what_came_in_a_second_is_written_then(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    wall = Wall()
    file = RecordFile(tmp_path / "run.sqlite", "cape", RUN, {}, now=wall)
    file.add(windows[0])
    assert not (tmp_path / "run.sqlite.partial").exists()
    wall.time = 1.0
    file.add(windows[1])
    assert seqs(tmp_path / "run.sqlite.partial") == [1, 2]
    wall.time = 1.9
    file.add(windows[2])
    assert seqs(tmp_path / "run.sqlite.partial") == [1, 2]
    file.close()
    assert seqs(tmp_path / "run.sqlite") == [1, 2, 3]


@FEW
@given(bad=st.lists(st.booleans(), min_size=60, max_size=60), last=st.booleans(), most=st.sampled_from([1, 20_000, 1 << 20]))
def test_a_disk_that_comes_and_goes_leaves_no_hole(
    bad: list[bool], last: bool, most: int, tmp_path: Path, windows: list[LedgerRecord], monkeypatch: pytest.MonkeyPatch  # noqa: FBT001
) -> None:
    """Attempts fail as they like; what is in the file is a beginning, and the sentence says how much of it."""
    monkeypatch.undo()  # what the example before has changed
    monkeypatch.setattr(record_file, "HELD_MOST", most)
    path, wall, failing = tmp_path / "run.sqlite", Wall(), False
    path.unlink(missing_ok=True)
    write = RecordWriter.write

    def sometimes(writer: RecordWriter, *arguments: Any, **named: Any) -> None:
        if failing:
            raise OSError(28, "No space left on device")
        write(writer, *arguments, **named)

    monkeypatch.setattr(RecordWriter, "write", sometimes)
    file = RecordFile(path, "cape", RUN, {}, now=wall)
    for failing, record in zip(bad, windows, strict=False):  # noqa: B007 - it is looked at by the disk
        wall.time += 10
        file.add(record)
    failing = last
    file.close()
    count = len(seqs(path)) if path.exists() else 0
    if count:
        assert seqs(path) == list(range(1, count + 1))
        assert audit_record(path).ok
    if count == 60:
        assert file.shortfall is None
    else:
        how_many = f"{count} of 60 windows are in it, those before the others" if count else "none of the windows is in it"
        assert file.shortfall == f"record {path} cannot be written: No space left on device; {how_many}"
    if most == 1 << 20 and not last:
        assert count == 60


def test_a_record_that_a_home_goes_on_from_is_not_given_up_for_it(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    path = tmp_path / "run.sqlite"
    writer = RecordWriter(path, "cape", RUN)
    writer.book(windows[0])
    writer.write({("inverter", "settlement"): b"{}"})
    with pytest.raises(AlreadyRunningError, match="stop it first"):
        RecordFile(path, "cape", RUN, {})
    writer.close()
    with pytest.raises(ConfigurationError, match="is the record that home cape goes on from; name another file"):
        RecordFile(path, "cape", RUN, {})
    assert seqs(path) == [1]


def test_what_a_killed_writer_left_beside_the_old_one_is_not_taken_for_the_new_ones(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    path = tmp_path / "run.sqlite"
    writer = RecordWriter(tmp_path / "killed.sqlite", "cape", RUN)
    for record in windows[:100]:
        writer.book(record)
        writer.write()
    for suffix in BESIDE:  # as a kill leaves them: all of it is in the log
        if (left := tmp_path / f"killed.sqlite{suffix}").exists():
            (tmp_path / f"run.sqlite{suffix}").write_bytes(left.read_bytes())
    writer.close()
    assert (tmp_path / "run.sqlite-wal").stat().st_size > 0
    assert seqs(path) == list(range(1, 101))
    written(path, windows[:7])
    assert seqs(path) == list(range(1, 8))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["killed.sqlite", "run.sqlite"]


def test_one_that_is_read_meanwhile_is_replaced_all_the_same(tmp_path: Path, windows: list[LedgerRecord], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.record.files.placing.BUSY_FOR", 0.05)
    path = tmp_path / "run.sqlite"
    RecordWriter(path, "cape", RUN).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM ledger").fetchone() == (0,)
        written(path, windows[:7])
        assert reader.execute("SELECT count(*) FROM ledger").fetchone() == (0,), "the old one, until it is let go"
    assert seqs(path) == list(range(1, 8))
    assert audit_record(path).ok


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_what_was_simulated_a_killed_one_the_old_record(
    tmp_path: Path, windows: list[LedgerRecord], signum: signal.Signals
) -> None:
    home, path = tmp_path / "home.yaml", tmp_path / "run.sqlite"
    home.write_text(SMALL.replace("HOME", "small"), encoding="utf-8")
    written(path, windows[:3])
    program = (
        "from virtual_devices.cli import main; from virtual_devices.record.store.writer import RecordWriter\n"
        "write = RecordWriter.write\n"
        "def told(*words, **named): write(*words, **named); print('written', flush=True)\n"
        "RecordWriter.write = told\n"
        f"main(['simulate', {str(home)!r}, '--for', '36500d', '--step', '5s', '--record', {str(path)!r}])\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline() == "written\n"
        os.kill(process.pid, signum)
        process.stdout.read()
    found = audit_record(path)
    assert found.ok, found.problems
    if signum == signal.SIGKILL:
        assert seqs(path) == [1, 2, 3]
        written(path, windows[:5])  # what is left of the killed one is in nobody's way
        assert seqs(path) == [1, 2, 3, 4, 5]
    else:
        assert found.windows + found.by_chain >= 3 * 64 or found.windows > 3
        assert not path.with_name("run.sqlite.partial").exists()
