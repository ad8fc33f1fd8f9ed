"""The ledger: every joule of a settled window, double entry, and the digest that chains all windows.

A record lists edges (source account, sink account) and, per edge, one integer of millijoules per step. The digest takes
one row per step – int64 little-endian, edges sorted, zeros included – as ``h = sha256(h ‖ row)``; a changed edge list is
hashed in first. It does not depend on how time was cut into windows.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from virtual_devices.kit.offers import Edge
from virtual_devices.kit.window import Span

GENESIS = hashlib.sha256(b"virtual-devices ledger 1").hexdigest()
"""Digest before the first step."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Energy moved between two accounts. energy: mJ."""

    source: str
    sink: str
    energy: int


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """Every transfer of one settled window.

    edges: sorted.  energy: one column per edge, mJ per step.  demand, available: mJ per step of each consumer and
    producer.  opening, closing: each store's balance in mJ, the opening one as the store itself reported it.
    outside: accounts beyond the home (sun, grid).  previous, digest: the chain before and after.
    """

    run: str
    seq: int
    span: Span
    edges: tuple[Edge, ...]
    energy: tuple[list[int], ...]
    demand: dict[str, list[int]]
    available: dict[str, list[int]]
    opening: dict[str, int]
    closing: dict[str, int]
    outside: tuple[str, ...]
    previous: str
    digest: str

    def transfers(self, index: int) -> list[Transfer]:
        """The transfers of one step that moved anything."""
        pairs = zip(self.edges, self.energy, strict=True)
        return [Transfer(*edge, column[index]) for edge, column in pairs if column[index]]


def is_sealed(record: LedgerRecord) -> bool:
    """Whether a record has the digest of its own transfers; its edge list may be the one that was hashed before it, or a new one."""
    try:
        integers = packed(record.energy)
        return any(
            record.digest == chain(record.previous, known, record.edges, record.energy, record.span.steps, integers)
            for known in (record.edges, ())
        )
    except (TypeError, ValueError, OverflowError):
        return False


def packed(columns: Iterable[Sequence[int]], known: Mapping[int, array[int]] | None = None) -> dict[int, array[int]]:
    """Columns as 64-bit integers, by the id of the column: many edges share one. known: those that are packed already.

    Raises TypeError or OverflowError for what is no such integer.
    """
    found: dict[int, array[int]] = dict(known or {})
    for column in columns:
        if id(column) not in found:
            found[id(column)] = array("q", column)
    return found


@lru_cache(maxsize=512)
def edge_list(edges: tuple[Edge, ...]) -> str:
    """What a checkpoint remembers an edge list by: hexadecimal."""
    return hashlib.sha256(_written(edges)).hexdigest()


def _written(edges: tuple[Edge, ...]) -> bytes:
    return "\n".join(f"{source}>{sink}" for source, sink in edges).encode()


def chain(
    digest: str,
    known: tuple[Edge, ...],
    edges: tuple[Edge, ...],
    energy: Sequence[Sequence[int]],
    steps: int,
    columns: Mapping[int, array[int]] | None = None,
) -> str:
    """The digest after ``steps`` more rows.

    known: the edge list hashed before (empty at the start).  columns: those of ``energy``, if they are packed already.
    """
    value = bytes.fromhex(digest)
    sha256 = hashlib.sha256
    if edges != known:
        value = sha256(value + _written(edges)).digest()
    width = len(edges)
    flat = array("q", bytes(8 * width * steps))
    columns = packed(energy) if columns is None else columns
    for index, column in enumerate(energy):
        flat[index::width] = columns[id(column)]
    if sys.byteorder == "big":
        flat.byteswap()
    rows = flat.tobytes()
    size = 8 * width
    for begin in range(0, size * steps, size or 1):  # nothing moves where nobody is there
        value = sha256(value + rows[begin : begin + size]).digest()
    return value.hex()
