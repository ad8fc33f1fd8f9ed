"""Auditing a record: windows that are kept whole as those of a ledger file, older ones as the chain of their digests."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import astuple, dataclass
from pathlib import Path

from virtual_devices.edge.ledger.audit import Audit
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.audit import SHORTEST_SKIP
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.database import open_to_read
from virtual_devices.record.kept import moment
from virtual_devices.record.lines import unpacked
from virtual_devices.record.writer import facts_of, kept_of


def audit_record(path: Path) -> Audit:
    """Audit a record, also while it is written, as it is when it is opened; nothing but the present row is kept.

    Raises ConfigurationError when it cannot be read or has no windows.
    """
    audit = Audit()
    with contextlib.closing(open_to_read(path)) as connection:
        rows = _Rows(audit)
        try:
            connection.execute("BEGIN")  # rows and set of one moment
            rows.check(connection, path)
        except sqlite3.Error as error:
            where = f"damaged after window {rows.last.last}" if rows.last is not None else "damaged"
            audit.complain(f"{path}: {where}: {error}")
    if not (audit.windows or audit.by_chain or audit.broken):
        raise ConfigurationError(f"record {path} is empty: nothing was settled while it was written")
    return audit


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What a row says of its windows: the seqs of the first and the last, from when to when, the digest before and after."""

    first: int
    last: int
    start: int
    end: int
    previous: str
    digest: str

    @classmethod
    def of(cls, records: list[LedgerRecord]) -> _Bounds:
        """Of the windows themselves."""
        first, last = records[0], records[-1]
        return cls(first.seq, last.seq, first.span.start, last.span.end, first.previous, last.digest)

    @property
    def sound(self) -> bool:
        """Whether a record can say so: SQLite takes anything for the value of a column."""
        numbers = self.first, self.last, self.start, self.end
        return (
            all(isinstance(value, int) for value in numbers)
            and all(isinstance(value, str) for value in (self.previous, self.digest))
            and self.first <= self.last
            and self.start <= self.end
        )

    def __str__(self) -> str:
        return _windows(self.first, self.last)


class _Rows:
    """Checks row after row. last: the one before the next; None before the first."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self.last: _Bounds | None = None
        self._run: object = None
        self._known = False
        """Whether the auditor has the window before the next row."""
        self._sought: int | None = None
        self._found: str | None = None
        """Seq of the window that the home goes on behind, and the digest after it where it is recorded."""

    def check(self, connection: sqlite3.Connection, path: Path) -> None:
        """Check all of them, and the set that the home goes on from. Raises sqlite3.Error for what SQLite cannot read."""
        self._run = facts_of(connection).get("run")
        settled = self._settled(connection, path)
        self._sought = settled[1] if settled is not None else None
        for *bounds, lines in connection.execute("SELECT first, last, start, end, previous, digest, lines FROM ledger ORDER BY first"):
            self._row(_Bounds(*bounds), lines)
        if settled is not None and self.last is not None:
            self._goes_on(*settled, self.last.last)

    def _row(self, row: _Bounds, lines: object) -> None:
        if not row.sound:
            self.audit.complain(f"window {row.first}: its row says what no record says")
            self._known = False
            return
        payloads = self._unpacked(row, lines)
        if self.last is not None:
            self._follow(self.last, row, compared=bool(payloads) and self._known)
        if lines is None:
            self.audit.pass_by(row.last - row.first + 1, row.start, row.end)
        elif payloads:
            self._whole(row, payloads)
        else:
            self.audit.begin_anew()
        if row.last == self._sought:
            self._found = row.digest
        self._known = bool(payloads)
        self.last = row

    def _unpacked(self, row: _Bounds, lines: object) -> list[bytes]:
        """The messages of a row; none where only the chain is kept, or what is there cannot be read."""
        if lines is None:
            return []
        try:
            if isinstance(lines, bytes):
                return unpacked(lines)
        except ConfigurationError as error:
            self.audit.complain(f"{row}: {error}")
            return []
        self.audit.complain(f"{row}: the record is damaged: there are no lines where they belong")
        return []

    def _follow(self, before: _Bounds, row: _Bounds, *, compared: bool) -> None:
        """A row must go on where the one before it ended. compared: the auditor compares the windows themselves."""
        follows = row.first == before.last + 1
        if not follows:
            self.audit.complain(_gap(before, row))
            self.audit.begin_anew()
        elif compared:
            return
        elif row.previous != before.digest:
            self.audit.complain(f"{row}: the digest before is not that of window {before.last}")
        skipped = row.start - before.end
        if skipped < 0 or (follows and 0 < skipped < SHORTEST_SKIP):
            self.audit.complain(f"{row} from {row.start}: does not follow window {before.last} that ended at {before.end}")
        elif follows:
            self.audit.skipped_by_chain += skipped

    def _whole(self, row: _Bounds, payloads: list[bytes]) -> None:
        records = [record for payload in payloads if (record := self.audit.add(payload, str(row))) is not None]
        if len(records) < len(payloads):
            return  # what is no ledger message was complained of
        for name, said, found in zip(_Bounds.__slots__, astuple(row), astuple(_Bounds.of(records)), strict=True):
            if said != found:
                self.audit.complain(f"{row}: the row says {name} {said}, its lines {found}")
        for record in records:
            if record.run != self._run:
                self.audit.complain(f"{row}: window {record.seq} is of run {record.run}, the record of {self._run}")
            if record.seq == self._sought:
                self._found = record.digest

    # -- what the home goes on from ------------------------------------------------------------------------------------

    def _settled(self, connection: sqlite3.Connection, path: Path) -> tuple[str, int, object] | None:
        """Run, seq and digest of the settlement that the home goes on behind; None where there is none."""
        try:
            kept = kept_of(connection, path)
        except ConfigurationError as error:
            self.audit.complain(str(error))
            return None
        settled = moment(kept)
        if settled is None:
            return None
        said = [json_object(payload) for (_, leaf), payload in kept.items() if leaf == "settlement"]
        return (*settled, next((each.get("digest") for each in said if (each.get("run"), each.get("seq")) == settled), None))

    def _goes_on(self, run: str, seq: int, digest: object, last: int) -> None:
        if run != self._run:
            self.audit.complain(f"the home would go on with run {run}, the record is of {self._run}")
        elif seq > last:
            self.audit.complain(f"the home would go on behind window {seq}, but the last in its books is {last}")
        elif self._found is not None and digest != self._found:
            self.audit.complain(f"the home would go on behind a window {seq} that is not the one in its books")


def _gap(before: _Bounds, row: _Bounds) -> str:
    if row.first <= before.last:
        return f"{row}: recorded again behind window {before.last}"
    missing = _windows(before.last + 1, row.first - 1)
    return f"{missing} {'is' if row.first == before.last + 2 else 'are'} missing"


def _windows(first: int, last: int) -> str:
    return f"window {first}" if first == last else f"windows {first} to {last}"
