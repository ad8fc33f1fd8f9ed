"""Who is at work on a home: a machine, or a pod, and a process of it."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def holder() -> str:
    """This process. One that is started again in its pod has the same number, and is the same to all others."""
    return f"{socket.gethostname()}.{os.getpid()}"


def has_ended(other: str) -> bool:
    """Whether another holder has certainly ended: a process of this very machine or pod that is not there any more."""
    machine, _, number = other.rpartition(".")
    own, _, _ = holder().rpartition(".")
    return machine == own and number.isdigit() and not Path("/proc", number).exists()
