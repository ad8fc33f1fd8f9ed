"""The ledger on the bus and in files: every transfer of a settled window, one message or one line for each.

Many columns are one and the same – what the oven takes, what it turns into heat and what it needed – so each is written once,
and named by its place in ``columns``.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from pydantic import Field

from virtual_devices.edge.messages.base import Digest, Message, Millijoules, Run, Seq, SpanForm, read
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.window import MAX_STEPS

Column = Annotated[list[Millijoules], Field(max_length=MAX_STEPS)]
ColumnPlace = Annotated[int, Field(ge=0, lt=5000)]
Edges = Annotated[list[tuple[str, str]], Field(max_length=5000)]


class _Record(Message):
    """What both forms of a ledger message have."""

    run: Run
    seq: Seq
    span: SpanForm
    edges: Edges
    opening: dict[str, Millijoules]
    closing: dict[str, Millijoules]
    outside: list[str]
    previous: Digest
    digest: Digest


class LedgerMessage(_Record):
    """Every transfer of a settled window.

    columns: mJ per step.  edges: (source account, sink account), sorted.  energy: of each edge, the place of its column in ``columns``.
    demand, available: so of each consumer and producer.
    """

    columns: Annotated[list[Column], Field(max_length=5000)]
    energy: Annotated[list[ColumnPlace], Field(max_length=5000)]
    demand: dict[str, ColumnPlace]
    available: dict[str, ColumnPlace]

    def to_kit(self) -> LedgerRecord:
        """As the kit's LedgerRecord. Raises ProtocolError when a column is named that is not there."""
        columns = self.columns
        try:
            return LedgerRecord(
                self.run, self.seq, self.span.to_kit(), tuple(self.edges), tuple([columns[place] for place in self.energy]),
                {name: columns[place] for name, place in self.demand.items()},
                {name: columns[place] for name, place in self.available.items()},
                self.opening, self.closing, tuple(self.outside), self.previous, self.digest,
            )  # fmt: skip
        except IndexError:
            raise ProtocolError(f"not a ledger message: it names a column beyond its {len(columns)}") from None


class PlainLedgerMessage(_Record):
    """The form of ledgers before 0.1: a column for each edge, written out."""

    energy: Annotated[list[Column], Field(max_length=5000)]
    demand: dict[str, Column]
    available: dict[str, Column]

    def to_kit(self) -> LedgerRecord:
        """As the kit's LedgerRecord."""
        return LedgerRecord(
            self.run, self.seq, self.span.to_kit(), tuple(self.edges), tuple(self.energy), self.demand, self.available,
            self.opening, self.closing, tuple(self.outside), self.previous, self.digest,
        )  # fmt: skip


def read_ledger(payload: bytes) -> LedgerRecord:
    """A ledger message, or a line of a ledger file. Raises ProtocolError for what is none."""
    try:
        return read(LedgerMessage, payload).to_kit()
    except ProtocolError as error:
        try:
            return read(PlainLedgerMessage, payload).to_kit()
        except ProtocolError:
            raise error from None


def ledger_bytes(record: LedgerRecord) -> bytes:
    """A record as it goes over the wire and into files."""
    places: dict[int, int] = {}
    columns: list[list[int]] = []

    def place(column: list[int]) -> int:
        found = places.get(id(column))
        if found is None:
            found = places[id(column)] = len(columns)
            columns.append(column)
        return found

    message: dict[str, Any] = {
        "run": record.run,
        "seq": record.seq,
        "span": record.span,
        "edges": record.edges,
        "columns": columns,
        "energy": [place(column) for column in record.energy],
        "demand": {name: place(column) for name, column in record.demand.items()},
        "available": {name: place(column) for name, column in record.available.items()},
        "opening": record.opening,
        "closing": record.closing,
        "outside": record.outside,
        "previous": record.previous,
        "digest": record.digest,
    }
    return orjson.dumps(message)
