"""Layouts of packed rows in a record: most rows share one, so each is kept once."""

from __future__ import annotations

import sqlite3

_PUT = {"layouts": "INSERT OR IGNORE INTO layouts (layout) VALUES (?)", "past_layouts": "INSERT OR IGNORE INTO past_layouts (layout) VALUES (?)"}
_FIND = {"layouts": "SELECT id FROM layouts WHERE layout = ?", "past_layouts": "SELECT id FROM past_layouts WHERE layout = ?"}


class Layouts:
    """The layouts of a table, by their text, within the transactions of whoever calls. table: of those, its name."""

    def __init__(self, connection: sqlite3.Connection, table: str) -> None:
        self._connection, self._table = connection, table
        self._known: dict[str, int] = {}

    def number(self, layout: str) -> int:
        """The id of a layout, which is written where it is new."""
        known = self._known.get(layout)
        if known is None:
            self._connection.execute(_PUT[self._table], (layout,))
            found = self._connection.execute(_FIND[self._table], (layout,)).fetchone()
            known = self._known[layout] = int(found[0])
        return known

    def forget(self) -> None:
        """Look them up again: a transaction that may have made some was undone."""
        self._known.clear()
