"""Files that are written whole or not at all, what to say when they cannot be, and where damaged ones go.

A disk that is full, read-only or failing is nobody's fault of spelling: whoever runs on says it once, tries again, and says when
it is over.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from virtual_devices.edge.murmur import Bucket

RETRY_EVERY = 5.0
"""Wall seconds between two attempts at what could not be written."""
DAMAGED_KEPT = 3
"""Files of a name that are kept after they were set aside; of more the oldest goes."""
FULL = (errno.ENOSPC, errno.EDQUOT)
"""A disk with no room, or none for this user."""


def why(error: BaseException) -> str:
    """An error of the system in its own words, without number and path."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


@contextlib.contextmanager
def replacing(path: Path, *, sync: bool = False, private: bool = False) -> Iterator[IO[bytes]]:
    """Another file in the place of one, in one go at the end of the block: whoever reads it meets the old one or the new one.

    sync: wait until it is on the disk.  private: for its owner only, from the first moment.  Raises OSError; then, and
    where the block raises, the old one stands and no half of the new one takes up room.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        partial.replace(path)
    except Exception:  # also of the block
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes, *, sync: bool = False, private: bool = False) -> None:
    """Replace a file by these bytes in one go, see ``replacing``."""
    with replacing(path, sync=sync, private=private) as file:
        file.write(content)


def write_out(path: Path, content: bytes) -> None:
    """Write a file that its owner named, see ``writing_out``. Raises OSError."""
    with writing_out(path) as file:
        file.write(content)


@contextlib.contextmanager
def writing_out(path: Path) -> Iterator[IO[bytes]]:
    """A file that its owner named: whole or not at all, see ``replacing``; a device or a pipe takes the bytes as they come. Raises OSError."""
    try:
        plain = stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        plain = True
    with replacing(path.resolve()) if plain else path.open("wb") as file:
        yield file


def set_aside(path: Path, keep: int = DAMAGED_KEPT) -> Path:
    """Give a damaged file, or a folder in its place, another name; the new name. Raises OSError.

    ``NAME.damaged-1``, ``-2`` and so on; the newest ``keep`` are kept.
    """
    begin = f"{path.name}.damaged-"
    numbers = sorted(int(rest) for each in path.parent.glob(f"{begin}*") if (rest := each.name.removeprefix(begin)).isdecimal())
    for number in numbers[: max(0, len(numbers) + 1 - keep)]:
        _remove(path.with_name(f"{begin}{number}"))
    aside = path.with_name(f"{begin}{numbers[-1] + 1 if numbers else 1}")
    path.rename(aside)
    return aside


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # one that stays is no reason to stop
        if path.is_dir() and not path.is_symlink():
            import shutil  # noqa: PLC0415 - for folders in the place of files only

            shutil.rmtree(path)
        else:
            path.unlink()


class Trouble:
    """Says once that something cannot be written, and once that it can be again.

    begin, end: the sentences; the first is told the reason.  reason: why not, None while all is well.  A disk that comes and
    goes is told a few times, then once in a while.
    """

    def __init__(self, say: Callable[[str], None], begin: Callable[[str], str], end: str) -> None:
        self._say, self._begin, self._end = say, begin, end
        self._told, self._bucket = False, Bucket(3, 1 / 600)
        self.reason: str | None = None

    def failed(self, error: OSError) -> None:
        """It did not go."""
        first, self.reason = self.reason is None, why(error)
        if first:
            self._told = self._bucket.take(time.monotonic())
            if self._told:
                self._say(self._begin(self.reason))

    def over(self) -> None:
        """It went."""
        if self.reason is not None:
            self.reason = None
            if self._told:
                self._say(self._end)
