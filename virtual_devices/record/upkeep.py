"""Looking after records: a copy of one, also while its home runs, and the room that one no longer needs."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from virtual_devices.edge.files.write import why
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.database import BUSY_FOR, WriterLock, as_os_error, copied, open_to_read
from virtual_devices.record.info import size_of
from virtual_devices.record.placing import Place

_REMEDY = "name another file"


def backup(source: Path, target: Path) -> Path:
    """Copy a record as it is now, whole, to a file or into a folder, over an older copy if there is one; where it is then.

    Raises ConfigurationError for a source or a target that is no record, and where the copy cannot be written, AlreadyRunningError where
    somebody writes the target.
    """
    target = target / source.name if target.is_dir() else target
    if target.exists() and target.samefile(source):
        raise ConfigurationError(f"{target} is the record itself; {_REMEDY}")
    with contextlib.closing(open_to_read(source)) as connection:
        place = Place(target, _REMEDY)
        try:
            place.clear()
            copied(connection, place.path)
        except OSError as error:
            raise ConfigurationError(f"the copy {target} cannot be written: {why(error)}; choose another place") from None
        finally:
            place.release()
    return target


def vacuum(path: Path) -> tuple[int, int]:
    """Give back the room that a record no longer needs; its bytes before and after.

    Raises ConfigurationError for what is no record, AlreadyRunningError while somebody writes it, and OSError where the disk has no room for
    what is worked with, twice the record at most.
    """
    open_to_read(path, _REMEDY).close()
    lock = WriterLock(path)
    try:
        before = size_of(path)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_FOR)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise as_os_error(error, path) from None
    finally:
        lock.release()
    return before, size_of(path)
