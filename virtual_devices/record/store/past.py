"""What devices tell of their past in a record: of each quarter-hour one row for all of them, packed like what the ledger came to in it.

Its series: ``steps/<device>`` how many steps the device's row covers, ``columns/<device>/<name>``, ``seconds/<device>/<name>`` and
``last/<device>/<name>``; see ``virtual_devices.kit.members.past``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.ledger.quarters import QUARTER, Quarter
from virtual_devices.kit.ledger.series import Tally
from virtual_devices.kit.members.past import PastQuarter
from virtual_devices.kit.window import MAX_STEPS
from virtual_devices.record.store.packing import unpack
from virtual_devices.record.store.quarters import Layouts

HELD_MOST = 2 * MAX_STEPS
"""Rows of a device that wait for their windows, at most; of more the oldest are given up."""
_STEPS, _COLUMNS, _SECONDS, _LAST = "steps", "columns", "seconds", "last"
Told = tuple[str, PastQuarter]
"""A device and its row."""


class PastBook:
    """Takes rows, and writes them within the transactions of whoever calls.

    A row is there once, by device and quarter: what the file has is not written over. It is of the time that the file's windows have, so
    nobody fills a disk by telling of another.
    """

    def __init__(self, connection: sqlite3.Connection, layouts: Layouts) -> None:
        self._connection, self._layouts = connection, layouts
        self._waiting: dict[str, dict[int, tuple[int, PastQuarter]]] = {}
        """By device and start: the window in which it was over, and the row."""

    def take(self, device: str, seq: int, row: PastQuarter) -> None:
        """Keep it for the next transaction in which its window is written, or was; told again, it is as it was told last."""
        if device not in self._waiting and len(self._waiting) >= MAX_DEVICES:
            return
        mine = self._waiting.setdefault(device, {})
        mine.pop(row.start, None)
        mine[row.start] = seq, row
        if len(mine) > HELD_MOST:
            del mine[next(iter(mine))]

    def write(self, upto: int | None = None) -> None:
        """Write those of windows up to a seq (None: all); they wait until ``forget``."""
        found = [(row.start, device, row) for device, rows in self._waiting.items() for seq, row in rows.values() if upto is None or seq <= upto]
        if not found:
            return
        begin, end = self._reach()
        found.sort(key=itemgetter(0, 1))
        for start, group in groupby(found, key=itemgetter(0)):
            if begin <= start < end:
                self._write(start, [(device, row) for _, device, row in group])

    def _reach(self) -> tuple[int, int]:
        """From the quarter of the first window in the file to the end of the last one."""
        first = self._connection.execute("SELECT start FROM ledger ORDER BY first LIMIT 1").fetchone()
        last = self._connection.execute("SELECT end FROM ledger ORDER BY first DESC LIMIT 1").fetchone()
        return (first[0] - first[0] % QUARTER, last[0]) if first is not None and last is not None else (0, 0)

    def _write(self, start: int, rows: list[Told]) -> None:
        known = self._known(start)
        step = next(iter(known.values())).step if known else rows[0][1].step
        new = {device: row for device, row in rows if device not in known and row.step == step}
        if new:
            self._connection.execute("INSERT OR REPLACE INTO past VALUES (?, ?, ?)", (start, *self._layouts.packed(_together(start, step, {**known, **new}))))

    def _known(self, start: int) -> dict[str, PastQuarter]:
        """What the file has of a quarter; nothing where that is damaged: what is told now takes its place."""
        kept = self._connection.execute(f"{_SELECT} WHERE start = ?", (start,)).fetchone()
        try:
            return _told(unpack(*kept)) if kept is not None else {}
        except ConfigurationError:
            return {}

    def forget(self, upto: int | None = None) -> None:
        """They are in the file: the transaction has held."""
        for device, rows in list(self._waiting.items()):
            left = {start: told for start, told in rows.items() if upto is not None and told[0] > upto}
            if left:
                self._waiting[device] = left
            else:
                del self._waiting[device]


def _together(start: int, step: int, rows: Mapping[str, PastQuarter]) -> Quarter:
    """The rows of a quarter as one."""
    series: dict[str, Tally] = {}
    for device, row in rows.items():
        series[f"{_STEPS}/{device}"] = Tally(row.steps)
        series |= {f"{_COLUMNS}/{device}/{name}": tally for name, tally in row.columns.items()}
        series |= {f"{_SECONDS}/{device}/{name}": Tally(value) for name, value in row.seconds.items()}
        series |= {f"{_LAST}/{device}/{name}": Tally(value) for name, value in row.last.items()}
    return Quarter(start, step, max(row.steps for row in rows.values()), series)


def _told(quarter: Quarter) -> dict[str, PastQuarter]:
    """The rows that were put together. Raises ConfigurationError for what none is."""
    columns: dict[str, dict[str, Tally]] = {}
    numbers: dict[tuple[str, str], dict[str, int]] = {}
    steps: dict[str, int] = {}
    for key, tally in quarter.series.items():
        kind, device, *name = key.split("/")
        if kind == _STEPS and not name:
            steps[device] = tally.sum
        elif kind == _COLUMNS and len(name) == 1:
            columns.setdefault(device, {})[name[0]] = tally
        elif kind in (_SECONDS, _LAST) and len(name) == 1:
            numbers.setdefault((kind, device), {})[name[0]] = tally.sum
        else:
            raise ConfigurationError(f"the record is damaged: what devices told of the quarter from {quarter.start} cannot be read")
    return {
        device: PastQuarter(
            quarter.start, quarter.step, count, columns.get(device, {}), numbers.get((_SECONDS, device), {}), numbers.get((_LAST, device), {})
        )
        for device, count in steps.items()
    }


_SELECT = "SELECT start, layouts.layout, numbers FROM past JOIN layouts ON layouts.id = past.layout"


def stored_past(connection: sqlite3.Connection, start: int | None = None, end: int | None = None, device: str | None = None) -> Iterator[Told]:
    """Rows of quarters that begin between two times (UTC seconds), oldest first; device: of that one only.

    Raises ConfigurationError for what is damaged.
    """
    times = (-(1 << 62) if start is None else start, 1 << 62 if end is None else end)
    for row in connection.execute(f"{_SELECT} WHERE start >= ? AND start < ? ORDER BY start", times):
        yield from _of(_told(unpack(*row)).items(), device)


def _of(rows: Iterable[Told], device: str | None) -> Iterator[Told]:
    return (each for each in rows if device is None or each[0] == device)
