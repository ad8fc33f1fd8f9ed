"""What the home of a record was wanted to be, the last revisions of it: in the record, so that it goes where the home goes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import orjson

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.revisions import Revision, wanted_json, wanted_of


def revisions_of(connection: sqlite3.Connection) -> tuple[Revision, ...]:
    """Oldest first. Raises ConfigurationError for what nobody here can have written."""
    rows = connection.execute("SELECT revision, time, who, wanted, changes FROM wanted ORDER BY revision").fetchall()
    try:
        return tuple(_revision(*row) for row in rows)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"what the home was wanted to be cannot be read ({error!r})") from None


def _revision(number: object, time: object, who: object, wanted: object, changes: object) -> Revision:
    if not (isinstance(number, int) and isinstance(time, int | float) and isinstance(wanted, str) and isinstance(changes, str)):
        raise TypeError("a row that is none")
    return Revision(number, float(time), str(who), wanted_of(orjson.loads(wanted)), tuple(str(line) for line in orjson.loads(changes)))


def write_revisions(connection: sqlite3.Connection, revisions: Sequence[Revision]) -> None:
    """Make the file's these, within the transaction of whoever calls; what is there of them already stays, but for the last."""
    if not revisions:
        return
    connection.execute("DELETE FROM wanted WHERE revision < ? OR revision > ?", (revisions[0].number, revisions[-1].number))
    there = {number for (number,) in connection.execute("SELECT revision FROM wanted")} - {revisions[-1].number}
    rows = [
        (each.number, each.time, each.by, orjson.dumps(wanted_json(each.wanted)).decode(), orjson.dumps(each.changes).decode())
        for each in revisions
        if each.number not in there
    ]
    connection.executemany("INSERT OR REPLACE INTO wanted VALUES (?, ?, ?, ?, ?)", rows)
