"""Ledger files on a bad day: a full disk, a killed writer, a file that somebody else has damaged."""

from __future__ import annotations

import gzip
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.machine import DISKS, Disk, small_disk
from virtual_devices.edge.files.write import RETRY_EVERY
from virtual_devices.edge.ledger import file as ledger_file
from virtual_devices.edge.ledger.file import LedgerFile
from virtual_devices.kit.errors import ConfigurationError

SUFFIXES = ("jsonl", "jsonl.gz")


def line(seq: int, run: str = "r", size: int = 300) -> bytes:
    """A record that does not compress away."""
    return orjson.dumps({"run": run, "seq": seq, "data": random.Random(seq).randbytes(size // 2 + seq % 7).hex()})  # noqa: S311 - no secret


def seqs(path: Path) -> list[int]:
    """What a reader finds; raises for a half line, or a member that was not finished."""
    content = path.read_bytes()
    lines = (gzip.decompress(content) if path.suffix == ".gz" else content).split(b"\n")
    assert lines.pop() == b"", "the last line ends"
    return [int(orjson.loads(each)["seq"]) for each in lines]


@pytest.fixture(params=DISKS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", request.param) as made:
        yield made


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_holds_records_back_and_loses_none(disk: Disk, suffix: str) -> None:
    said: list[str] = []
    now = [0.0]
    path = disk.folder / f"ledger.{suffix}"
    file = LedgerFile(path, say=said.append, now=lambda: now[0])
    for seq in range(1, 11):
        file.write(line(seq))
    disk.fill()
    for seq in range(11, 41):
        file.write(line(seq, size=5000))
        now[0] += 1
    assert file.holds_back
    assert len(said) == 1, "it is said once, however often it is tried"
    assert said[0].startswith(f"ledger {path} cannot be written: ")
    assert path.read_bytes().count(b"\n") <= 10 or suffix.endswith("gz")
    disk.free()
    now[0] += RETRY_EVERY
    file.write(line(41))
    assert said[1:] == [f"ledger {path} is written again, and lacks nothing"]
    file.close()
    assert file.shortfall is None
    assert seqs(path) == [*range(1, 42)]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_disk_that_stays_full_ends_the_file_behind_its_last_whole_line(
    disk: Disk, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "HELD_MOST", 1000)
    said: list[str] = []
    path = disk.folder / f"ledger.{suffix}"
    file = LedgerFile(path, say=said.append)
    for seq in range(1, 6):
        file.write(line(seq))
    disk.fill()
    held = 0
    for seq in range(6, 200):
        file.write(line(seq, size=4000))
        held = max(held, file._held_bytes)
    assert held < 10_000, "what waits is bounded"
    disk.free()
    file.close()
    assert len(said) == 2
    assert said[1].startswith(f"ledger {path} ends here: ")
    assert file.shortfall is not None
    there = len(seqs(path))
    assert f"; {there} of 199 windows are in it, those before the others" in file.shortfall
    assert seqs(path) == [*range(1, there + 1)], "a beginning without a gap"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_that_is_still_full_at_the_end_is_told(disk: Disk, suffix: str) -> None:
    path = disk.folder / f"ledger.{suffix}"
    file = LedgerFile(path)
    file.write(line(1))
    disk.fill()
    for seq in range(2, 30):
        file.write(line(seq, size=9000))
    file.close()
    assert file.shortfall is not None
    assert "; 1 of 29 windows are in it" in file.shortfall
    disk.free()
    resumed = LedgerFile(path, ("r", 1))
    assert resumed.last == 1
    resumed.write(line(2))
    resumed.close()
    assert resumed.shortfall is None
    assert seqs(path) == [1, 2]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_device_that_is_always_full(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"full{suffix}"
    path.symlink_to("/dev/full")
    file = LedgerFile(path)
    for seq in (1, 2, 3):
        file.write(line(seq))
    file.close()
    assert file.shortfall == f"ledger {path} cannot be written: No space left on device; none of the windows is in it"


def test_a_pipe_that_nobody_reads_any_more(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    file = LedgerFile(path)
    file.write(line(1))
    assert os.read(reader, 1 << 16) == line(1) + b"\n"
    os.close(reader)
    file.write(line(2))
    file.close()
    assert file.shortfall is not None
    assert "Broken pipe" in file.shortfall


def test_a_folder_is_told_at_the_start(tmp_path: Path) -> None:
    for after in (None, ("r", 5)):
        with pytest.raises(ConfigurationError, match="cannot be written: Is a directory; choose another place"):
            LedgerFile(tmp_path, after)


# -- going on ----------------------------------------------------------------------------------------------------------


def written(path: Path, count: int, *, finished: bool = True, tail: bytes = b"") -> None:
    file = LedgerFile(path)
    for seq in range(1, count + 1):
        file.write(line(seq))
    if finished:
        file.close()
    else:
        file._file.close()  # as a kill does
    with path.open("ab") as more:
        more.write(tail)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("tail", [b"", b'{"run":"r","seq":', bytes(100), b"\xff\xfe\n", b"7\n"])
@pytest.mark.parametrize("after", [4, 9, 10, 99])
def test_it_goes_on_behind_the_last_line_that_counts(tmp_path: Path, suffix: str, tail: bytes, after: int, *, finished: bool) -> None:
    path = tmp_path / f"ledger.{suffix}"
    written(path, 10, finished=finished, tail=tail)
    file = LedgerFile(path, ("r", after))
    kept = min(after, 10)
    assert file.last == kept
    for seq in range(kept + 1, 14):
        file.write(line(seq))
    file.close()
    assert seqs(path) == [*range(1, 14)]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_begins_anew(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"ledger.{suffix}"
    for after, last in ((("r", 3), None), (None, None), (("other", 3), None)):
        path.unlink(missing_ok=True)
        if after != ("r", 3):
            written(path, 10)
        file = LedgerFile(path, after)
        assert file.last is last
        file.write(line(1, run="other"))
        file.close()
        assert seqs(path) == [1]
    path.write_bytes(b"")
    assert LedgerFile(path, ("r", 3)).last == 0, "its writer was killed before its first"


@given(st.binary(max_size=300), st.integers(0, 12))
@examples(max_examples=60, deadline=None)
def test_whatever_is_behind_the_lines_that_count_they_stay(tmp_path_factory: pytest.TempPathFactory, tail: bytes, after: int) -> None:
    for suffix in SUFFIXES:
        path = tmp_path_factory.mktemp("ledger") / f"ledger.{suffix}"
        written(path, 10, finished=False, tail=tail)
        file = LedgerFile(path, ("r", after))
        file.write(line(100))
        file.close()
        assert seqs(path) == [*range(1, min(10, after) + 1), 100]


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from virtual_devices.edge.ledger import file as ledger_file
from virtual_devices.edge.ledger.file import LedgerFile

original, work, points = Path(sys.argv[1]), Path(sys.argv[2]), 0
while True:
    points += 1
    shutil.copy(original, work)
    child = os.fork()
    if child == 0:
        left = points
        def step(frame, event, argument):
            global left
            if frame.f_code.co_filename != ledger_file.__file__:
                return None
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return step
        sys.settrace(step)
        file = LedgerFile(work, ("r", 2))
        for seq in (3, 4):
            file.write(b'{"run":"r","seq":%d}' % seq)
        file.close()
        sys.settrace(None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(points, "whole" if status == 0 else "killed" if os.WTERMSIG(status) == signal.SIGKILL else status, flush=True)
    sys.stdin.readline()
    if status == 0:
        break
"""


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("finished", [True, False])
def test_a_kill_at_any_line_of_the_program_loses_nothing_that_counts(tmp_path: Path, suffix: str, *, finished: bool) -> None:
    """A real SIGKILL at every single line that resuming, writing and closing execute."""
    original, work = tmp_path / f"original.{suffix}", tmp_path / f"work.{suffix}"
    written(original, 4, finished=finished)
    killed = 0
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(original), str(work)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for said in process.stdout:
            _, what = said.split()
            if what == "whole":
                assert seqs(work) == [1, 2, 3, 4]
                break
            assert what == "killed", said
            killed += 1
            found = LedgerFile(work, ("r", 4))
            assert found.last is not None
            assert found.last >= 2, f"killed at line {killed}"
            found.close()
            assert seqs(work) == [*range(1, found.last + 1)]
            process.stdin.write("\n")
            process.stdin.flush()
        process.stdin.close()
    assert killed > 40


def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    """240 MB are resumed by a process that may take less than that; the file stays where it is."""
    path = tmp_path / "large.jsonl"
    with path.open("wb") as file:
        for seq in range(1, 241):
            file.write(line(seq, size=1_000_000) + b"\n")
    inode = path.stat().st_ino
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from virtual_devices.edge.ledger.file import LedgerFile\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "file = LedgerFile(Path(sys.argv[1]), ('r', 200))\n"
        "file.write(b'{\"run\":\"r\",\"seq\":201}')\n"
        "file.close()\n"
        "print(file.last, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True, timeout=120)
    last, grown = map(int, done.stdout.split())
    assert last == 200
    assert grown < 40_000, f"{grown} KiB"
    assert path.stat().st_ino == inode
    assert path.stat().st_size < 202_000_000


def test_the_limit_is_this_machines(tmp_path: Path) -> None:
    """What the tests above take for a full disk really refuses to write."""
    for kind in DISKS:
        with small_disk(tmp_path / kind, kind) as disk:
            disk.fill()
            with pytest.raises(OSError, match=r"No space left|File too large"):
                (disk.folder / "more").write_bytes(bytes(1 << 16))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN, "Python gets an error instead"
