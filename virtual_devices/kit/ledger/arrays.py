"""Columns of energies by numpy, which is there where the dispatch is compiled; the numbers are those of plain Python."""

from __future__ import annotations

import sys
from array import array

import numpy as np


def scaled(column: list[int], step: int) -> tuple[list[int], array[int]]:
    """What so many mW are over steps of ``step`` s, in mJ: as a list, and as the 64-bit integers that the digest takes.

    Raises OverflowError where one of them is no such integer.
    """
    packed = array("q", column)
    view = np.frombuffer(packed, np.int64)
    if int(abs(view).max(initial=0)) > sys.maxsize // step:
        raise OverflowError(f"{max(column, key=abs)} mW over {step} s is more than 64 bits hold in mJ")
    view *= step
    return packed.tolist(), packed
