"""Rows of a device's past as one row of the database: a layout, which most share so that it is kept once, and numbers.

The layout is JSON: the names of the ``columns``, ``seconds`` and ``last``. The numbers are 64-bit integers; first come the lowest bytes of all
of them, then the second, up to the highest, compressed with zlib, which so is sooner and does better. The integers are: the seconds of a step and the number of rows, then lists with a number for each row: how many quarters behind the first it starts, how
many steps it covers, of each column the sums, the lowest, the highest and the last steps, of the rest its values; the least integer stands
for a reading that is unknown.
"""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from functools import lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.members.past import PastRows, TallyColumns
from virtual_devices.record.store.packing import NOT_A_ROW

_UNKNOWN = -(2**63)
_HEAD = 2
_WIDTH = len(TallyColumns._fields)
_INTEGER = 8
_MOST = 1 << 24
"""Bytes of numbers; no rows of ours have as many."""


class _PastLayout(NamedTuple):
    """What the numbers are of."""

    columns: tuple[str, ...]
    seconds: tuple[str, ...]
    last: tuple[str, ...]

    @property
    def lists(self) -> int:
        """How many lists."""
        return 2 + _WIDTH * len(self.columns) + len(self.seconds) + len(self.last)


def pack_past(rows: PastRows) -> tuple[str, bytes]:
    """The layout and the numbers of rows. Raises ConfigurationError for what is no integer of 64 bits."""
    numbers = array("q", (rows.step, len(rows.starts)))
    first = rows.starts[0]
    try:
        for values in chain(([(start - first) // QUARTER for start in rows.starts], rows.steps), *rows.columns.values(), rows.seconds.values()):
            numbers.extend(values)
        for known in rows.last.values():
            numbers.extend([_UNKNOWN if value is None else value for value in known])
    except (OverflowError, TypeError):
        raise ConfigurationError(f"what a device told of the quarter from {first} cannot be kept: a number in it has no 64 bits") from None
    if sys.byteorder == "big":
        numbers.byteswap()
    plain = numbers.tobytes()
    columns = b"".join([plain[byte::_INTEGER] for byte in range(_INTEGER)])
    return _layout(tuple(rows.columns), tuple(rows.seconds), tuple(rows.last)), zlib.compress(columns)


def unpack_past(start: int, layout: str, data: bytes) -> PastRows:
    """The rows from ``start`` (UTC seconds) on, of what ``pack_past`` made of them. Raises ConfigurationError for anything else."""
    try:
        names = _names(layout)
        step, count, *numbers = _integers(data)
        if start % QUARTER or count < 1 or len(numbers) != count * names.lists:
            raise ValueError("its numbers are not those of its layout")
        lists = iter([numbers[begin : begin + count] for begin in range(0, len(numbers), count)])
        starts, steps = [start + behind * QUARTER for behind in next(lists)], next(lists)
        if starts[0] != start or any(later <= before for before, later in pairwise(starts)):
            raise ValueError("its quarters do not follow each other")
        if step < 1 or not 1 <= min(steps) <= max(steps) <= -(-QUARTER // step):
            raise ValueError(f"no {max(steps)} steps of {step} s start in a quarter")
    except NOT_A_ROW as error:
        raise ConfigurationError(
            f"what a device told of the quarter from {shown(start)} cannot be read: {error}; put back a copy of the record, or do without it"
        ) from None
    columns = {name: TallyColumns(*(next(lists) for _ in range(_WIDTH))) for name in names.columns}
    seconds = {name: next(lists) for name in names.seconds}
    last = {name: [None if value == _UNKNOWN else value for value in next(lists)] for name in names.last}
    return PastRows(step, starts, steps, columns, seconds, last)


@lru_cache(maxsize=256)
def _layout(columns: tuple[str, ...], seconds: tuple[str, ...], last: tuple[str, ...]) -> str:
    return json.dumps({"columns": columns, "seconds": seconds, "last": last}, separators=(",", ":"))


@lru_cache(maxsize=256)
def _names(layout: str) -> _PastLayout:
    found = json.loads(layout)
    if not isinstance(found, dict) or set(found) != set(_PastLayout._fields) or not all(isinstance(names, list) for names in found.values()):
        raise ValueError(f"{shown(layout)} is no layout")
    names = _PastLayout(*(tuple(found[key]) for key in _PastLayout._fields))
    if not all(isinstance(name, str) for name in chain(*names)):
        raise ValueError(f"{shown(layout)} is no layout")
    return names


def _integers(data: bytes) -> list[int]:
    decompressor = zlib.decompressobj()
    plain = decompressor.decompress(data, _MOST)  # no more than that, whatever it would swell to
    if len(plain) % _INTEGER or len(plain) < _HEAD * _INTEGER or not decompressor.eof or decompressor.unused_data:
        raise ValueError("it is no list of integers")
    rows, count = bytearray(len(plain)), len(plain) // _INTEGER
    for byte in range(_INTEGER):
        rows[byte::_INTEGER] = plain[byte * count : (byte + 1) * count]
    integers = array("q", rows)
    if sys.byteorder == "big":
        integers.byteswap()
    return integers.tolist()
