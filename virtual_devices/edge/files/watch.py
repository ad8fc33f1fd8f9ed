"""Files that settings name, watched while their devices run: what changes in them is in force soon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from virtual_devices.edge.files.read import document_path, read_document
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.kit.errors import ConfigurationError

LOOK_EVERY = 1.0
"""Wall seconds between two looks; a change is taken when two in a row see the same, so that nobody reads half a file."""

_Signature = tuple[int, int, int] | None


class DocumentReader(Protocol):
    """Who reads files; a runtime is one."""

    name: str

    @property
    def documents(self) -> Mapping[str, str]:
        """Text of each file, by name."""

    def renew(self, file: str, text: str) -> bool:
        """A file has a new text; False: it cannot take it yet."""

    def complain(self, text: str, about: str) -> None:
        """A file cannot be read."""


class DocumentWatch:
    """Looks at the files of some devices of this process, by time of change and size, and hands over what is new.

    folder: where relative names begin.
    """

    def __init__(self, loop: Loop, folder: Path, readers: Iterable[DocumentReader]) -> None:
        self._loop, self._folder = loop, folder
        self._users: dict[str, list[DocumentReader]] = {}
        self._texts: dict[str, str] = {}
        for reader in readers:
            for name, text in reader.documents.items():
                self._users.setdefault(name, []).append(reader)
                self._texts[name] = text
        self._waiting: list[tuple[DocumentReader, str]] = []
        """Who has to take which file, as soon as it can."""
        self._seen: dict[str, _Signature] = {}
        self._taken: dict[str, _Signature] = {}
        self._timer: Timer | None = loop.call_later(LOOK_EVERY, self._look) if self._users else None

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = self._loop.call_later(LOOK_EVERY, self._look)
        for name in self._users:
            now = _signature(document_path(name, self._folder))
            if name not in self._seen or now != self._seen[name]:
                self._seen[name] = now
            elif name not in self._taken or now != self._taken[name]:
                self._taken[name] = now
                self._take(name)
        self._waiting = [(runtime, name) for runtime, name in self._waiting if not runtime.renew(name, self._texts[name])]

    def _take(self, name: str) -> None:
        try:
            text = read_document(name, self._folder)
        except ConfigurationError as error:
            for runtime in self._users[name]:
                runtime.complain(f"{error}; until then it goes on with the file as it was", runtime.name)
            return
        if text != self._texts[name]:
            self._texts[name] = text
            self._waiting = [*(item for item in self._waiting if item[1] != name), *((runtime, name) for runtime in self._users[name])]


def _signature(path: Path) -> _Signature:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
