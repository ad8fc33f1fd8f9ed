"""The rows of a record's quarter-hours as they are at a moment: also of the one that is not over, which is worked out from its windows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.quarters import Quarter
from virtual_devices.record.store.lines import present_windows
from virtual_devices.record.store.packing import NOT_A_ROW, layout_of, pack, unpack
from virtual_devices.record.store.quarters import QuarterBook

QuarterRow = tuple[int, int, bytes]
"""Start (UTC seconds), layout and numbers of a quarter, as the table has them."""
_EVER = 1 << 62
"""UTC seconds beyond all times, and before them with a minus."""
_PRESENT = -1
"""The number of the present quarter's layout, which the table may not have yet."""
_SELECT = "SELECT start, layout, numbers FROM quarters WHERE start >= ? AND start < ? ORDER BY start"


@dataclass(frozen=True, slots=True)
class QuarterRows:
    """Rows, oldest first. layouts: all of the record, by number, whether a row here has it or not."""

    rows: Sequence[QuarterRow]
    layouts: Mapping[int, str]

    def names(self) -> set[str]:
        """Of all series that there ever were. Raises ConfigurationError for a layout that is none."""
        try:
            return {name for layout in self.layouts.values() for name in layout_of(layout).names}
        except NOT_A_ROW as error:
            raise ConfigurationError(f"a layout of the record's quarters cannot be read: {error}; put back a copy of the record") from None

    def layout(self, row: QuarterRow) -> str:
        """A row's. Raises ConfigurationError where it is gone."""
        try:
            return self.layouts[row[1]]
        except KeyError:
            raise ConfigurationError(f"the quarter from {row[0]} cannot be read: its layout is gone; put back a copy of the record") from None

    def quarters(self) -> Iterator[Quarter]:
        """One after the other. Raises ConfigurationError for one that is damaged."""
        for row in self.rows:
            yield unpack(row[0], self.layout(row), row[2])


def quarter_rows(connection: sqlite3.Connection, start: int | None = None, end: int | None = None) -> QuarterRows:
    """The rows of quarters that begin between two times (UTC seconds), within the transaction of whoever calls.

    Raises sqlite3.Error, and ConfigurationError where the present quarter's windows are damaged.
    """
    begin, stop = -_EVER if start is None else start, _EVER if end is None else end
    rows = connection.execute(_SELECT, (begin, stop)).fetchall()
    layouts: dict[int, str] = dict(connection.execute("SELECT id, layout FROM layouts").fetchall())
    present = QuarterBook(connection, present_windows(connection)).present
    if present is not None:
        layouts[_PRESENT], numbers = pack(present)
        if begin <= present.start < stop:
            rows.append((present.start, _PRESENT, numbers))
    return QuarterRows(rows, layouts)
