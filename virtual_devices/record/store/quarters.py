"""Quarter-hours in a record: worked out from each window as it is booked, and written with the one that ends them.

The one that is not over has no row: whoever goes on with the run, or asks, works it out again from its windows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.quarters import Quarter, Quarters
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.store.layouts import Layouts
from virtual_devices.record.store.packing import pack


class QuarterBook:
    """Works quarters out, and writes them within the transactions of whoever calls.

    present: the windows in the record that the quarter which is not over has steps of.
    """

    def __init__(self, connection: sqlite3.Connection, present: Iterable[LedgerRecord] = ()) -> None:
        self._connection, self._layouts = connection, Layouts(connection, "layouts")
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
        packed = [(quarter.start, *pack(quarter)) for quarter in quarters]
        rows = [(start, self._layouts.number(layout), numbers) for start, layout, numbers in packed]
        self._connection.executemany("INSERT OR REPLACE INTO quarters VALUES (?, ?, ?)", rows)

    def undone(self) -> None:
        """Look again at what is in the file: a transaction that may have changed it was undone."""
        self._layouts.forget()
