"""What devices told of their past in a record: each device's rows, those that were told at once together, and those of a day once it is over."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import pairwise

from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.members.past import PastRows, joined
from virtual_devices.kit.window import MAX_STEPS
from virtual_devices.record.store.layouts import Layouts
from virtual_devices.record.store.past_packing import pack_past, unpack_past

HELD_MOST = 2 * MAX_STEPS
"""Rows of a device that wait for windows which nobody has booked yet, at most; of more the first told are given up."""
MERGED_FROM = 8
"""Rows of the database with a device's day from which on they become one."""
_SELECT = "SELECT past.device, past.start, past_layouts.layout, past.numbers FROM past JOIN past_layouts ON past_layouts.id = past.layout"
_OF_A_DAY = f"{_SELECT} WHERE device = ? AND start >= ? AND end <= ? ORDER BY start"
_COUNT = "SELECT count(*) FROM past WHERE device = ? AND start >= ? AND end <= ?"
_DELETE = "DELETE FROM past WHERE device = ? AND start >= ? AND end <= ?"
_PUT = "INSERT OR REPLACE INTO past VALUES (?, ?, ?, ?, ?)"


class PastBook:
    """Takes rows, and writes them within the transactions of whoever calls.

    A row is there once, by device and quarter: what the file has is not written over. It is of the time that the file's windows have, so
    nobody fills a disk by telling of another.
    """

    def __init__(self, connection: sqlite3.Connection, booked: Callable[[], int]) -> None:
        """booked: quarters of the windows that wait to be written, of which there may be as many rows."""
        self._connection, self._booked = connection, booked
        self._layouts = Layouts(connection, "past_layouts")
        self._waiting: dict[str, dict[int, tuple[int, PastRows]]] = {}
        """By device and first start: the window in which they were over, and the rows; what was told last is last."""
        self._ends: dict[str, int] = {}
        """By device, the end of the last quarter in the file, as far as somebody asked."""

    def take(self, device: str, seq: int, rows: PastRows) -> None:
        """Keep them for the next transaction in which their window is written, or was; told again, they are as they were told last."""
        if device not in self._waiting and len(self._waiting) >= MAX_DEVICES:
            return
        mine = self._waiting.setdefault(device, {})
        mine.pop(rows.starts[0], None)
        mine[rows.starts[0]] = seq, rows
        waiting = sum(len(told.starts) for _, told in mine.values())
        if waiting > HELD_MOST:
            most = HELD_MOST + self._booked()
            while len(mine) > 1 and waiting > most:
                waiting -= len(mine.pop(next(iter(mine)))[1].starts)

    def write(self, upto: int | None = None) -> None:
        """Write those of windows up to a seq (None: all); they wait until ``forget``."""
        reach = None
        for device, waiting in self._waiting.items():
            told = [rows for seq, rows in waiting.values() if upto is None or seq <= upto]
            if told:
                reach = reach or self._reach()
                self._write(device, _one_after_the_other(told), *reach)

    def forget(self, upto: int | None = None) -> None:
        """They are in the file: the transaction has held."""
        for device, waiting in list(self._waiting.items()):
            left = {start: told for start, told in waiting.items() if upto is not None and told[0] > upto}
            if left:
                self._waiting[device] = left
            else:
                del self._waiting[device]

    def undone(self) -> None:
        """Look again at what is in the file: a transaction that may have changed it was undone."""
        self._layouts.forget()
        self._ends.clear()

    def _reach(self) -> tuple[int, int]:
        """From the quarter of the first window in the file to the end of the last one."""
        first = self._connection.execute("SELECT start FROM ledger ORDER BY first LIMIT 1").fetchone()
        last = self._connection.execute("SELECT end FROM ledger ORDER BY first DESC LIMIT 1").fetchone()
        return (first[0] - first[0] % QUARTER, last[0]) if first is not None and last is not None else (0, 0)

    def _write(self, device: str, told: list[PastRows], begin: int, end: int) -> None:
        known = self._end(device)
        for rows in told:
            kept = [rows] if begin <= rows.starts[0] and rows.starts[-1] < end and rows.starts[0] >= known else self._new(device, rows, begin, end)
            for each in kept:
                self._put(device, each)
        if known // DAY < self._end(device) // DAY:
            self._merge(device, (known - QUARTER) // DAY * DAY)

    def _end(self, device: str) -> int:
        if device not in self._ends:
            row = self._connection.execute("SELECT max(end) FROM past WHERE device = ?", (device,)).fetchone()
            self._ends[device] = row[0] or 0
        return self._ends[device]

    def _new(self, device: str, rows: PastRows, begin: int, end: int) -> list[PastRows]:
        """Those of some rows that are of the record's time, and that the file does not have."""
        there = {
            start for kept in self._readable(device, rows.starts[0], rows.starts[-1] + QUARTER) for start in kept.starts
        }  # fmt: skip
        return joined([PastRows.of(row) for row in rows.quarters() if begin <= row.start < end and row.start not in there])

    def _readable(self, device: str, begin: int, end: int) -> Iterator[PastRows]:
        """What the file has of a device, but for what is damaged."""
        for row in self._connection.execute(f"{_SELECT} WHERE device = ? AND start < ? AND end > ? ORDER BY start", (device, end, begin)).fetchall():
            try:
                yield unpack_past(*row[1:])
            except ConfigurationError:
                continue

    def _put(self, device: str, rows: PastRows) -> None:
        layout, numbers = pack_past(rows)
        end = rows.starts[-1] + QUARTER
        self._connection.execute(_PUT, (device, rows.starts[0], end, self._layouts.number(layout), numbers))
        self._ends[device] = max(end, self._end(device))

    def _merge(self, device: str, begin: int) -> None:
        """A day that is over: what was written bit by bit becomes one row, unless some of it is damaged."""
        end = begin + DAY
        if self._connection.execute(_COUNT, (device, begin, end)).fetchone()[0] < MERGED_FROM:
            return
        try:
            found = [unpack_past(*row[1:]) for row in self._connection.execute(_OF_A_DAY, (device, begin, end)).fetchall()]
        except ConfigurationError:
            return
        if all(one.starts[-1] < other.starts[0] for one, other in pairwise(found)):
            self._connection.execute(_DELETE, (device, begin, end))
            for rows in joined(found):
                self._put(device, rows)


def _one_after_the_other(told: list[PastRows]) -> list[PastRows]:
    """Rows as they follow each other; of a quarter that was told more than once, what was told last."""
    ordered = sorted(told, key=lambda rows: rows.starts[0])
    if all(one.starts[-1] < other.starts[0] for one, other in pairwise(ordered)):
        return ordered
    by_start = {row.start: row for rows in told for row in rows.quarters()}
    return joined([PastRows.of(by_start[start]) for start in sorted(by_start)])


def stored_past(connection: sqlite3.Connection, start: int | None = None, end: int | None = None, device: str | None = None) -> Iterator[tuple[str, PastRows]]:
    """Devices and their rows of quarters that begin between two times (UTC seconds): a device's are oldest first; device: of that one only.

    Raises ConfigurationError for what is damaged.
    """
    begin, stop = (-(1 << 62) if start is None else start, 1 << 62 if end is None else end)
    where, values = "WHERE past.start < ? AND past.end > ?", [stop, begin]
    if device is not None:
        where, values = f"{where} AND device = ?", [*values, device]  # type: ignore[list-item]
    for name, *row in connection.execute(f"{_SELECT} {where} ORDER BY device, start", values):
        rows = _between(unpack_past(*row), begin, stop)
        if rows.starts:
            yield name, rows


def _between(rows: PastRows, begin: int, end: int) -> PastRows:
    numbers = [number for number, start in enumerate(rows.starts) if begin <= start < end]
    return rows.part(numbers[0], numbers[-1] + 1) if numbers else rows.part(0, 0)
