"""The tables of a record, their version, and the way from an older one to today's.

One database holds one run. `facts` says whose it is; `kept` is the set of retained messages that the home goes on from; `ledger` has
the settled windows, those of a quarter-hour together in one row once it has passed; `quarters` what each quarter-hour came to;
`past` what devices told of each beside; `happenings` what happened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

VERSION = 1
APPLICATION = 0x56446576
"""``VDev``: what SQLite's header says that the file is."""

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
CREATE TABLE past (start INTEGER PRIMARY KEY, layout INTEGER NOT NULL REFERENCES layouts (id), numbers BLOB NOT NULL);
CREATE TABLE happenings (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    device TEXT NOT NULL,
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    UNIQUE (time, device, kind, what)
);
"""
"""kept: by device and leaf, as on the bus.  ledger: of windows ``first`` to ``last``, from ``start`` to ``end`` (simulated UTC seconds),
the digest before and after; lines: their ledger messages, one a line, compressed by zlib; NULL where only the chain is kept.
quarters: by their start (UTC seconds), once they are over; layout and numbers: see ``packing``.
past: likewise, see ``past``.  happenings: at a simulated
time (UTC seconds), in the order in which they were heard; what: JSON text. What makes them unique is also what they are found by: time."""

_COUNTED = """
SELECT (SELECT count(*) FROM ledger NOT INDEXED) = (SELECT count(*) FROM ledger INDEXED BY ledger_end)
    AND (SELECT count(*) FROM kept NOT INDEXED) = (SELECT count(*) FROM kept INDEXED BY sqlite_autoindex_kept_1)
"""

MigrationStep = Callable[[sqlite3.Connection], None]
STEPS: Mapping[int, MigrationStep] = {}
"""From each older version of the schema to the next, within one transaction."""


def version_of(connection: sqlite3.Connection) -> int:
    """The version of a database's tables; 0 where it has none yet."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def make_tables(connection: sqlite3.Connection) -> None:
    """Fill an empty database, within the transaction that is open."""
    for statement in TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)
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
