"""The inner loop of the dispatch compiled by numba: the same lines, so the same results.

The plain functions are taken as they are and only find each other's compiled forms instead of the plain ones. What numba
compiles is kept on disk where it can write; the name under which it is kept names the bytecode of all of them and how they were
compiled, because numba itself would not notice that a function called by a kept one has changed.
"""

from __future__ import annotations

from collections.abc import Callable, MutableSequence, Sequence
from functools import lru_cache
from hashlib import sha256
from types import CodeType, FunctionType
from typing import Any

import numba
import numpy as np

from inverter import bank, cases, kernel
from inverter.efficiency import ac_from_dc, dc_for_ac
from virtual_devices.kit.store import advance, charge_limit, discharge_limit, taper, voltage

FEWEST = 24
"""Steps from which on the compiled loop pays: handing columns over costs about as much as so many plain steps."""
_OPTIONS = {"_nrt": False}
"""None of them makes an array, so nobody has to count who holds the rows that they pass on: that took two thirds of the time."""
_PARTS = (
    taper, charge_limit, discharge_limit, voltage, advance, dc_for_ac, ac_from_dc, bank.share_out, bank.power_of,
    bank.charge_room, bank.discharge_room, bank.target_room, cases.grid_charge, cases.too_little, cases.shave_peak, kernel.run,
)  # fmt: skip


@lru_cache(maxsize=1)
def compiled_inner() -> Any:
    """``kernel.run`` for arrays of 64-bit integers. Compiling takes some seconds, once per machine and version."""
    salt = sha256("".join([repr(_OPTIONS), *(_description(part.__code__) for part in _PARTS)]).encode()).hexdigest()[:12]
    known: dict[str, Any] = {}
    for part in _PARTS:
        known[part.__name__] = _compile(part, known, salt)
    return known[kernel.run.__name__]


@lru_cache(maxsize=1)
def compiled_run() -> Callable[..., int]:
    """What stands in for ``kernel.run``: lists of Python's integers in and out."""
    inner = compiled_inner()

    def run(
        first: int,
        last: int,
        step: int,
        pv: Sequence[int],
        essential: Sequence[int],
        aux: Sequence[int],
        non_essential: Sequence[int],
        facts: Sequence[int],
        curve: tuple[int, ...],
        rules: Sequence[Sequence[int]],
        floors: Sequence[Sequence[int]],
        stored: MutableSequence[int],
        memory: MutableSequence[int],
        scratch: Sequence[MutableSequence[int]],
        out: Sequence[MutableSequence[int]],
    ) -> int:
        if last - first < FEWEST:
            return kernel.run(
                first, last, step, pv, essential, aux, non_essential, facts, curve, rules, floors, stored, memory, scratch, out
            )
        count, steps = len(rules), last - first
        sums = [np.array(column[first:last], np.int64) for column in (pv, essential, aux, non_essential)]
        longest = max(map(len, rules), default=1)
        flat = np.zeros((count, longest), np.int64)
        for row, rule in zip(flat, rules, strict=True):
            row[: len(rule)] = rule
        balances = np.array(stored, np.int64)
        columns = np.zeros((len(out), steps), np.int64)
        remembered = np.array(memory, np.int64)
        done: int = inner(
            0, steps, step, *sums, tuple(facts), _table(curve), flat, np.array(floors, np.int64), balances, remembered,
            np.zeros((2, count), np.int64), columns,
        )  # fmt: skip
        stored[:] = balances.tolist()
        memory[:] = remembered.tolist()
        _hand_back(columns[:, :done], out, first)
        return first + done

    return run


def _hand_back(columns: np.ndarray[Any, Any], out: Sequence[MutableSequence[int]], first: int) -> None:
    """Copy what is not zero into lists of Python's own integers."""
    for column, target in zip(columns, out, strict=True):
        if column.any():
            target[first : first + len(column)] = column.tolist()


def _compile(function: Callable[..., Any], known: dict[str, Any], salt: str) -> Any:
    """A function compiled as it stands, with ``known`` in place of the plain functions that it calls."""
    if not isinstance(function, FunctionType):
        raise TypeError(f"{function} is not written in Python")
    plain = FunctionType(function.__code__, {**function.__globals__, **known}, function.__name__)
    plain.__qualname__ = f"{function.__name__}_{salt}"
    njit: Any = numba.njit  # its types do not know all of its options
    try:
        return njit(cache=True, **_OPTIONS)(plain)
    except RuntimeError:  # nowhere to keep it
        return njit(**_OPTIONS)(plain)


def _description(code: CodeType) -> str:
    return repr((code.co_name, code.co_code, code.co_names, code.co_consts, code.co_varnames))


@lru_cache(maxsize=64)
def _table(curve: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(curve, np.int64)
