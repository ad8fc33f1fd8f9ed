"""One process for a state folder, whatever becomes of it."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.machine import BROKER_KINDS
from virtual_devices.edge.broker.start import BrokerKind, find_mosquitto, start_broker
from virtual_devices.fleet.claim import folder_lock
from virtual_devices.fleet.claim.folder_lock import FILE, FolderLock
from virtual_devices.kit.errors import AlreadyRunningError, ConfigurationError

HOLDS = """
import sys, time
from pathlib import Path
from virtual_devices.fleet.claim.folder_lock import FolderLock
with FolderLock(Path(sys.argv[1]), "cape"):
    print("locked", flush=True)
    time.sleep(60)
"""
HOLDS_WITH_BROKER = """
import sys, time
from pathlib import Path
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.fleet.claim.folder_lock import FolderLock
folder = Path(sys.argv[1])
with FolderLock(folder, "cape") as lock:
    broker = start_broker(folder / "broker", kind=sys.argv[2], port=0, keeps_open=lock.shared)
    print(broker.pid, flush=True)
    time.sleep(60)
"""


@contextmanager
def holder(*arguments: object, program: str = HOLDS) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock."""
    words = [sys.executable, "-c", program, *map(str, arguments)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        try:
            if program is HOLDS:
                assert process.stdout.readline() == "locked\n"
            yield process
        finally:
            process.kill()


def test_the_second_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    with holder(tmp_path) as first, pytest.raises(AlreadyRunningError) as caught, FolderLock(tmp_path, "cape"):
        pass
    text = str(caught.value)
    assert text.startswith(f"home cape runs already: process {first.pid} on ")
    assert f"in the state folder {tmp_path}" in text
    assert "--state" in text


def test_a_refusal_names_the_home_that_runs_there(tmp_path: Path) -> None:
    with holder(tmp_path), pytest.raises(AlreadyRunningError, match="home cape runs already"), FolderLock(tmp_path, "karoo"):
        pass


@pytest.mark.parametrize("end", ["orderly", "killed"])
def test_the_lock_ends_with_its_holder_and_who_comes_next_knows_whose_it_was(tmp_path: Path, end: str) -> None:
    with holder(tmp_path) as first:
        token = json.loads((tmp_path / FILE).read_bytes())["token"]
        (first.terminate if end == "orderly" else first.kill)()
        first.wait()
        with FolderLock(tmp_path, "cape") as lock:
            assert lock.predecessor == token
            assert lock.holder.token != token


def test_the_first_ever_has_no_predecessor(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "new" / "state", "cape") as lock:
        assert lock.predecessor is None


@pytest.mark.parametrize("how", ["copied", "another machine", "another boot", "rubbish", "no object", "empty"])
def test_what_proves_nothing_names_no_predecessor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """The original of a copy may run: its claim on a broker is not to be taken over at once."""
    folder = tmp_path / "state"
    with FolderLock(folder, "cape"):
        pass
    if how == "copied":
        shutil.copytree(folder, tmp_path / "copy")
        folder = tmp_path / "copy"
    elif how == "another machine":
        monkeypatch.setattr(platform, "node", lambda: "elsewhere")
    elif how == "another boot":
        monkeypatch.setattr(folder_lock, "_boot", lambda: "later")
    else:
        (folder / FILE).write_text({"rubbish": "{", "no object": "[1]", "empty": ""}[how])
    with FolderLock(folder, "cape") as lock:
        assert lock.predecessor is None


def test_many_that_start_at_once_leave_one(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLDS.replace("time.sleep(60)", "time.sleep(5)"), str(tmp_path)]
    processes = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) for _ in range(4)]
    said = [process.communicate(timeout=60) for process in processes]
    assert sorted(out for out, _ in said) == ["", "", "", "locked\n"]
    first = next(process for process in processes if process.returncode == 0)
    for process, (_, err) in zip(processes, said, strict=True):
        assert process is first or f"home cape runs already: process {first.pid} on " in err


def test_a_holder_that_could_not_sign_is_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk."""
    monkeypatch.setattr(folder_lock, "SIGNS_WITHIN", 0.2)
    with (tmp_path / FILE).open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunningError, match="home cape runs already: another process"), FolderLock(tmp_path, "cape"):
            pass


@pytest.mark.parametrize("pid", [-1, 0, 2**70, "12", None, True])
def test_whatever_a_file_says_a_lock_that_is_held_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pid: object) -> None:
    monkeypatch.setattr(folder_lock, "SIGNS_WITHIN", 0.1)
    monkeypatch.setattr(folder_lock, "ENDS_WITHIN", 0.2)
    content = {"home": "cape", "pid": pid, "machine": platform.node(), "boot": folder_lock._boot(), "since": 2**70}
    (tmp_path / FILE).write_text(json.dumps(content))
    with (tmp_path / FILE).open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunningError), FolderLock(tmp_path, "cape"):
            pass


def test_a_folder_that_cannot_be_used_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigurationError, match="choose another --state"), FolderLock(folder, "cape"):
            pass
    (tmp_path / "state" / FILE).mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="choose another --state"), FolderLock(tmp_path / "state", "cape"):
        pass


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_after_a_kill_the_next_waits_until_the_broker_has_ended(tmp_path: Path, kind: BrokerKind) -> None:
    with holder(tmp_path, kind, program=HOLDS_WITH_BROKER) as first:
        assert first.stdout is not None
        broker = int(first.stdout.readline())
        first.kill()
        first.wait()
        with FolderLock(tmp_path, "cape"):
            assert not running(broker)


def running(pid: int) -> bool:
    """Whether a process does anything yet; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(find_mosquitto() is None, reason="the embedded broker cannot outlive its host")
def test_a_broker_that_outlives_its_host_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on systems where nothing ends it, or where it hangs."""
    monkeypatch.setattr(folder_lock, "ENDS_WITHIN", 0.5)
    with FolderLock(tmp_path, "cape") as lock, start_broker(tmp_path / "broker", kind="mosquitto", port=0, keeps_open=lock.shared):
        lock._close()
        content = json.loads((tmp_path / FILE).read_bytes())
        ended = subprocess.Popen(["true"])
        ended.wait()
        (tmp_path / FILE).write_text(json.dumps({**content, "pid": ended.pid}))
        begin = time.monotonic()
        with pytest.raises(AlreadyRunningError, match="its broker still runs"), FolderLock(tmp_path, "cape"):
            pass
        assert time.monotonic() - begin < 5
