"""Reading a record: what a home came to, and when, for whoever asks; also while another process writes it.

    with Reader(path) as reader:
        for day in reader.energy("day"):
            print(day.start, day.totals["grid_import"] / MJ_PER_KWH)

Energies are whole mJ and times UTC seconds. Of less than a quarter of an hour only the windows tell.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Self

import numpy as np

from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.kit.errors import ConfigurationError, ProtocolError, shown, suggestion
from virtual_devices.kit.home.revisions import Revision
from virtual_devices.kit.ledger.quarters import Quarter
from virtual_devices.kit.ledger.series import POWER, STORED
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.past import PastRows
from virtual_devices.record.files.runs import Runs, written_at
from virtual_devices.record.reading.columns import Columns, columns
from virtual_devices.record.reading.cutting import Cut, cut
from virtual_devices.record.reading.energy import Energy, energies
from virtual_devices.record.reading.facts import Facts, read_facts
from virtual_devices.record.reading.periods import Period, length_of, periods
from virtual_devices.record.reading.roles import Roles, roles_of
from virtual_devices.record.reading.rows import QuarterRows, quarter_rows
from virtual_devices.record.reading.series import SeriesTable, ledger_columns, told_columns_of
from virtual_devices.record.reading.swinging import PowerOfPeriod, StoredInPeriod, levels, powers
from virtual_devices.record.reading.told import ReadingsOfPeriod, readings, told_columns
from virtual_devices.record.store.database import open_to_read
from virtual_devices.record.store.happenings import Happening, happenings
from virtual_devices.record.store.lines import stored, stored_at, stored_between
from virtual_devices.record.store.past import stored_past
from virtual_devices.record.store.revisions import revisions_of

_FAR = 1 << 62
_NEVER = 0
"""A time from which to itself there are no quarters."""


class Reader:
    """A record, opened by ``with``. Each answer is of whole transactions: nothing of what its writer has not finished is in it.

    start, end, wherever they are asked for: only quarters that begin between these times, UTC seconds; None: from the first, to the last.
    every: ``15min``, ``1h`` or another duration that fits into a day without a rest, ``day``, ``month``, by the clock on the home's wall.

    Raises ConfigurationError for a file that is no record, and from then on for what is damaged, or another ``every``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        self._open = open_to_read(self.path)
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    @property
    def facts(self) -> Facts:
        """What the record says of itself."""
        with self._reading() as connection:
            return read_facts(connection)

    @property
    def span(self) -> tuple[int, int] | None:
        """When the first window that is recorded begins, and when the last ends; None before the first."""
        with self._reading() as connection:
            found = connection.execute("SELECT start, (SELECT max(end) FROM ledger) FROM ledger ORDER BY first LIMIT 1").fetchone()
        return tuple(found) if found is not None else None

    @property
    def from_the_first(self) -> bool:
        """Whether it has the first window of its run."""
        with self._reading() as connection:
            found = connection.execute("SELECT first FROM ledger ORDER BY first LIMIT 1").fetchone()
        return found is not None and found[0] == 1

    @property
    def roles(self) -> Roles:
        """Who is who, of all that ever did anything in this run."""
        return roles_of(self._rows(_NEVER, _NEVER).names())

    def quarters(self, start: int | None = None, end: int | None = None) -> Iterator[Quarter]:
        """Every quarter of an hour, oldest first, also the one that is not over."""
        return self._rows(start, end).quarters()

    def periods(self, every: str, start: int | None = None, end: int | None = None) -> Iterator[Period]:
        """Every series of every period, oldest first; for a few of them over a long time the following are sooner."""
        return periods(self.quarters(start, end), every, self.facts.zone)

    def energy(self, every: str, start: int | None = None, end: int | None = None) -> Iterator[Energy]:
        """What each period came to, oldest first; those of which nothing is recorded are left out."""
        rows = self._rows(start, end)
        return energies(self._cut(rows, every), roles_of(rows.names()))

    def power(self, device: str, every: str, start: int | None = None, end: int | None = None) -> Iterator[PowerOfPeriod]:
        """How the power of a device went up and down in each period: one of ``roles.devices``, or the inverter by its name."""
        rows = self._rows(start, end)
        return powers(self._cut(rows, every), self._known(rows, POWER, device))

    def stored(self, store: str, every: str, start: int | None = None, end: int | None = None) -> Iterator[StoredInPeriod]:
        """What a store held in each period in which it was there."""
        rows = self._rows(start, end)
        return levels(self._cut(rows, every), self._known(rows, STORED, store))

    @property
    def tellers(self) -> list[str]:
        """The devices that told something of their past."""
        with self._reading() as connection:
            return [name for (name,) in connection.execute("SELECT DISTINCT device FROM past ORDER BY device")]

    def readings(self, device: str, every: str, start: int | None = None, end: int | None = None) -> Iterator[ReadingsOfPeriod]:
        """What one of the ``tellers`` told of each period of which it told something, oldest first."""
        length_of(every)
        with self.of_one_moment(), self._reading() as connection:
            if device not in (tellers := self.tellers):
                raise ConfigurationError(f"{self.path} knows no readings of {shown(device)}{suggestion(device, tellers)}")
            told = [rows for _, rows in stored_past(connection, start, end, device)]
        return readings(told, every, self.facts.zone)

    def series(self, every: str, start: int | None = None, end: int | None = None, devices: Collection[str] | None = None) -> SeriesTable:
        """All of that as one table of numbers. devices: whose readings are wanted; None: all."""
        with self.of_one_moment():
            rows, facts = self._rows(start, end), self.facts
            told = {name: self.told(name, start, end) for name in (self.tellers if devices is None else devices)}
            revisions = self.revisions
        cut = self._cut(rows, every)
        names = rows.names()
        starts = np.array([begin for begin, _ in cut.bounds], np.int64)
        ends = np.array([stop for _, stop in cut.bounds], np.int64)
        powers = sorted(name.removeprefix(POWER) for name in names if name.startswith(POWER))
        columns = [*ledger_columns(cut, roles_of(names), powers)] if cut.bounds else []
        for name, pieces in told.items():
            columns += told_columns_of(name, told_columns(pieces, every, facts.zone), starts)
        declared = {name: device.declaration for name, device in revisions[-1].wanted.devices.items()} if revisions else {}
        return SeriesTable(facts, every, starts, ends, tuple(columns), declared)

    def told(self, device: str, start: int | None = None, end: int | None = None) -> list[PastRows]:
        """The rows that a device told of its past, oldest first; none of one that told nothing."""
        with self._reading() as connection:
            return [rows for _, rows in stored_past(connection, start, end, device)]

    def columns(self, start: int | None = None, end: int | None = None) -> tuple[Columns, Roles]:
        """Every quarter of an hour as columns, and who is who in them."""
        rows = self._rows(start, end)
        return columns(rows), roles_of(rows.names())

    def windows(self, after: int = 0, until: int | None = None) -> Iterator[LedgerRecord]:
        """The windows behind a seq, up to another, that are kept whole; oldest first."""
        with self._reading() as connection:
            yield from map(read_ledger, stored(connection, after, until))

    def window_at(self, time: int) -> LedgerRecord | None:
        """The window that holds a time; None where none does, or it is not kept whole any more."""
        with self._reading() as connection:
            payload = stored_at(connection, time)
        return read_ledger(payload) if payload is not None else None

    def windows_between(self, start: int, end: int) -> Iterator[LedgerRecord]:
        """The windows that have steps between two times, as far as they are kept whole; oldest first."""
        with self._reading() as connection:
            yield from map(read_ledger, stored_between(connection, start, end))

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """What the home was wanted to be, oldest first; empty where the record does not say."""
        with self._reading() as connection:
            return revisions_of(connection)

    def happenings(
        self, start: int | None = None, end: int | None = None, *, kinds: Collection[str] | None = None, device: str | None = None
    ) -> Iterator[Happening]:
        """What happened between two times, in order of time; kinds, device: of those only."""
        with self._reading() as connection:
            yield from happenings(connection, -_FAR if start is None else start, _FAR if end is None else end, kinds, device)

    def _rows(self, start: int | None, end: int | None) -> QuarterRows:
        with self.of_one_moment(), self._reading() as connection:
            return quarter_rows(connection, start, end)

    def _cut(self, rows: QuarterRows, every: str) -> Cut:
        return cut(columns(rows), every, self.facts.zone)

    def _known(self, rows: QuarterRows, kind: str, device: str) -> str:
        """The name of a series. Raises ConfigurationError for a device that never had one of this kind."""
        known = sorted(name.removeprefix(kind) for name in rows.names() if name.startswith(kind))
        if device not in known:
            raise ConfigurationError(f"{self.path} knows no {kind.rstrip('/')} of {shown(device)}{suggestion(device, known)}")
        return kind + device

    @contextlib.contextmanager
    def of_one_moment(self) -> Iterator[None]:
        """All answers within are of the same moment, whatever is written meanwhile."""
        with self._reading() as connection:
            if connection.in_transaction:
                yield
                return
            connection.execute("BEGIN")
            try:
                yield
            finally:
                connection.execute("COMMIT")  # not ROLLBACK: another answer may still be on its way

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if self._open is None:
            raise RuntimeError("the record is not open; use it in `with Reader(path) as reader:`")
        try:
            yield self._open
        except sqlite3.Error as error:
            raise ConfigurationError(f"{self.path} cannot be read ({error}); put back a copy of the record") from None
        except ProtocolError as error:
            raise ConfigurationError(f"{self.path} is damaged: {error}; audit it, or put back a copy") from None


def readers_of(folder: Path) -> list[Reader]:
    """A reader for each record of a folder, none of them opened yet; the one that was written last at the end."""
    return [Reader(path) for path in sorted(Runs(folder, "").paths(), key=written_at)]
