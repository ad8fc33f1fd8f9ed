"""Conversion between the DC bus and AC: how much DC an AC power takes, and back, in integer milliwatts.

The curve is PVWatts' inverter model (Dobos 2014, NREL/TP-6A20-62641; ``pvlib.inverter.pvwatts``) with
``P_ac = P_dc0·(η_nom/0.9637)·(−0.0162·ζ² + 0.9858·ζ − 0.0059)``, ζ = P_dc/P_dc0: at 5 % load 86.4 %, at 20 % 94.9 %, at
50 % 96.2 %, at 100 % 96.0 %. It is tabulated once per rating at 64 equal parts of the AC rating and linear between,
so that the decision itself uses integers only. The constant term is the tare while converting; an idle inverter draws
its ``idle_power`` instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt

PARTS = 64
_ETA_REFERENCE = 0.9637


@lru_cache(maxsize=64)
def table(rated: int, nominal_efficiency: float) -> tuple[int, ...]:
    """DC milliwatts at 0, 1/64, … 64/64 of the AC rating ``rated`` (mW); the first is the tare while converting."""
    dc_rated = rated / nominal_efficiency
    values = []
    for part in range(PARTS + 1):
        ratio = part / PARTS * _ETA_REFERENCE  # P_ac/P_dc0 without the factor η_nom/0.9637
        zeta = (0.9858 - sqrt(0.9858**2 - 4 * 0.0162 * (0.0059 + ratio))) / (2 * 0.0162)
        values.append(round(zeta * dc_rated))
    return tuple(values)


def dc_for_ac(curve: Sequence[int], rated: int, ac: int) -> int:
    """DC milliwatts that give ``ac`` milliwatts, rounded up; above ``rated`` (an overload) the curve goes on straight.

    By the same curve ``ac`` milliwatts from the grid give so many on the DC bus: PVWatts has none for the way back, and the two
    ways lie within a percent of each other in the makers' data sheets.
    """
    part = ac * 64 // rated
    if part >= 64:  # noqa: PLR2004 - PARTS, written out for compiled code
        return curve[64] - (curve[63] - curve[64]) * (ac - rated) // (rated - rated * 63 // 64)
    low = part * rated // 64
    width = (part + 1) * rated // 64 - low
    return curve[part] - (curve[part] - curve[part + 1]) * (ac - low) // width


def ac_from_dc(curve: Sequence[int], rated: int, dc: int) -> int:
    """Most AC milliwatts that ``dc`` milliwatts give, at most ``rated``; 0 when they do not cover the tare."""
    if dc >= curve[64]:
        return rated
    if dc <= curve[0]:
        return 0
    part = min(dc * 64 // rated, 63)
    while curve[part] > dc:
        part -= 1
    low = part * rated // 64
    width = (part + 1) * rated // 64 - low
    return low + (dc - curve[part]) * width // (curve[part + 1] - curve[part])
