"""What tests ask of the machine: a free port, and the processes below a process (Linux)."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from pathlib import Path


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
        elif any("mosquitto" in word or "broker_iotcore" in word for word in words):
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
