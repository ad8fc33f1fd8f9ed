"""One process for a state folder: a lock of the operating system, which ends with whoever holds it.

The file says who that is, so that a refusal names him. The home's own broker keeps the lock's descriptor open too: after
a host was killed the next one waits until that broker has written its database and ended, instead of starting a second one
on the same files.

Each holder writes a token. Who gets the lock finds the token of the one before him, who is gone then: what that one still claims
on a broker nobody will renew. A copy of the folder, another machine or another boot proves nothing of the kind.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from virtual_devices.kit.errors import AlreadyRunningError, ConfigurationError

try:
    import fcntl
except ImportError:  # a system without them: the claim on the broker remains
    fcntl = None  # type: ignore[assignment]

FILE = "lock"
ENDS_WITHIN = 10.0
"""Wall seconds that the broker of a host that was killed may take to end."""
SIGNS_WITHIN = 1.0
"""Wall seconds that whoever has just got the lock may take to say who he is."""
_LOOK_EVERY = 0.05
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who hosts a home. machine: its name.  since: UTC seconds.  token: of this one process, never used again."""

    machine: str
    pid: int
    since: int
    token: str

    @classmethod
    def own(cls) -> Self:
        """This process, from now on."""
        return cls(platform.node() or "this machine", os.getpid(), int(time.time()), secrets.token_hex(8))

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since).astimezone()
        return f"process {self.pid} on {self.machine}, since {since:%Y-%m-%d %H:%M:%S}"


class FolderLock:
    """The right to write below a folder, while a ``with`` block lasts.

    holder: oneself.  predecessor: token of the one who held it before, where it is certain that he has ended.  descriptor:
    of the locked file, for a child that shall keep it locked after us; None where the system knows no such locks.

    Entering makes the folder. Raises AlreadyRunningError, which names who holds it, and ConfigurationError when the folder
    cannot be used.
    """

    def __init__(self, folder: Path, home: str) -> None:
        self.folder, self.home = folder, home
        self.holder = Holder.own()
        self.predecessor: str | None = None
        self.descriptor: int | None = None

    def __enter__(self) -> Self:
        path = self.folder / FILE
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be written ({error.strerror}); choose another --state") from None
        try:
            self._lock()
            self._sign()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def shared(self) -> tuple[int, ...]:
        """The descriptor, as ``start_broker`` takes it."""
        return () if self.descriptor is None else (self.descriptor,)

    def _close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def _lock(self) -> None:
        begin = time.monotonic()
        while not self._locked():
            holder, waited = self._read(), time.monotonic() - begin
            if holder is None and waited < SIGNS_WITHIN:
                pass
            elif holder is None or _is_alive(holder):
                raise AlreadyRunningError(
                    f"home {(holder or {}).get('home', self.home)} runs already: {_words(holder)}, in the state folder "
                    f"{self.folder}; stop it first, or choose another --state"
                )
            elif waited > ENDS_WITHIN:
                raise AlreadyRunningError(
                    f"the state folder {self.folder} is in use: {_words(holder)} was killed, but its broker still runs; "
                    "end that one (mosquitto, or virtual_devices.edge.broker.iotcore), or choose another --state"
                )
            time.sleep(_LOOK_EVERY)

    def _locked(self) -> bool:
        """Whether the lock is ours now; it counts as ours where the file system knows no locks."""
        if fcntl is None or self.descriptor is None:
            return True
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def _sign(self) -> None:
        """Say who holds the lock, after having learnt who did."""
        before = self._read() or {}
        own = {**self._place(), "home": self.home, "pid": self.holder.pid, "since": self.holder.since, "token": self.holder.token}
        if fcntl is not None and all(before.get(name) == value for name, value in self._place().items()):
            token = before.get("token")
            self.predecessor = token if isinstance(token, str) else None
        descriptor = self.descriptor
        assert descriptor is not None  # noqa: S101
        with contextlib.suppress(OSError):  # a full disk: the lock holds all the same, only a refusal cannot name us
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(own).encode(), 0)

    def _place(self) -> dict[str, Any]:
        """What a copy of the file, on this machine or on another, has not in common with it."""
        assert self.descriptor is not None  # noqa: S101
        status = os.fstat(self.descriptor)
        return {"machine": self.holder.machine, "boot": _boot(), "device": status.st_dev, "inode": status.st_ino}

    def _read(self) -> dict[str, Any] | None:
        """What the holder has written; None while he has not."""
        assert self.descriptor is not None  # noqa: S101
        try:
            content = json.loads(os.pread(self.descriptor, 4096, 0))
        except (OSError, ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) else None


def _words(content: Mapping[str, Any] | None) -> str:
    """Who holds a lock, for people."""
    pid, machine, since = ((content or {}).get(name) for name in ("pid", "machine", "since"))
    if not (isinstance(pid, int) and isinstance(machine, str) and isinstance(since, int)):
        return "another process"
    try:
        return str(Holder(machine, pid, since, ""))
    except (OverflowError, OSError, ValueError):
        return f"process {pid} on {machine}"


def _is_alive(content: Mapping[str, Any]) -> bool:
    """Whether the process that signed may still be there; of another machine nobody can tell."""
    pid = content.get("pid")
    if content.get("boot") != _boot() or content.get("machine") != platform.node() or not isinstance(pid, int):
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
