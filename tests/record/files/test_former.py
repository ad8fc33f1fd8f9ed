"""What versions before records kept is taken over once, and nothing of it is lost, wherever that is interrupted."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.former import former_text, overwritten
from tests.laws import examples
from tests.machine import DISKS, Disk, small_disk
from tests.record.lives import HOME, behind, survives, takes_nothing, windows
from tests.records import facts_in, kept_in, records
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.files.former import ASIDE, FILE, NEWEST, TAKEN_OVER, give_up, take_over
from virtual_devices.record.files.runs import OWN, Runs
from virtual_devices.record.store import writer as record_writer
from virtual_devices.record.store.kept import Messages, moment

ELSEWHERE = "one:1883"


def of_run(run: str, seq: int = 3) -> Messages:
    """A set of a run behind a window."""
    return {key: payload.replace(b'"run":"house"', b'"run":"%s"' % run.encode()) for key, payload in behind(windows(seq)[-1]).items()}


def facts(broker: str = OWN, at: int = 1000) -> dict[str, Any]:
    return {"broker": broker, "home_file": "/home.yaml", "at": at}


RUNS = ("present", "older", "elsewhere")


def made(folder: Path, runs: Collection[str] = RUNS) -> None:
    """A run on the home's own broker, whose last window is in the second file, an older one there, and one elsewhere."""
    (folder / ASIDE).mkdir(parents=True)
    (folder / FILE).write_bytes(former_text(HOME, of_run("present", 2), facts(at=3000)))
    (folder / NEWEST).write_bytes(overwritten(former_text(HOME, of_run("present", 3), facts(at=3001))))
    if "older" in runs:
        (folder / ASIDE / "older.json").write_bytes(former_text(HOME, of_run("older"), facts(at=2000)))
    (folder / ASIDE / "elsewhere.json").write_bytes(former_text(HOME, of_run("elsewhere"), facts(ELSEWHERE, at=4000)))


def all_taken_over(folder: Path, runs: Collection[str] = RUNS) -> None:
    assert {path.stem: kept_in(path) for path in records(folder)} == {run: of_run(run) for run in runs}
    for broker, run in ((OWN, "present"), (ELSEWHERE, "elsewhere")):
        picked = Runs(folder, HOME, broker).pick(None)
        assert picked is not None
        assert (picked.path.stem, picked.origin.home_file) == (run, "/home.yaml")
    left = {path.name for path in folder.iterdir() if path.suffix not in (".sqlite-wal", ".sqlite-shm", ".new", ".sqlite-writer")}
    assert left == {*(f"{run}.sqlite" for run in runs), *(f"{name}{TAKEN_OVER}" for name in (FILE, NEWEST, ASIDE))}
    assert {path.stem for path in (folder / f"{ASIDE}{TAKEN_OVER}").iterdir()} == {*runs} - {"present"}


def test_all_of_it_is_taken_over_once(tmp_path: Path) -> None:
    made(tmp_path)
    runs = Runs(tmp_path, HOME)
    take_over(runs)
    all_taken_over(tmp_path)
    assert {path.stem: (facts_in(path)["broker"], facts_in(path)["at"] < 10_000) for path in records(tmp_path)} == {
        "present": (OWN, False), "older": (OWN, True), "elsewhere": (ELSEWHERE, True)
    }  # fmt: skip
    before = {path: path.read_bytes() for path in records(tmp_path)}
    take_over(runs)
    assert {path: path.read_bytes() for path in records(tmp_path)} == before


def test_killed_before_any_step_the_next_start_does_the_rest(folder: Path) -> None:
    """Steps are statements, and changes of names; what the broker retains may ask for any run in between."""
    base, state, runs = folder / "base", folder / "state", ("present", "elsewhere")
    made(base, runs)
    for step in itertools.count(1):
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(base, state)
        survived = survives(lambda: take_over(Runs(state, HOME)), step)
        take_over(Runs(state, HOME))
        all_taken_over(state, runs)
        if survived:
            break
    assert step > 60


