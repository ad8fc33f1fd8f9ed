"""SQLite as a record needs it: opened in words, one writer, readers at any time, every transaction whole or not at all.

The journal is a write-ahead log: readers see the last whole transaction while the next one is written, also from another process. A
transaction survives a killed process as soon as it is committed; a power cut once it was ``synced``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from virtual_devices import __version__
from virtual_devices.edge.files.write import why
from virtual_devices.kit.errors import AlreadyRunningError, ConfigurationError
from virtual_devices.record.schema import APPLICATION, STEPS, VERSION, make_tables, migrate, version_of

try:
    import fcntl
except ImportError:  # a system without them: whoever hosts a home has claimed it on its broker
    fcntl = None  # type: ignore[assignment]

BUSY_FOR = 5.0
"""Wall seconds that another connection's write is waited for."""
BESIDE = ("", "-wal", "-shm")
"""What SQLite adds to the name of a database for its files."""
_LOCK = "-writer"
_MAGIC = b"SQLite format 3\0"
_NO_ROOM_BESIDE = ("SQLITE_CANTOPEN", "SQLITE_READONLY_DIRECTORY", "SQLITE_READONLY_CANTINIT", "SQLITE_IOERR_SHMSIZE")
_ERRORS = {"SQLITE_FULL": errno.ENOSPC, "SQLITE_READONLY": errno.EROFS, "SQLITE_CANTOPEN": errno.ENOENT, "SQLITE_PERM": errno.EACCES}


def open_to_write(path: Path, remedy: str) -> sqlite3.Connection:
    """A database to write to, with today's tables; made where there is none.

    remedy: what to do about one that cannot be used.  Raises ConfigurationError for a file that is no record, that is damaged, or that a
    newer version wrote, and OSError where the disk does not take it.
    """
    _refuse_rubbish(path, remedy)
    connection = None
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_FOR)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with transaction(connection):
            if version_of(connection) == 0 and _is_empty(connection):
                make_tables(connection)
            _refuse(connection, path, remedy)
            migrate(connection)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise _told(error, path, remedy) from None
        raise
    return connection


def open_to_read(path: Path, remedy: str = "name a record, as `up` and `simulate --record` make them") -> sqlite3.Connection:
    """A database to read, also while it is written. Raises ConfigurationError, as above and for one of older tables."""
    if not path.is_file():
        raise ConfigurationError(f"there is no record {path}; {remedy}")
    _refuse_rubbish(path, remedy)
    connection = None
    try:
        connection = _connected_to_read(path)
        _refuse(connection, path, remedy)
        _refuse_older(connection, path)
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise ConfigurationError(f"{path} cannot be read ({error}); {remedy}") from None
    except BaseException:
        if connection is not None:
            connection.close()
        raise
    return connection


def _connected_to_read(path: Path) -> sqlite3.Connection:
    """In a folder that cannot be written to, or on a full disk, where the log has no room for its index, the file is read as it stands."""
    where = path.absolute().as_uri()
    connection = sqlite3.connect(f"{where}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_FOR)
    try:
        version_of(connection)
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorname not in _NO_ROOM_BESIDE:
            raise
        connection = sqlite3.connect(f"{where}?mode=ro&immutable=1", uri=True, isolation_level=None)
    return connection


def is_database(path: Path) -> bool:
    """Whether a file begins as every database does; what cannot be read is none."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, *, synced: bool = False) -> Iterator[None]:
    """All of the block, or nothing of it. synced: wait until it is on the disk. Raises sqlite3.Error."""
    if synced:
        connection.execute("PRAGMA synchronous = FULL")
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # SQLite may have done so itself
                connection.execute("ROLLBACK")
            raise
    finally:
        if synced:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA synchronous = NORMAL")


class WriterLock:
    """The right to write to a record, which ends with whoever holds it: beside the file, since SQLite's own locks are on the file itself.

    Raises AlreadyRunningError where somebody else writes there, OSError where the folder does not let it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + _LOCK)
        self._descriptor: int | None = self._opened()
        while not _is(self._descriptor, self._path):  # who had it before has removed it meanwhile
            os.close(self._descriptor)
            self._descriptor = self._opened()

    def _opened(self) -> int:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _locked(descriptor):
            os.close(descriptor)
            raise AlreadyRunningError(
                f"another process writes the record {self._path.with_name(self._path.name.removesuffix(_LOCK))}; stop it first, or name another file"
            )
        return descriptor

    def release(self) -> None:
        """Let others write. Harmless when that was done."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(self._descriptor)
            self._descriptor = None


def _is(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _locked(descriptor: int) -> bool:
    """Whether the lock is ours now; it counts as ours where the file system knows no locks."""
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def as_os_error(error: sqlite3.Error, path: Path) -> OSError:
    """What SQLite says of a disk, as the system would say it."""
    name = getattr(error, "sqlite_errorname", "") or ""
    number = next((number for begin, number in _ERRORS.items() if name.startswith(begin)), None)
    return OSError(number, os.strerror(number), str(path)) if number is not None else OSError(errno.EIO, str(error), str(path))


def _told(error: sqlite3.Error, path: Path, remedy: str) -> Exception:
    """Of a file that cannot be a record whatever the disk does, that; else what the disk does."""
    if getattr(error, "sqlite_errorname", "") in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
        return ConfigurationError(f"{path} cannot be read ({error}); {remedy}")
    return as_os_error(error, path)


def _refuse_rubbish(path: Path, remedy: str) -> None:
    """SQLite takes a file that is shorter than its header for an empty one. Raises ConfigurationError, and OSError where it is not to be read."""
    if path.is_dir():
        raise ConfigurationError(f"{path} cannot be read: Is a directory; {remedy}")
    if path.exists():
        with path.open("rb") as file:
            begin = file.read(len(_MAGIC))
        if begin not in (b"", _MAGIC):
            raise ConfigurationError(f"{path} cannot be read (it is no database); {remedy}")


def _refuse(connection: sqlite3.Connection, path: Path, remedy: str) -> None:
    """Raises ConfigurationError for a database that is none of ours, or of a newer version."""
    version = version_of(connection)
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise ConfigurationError(f"{path} is a database, but not the record of a home; {remedy}")
    if version > VERSION:
        program = connection.execute("SELECT value FROM facts WHERE name = 'program'").fetchone()
        raise ConfigurationError(
            f"{path} was written by a newer version of virtual-devices ({program[0] if program else 'unknown'}, format {version}; this is "
            f"{__version__}, format {VERSION}); upgrade, or {remedy}"
        )
    if version != VERSION and version not in STEPS:
        raise ConfigurationError(f"{path} has tables of format {version}, which this version ({__version__}) cannot read; {remedy}")


def _refuse_older(connection: sqlite3.Connection, path: Path) -> None:
    """Who only reads cannot bring it forward."""
    if version_of(connection) != VERSION:
        raise ConfigurationError(f"{path} was written by an older version of virtual-devices; the home's next `up` brings it forward")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0)


def copied(source: sqlite3.Connection, target: Path) -> None:
    """A whole copy of a record, taken while it may be written. Raises ConfigurationError where the copy cannot be written."""
    partial = target.with_name(target.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(partial)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        partial.replace(target)
    except (sqlite3.Error, OSError) as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise ConfigurationError(f"the copy {target} cannot be written: {why(error)}; choose another place") from None
