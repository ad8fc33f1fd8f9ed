"""Whose port it is: that somebody accepts connections does not say that it is the process that was started for it.

Two homes that start at the same moment both find the usual port free; one broker gets it, the other ends, and until it has ended
its home would talk to a neighbour's broker.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

_PROC = Path("/proc")
_LISTENS = "0A"  # the state of a listening socket in /proc/net/tcp, include/net/tcp_states.h of Linux
_LONG_ENOUGH = 0.5
"""Wall seconds in which a broker whose port is taken has ended; waited for where no system says whose a port is."""


def accepts(host: str, port: int) -> bool:
    """Whether anybody accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False


def has_ports(process: subprocess.Popen[bytes], ports: Collection[int]) -> bool:
    """Whether these TCP ports, on which somebody accepts connections, are this process's."""
    if sys.platform == "linux" and (own := _own_sockets(process.pid)) is not None:
        return all(_listeners(port) & own for port in set(ports))
    time.sleep(_LONG_ENOUGH)
    return process.poll() is None


def _own_sockets(pid: int) -> set[str] | None:
    """Inodes of the sockets that a process has open; None where it cannot be seen, or has ended."""
    found = set()
    try:
        files = list((_PROC / str(pid) / "fd").iterdir())
    except OSError:
        return None
    for file in files:
        with contextlib.suppress(OSError):
            target = str(file.readlink())
            if target.startswith("socket:["):
                found.add(target[len("socket:[") : -1])
    return found


def _listeners(port: int) -> set[str]:
    """Inodes of the sockets that listen on a port, of any address."""
    found = set()
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / "net" / name).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTENS and int(words[1].rpartition(":")[2], 16) == port:
                    found.add(words[9])
    return found
