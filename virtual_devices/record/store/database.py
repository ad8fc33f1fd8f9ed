"""SQLite as a record needs it: opened in words, one writer, readers at any time, every transaction whole or not at all.

The journal is a write-ahead log: readers see the last whole transaction while the next one is written, also from another process. A
transaction survives a killed process as soon as it is committed; a power cut once it was ``synced``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from virtual_devices import __version__
from virtual_devices.edge.files.write import why
from virtual_devices.kit.errors import AlreadyRunningError, ConfigurationError
from virtual_devices.record.store.schema import (
    APPLICATION,
    AS_READ,
    STEPS,
    VERSION,
    lacks_rows,
    make_tables,
    migrate,
    version_of,
)

try:
    import fcntl
except ImportError:  # a system without them: whoever hosts a home has claimed it on its broker
    fcntl = None  # type: ignore[assignment]

BUSY_FOR = 5.0
"""Wall seconds that another connection's write is waited for."""
BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite adds to the name of a database for its files."""
_LOGS = ("-wal", "-journal")
_LOCK = "-writer"
_NEW = ".new"
_MAGIC = b"SQLite format 3\0"
_NO_ROOM_BESIDE = ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_FULL")
_OF_THE_DISK = (*_NO_ROOM_BESIDE, "SQLITE_PERM", "SQLITE_AUTH", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_NOMEM", "SQLITE_NOLFS", "SQLITE_PROTOCOL")
OF_SQLITE = (sqlite3.Error, UnicodeDecodeError)
"""What the library raises: the second where its own words quote a damaged file."""
_ERRORS = {"SQLITE_FULL": errno.ENOSPC, "SQLITE_READONLY": errno.EROFS, "SQLITE_CANTOPEN": errno.ENOENT, "SQLITE_PERM": errno.EACCES}


def open_to_write(path: Path, remedy: str) -> sqlite3.Connection:
    """A database to write to, with today's tables; made where there is none.

    remedy: what to do about one that cannot be used.  Raises ConfigurationError for a file that is no record, that is damaged, or that a
    newer version wrote, and OSError where the disk does not take it.
    """
    _refuse_rubbish(path, remedy)
    connection = None
    try:
        if not path.exists():
            _make(Path(os.path.realpath(path)))
        connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_FOR)
        _refuse(connection, path, remedy)  # before anything is changed in it
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        with transaction(connection):
            migrate(connection, STEPS, VERSION)
            _refuse_lacking(connection, path, remedy)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, OF_SQLITE):
            raise told(error, path, remedy) from None
        raise
    return connection


def _make(path: Path) -> None:
    """A record without anything in it, whole from the first moment on: so a file that is empty has lost what was in it.

    Raises OSError and sqlite3.Error.
    """
    new = path.with_name(path.name + _NEW)
    try:
        _remove(new, BESIDE)
        with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = MEMORY")
            with transaction(connection):
                make_tables(connection)
        _remove(path, BESIDE[1:])  # of a record that was there before: SQLite would take them for this one's
        new.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            _remove(new, BESIDE)
        raise


def _remove(path: Path, suffixes: Iterable[str]) -> None:
    for suffix in suffixes:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def open_to_read(path: Path, remedy: str = "name a record, as `up` and `simulate --record` make them") -> sqlite3.Connection:
    """A database to read, also while it is written. Raises ConfigurationError, as above and for one of older tables."""
    connection = None
    try:
        _refuse_nothing(path, remedy)
        _refuse_rubbish(path, remedy)
        connection = _connected_to_read(path)
        _refuse(connection, path, remedy)
        _read_as_todays(connection, path)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, OF_SQLITE):
            raise ConfigurationError(f"{path} cannot be read ({error}); {remedy}") from None
        if isinstance(error, OSError):
            raise ConfigurationError(f"{path} cannot be read: {why(error)}; {remedy}") from None
        raise
    return connection


def _connected_to_read(path: Path) -> sqlite3.Connection:
    """In a folder that takes nothing, where the log has no room for its index, the file is read as it stands, unless the log has more."""
    where = path.absolute().as_uri()
    connection = sqlite3.connect(f"{where}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_FOR)
    try:
        version_of(connection)
    except sqlite3.Error as error:
        connection.close()
        if not _is_one_of(error, _NO_ROOM_BESIDE):
            raise
        for log in (Path(os.path.realpath(path) + suffix) for suffix in _LOGS):
            if log.exists() and log.stat().st_size:
                raise ConfigurationError(
                    f"{path} cannot be read without {log}, and not with it in a folder that takes nothing; copy both to another folder"
                ) from None
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
        self._path = Path(os.path.realpath(path) + _LOCK)  # whoever comes by a link writes the same file
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
                if _is(self._descriptor, self._path):
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
    number = next((number for begin, number in _ERRORS.items() if _is_one_of(error, (begin,))), None)
    if number is None or (number == errno.ENOENT and path.parent.is_dir()):
        return OSError(errno.EIO, str(error), str(path))
    return OSError(number, os.strerror(number), str(path))


def told(error: sqlite3.Error | UnicodeDecodeError, path: Path, remedy: str) -> ConfigurationError | OSError:
    """What the disk does, as the system would say it; anything else is said of the file, which is damaged or none of ours."""
    if isinstance(error, sqlite3.Error) and _is_one_of(error, _OF_THE_DISK):
        return as_os_error(error, path)
    return ConfigurationError(f"{path} cannot be read ({error}); {remedy}")


@contextlib.contextmanager
def reading(path: Path, remedy: str) -> Iterator[None]:
    """Says in words what SQLite finds in a file that is open. Raises ConfigurationError for one that is damaged, OSError for the disk."""
    try:
        yield
    except OF_SQLITE as error:
        raise told(error, path, remedy) from None


def path_of(connection: sqlite3.Connection) -> Path:
    """Of the file that a connection has open."""
    return Path(connection.execute("PRAGMA database_list").fetchone()[2])


def _is_one_of(error: sqlite3.Error, names: Iterable[str]) -> bool:
    """Whether SQLite's name for an error begins with one of these; what Python says itself has none."""
    return (getattr(error, "sqlite_errorname", None) or "-").startswith(tuple(names))


