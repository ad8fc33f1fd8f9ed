"""The rarer cases of a step, for the inner loop (``inverter.kernel``), which has the common way in itself.

Powers are mW.  sun: what the arrays may give.  rules, stored, floors, limits: one per store, as in ``bank``.
"""

# ruff: noqa: PLR1730, FURB136 - plain Python spends more on a call of min() than on the whole comparison

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from inverter.bank import UNLIMITED, charge_room, discharge_room, power_of, target_room
from inverter.efficiency import ac_from_dc, dc_for_ac


def grid_charge(
    sun: int,
    spare: int,
    idle: int,
    standing: int,
    curve: Sequence[int],
    rated: int,
    rules: Sequence[Sequence[int]],
    stored: Sequence[int],
    targets: Sequence[int],
    step: int,
    most: int,
    current: int,
    grid_current: int,
    limits: MutableSequence[int],
) -> tuple[int, int, int]:
    """Charging up to the targets: what is rectified beside the sun, or else what the sun alone charges first; and what the stores take.

    spare: what the grid may give beyond all demand, negative where it does not suffice for that.
    """
    total = charge_room(rules, stored, step, most, current, limits)
    want = target_room(rules, stored, targets, step, limits)
    if total < want:
        want = total
    if want and grid_current < UNLIMITED:
        by_current = power_of(grid_current, rules, stored) + sun
        if by_current < want:
            want = by_current
    if want > sun:
        if spare > rated - standing:
            spare = rated - standing
        rectified = ac_from_dc(curve, rated, spare) if spare > 0 else 0
        return rectified if rectified < want - sun else want - sun, 0, total
    if sun <= idle or spare < 0:
        return 0, 0, total
    return 0, want if want < sun - idle else sun - idle, total


def too_little(
    target: int, left: int, room: int, idle: int, most: int, curve: Sequence[int], rated: int
) -> tuple[int, int, int, int, int]:
    """AC, DC for it, from the grid for the idle draw, discharge and surplus, where sun and stores do not suffice for ``target`` AC.

    left: sun.  room: what the stores give.  most: what the grid may give.
    """
    from_grid = 0
    ac = ac_from_dc(curve, rated, left + room) if target else 0
    if ac > target:
        ac = target
    if ac:
        dc_in = dc_for_ac(curve, rated, ac)
    else:
        dc_in = left if target else left + room
        if dc_in > idle:
            dc_in = idle
        from_grid = idle - dc_in
        if from_grid > most:
            from_grid = most
    if dc_in > left:
        return ac, dc_in, from_grid, dc_in - left, 0
    return ac, dc_in, from_grid, 0, left - dc_in


def shave_peak(
    most: int,
    ac: int,
    dc_in: int,
    from_grid: int,
    charge: int,
    discharge: int,
    surplus: int,
    sun: int,
    idle: int,
    curve: Sequence[int],
    rated: int,
    rules: Sequence[Sequence[int]],
    stored: Sequence[int],
    floors: Sequence[int],
    step: int,
    current: int,
    limits: MutableSequence[int],
) -> tuple[int, int, int, int, int, int]:
    """The flows ``ac`` … ``surplus`` with more AC, up to ``most``, or else without an idle draw from the grid, as far as sun and stores suffice."""
    room = discharge_room(rules, stored, floors, step, UNLIMITED, current, limits)
    more = ac_from_dc(curve, rated, sun + room)
    if more > most:
        more = most
    if more > rated:
        more = rated
    if more > ac:
        dc_in = dc_for_ac(curve, rated, more)
        if dc_in > sun:
            return more, dc_in, 0, 0, dc_in - sun, 0
        return more, dc_in, 0, 0, 0, sun - dc_in
    if from_grid and sun + room >= idle:
        return ac, idle, 0, charge, idle - sun, surplus
    return ac, dc_in, from_grid, charge, discharge, surplus
