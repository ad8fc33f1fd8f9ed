"""Messages that all devices of a home get alike, one after the other: read once in a process, and kept until the next comes.

More of them kept would make a process walk through its memory: what is read next goes best where the last was. So each run has a place of its
own, and there are as many as the process hosts homes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Read = TypeVar("Read")

_homes = 1


def hosts(homes: int) -> None:
    """This process hosts so many homes from now on."""
    global _homes  # noqa: PLW0603 - of the process, as what is kept is
    _homes = homes


class ReadOnce(Generic[Read]):
    """Reads a message of a run, which begins with the run's name, unless it was one of the last ``each`` of that run.

    read: what it comes to; what it raises is raised each time.
    """

    def __init__(self, read: Callable[[bytes], Read], each: int = 1) -> None:
        self._read, self._each = read, each
        self._kept: dict[bytes, list[tuple[bytes, Read]]] = {}

    def __call__(self, payload: bytes) -> Read:
        """What a message says, the same object for the same bytes."""
        run = payload[: payload.find(b",")]
        kept = self._kept.get(run)
        if kept is not None:
            for known, found in kept:  # comparing costs less than a hash of so many bytes
                if known == payload:
                    return found
        found = self._read(payload)
        if kept is None:
            while len(self._kept) >= _homes:
                del self._kept[next(iter(self._kept))]
            kept = self._kept[run] = []
        kept.insert(0, (payload, found))
        del kept[self._each :]
        return found
