"""Plain tables for the terminal, no wider than it."""

from __future__ import annotations

import textwrap
from itertools import zip_longest
from typing import TYPE_CHECKING

from virtual_devices.cli._width import columns

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = "  "
_WORD = 30
"""Characters of a word beyond which it may be broken."""
_TEXT = 20
"""Characters from which on a cell is a text, which may go on below; less is a name, a time, a number."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, spare: int = 0) -> str:
    """Columns as wide as they need to be, the head underlined, nothing behind the last column.

    Where that is wider than the terminal, the last ``spare`` columns are left out, then long texts go on below in their column, and where
    that does not help, the columns go on below in a table with the same first one.
    """
    limit = columns()
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(head))]
    while limit is not None and spare and _total(widths) > limit:
        lines, widths, spare = [line[:-1] for line in lines], widths[:-1], spare - 1
    if limit is None or _total(widths) <= limit:
        return _drawn(lines, widths)
    narrow = _narrowed(lines, widths, limit)
    if _total(narrow) <= limit:
        return _drawn(lines, narrow)
    return "\n\n".join(_drawn([[line[index] for index in block] for line in lines], [narrow[index] for index in block]) for block in _blocks(narrow, limit))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _narrowed(lines: Sequence[Sequence[str]], widths: Sequence[int], limit: int) -> list[int]:
    """Widths with which it fits, or nearly: the widest columns give, none more than its longest word takes."""
    found = list(widths)
    longest = [max((len(word) for line in lines for word in line[index].split()), default=0) for index in range(len(found))]
    least = [max(min(_WORD, word), min(width, _TEXT)) for word, width in zip(longest, widths, strict=True)]
    while _total(found) > limit:
        index = max(range(len(found)), key=lambda each: found[each] - (0 if found[each] > least[each] else limit + found[each]))
        if found[index] <= least[index]:
            break
        found[index] -= 1
    return found


def _blocks(widths: Sequence[int], limit: int) -> list[list[int]]:
    """Columns that stand beside each other, the first in each block."""
    blocks: list[list[int]] = [[0]]
    for index in range(1, len(widths)):
        if len(blocks[-1]) > 1 and _total([widths[each] for each in (*blocks[-1], index)]) > limit:
            blocks.append([0])
        blocks[-1].append(index)
    return blocks


def _drawn(lines: Sequence[Sequence[str]], widths: Sequence[int]) -> str:
    head, *rows = lines
    drawn = [part for line in (head, ["-" * width for width in widths], *rows) for part in _folded(line, widths)]
    return "\n".join(_GAP.join(cell.ljust(width) for cell, width in zip(part, widths, strict=True)).rstrip() for part in drawn)


def _folded(line: Sequence[str], widths: Sequence[int]) -> list[tuple[str, ...]]:
    """A row as one line or, where a cell does not fit, as several."""
    cells = [
        [cell] if len(cell) <= width else textwrap.wrap(cell, max(1, width), break_on_hyphens=False) or [""]
        for cell, width in zip(line, widths, strict=True)
    ]
    return list(zip_longest(*cells, fillvalue=""))