def is_full(error: sqlite3.Error) -> bool:
    """Whether a disk has no room, or none for this user."""
    return _is_one_of(error, ("SQLITE_FULL", "SQLITE_IOERR_WRITE"))


def emptied(connection: sqlite3.Connection) -> bool:
    """Bring what is in the log into the file, and give its room back; whether that could be done."""
    with contextlib.suppress(sqlite3.Error):
        return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    return False


def _refuse_nothing(path: Path, remedy: str) -> None:
    if not path.exists():
        raise ConfigurationError(f"there is no record {path}; {remedy}")


def _refuse_rubbish(path: Path, remedy: str) -> None:
    """SQLite takes a file that is shorter than its header for an empty one. Raises ConfigurationError, and OSError where it is not to be read."""
    if not path.exists():
        return
    if not path.is_file():
        raise ConfigurationError(f"{path} cannot be read: {'Is a directory' if path.is_dir() else 'Not a file'}; {remedy}")
    with path.open("rb") as file:
        begin = file.read(len(_MAGIC))
    if begin != _MAGIC:
        raise ConfigurationError(f"{path} cannot be read ({'it is no database' if begin else 'it is empty'}); {remedy}")


def _refuse(connection: sqlite3.Connection, path: Path, remedy: str) -> None:
    """Raises ConfigurationError for a database that is none of ours, or of a newer version."""
    version = version_of(connection)
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise ConfigurationError(f"{path} is a database, but not the record of a home; {remedy}")
    if version > VERSION:
        raise ConfigurationError(
            f"{path} was written by a newer version of virtual-devices ({_program(connection)}, format {version}; this is "
            f"{__version__}, format {VERSION}); upgrade, or {remedy}"
        )
    if any(step not in STEPS for step in range(version, VERSION)):
        raise ConfigurationError(f"{path} has tables of format {version}, which this version ({__version__}) cannot read; {remedy}")


def _refuse_lacking(connection: sqlite3.Connection, path: Path, remedy: str) -> None:
    """Raises ConfigurationError for a database that has lost rows."""
    if lacks_rows(connection):
        raise ConfigurationError(f"{path} cannot be read (it is damaged, and has lost some of its rows); {remedy}")


def _read_as_todays(connection: sqlite3.Connection, path: Path) -> None:
    """Who only reads cannot bring an older version forward: what it lacks is empty. Raises ConfigurationError where that is not enough."""
    for version in range(version_of(connection), VERSION):
        if version not in AS_READ:
            raise ConfigurationError(f"{path} was written by an older version of virtual-devices; the home's next `up` brings it forward")
        AS_READ[version](connection)


def _program(connection: sqlite3.Connection) -> str:
    """The version that wrote it, as far as that can be known of tables that are not today's."""
    with contextlib.suppress(sqlite3.Error):
        found = connection.execute("SELECT value FROM facts WHERE name = 'program'").fetchone()
        if found is not None:
            return str(found[0])
    return "unknown"


def copied(source: sqlite3.Connection, target: Path) -> None:
    """A whole copy of a record, taken while it may be written. Raises ConfigurationError where the copy cannot be written."""
    partial = target.with_name(target.name + ".partial")
    try:
        _refuse_a_record_in_use(source, target)
        _remove(partial, BESIDE)
        with contextlib.closing(sqlite3.connect(partial)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        partial.replace(target)
    except (sqlite3.Error, OSError) as error:
        with contextlib.suppress(OSError):
            _remove(partial, BESIDE)
        raise ConfigurationError(f"the copy {target} cannot be written: {why(error)}; choose another place") from None


def _refuse_a_record_in_use(source: sqlite3.Connection, target: Path) -> None:
    """Raises ConfigurationError where a copy would take the place of what somebody writes, whose log would then be taken for the copy's."""
    if target.exists() and path_of(source).exists() and target.samefile(path_of(source)):
        raise ConfigurationError(f"the copy {target} would take the place of the record itself; choose another place")
    for suffix in BESIDE[1:]:
        if target.with_name(target.name + suffix).exists():
            raise ConfigurationError(f"the copy {target} would take the place of a record that is in use; choose another place")
