"""Noise that is a function of a seed and absolute time alone, whole arrays at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
"""Ascending whole numbers: UTC seconds, days."""
_MIX_1, _MIX_2, _GOLDEN = (np.uint64(n) for n in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0x9E3779B97F4A7C15))
_BYTES = 8
_MIDDLE, _DEVIATION = _BYTES * 255 // 2, (_BYTES * 65_535 / 12) ** 0.5
"""Mean and standard deviation of the sum of eight bytes."""


def even_noise(times: Times, seed: int, octaves: Sequence[tuple[int, float]]) -> Array:
    """Value noise in −1…1, the sum of ``octaves``: seconds between knots, and weight.

    Each runs smoothly between knots fixed to UTC whose values are a hash (SplitMix64) of seed, octave and knot.
    """
    periods = np.array([[period] for period, _ in octaves], np.int64)
    knots = times[None, :] // periods
    part = (times[None, :] - knots * periods) / periods
    smooth = part * part * (3.0 - 2.0 * part)
    key = np.uint64((seed * len(octaves)) % 2**64) + np.arange(len(octaves), dtype=np.uint64)[:, None]
    salt = _mixed(key * _GOLDEN)
    before, after = (_mixed((knots + step).astype(np.uint64) * _GOLDEN ^ salt) for step in (0, 1))
    # 53 bits make an exact double in 0…2
    low, high = ((bits >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0 for bits in (before, after))
    values = low + smooth * (high - low)
    total = np.zeros(len(times))
    for value, (_, weight) in zip(values, octaves, strict=True):
        total = total + value * weight
    return np.clip(total, -1.0, 1.0)


def normal_of(seed: int, stream: int, numbers: Times) -> Array:
    """A standard normal variable for each number, as far as the sum of a hash's eight bytes is one. stream: which of many."""
    key = _mixed(np.array([seed % 2**64], np.uint64) * _GOLDEN ^ np.array([stream], np.uint64) * _MIX_1)
    bits = _mixed(numbers.astype(np.uint64) * _GOLDEN ^ key)
    total = bits.view(np.uint8).reshape(-1, _BYTES).sum(axis=1, dtype=np.int64)
    return np.asarray((total - _MIDDLE) / _DEVIATION)


def spells(seed: int, stream: int, places: Times, length: int) -> Array:
    """A standard normal variable that runs from one to the next on a grid of ``length``; places: ascending."""
    knot = places // length
    first = int(knot[0])
    known = normal_of(seed, stream, np.arange(first, int(knot[-1]) + 2))
    turn = (places - knot * length) * (np.pi / 2.0 / length)
    return np.asarray(known[knot - first] * np.cos(turn) + known[knot - first + 1] * np.sin(turn))


def _mixed(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finaliser (Steele, Lea & Flood 2014): every bit of the result depends on every bit given."""
    bits = (bits ^ (bits >> np.uint64(30))) * _MIX_1
    bits = (bits ^ (bits >> np.uint64(27))) * _MIX_2
    return bits ^ (bits >> np.uint64(31))
