"""A quarter as a row: its layout, which most quarters share so that it is kept once, and its numbers.

The layout is JSON: the series by name, each with how many numbers it has. 1 is a sum; 3 are a lowest, a highest and a last step; 4 are
all of them. The numbers are 64-bit integers, little-endian, compressed with zlib: the seconds of a step and the number of steps, then
every sum, every lowest, every highest and every last step, in the order of the layout.
"""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.ledger.quarters import QUARTER, Quarter
from virtual_devices.kit.ledger.series import Tally

_SUM, _STEPS, _BOTH = 1, 3, 4
_INTEGER = 8
"""Bytes of one."""
_Names = tuple[str, ...]
NOT_A_ROW = (ValueError, TypeError, RecursionError, zlib.error)
"""What ``layout_of`` and ``integers_of`` raise, each for what it cannot read."""


class Layout(NamedTuple):
    """What the numbers of a row are of. names: all series.  sums: those that have a sum.  of_steps: those that tell of single steps."""

    names: _Names
    sums: _Names
    of_steps: _Names

    @property
    def length(self) -> int:
        """How many numbers: two of the steps, then the sums, the lowest, the highest and the last steps."""
        return 2 + len(self.sums) + 3 * len(self.of_steps)


def pack(quarter: Quarter) -> tuple[str, bytes]:
    """The layout and the numbers of a quarter. Raises ConfigurationError for what is no integer of 64 bits."""
    names = sorted(quarter.series)
    tallies = [quarter.series[name] for name in names]
    widths = [_SUM if not (low or high or last) else _BOTH if total else _STEPS for total, low, high, last in tallies]
    of_steps = [tally for tally, width in zip(tallies, widths, strict=True) if width != _SUM]
    numbers = [quarter.step, quarter.steps]
    numbers += [tally.sum for tally, width in zip(tallies, widths, strict=True) if width != _STEPS]
    numbers += [low for _, low, _, _ in of_steps]
    numbers += [high for _, _, high, _ in of_steps]
    numbers += [last for _, _, _, last in of_steps]
    try:
        integers = _little_endian(array("q", numbers))
    except (OverflowError, TypeError):
        raise ConfigurationError(
            f"the quarter from {quarter.start} cannot be kept: an energy in it is no integer of 64 bits; audit the ledger"
        ) from None
    return _layout(tuple(names), tuple(widths)), zlib.compress(integers.tobytes())


def unpack(start: int, layout: str, data: bytes) -> Quarter:
    """The quarter from ``start`` (UTC seconds), of what ``pack`` made of it. Raises ConfigurationError for anything else."""
    try:
        found = layout_of(layout)
        names, sums, of_steps = found
        step, steps, *numbers = _little_endian(array("q", integers_of(data, found.length))).tolist()
        _check_steps(start, step, steps)
    except NOT_A_ROW as error:
        raise ConfigurationError(
            f"the quarter from {shown(start)} cannot be read: {error}; put back a copy of the record, or do without this quarter"
        ) from None
    rest = iter(numbers)
    totals = dict(zip(sums, rest, strict=False))
    lows, highs, lasts = (list(islice(rest, len(of_steps))) for _ in range(3))
    swings = dict(zip(of_steps, zip(lows, highs, lasts, strict=True), strict=True))
    nothing = (0, 0, 0)
    return Quarter(start, step, steps, {name: Tally(totals.get(name, 0), *swings.get(name, nothing)) for name in names})


@lru_cache(maxsize=256)
def _layout(names: _Names, widths: tuple[int, ...]) -> str:
    return json.dumps(dict(zip(names, widths, strict=True)), separators=(",", ":"))


@lru_cache(maxsize=256)
def layout_of(layout: str) -> Layout:
    """A layout, read."""
    widths = json.loads(layout)
    if not isinstance(widths, dict) or any(width not in (_SUM, _STEPS, _BOTH) for width in widths.values()):
        raise ValueError(f"{shown(layout)} is no layout")
    sums = tuple(name for name, width in widths.items() if width != _STEPS)
    return Layout(tuple(widths), sums, tuple(name for name, width in widths.items() if width != _SUM))


def integers_of(data: bytes, count: int) -> bytes:
    """The integers of a row, of which there are ``count``, eight bytes each, little-endian."""
    size = count * _INTEGER
    decompressor = zlib.decompressobj()
    plain = decompressor.decompress(data, size + 1)  # no more than that, whatever it would swell to
    if len(plain) != size or not decompressor.eof or decompressor.unused_data:
        raise ValueError(f"its numbers are not the {count} of its layout")
    return plain


def _little_endian(integers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        integers.byteswap()
    return integers


def _check_steps(start: int, step: int, steps: int) -> None:
    if start % QUARTER:
        raise ValueError("no quarter starts then")
    if step < 1 or not 1 <= steps <= -(-QUARTER // step):
        raise ValueError(f"no {steps} steps of {step} s start in a quarter")
