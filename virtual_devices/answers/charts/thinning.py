"""Many points as few as a picture can show: of each pixel the lowest and the highest, in the order in which they come, so that no peak is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def kept(x: Floats, y: Floats) -> Places:
    """Which points a line needs, ascending: all where no pixel has more than two, else the lowest and highest of each, and the first and the last.

    x: pixels, ascending.  y: values, all finite.
    """
    if len(x) <= 2:  # noqa: PLR2004 - nothing to leave out
        return np.arange(len(x))
    pixel = np.floor(x).astype(np.int64)
    begins = np.concatenate([[0], np.flatnonzero(np.diff(pixel)) + 1])
    if int(np.diff([*begins, len(x)]).max()) <= 2:  # noqa: PLR2004
        return np.arange(len(x))
    group = np.searchsorted(begins, np.arange(len(x)), side="right") - 1
    found = [np.array([0, len(x) - 1]), _first(y, np.minimum.reduceat(y, begins), group), _first(y, np.maximum.reduceat(y, begins), group)]
    return np.unique(np.concatenate(found))


def _first(y: Floats, wanted: Floats, group: Places) -> Places:
    """Of each group the first point that has the value that is wanted of it."""
    hits = np.flatnonzero(y == wanted[group])
    return hits[np.unique(group[hits], return_index=True)[1]]


def pieces(values: NDArray[Any]) -> list[slice]:
    """Where values are known without a gap: runs of finite numbers."""
    known = np.concatenate([[False], np.isfinite(values), [False]])
    turns = np.flatnonzero(np.diff(known.astype(np.int8)))
    return [slice(int(begin), int(end)) for begin, end in zip(turns[::2], turns[1::2], strict=True)]
