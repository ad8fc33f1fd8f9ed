"""The days to come, worked out in a process of its own: what is asked comes on standard input, what is found goes to standard output, a line of JSON each.

``python -m virtual_devices.answers.apart``. It takes little of the machine from others, and ends as soon as its standard input does: so it never outlives
who asked.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from virtual_devices.answers.next_days import next_days
from virtual_devices.answers.simulate import Changes
from virtual_devices.answers.snapshot import ask
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.errors import ProtocolError, VirtualDevicesError

MODULE = "virtual_devices.answers.apart"
HERE = Path()
"""The folder in which whoever asks was started."""
_NICENESS = 10
_LOOKS = 5
"""How often a home is looked at that goes on faster than it can be read."""


def question(endpoint: Endpoint, home: str, plans: list[Changes], duration: int, folder: Path = HERE) -> bytes:
    """What to write to its standard input; the broker's password is in it. folder: of the files that settings name."""
    return orjson.dumps({"broker": asdict(endpoint), "home": home, "plans": plans, "duration": duration, "folder": str(folder)}) + b"\n"


def answer(asked: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
    """See ``next_days``. asked: as ``question`` writes it."""
    endpoint, home = Endpoint(**asked["broker"]), str(asked["home"])
    for look in range(1, _LOOKS + 1):
        try:
            return next_days(ask(endpoint, home), Path(asked["folder"]), asked["plans"], asked["duration"], progress)
        except ProtocolError:  # what was read is of two moments
            if look == _LOOKS:
                raise
    raise AssertionError  # pragma: no cover


def _tell(**said: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(said) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_asker() -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not by sys.stdin: a thread that holds it would hold up the end
        pass
    os._exit(1)


def main() -> None:
    """Answer one question."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    asked = orjson.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_asker, daemon=True).start()
    try:
        _tell(result=answer(asked, lambda part: _tell(progress=round(part, 4))))
    except VirtualDevicesError as error:
        _tell(error=str(error))
    sys.stdout.buffer.flush()
    os._exit(0)  # not waiting for the thread that reads


if __name__ == "__main__":
    main()
