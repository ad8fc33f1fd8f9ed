"""Quarter-hours in a record: worked out from each window as it is booked, written with it, and read again.

The one that is not over is a row too, written anew with every window; who goes on from it comes to the same quarters.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from virtual_devices.kit.errors import ConfigurationError, ProtocolError
from virtual_devices.kit.ledger.quarters import QUARTER, Quarter, Quarters
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.packing import pack, unpack


@dataclass(frozen=True, slots=True)
class QuartersOfWindow:
    """What a window has done. over: the quarters that it ended.  present: the one that goes on."""

    over: tuple[Quarter, ...] = ()
    present: Quarter | None = None


class QuarterBook:
    """Works quarters out, and writes them within the transactions of whoever calls.

    end: of the last window that is in the record, simulated UTC seconds; None before the first.
    """

    def __init__(self, connection: sqlite3.Connection, end: int | None) -> None:
        self._connection = connection
        self._layouts: dict[str, int] = {}
        self._quarters = Quarters(_present(connection, end))

    def add(self, record: LedgerRecord) -> QuartersOfWindow:
        """Work out what one more window does; nothing is written yet."""
        try:
            over = self._quarters.add(record)
        except ProtocolError:  # of other steps than the quarter has: it is told as far as it came
            over = [self._quarters.open] if self._quarters.open is not None else []
            self._quarters = Quarters()
            over += self._quarters.add(record)
        return QuartersOfWindow(tuple(over), self._quarters.open)

    def write(self, done: list[QuartersOfWindow]) -> None:
        """Write what windows have done, of which those before the last are known by now to have gone on."""
        quarters = [quarter for each in done for quarter in each.over]
        if done and done[-1].present is not None:
            quarters.append(done[-1].present)
        rows = [(quarter.start, *self._packed(quarter)) for quarter in quarters]
        self._connection.executemany("INSERT OR REPLACE INTO quarters VALUES (?, ?, ?)", rows)

    def forget_layouts(self) -> None:
        """Look layouts up again: a transaction that may have made some was undone."""
        self._layouts.clear()

    def _packed(self, quarter: Quarter) -> tuple[int, bytes]:
        layout, numbers = pack(quarter)
        known = self._layouts.get(layout)
        if known is None:
            self._connection.execute("INSERT OR IGNORE INTO layouts (layout) VALUES (?)", (layout,))
            known = self._layouts[layout] = self._connection.execute("SELECT id FROM layouts WHERE layout = ?", (layout,)).fetchone()[0]
        return known, numbers


def _present(connection: sqlite3.Connection, end: int | None) -> Quarter | None:
    """The quarter that was not over when the record was left."""
    found = connection.execute(f"{_SELECT} ORDER BY start DESC LIMIT 1").fetchone()
    if found is None or end is None or end >= found[0] + QUARTER:
        return None
    try:
        return unpack(*found)
    except ConfigurationError:
        return None  # it begins anew; the windows are what counts


_SELECT = "SELECT start, layouts.layout, numbers FROM quarters JOIN layouts ON layouts.id = quarters.layout"


def stored_quarters(connection: sqlite3.Connection, start: int | None = None, end: int | None = None) -> Iterator[Quarter]:
    """Quarters that begin between two times (UTC seconds), oldest first. Raises ConfigurationError for one that is damaged."""
    where = "WHERE start >= ? AND start < ?"
    for row in connection.execute(f"{_SELECT} {where} ORDER BY start", (-(1 << 62) if start is None else start, 1 << 62 if end is None else end)):
        yield unpack(*row)
