"""The home's stores as one bank: what it takes and gives within a power and a current, and each store's part of it.

The inner loop (``inverter.kernel``) asks here; plain and compiled code share these lines too.
"""

# ruff: noqa: PLR1730, FURB136 - plain Python spends more on a call of min() than on the whole comparison

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from virtual_devices.kit.store import charge_limit, discharge_limit, voltage

UNLIMITED = 1 << 60
UNKNOWN_VOLTAGE = 51_200
"""mV taken for a battery that does not tell its voltage: sixteen cells of lithium iron phosphate."""


def share_out(amount: int, limits: MutableSequence[int], count: int, given: MutableSequence[int]) -> None:
    """Split ``amount`` ≤ sum of ``limits`` over ``count`` stores in proportion to their limits.

    What rounding leaves goes to the first that still has room (their order is by name).
    """
    if count == 1:
        given[0] = amount
        return
    total = 0
    for index in range(count):
        total += limits[index]
    rest = amount
    for index in range(count):
        given[index] = limits[index] * amount // total if total else 0
        rest -= given[index]
    for index in range(count):
        extra = min(rest, limits[index] - given[index])
        given[index] += extra
        rest -= extra


def power_of(current: int, rules: Sequence[Sequence[int]], stored: Sequence[int]) -> int:
    """Milliwatts of a current (mA) at the bank's voltage: the lowest of its stores."""
    lowest = 0
    for index in range(len(rules)):
        volts = voltage(rules[index], stored[index])
        if volts and (not lowest or volts < lowest):
            lowest = volts
    if not lowest:
        lowest = UNKNOWN_VOLTAGE
    return current * lowest // 1000


def charge_room(
    rules: Sequence[Sequence[int]], stored: Sequence[int], step: int, most: int, current: int, limits: MutableSequence[int]
) -> int:
    """Most mW that all stores take together, within a power and a current; ``limits`` gets each one's own."""
    total = 0
    for index in range(len(rules)):
        limits[index] = charge_limit(rules[index], stored[index], step)
        total += limits[index]
    if most < total:
        total = most
    if total and current < UNLIMITED:
        allowed = power_of(current, rules, stored)
        if allowed < total:
            total = allowed
    return total


def discharge_room(
    rules: Sequence[Sequence[int]],
    stored: Sequence[int],
    floors: Sequence[int],
    step: int,
    most: int,
    current: int,
    limits: MutableSequence[int],
) -> int:
    """Most mW that all stores give together above their floors, within a power and a current."""
    total = 0
    for index in range(len(rules)):
        limits[index] = discharge_limit(rules[index], stored[index], floors[index], step)
        total += limits[index]
    if most < total:
        total = most
    if total and current < UNLIMITED:
        allowed = power_of(current, rules, stored)
        if allowed < total:
            total = allowed
    return total


def target_room(
    rules: Sequence[Sequence[int]], stored: Sequence[int], targets: Sequence[int], step: int, limits: Sequence[int]
) -> int:
    """Most mW that bring no store above its target (mJ), of what each takes (``limits``)."""
    total = 0
    for index in range(len(rules)):
        lack = targets[index] - stored[index]
        if lack > 0:
            room = lack * 1_000_000 // (rules[index][3] * step)
            total += room if room < limits[index] else limits[index]
    return total