def test_killed_again_and_again_it_comes_to_its_end(folder: Path) -> None:
    state, lives = folder / "state", 1
    made(state)
    for step in itertools.chain.from_iterable((7, 23, 61, 3, 40) for _ in itertools.count()):
        if survives(lambda: take_over(Runs(state, HOME)), step + lives):
            break
        lives += 1
    assert lives > 3
    all_taken_over(state)


def test_the_present_run_is_the_newest_also_where_clocks_cannot_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it is taken over within a second, on a disk that counts in seconds."""
    (tmp_path / ASIDE).mkdir()
    (tmp_path / FILE).write_bytes(former_text(HOME, of_run("m"), facts()))
    for run in ("a", "z"):
        (tmp_path / ASIDE / f"{run}.json").write_bytes(former_text(HOME, of_run(run), facts()))
    monkeypatch.setattr(record_writer, "time", Clock())
    take_over(Runs(tmp_path, HOME))
    for path in records(tmp_path):
        os.utime(path, (5000, 5000))
    picked = Runs(tmp_path, HOME).pick(None)
    assert picked is not None
    assert picked.path.stem == "m"


class Clock:
    """Of a wall on which it is always the same second."""

    def time(self) -> float:
        return 1_800_000_000.0


# -- the second file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("newest", "seq"),
    [
        (lambda text: overwritten(text("present", 4)), 4),
        (lambda text: overwritten(text("present", 4)) + b"what a longer one left", 4),
        (lambda text: overwritten(text("present", 2)), 3),
        (lambda text: overwritten(text("another", 4)), 3),
        (lambda text: overwritten(text("present", 4))[:-1], 3),
        (lambda text: overwritten(text("present", 4)).replace(b"cape", b"cope"), 3),
        (lambda text: text("present", 4), 3),
        (lambda _: b"", 3),
        (lambda _: b"00000000 99999999999999999999\n", 3),
        (lambda _: b"\n", 3),
    ],
)
def test_of_the_two_files_the_newer_one_that_is_whole_counts(tmp_path: Path, newest: Callable[[Callable[[str, int], bytes]], bytes], seq: int) -> None:
    def text(run: str, seq: int) -> bytes:
        return former_text(HOME, of_run(run, seq), facts())

    (tmp_path / FILE).write_bytes(text("present", 3))
    (tmp_path / NEWEST).write_bytes(newest(text))
    take_over(Runs(tmp_path, HOME))
    assert moment(kept_in(tmp_path / "present.sqlite")) == ("present", seq)
    assert len(records(tmp_path)) == 1


# -- what cannot be taken over -----------------------------------------------------------------------------------------


def refused(folder: Path, said: str) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".sqlite"}
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=said):
            take_over(Runs(folder, HOME))
    assert {path: path.read_bytes() for path in before} == before


def changed(**changes: Any) -> bytes:
    return orjson.dumps({**orjson.loads(former_text(HOME, of_run("present"), facts())), **changes})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "home.json cannot be read"), (b"{", "home.json cannot be read"), (b"[]", "cannot be"), (b"7", "cannot be"), (b"null", "cannot be"),
        (changed(version=9), "home.json cannot be resumed"), (changed(version=None), "cannot be"), (changed(home="other"), "is of home other, this is cape"),
        (changed(messages=[["#", "state", "AA=="]]), "nobody's"), (changed(messages=[["oven", "state", "!"]]), "cannot be read"),
        (changed(messages=[["oven", "state", 7]]), "cannot be read"), (changed(messages=[[]]), "cannot be read"), (changed(messages=7), "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
    ],
)  # fmt: skip
def test_a_present_run_that_cannot_be_read_is_told_and_stays(tmp_path: Path, text: bytes, said: str) -> None:
    made(tmp_path)
    (tmp_path / FILE).write_bytes(text)
    refused(tmp_path, said)
    assert {path.stem for path in records(tmp_path)} == {"older", "elsewhere"}
    give_up(Runs(tmp_path, HOME))
    assert (tmp_path / f"{FILE}.damaged-1").read_bytes() == text
    take_over(Runs(tmp_path, HOME))
    Runs(tmp_path, HOME).give_up()
    assert Runs(tmp_path, HOME).pick(None) is None
    take_over(Runs(tmp_path, HOME))
    assert Runs(tmp_path, HOME).pick(None) is None, "what was given up is not taken over again"
    assert Runs(tmp_path, HOME, ELSEWHERE).pick(None) is not None


@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_in_the_files_it_is_taken_over_or_told(folder: Path, data: st.DataObject) -> None:
    state = folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    made(state)
    name = data.draw(st.sampled_from([FILE, NEWEST, f"{ASIDE}/older.json"]))
    text = (state / name).read_bytes()
    at, other = data.draw(st.integers(0, len(text))), data.draw(st.binary(max_size=6))
    (state / name).write_bytes(text[:at] + other + text[at + data.draw(st.integers(0, 6)) :])
    try:
        take_over(Runs(state, HOME))
    except ConfigurationError:
        assert (state / FILE).exists()
    else:
        assert not (state / FILE).exists()
    left = list((state / f"{ASIDE}{TAKEN_OVER}").glob("*")) or list((state / ASIDE).glob("*"))
    assert len(left) == 2


def test_a_set_of_no_run_is_set_aside_by_its_name(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(former_text(HOME, {("oven", "state"): b"{}"}))
    take_over(Runs(tmp_path, HOME))
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{FILE}{TAKEN_OVER}"]


def test_what_a_record_has_is_not_overwritten_by_a_file_that_comes_back(tmp_path: Path) -> None:
    """An older version was started for a while, or a file was put back."""
    runs = Runs(tmp_path, HOME)
    made(tmp_path)
    take_over(runs)
    shutil.rmtree(tmp_path / f"{ASIDE}{TAKEN_OVER}")
    for name in (FILE, NEWEST):
        shutil.copyfile(tmp_path / f"{name}{TAKEN_OVER}", tmp_path / name)
    writer = runs.writer("present")
    writer.write(of_run("present", 5), sync=True)
    writer.close()
    take_over(runs)
    assert kept_in(tmp_path / "present.sqlite") == of_run("present", 5)
    assert {path.name for path in tmp_path.iterdir() if path.suffix != ".sqlite" and "sqlite-" not in path.name} == {
        f"{FILE}{TAKEN_OVER}", f"{NEWEST}{TAKEN_OVER}", f"{FILE}{TAKEN_OVER}.damaged-1", f"{NEWEST}{TAKEN_OVER}.damaged-1"
    }  # fmt: skip


# -- disks -------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=DISKS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", request.param) as made:
        yield made


def test_on_a_full_disk_nothing_is_lost_and_later_it_is_taken_over(disk: Disk) -> None:
    state = disk.folder / "state"
    made(state)
    disk.fill()
    with pytest.raises(OSError, match=r"\.sqlite"):
        take_over(Runs(state, HOME))
    assert {path.name for path in state.iterdir()} >= {FILE, NEWEST, ASIDE}
    disk.free()
    take_over(Runs(state, HOME))
    all_taken_over(state)


def test_where_the_disk_takes_some_of_it_the_rest_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path)
    writer = Runs.writer

    def sometimes(runs: Runs, run: str, *rest: Any) -> Any:
        if run == "older":
            raise OSError(28, os.strerror(28), str(runs.path(run)))
        return writer(runs, run, *rest)

    with monkeypatch.context() as patched, pytest.raises(OSError, match=r"older\.sqlite"):  # noqa: PT012 - the patch has to end with it
        patched.setattr(Runs, "writer", sometimes)
        take_over(Runs(tmp_path, HOME))
    take_over(Runs(tmp_path, HOME))
    all_taken_over(tmp_path)


def test_in_a_folder_that_takes_nothing_it_is_told_and_stays(tmp_path: Path) -> None:
    state = tmp_path / "state"
    made(state)
    with takes_nothing(state), pytest.raises(OSError, match=r"\.sqlite"):
        take_over(Runs(state, HOME))
    take_over(Runs(state, HOME))
    all_taken_over(state)
