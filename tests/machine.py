"""What tests ask of the machine: the brokers that there are, a free port, the processes below a process, a disk that is full (Linux)."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from virtual_devices.edge.broker.start import BrokerKind, find_mosquitto

BROKER_KINDS: list[BrokerKind] = ["mosquitto", "iotcore"] if find_mosquitto() else ["iotcore"]


def free_port() -> int:
    """A port of loopback that nobody listens on, nor gets for an outgoing connection while it is free."""
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311 - no secret
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


def free_ports() -> int:
    """A port that is free together with the next one."""
    while True:
        port = free_port()
        try:
            socket.create_server(("127.0.0.1", port + 1)).close()
        except (OSError, OverflowError):
            continue
        return port


def family(pid: int) -> dict[str, int]:
    """Pids of a host's children: devices by name, and its broker."""
    found = {}
    for child in _children(pid):
        words = _command(child)
        if "--name" in words:
            found[words[words.index("--name") + 1]] = child
        elif any("mosquitto" in word or "broker.iotcore" in word for word in words):
            found["broker"] = child
    return found


def hold(pid: int) -> None:
    """Stop a process (SIGSTOP), and wait until it stands: the kernel tells its threads one after the other."""
    os.kill(pid, signal.SIGSTOP)
    if Path("/proc").is_dir():
        while any(task.read_text().rpartition(")")[2].split()[0] != "T" for task in Path(f"/proc/{pid}/task").glob("*/stat")):
            time.sleep(0.001)


def alive(pid: int) -> bool:
    """It runs, and is no zombie."""
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z"


def words_of_children(pid: int) -> dict[int, list[str]]:
    """Command lines of a process's children, by pid."""
    return {child: _command(child) for child in _children(pid)}


def _children(pid: int) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [each for each in pids if (fields := _stat(each)) and int(fields[1]) == pid and fields[0] != "Z"]


def _stat(pid: int) -> list[str]:
    """State, parent and so on; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []


class Disk:
    """A small disk of one's own that can be filled and freed.

    As root a file system in memory; for everybody else, and for whoever asks, a limit to what this process may write: that
    needs no rights, and is what a quota is like. So nothing but the disk's own files should be written while it is full.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave room for nothing."""
        if self.kind == "limit":
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
            return
        with self._ballast.open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 10, 1):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def free(self) -> None:
        """Make room again."""
        if self.kind == "limit":
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        else:
            self._ballast.unlink(missing_ok=True)


DISKS = ("mounted", "limit") if os.geteuid() == 0 else ("limit",)


@contextmanager
def small_disk(folder: Path, kind: str) -> Iterator[Disk]:
    """A disk of 4 MiB. kind: of ``DISKS``."""
    folder.mkdir()
    if kind == "mounted":
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    disk = Disk(folder, kind)
    try:
        yield disk
    finally:
        disk.free()
        if kind == "mounted":
            subprocess.run(["umount", "-l", str(folder)], check=True)


def obey_permissions() -> None:
    """For ``preexec_fn``: what is started next has to obey the permissions of files, also when it is root's (Linux)."""
    if os.geteuid() != 0:
        return
    drop_from_bounding_set, override, read_search = 24, 1, 2  # linux/prctl.h, linux/capability.h
    for capability in (override, read_search):
        if ctypes.CDLL(None, use_errno=True).prctl(drop_from_bounding_set, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "a root without CAP_SETPCAP cannot lay down its rights")
