"""Quarter-hours in a record: worked out from each window as it is booked, and written with the one that ends them.

The one that is not over has no row: whoever goes on with the run, or asks, works it out again from its windows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.quarters import Quarter, Quarters
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.store.packing import pack


class Layouts:
    """Packs quarters, each layout of which is kept once, within the transactions of whoever calls."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[str, int] = {}

    def packed(self, quarter: Quarter) -> tuple[int, bytes]:
        """The id of its layout, and its numbers."""
        layout, numbers = pack(quarter)
        known = self._known.get(layout)
        if known is None:
            self._connection.execute("INSERT OR IGNORE INTO layouts (layout) VALUES (?)", (layout,))
            known = self._known[layout] = self._connection.execute("SELECT id FROM layouts WHERE layout = ?", (layout,)).fetchone()[0]
        return known, numbers

    def forget(self) -> None:
        """Look them up again: a transaction that may have made some was undone."""
        self._known.clear()


class QuarterBook:
    """Works quarters out, and writes them within the transactions of whoever calls.

    present: the windows in the record that the quarter which is not over has steps of.
    """

    def __init__(self, connection: sqlite3.Connection, layouts: Layouts, present: Iterable[LedgerRecord] = ()) -> None:
        self._connection, self._layouts = connection, layouts
        self._quarters = Quarters()
        for record in present:
            self.add(record)

    @property
    def present(self) -> Quarter | None:
        """The quarter that is not over."""
        return self._quarters.open

    def add(self, record: LedgerRecord) -> list[Quarter]:
        """Take one more window; the quarters that it ended, which are not written yet."""
        try:
            return self._quarters.add(record)
        except ProtocolError:  # of other steps than the quarter has: it is told as far as it came
            over = [self._quarters.open] if self._quarters.open is not None else []
            self._quarters = Quarters()
            return over + self._quarters.add(record)

    def write(self, quarters: Iterable[Quarter]) -> None:
        """Write quarters that are over."""
        rows = [(quarter.start, *self._layouts.packed(quarter)) for quarter in quarters]
        self._connection.executemany("INSERT OR REPLACE INTO quarters VALUES (?, ?, ?)", rows)
