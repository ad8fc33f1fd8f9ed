"""Noise that is a function of a key and absolute time alone, so that nobody has to remember it."""

from __future__ import annotations

import math
from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist


def noise(key: str, time: int, period: int) -> float:
    """A value in −1…1 at ``time`` (UTC seconds) that runs smoothly between knots ``period`` s apart.

    key: the seed and what it is for; two keys are independent of each other.
    """
    number, rest = divmod(time, period)
    before, after = _knot(key, number), _knot(key, number + 1)
    part = rest / period
    return before + part * part * (3.0 - 2.0 * part) * (after - before)


def normal(key: str, time: int, period: int) -> float:
    """A standard normal variable at ``time`` (UTC seconds) that turns from one to the next, ``period`` s apart; its variance is 1 at any time."""
    number, rest = divmod(time, period)
    turn = rest * math.pi / 2 / period
    return _normal_knot(key, number) * math.cos(turn) + _normal_knot(key, number + 1) * math.sin(turn)


@lru_cache(maxsize=1024)
def _normal_knot(key: str, number: int) -> float:
    return NormalDist().inv_cdf((evenly(f"{key}/{number}", 48) + 0.5) / 2**48)


@lru_cache(maxsize=1024)
def _knot(key: str, number: int) -> float:
    return evenly(f"{key}/{number}", 48) / 2**47 - 1.0


def evenly(key: str, bits: int) -> int:
    """A whole number of so many bits, a multiple of eight; over many keys all are as likely."""
    return int.from_bytes(blake2b(key.encode(), digest_size=bits // 8).digest(), "big")
