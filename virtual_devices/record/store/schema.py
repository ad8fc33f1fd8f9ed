"""The tables of a record, their version, and the way from an older one to today's.

One database holds one run. `facts` says whose it is; `kept` is the set of retained messages that the home goes on from; `ledger` has
the settled windows, those of a quarter-hour together in one row once it has passed; `quarters` what each quarter-hour came to;
`past` what devices told of each beside; `happenings` what happened; `wanted` which devices the home is to have.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

VERSION = 3
APPLICATION = 0x56446576
"""``VDev``: what SQLite's header says that the file is."""

_PAST = """
CREATE TABLE {where}past_layouts (id INTEGER PRIMARY KEY, layout TEXT NOT NULL UNIQUE);
CREATE TABLE {where}past (
    device TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    layout INTEGER NOT NULL,
    numbers BLOB NOT NULL,
    PRIMARY KEY (device, start)
) WITHOUT ROWID;
"""
_WANTED = """
CREATE TABLE {where}wanted (revision INTEGER PRIMARY KEY, time REAL NOT NULL, who TEXT NOT NULL, wanted TEXT NOT NULL, changes TEXT NOT NULL);
"""

TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE kept (device TEXT NOT NULL, leaf TEXT NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (device, leaf));
CREATE TABLE ledger (
    first INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL,
    lines BLOB
);
CREATE INDEX ledger_end ON ledger (end);
CREATE TABLE layouts (id INTEGER PRIMARY KEY, layout TEXT NOT NULL UNIQUE);
CREATE TABLE quarters (start INTEGER PRIMARY KEY, layout INTEGER NOT NULL REFERENCES layouts (id), numbers BLOB NOT NULL);
CREATE TABLE happenings (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    UNIQUE (time, device, kind, what)
);
""" + _PAST.format(where="") + _WANTED.format(where="")
"""kept: by device and leaf, as on the bus.  ledger: of windows ``first`` to ``last``, from ``start`` to ``end`` (simulated UTC seconds),
the digest before and after; lines: their ledger messages, one a line, compressed by zlib; NULL where only the chain is kept.
quarters: by their start (UTC seconds), once they are over; layout and numbers: see ``packing``.
past: of a device, from the
start of a first quarter to the end of a last; see ``past_packing``.  happenings: at a simulated
time (UTC seconds), in the order in which they were heard; what: JSON text. What makes them unique is also what they are found by: time.
wanted: the last revisions of what the home is wanted to be, the present one last; time: of the wall, UTC seconds; who: wished it; wanted, changes:
JSON text."""

_COUNTED = """
SELECT (SELECT count(*) FROM ledger NOT INDEXED) = (SELECT count(*) FROM ledger INDEXED BY ledger_end)
    AND (SELECT count(*) FROM kept NOT INDEXED) = (SELECT count(*) FROM kept INDEXED BY sqlite_autoindex_kept_1)
"""

MigrationStep = Callable[[sqlite3.Connection], None]


def _run(connection: sqlite3.Connection, script: str) -> None:
    for statement in script.split(";"):
        if statement.strip():
            connection.execute(statement)


def _adds(tables: str, where: str) -> MigrationStep:
    return lambda connection: _run(connection, tables.format(where=where))


STEPS: Mapping[int, MigrationStep] = {1: _adds(_PAST, ""), 2: _adds(_WANTED, "")}
"""From each older version of the schema to the next, within one transaction."""
AS_READ: Mapping[int, MigrationStep] = {1: _adds(_PAST, "temp."), 2: _adds(_WANTED, "temp.")}
"""The same for a connection that only reads: what an older version does not have is there for it alone, and empty."""


def version_of(connection: sqlite3.Connection) -> int:
    """The version of a database's tables; 0 where it has none yet."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def make_tables(connection: sqlite3.Connection) -> None:
    """Fill an empty database, within the transaction that is open."""
    _run(connection, TABLES)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def migrate(connection: sqlite3.Connection, steps: Mapping[int, MigrationStep] = STEPS, version: int = VERSION) -> None:
    """Bring older tables forward, within the transaction that is open. Raises KeyError for a version that nobody knows the way from."""
    while (found := version_of(connection)) != version:
        steps[found](connection)
        connection.execute(f"PRAGMA user_version = {found + 1}")


def lacks_rows(connection: sqlite3.Connection) -> bool:
    """Whether today's tables have other rows than their indices know: a page that is damaged may lack some, and SQLite does not say so."""
    return not connection.execute(_COUNTED).fetchone()[0]
