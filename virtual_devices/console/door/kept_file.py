"""A small file for its owner alone, which several processes read and change: the console, and verbs beside it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from virtual_devices.edge.files.write import why, write_whole
from virtual_devices.kit.errors import ConfigurationError

try:
    import fcntl
except ImportError:  # a system without such locks: of two changes at once one may be lost
    fcntl = None  # type: ignore[assignment]

KeptT = TypeVar("KeptT", bound=BaseModel)
_Signature = tuple[int, int, int] | None


class KeptFile(Generic[KeptT]):
    """JSON in the form of a model; where there is no file, what the model is without anything.

    mend: what to do about a file that is broken, the end of a sentence.  Reading looks whether the file is another one by now, so what one process
    changes is in force in all at once.
    """

    def __init__(self, path: Path, model: type[KeptT], mend: str) -> None:
        self.path, self._model, self._mend = path, model, mend
        self._seen: tuple[_Signature, KeptT] = (None, model())
        self._turn = threading.RLock()

    def value(self) -> KeptT:
        """What is in it now; not to be changed. Raises ConfigurationError for a file that cannot be read, with the remedy."""
        try:
            signature = _signature(self.path)
            seen, value = self._seen
            if signature != seen:
                value = self._model() if signature is None else self._model.model_validate_json(self.path.read_bytes())
                self._seen = signature, value
        except FileNotFoundError:  # gone between two looks
            return self._model()
        except OSError as error:
            raise ConfigurationError(f"{self.path} cannot be read: {why(error)}; {self._mend}") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise ConfigurationError(f"{self.path} is broken ({place + ': ' if place else ''}{first['msg']}); {self._mend}") from None
        return value

    @contextmanager
    def changing(self) -> Iterator[KeptT]:
        """What is in it, to be changed within the block and written at its end; nobody else changes it meanwhile.

        Raises ConfigurationError where it cannot be read or written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._alone():
                value = self.value().model_copy(deep=True)
                yield value
                write_whole(self.path, value.model_dump_json(indent=1).encode() + b"\n", sync=True, private=True)
                self._seen = _signature(self.path), value
        except OSError as error:
            raise ConfigurationError(f"{self.path} cannot be written: {why(error)}; make room, or choose another --state") from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._turn:
            descriptor = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if fcntl is not None:
                    fcntl.flock(descriptor, fcntl.LOCK_EX)  # until it is closed
                yield
            finally:
                os.close(descriptor)


def _signature(path: Path) -> _Signature:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
