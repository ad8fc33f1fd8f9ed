"""One generic integer store: the rule a battery (or car) proposes, and the one pure step that everybody uses.

The inverter dispatches with :func:`charge_limit`, :func:`discharge_limit` and :func:`drain`/:func:`gain`, the store
commits with the same, so they cannot disagree. Energies are millijoules, powers milliwatts at the store's terminals, all
integers; efficiencies are one-way and in parts per million, and conversion rounds against the owner (into losses).
Up to 1 MWh and 100 kW no intermediate result passes 63 bits, so that compiled code gives the same numbers.

The functions take a rule in its flat form (:attr:`StoreRule.flat`), a sequence of integers, because compiled code and
the plain loop share them.
"""

# ruff: noqa: PLR1730, FURB136 - plain Python spends more on a call of min() than on the whole comparison

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PPM = 1_000_000
MAX_CAPACITY = 3_600_000_000_000
"""1 MWh in mJ."""
MAX_POWER = 100_000_000
"""100 kW in mW."""


@dataclass(frozen=True, slots=True)
class StoreRule:
    """What a store can do.

    capacity: mJ.  charge_power, discharge_power: largest mW.  charge_taper, discharge_taper: points
    (stored mJ, limit mW), ascending in stored energy, linear between and constant outside; empty: no taper.
    charge_efficiency, discharge_efficiency: ppm.  leakage: parts per 10^12 of the stored energy lost per second.
    voltage: points (stored mJ, terminal voltage mV) of the same form; empty: unknown.
    """

    capacity: int
    charge_power: int
    discharge_power: int
    charge_efficiency: int = PPM
    discharge_efficiency: int = PPM
    charge_taper: tuple[tuple[int, int], ...] = ()
    discharge_taper: tuple[tuple[int, int], ...] = ()
    leakage: int = 0
    voltage: tuple[tuple[int, int], ...] = ()

    @property
    def flat(self) -> tuple[int, ...]:
        """The rule as integers: nine numbers, then the points of the two tapers and of the voltage."""
        points = [value for point in (*self.charge_taper, *self.discharge_taper, *self.voltage) for value in point]
        return (
            self.capacity, self.charge_power, self.discharge_power, self.charge_efficiency, self.discharge_efficiency,
            self.leakage, len(self.charge_taper), len(self.discharge_taper), len(self.voltage), *points,
        )  # fmt: skip


def taper(rule: Sequence[int], first: int, points: int, stored: int) -> int:
    """The piecewise-linear value at ``stored``, of ``points`` points that begin at index ``first`` of a flat rule."""
    if stored <= rule[first]:
        return rule[first + 1]
    last = first + 2 * (points - 1)
    if stored >= rule[last]:
        return rule[last + 1]
    while stored >= rule[first + 2]:
        first += 2
    low, width = rule[first], rule[first + 2] - rule[first]
    return rule[first + 1] + (rule[first + 3] - rule[first + 1]) * ((stored - low) // 1000) // max(1, width // 1000)


def charge_limit(rule: Sequence[int], stored: int, step: int) -> int:
    """Most milliwatts the store takes over the next ``step`` seconds."""
    room = rule[0] - stored
    if room <= 0:
        return 0
    limit = room * PPM // (rule[3] * step)
    if rule[1] < limit:
        limit = rule[1]
    if rule[6]:
        most = taper(rule, 9, rule[6], stored)
        if most < limit:
            limit = most
    return limit if limit > 0 else 0


def discharge_limit(rule: Sequence[int], stored: int, floor: int, step: int) -> int:
    """Most milliwatts the store gives over the next ``step`` seconds without falling below ``floor`` mJ."""
    above = stored - floor
    if above <= 0:
        return 0
    limit = above * rule[4] // (PPM * step)
    if rule[2] < limit:
        limit = rule[2]
    if rule[7]:
        most = taper(rule, 9 + 2 * rule[6], rule[7], stored)
        if most < limit:
            limit = most
    return limit if limit > 0 else 0


def voltage(rule: Sequence[int], stored: int) -> int:
    """Terminal voltage in millivolts; 0 when it is unknown."""
    return taper(rule, 9 + 2 * (rule[6] + rule[7]), rule[8], stored) if rule[8] else 0


def advance(rule: Sequence[int], stored: int, charge: int, discharge: int, step: int) -> int:
    """Stored energy after one step; what is missing against charge and discharge was lost (:func:`loss`)."""
    after = stored
    if charge:
        after += charge * step * rule[3] // PPM
    if discharge:
        after -= -(-discharge * step * PPM // rule[4])
    return after - after // PPM * (rule[5] * step) // PPM


def advanced(rule: Sequence[int], stored: int, charge: Sequence[int], discharge: Sequence[int], step: int) -> int:
    """Stored energy after several steps: ``advance`` in each, written out, because a call costs more than a step."""
    into, out, leaks = step * rule[3], step * PPM, rule[5] * step
    efficiency = rule[4]
    for taken, given in zip(charge, discharge, strict=True):
        if taken:
            stored += taken * into // PPM
        if given:
            stored -= -(-given * out // efficiency)
        stored -= stored // PPM * leaks // PPM
    return stored


def loss(stored: int, after: int, charge: int, discharge: int, step: int) -> int:
    """Millijoules lost in a step that took the balance from ``stored`` to ``after``."""
    return stored + (charge - discharge) * step - after
