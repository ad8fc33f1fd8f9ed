"""Quarter-hours in a record: worked out from each window as it is booked, written with it, and read again.

The one that is not over is a row too, written anew whenever the disk is waited for; who goes on with the run works it out again from its
windows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.quarters import Quarter, Quarters
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.packing import pack, unpack


@dataclass(frozen=True, slots=True)
class QuartersOfWindow:
    """What a window has done. over: the quarters that it ended.  present: the one that goes on."""

    over: tuple[Quarter, ...] = ()
    present: Quarter | None = None


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

    def add(self, record: LedgerRecord) -> QuartersOfWindow:
        """Work out what one more window does; nothing is written yet."""
        try:
            over = self._quarters.add(record)
        except ProtocolError:  # of other steps than the quarter has: it is told as far as it came
            over = [self._quarters.open] if self._quarters.open is not None else []
            self._quarters = Quarters()
            over += self._quarters.add(record)
        return QuartersOfWindow(tuple(over), self._quarters.open)

    def write(self, quarters: Iterable[Quarter]) -> None:
        """Write quarters, instead of what was written of them before."""
        rows = [(quarter.start, *self._layouts.packed(quarter)) for quarter in quarters]
        self._connection.executemany("INSERT OR REPLACE INTO quarters VALUES (?, ?, ?)", rows)


_SELECT = "SELECT start, layouts.layout, numbers FROM quarters JOIN layouts ON layouts.id = quarters.layout"


def stored_quarters(connection: sqlite3.Connection, start: int | None = None, end: int | None = None) -> Iterator[Quarter]:
    """Quarters that begin between two times (UTC seconds), oldest first. Raises ConfigurationError for one that is damaged."""
    where = "WHERE start >= ? AND start < ?"
    for row in connection.execute(f"{_SELECT} {where} ORDER BY start", (-(1 << 62) if start is None else start, 1 << 62 if end is None else end)):
        yield unpack(*row)
