"""Programs that live in simulated time: libfaketime, loaded into them before anything else.

It answers all that ask the system for the time, and stretches what they wait for.  Two things it does not do in its version 0.9.10:
waiting with a limit in a thread (``queue.get(timeout=…)``) hangs, since it knows nothing of ``sem_clockwait``, and programs built for musl
do not load it at all.
"""

from __future__ import annotations

import glob
import math
import os
from pathlib import Path

from virtual_devices.kit.errors import ConfigurationError, shown

VARIABLE = "VIRTUAL_DEVICES_FAKETIME"
"""Names the library where it is in none of the usual places."""
LOADED = "libfaketimeMT.so.1"
"""The one for programs with threads."""
PLACES = (
    "/usr/lib/*/faketime",
    "/usr/lib/faketime",
    "/usr/lib64/faketime",
    "/usr/local/lib/faketime",
    "/opt/homebrew/lib/faketime",
)
LOOKS_EVERY = 1
"""Wall seconds after which the file that gives time is read again."""


def library(named: Path | None = None) -> Path:
    """Where libfaketime is: as named, else by ``$VIRTUAL_DEVICES_FAKETIME``, else in the usual places. Raises ConfigurationError."""
    given = named or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if given is not None:
        if given.is_file():
            return given.resolve()
        raise ConfigurationError(f"there is no {given}; name libfaketime's {LOADED}, or leave it out and install it: apt install faketime")
    for place in PLACES:
        for folder in sorted(glob.glob(place)):  # noqa: PTH207 - an absolute pattern
            if (found := Path(folder) / LOADED).is_file():
                return found
    raise ConfigurationError(
        f"simulated time needs libfaketime, and {LOADED} is in none of the usual places; install it (Debian, Ubuntu: apt install faketime; "
        f"Fedora: dnf install libfaketime; Arch: pacman -S libfaketime), or name it by ${VARIABLE}"
    )


def written(start: int, speed: float) -> str:
    """How libfaketime is told that time begins at ``start`` (UTC seconds), ``speed`` times as fast. Raises ConfigurationError."""
    if not 0 < speed <= 1_000_000:  # noqa: PLR2004 - that of a clock
        raise ConfigurationError(f"{shown(speed)} is no speed for a program in simulated time; use a number from 1 to 600")
    return f"@{start} x{speed:.10g}"


def environment(loaded: str | Path, start: int, speed: float) -> dict[str, str]:
    """What a program is started with, that its time begins at ``start`` (UTC seconds) and is ``speed`` times as fast as ours.

    loaded: the library, as that program sees it (in a folder that it was locked into, for example).  Raises ConfigurationError.
    """
    return {"LD_PRELOAD": str(loaded), "FAKETIME": written(start, speed), "FAKETIME_FMT": "%s"}


def steered(loaded: str | Path, file: str | Path) -> dict[str, str]:
    """The same for a program whose time is to change while it runs: what ``written`` gives stands in a file, which it reads again and again.

    file: as that program sees it.  Within ``LOOKS_EVERY`` wall seconds of a change its time begins anew, at the start in it. All that it
    measures and waits by jumps alike; it has to jump ahead, since nothing expects time to go back.
    """
    return {
        "LD_PRELOAD": str(loaded), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_CACHE_DURATION": str(LOOKS_EVERY), "FAKETIME_FMT": "%s",
    }  # fmt: skip


def changed(now: float, before: float, speed: float) -> str:
    """What such a file says from now on, that time goes on at another speed. now: what its clock says, UTC seconds.  before: its speed."""
    return written(math.ceil(now + 2 * LOOKS_EVERY * before), speed)
