"""A whole record in the place of a file, in one go: where there is none yet, or another record that nobody writes."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from virtual_devices.edge.files.write import why
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.database import BESIDE, BUSY_FOR, WriterLock, as_os_error, is_database, open_to_read

PARTIAL = ".partial"
"""Ends the name of a record that is not whole yet."""


class Place:
    """The right to put a record where a path leads, until it is given back.

    path: where it leads.  partial: where the record is to be written before.

    Raises ConfigurationError for what is no record, and where nothing can be written, AlreadyRunningError where somebody writes a record.
    """

    def __init__(self, path: Path, remedy: str) -> None:
        self.path = path.resolve()
        self.partial = self.path.with_name(self.path.name + PARTIAL)
        _refuse_what_is_none(self.path, remedy)
        try:
            self._lock = WriterLock(self.path)
        except OSError as error:
            raise ConfigurationError(f"record {path} cannot be written: {why(error)}; {remedy}") from None

    def clear(self) -> None:
        """Bring what a writer that was killed left beside the record into it: beside another one it would be taken for that one's."""
        if self.path.exists():
            with contextlib.suppress(sqlite3.Error):  # it will be replaced
                fold(self.path)
            for suffix in BESIDE[1:]:
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def take(self) -> None:
        """Put the record that is written there. Raises OSError, also for what SQLite cannot bring together."""
        try:
            fold(self.partial)
        except sqlite3.Error as error:
            raise as_os_error(error, self.partial) from None
        self.clear()
        self.partial.replace(self.path)

    def discard(self) -> None:
        """Leave nothing of a record that did not become whole. Raises OSError."""
        for suffix in BESIDE:
            self.partial.with_name(self.partial.name + suffix).unlink(missing_ok=True)

    def release(self) -> None:
        """Let others write there. Harmless when that was done."""
        self._lock.release()


def fold(path: Path) -> None:
    """Bring all of a database into its one file, on the disk. Raises sqlite3.Error, also where somebody else has it open."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_FOR)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_mode = DELETE")


def _refuse_what_is_none(path: Path, remedy: str) -> None:
    if not os.path.lexists(path) or (path.is_file() and not path.stat().st_size):
        return
    if not path.is_file():
        raise ConfigurationError(f"{path} is {'a folder' if path.is_dir() else 'no file'}, where a record cannot be put; {remedy}")
    if not is_database(path):
        raise ConfigurationError(f"{path} is there already and is no record, so it is not overwritten; {remedy}, or remove it")
    open_to_read(path, remedy).close()
