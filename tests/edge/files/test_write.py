"""Files that are whole or not at all, and what is damaged out of the way."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import DISKS, Disk, small_disk
from virtual_devices.edge.files.write import DAMAGED_KEPT, Trouble, replacing, set_aside, why, write_out, write_whole


@pytest.fixture(params=DISKS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", request.param) as made:
        yield made


@pytest.mark.parametrize("before", [None, b"the old one"])
def test_a_full_disk_leaves_the_old_file_and_no_half_of_the_new_one(disk: Disk, before: bytes | None) -> None:
    path = disk.folder / "file"
    if before is not None:
        write_whole(path, before)
    disk.fill()
    there = {each.name for each in disk.folder.iterdir()}
    for write in (write_whole, write_out):
        with pytest.raises(OSError, match=r"No space left|File too large"):
            write(path, bytes(100_000))
    assert {each.name for each in disk.folder.iterdir()} == there
    disk.free()
    assert (path.read_bytes() if path.exists() else None) == before
    write_whole(path, b"the new one", sync=True)
    assert path.read_bytes() == b"the new one"


def test_an_error_of_whoever_writes_leaves_the_old_file_and_no_half_of_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"the old one")

    def write_half() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        write_half()
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"the old one"


def test_what_is_private_is_so_from_the_first_moment(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_whole(tmp_path / "secret", b"x", private=True)
        write_whole(tmp_path / "open", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o666


def test_what_an_owner_named_may_be_a_link_or_a_device(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_out(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    write_out(Path(os.devnull), b"nothing")
    assert not Path(os.devnull).is_file(), "a device stays one"
    with pytest.raises(OSError, match="No space left"):
        write_out(Path("/dev/full"), b"something")


@pytest.mark.parametrize("folder", [False, True])
def test_only_so_many_damaged_ones_are_kept(tmp_path: Path, *, folder: bool) -> None:
    path = tmp_path / "thing"
    for number in range(1, 8):
        if folder:
            path.mkdir()
            (path / "inside").write_text(str(number))
        else:
            path.write_text(str(number))
        assert set_aside(path) == tmp_path / f"thing.damaged-{number}"
        assert not path.exists()
    assert {each.name for each in tmp_path.iterdir()} == {f"thing.damaged-{number}" for number in (5, 6, 7)}
    assert DAMAGED_KEPT == 3


def test_others_beside_it_stay(tmp_path: Path) -> None:
    others = ["thing.damaged-", "thing.damaged-x", "thing.damaged", "thingy.damaged-1"]
    for name in ("thing", *others):
        (tmp_path / name).write_text("")
    assert set_aside(tmp_path / "thing", keep=1).name == "thing.damaged-1"
    assert {each.name for each in tmp_path.iterdir()} == {"thing.damaged-1", *others}


def test_a_disk_that_comes_and_goes_is_told_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    said: list[str] = []
    trouble = Trouble(said.append, lambda reason: f"begin: {reason}", "end")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    for _ in range(100):
        for _ in range(5):
            trouble.failed(full)
        trouble.over()
        trouble.over()
        now[0] += 5
    assert said == ["begin: No space left on device", "end"] * 3
    trouble.failed(OSError(errno.EIO, os.strerror(errno.EIO)))
    assert trouble.reason == "Input/output error", "the last one is told at the end"


def test_an_error_in_its_own_words() -> None:
    assert why(OSError(errno.EROFS, os.strerror(errno.EROFS), "/a/b")) == "Read-only file system"
    assert why(OSError("timed out")) == "timed out"
    assert why(RecursionError()) == "RecursionError"
