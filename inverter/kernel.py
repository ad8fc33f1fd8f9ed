"""The inner loop of the dispatch: one step after another, integers only, for as long as nobody's supply changes.

It works on flat sequences of integers, so that the same lines run as plain Python on lists and compiled by numba on
arrays (``inverter.compiled``), with the same results to the milliwatt.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from inverter.efficiency import ac_from_dc, dc_for_ac
from virtual_devices.kit.store import advance, charge_limit, discharge_limit

# columns of ``out``; a store's charge, discharge and loss follow from STORES on
PV_USED, DC_IN, TO_ESSENTIAL, TO_METER, METER_ESSENTIAL, METER_INVERTER, IMPORTED, EXPORTED, STORES = range(9)
UNLIMITED = 1 << 60


def share_out(amount: int, limits: MutableSequence[int], count: int, given: MutableSequence[int]) -> None:
    """Split ``amount`` ≤ sum of ``limits`` over ``count`` stores in proportion to their limits.

    What rounding leaves goes to the first that still has room (their order is by name).
    """
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


def run(  # noqa: C901, PLR0912, PLR0915 - one loop: a call per step and part costs more than the work
    first: int,
    last: int,
    step: int,
    pv: Sequence[int],
    essential: Sequence[int],
    non_essential: Sequence[int],
    connected: int,
    output: int,
    enabled: int,
    import_limit: int,
    export_limit: int,
    feed_non_essential: int,
    rated: int,
    idle: int,
    max_solar: int,
    resume: int,
    curve: Sequence[int],
    rules: Sequence[Sequence[int]],
    floors: Sequence[int],
    stored: MutableSequence[int],
    scratch: Sequence[MutableSequence[int]],
    out: Sequence[MutableSequence[int]],
) -> int:
    """Dispatch steps ``first`` … ``last`` − 1 and return the first that could not be (``last`` when all were).

    pv: mW available.  essential, non_essential: mW of those who are supplied.  connected, output, enabled,
    feed_non_essential: 0 or 1.  export_limit: mW at the meter, −1 when nothing may be exported.  resume: mJ in all stores at which a
    dropped output returns.  floors: mJ per store that discharging leaves.  stored: mJ per store, updated in place.
    scratch: two sequences of one integer per store.  out: the columns named above, filled in place.

    A step cannot be dispatched when the import limit, the rating or the stores do not suffice for those who are
    supplied, or when a dropped output may return: then who is supplied has to be chosen anew.
    """
    count = len(rules)
    limits, given = scratch[0], scratch[1]
    pv_used, dc_in_column, to_essential, to_meter = out[0], out[1], out[2], out[3]
    meter_essential, meter_inverter, imported, exported = out[4], out[5], out[6], out[7]
    for i in range(first, last):
        ess = essential[i]
        non = non_essential[i]
        sun = pv[i] if pv[i] < max_solar else max_solar
        if not enabled:
            sun = 0
        if connected:
            target = ess + non if feed_non_essential else ess
            target = min(target, rated)
        else:
            target = ess
            if target > rated:
                return i
            if not output:
                total = 0
                for index in range(count):
                    total += stored[index]
                if total >= resume:
                    return i
        if not enabled:
            target = 0
        ac = target
        need = 0
        if enabled and (output or connected):
            need = dc_for_ac(curve, rated, target) if target else idle
        from_grid = 0
        surplus = sun - need
        charge = 0
        discharge = 0
        dc_in = need
        if surplus < 0:
            lack = -surplus
            surplus = 0
            total = 0
            for index in range(count):
                limits[index] = discharge_limit(rules[index], stored[index], floors[index], step)
                total += limits[index]
            if total >= lack:
                discharge = lack
            else:
                if target and not connected:
                    return i
                ac = min(target, ac_from_dc(curve, rated, sun + total)) if target else 0
                if ac:
                    dc_in = dc_for_ac(curve, rated, ac)
                else:
                    dc_in = min(idle, sun + (0 if target else total))
                    if connected:
                        from_grid = min(idle - dc_in, import_limit)
                if dc_in > sun:
                    discharge = dc_in - sun
                else:
                    surplus = sun - dc_in
            if discharge:
                share_out(discharge, limits, count, given)
        if surplus > 0:
            total = 0
            for index in range(count):
                limits[index] = charge_limit(rules[index], stored[index], step)
                total += limits[index]
            charge = min(total, surplus)
            if charge:
                share_out(charge, limits, count, given)
            surplus -= charge
            if surplus and connected and export_limit >= 0:
                most = min(rated, ess + non + export_limit)
                if most > ac:
                    more = min(most, ac_from_dc(curve, rated, dc_in + surplus))
                    if more > ac:
                        ac = more
                        need = dc_for_ac(curve, rated, ac)
                        surplus -= need - dc_in
                        dc_in = need
        net = ess + non + from_grid - ac if connected else 0
        if net > import_limit:
            return i
        for index in range(count):
            before = stored[index]
            c = given[index] if charge else 0
            d = given[index] if discharge else 0
            after = advance(rules[index], before, c, d, step)
            stored[index] = after
            out[8 + 3 * index][i] = c
            out[9 + 3 * index][i] = d
            out[10 + 3 * index][i] = before + (c - d) * step - after
        feed = ac if ac < ess else ess
        pv_used[i] = dc_in + charge - discharge
        dc_in_column[i] = dc_in
        to_essential[i] = feed
        to_meter[i] = ac - feed
        meter_essential[i] = ess - feed
        meter_inverter[i] = from_grid
        imported[i] = net if net > 0 else 0
        exported[i] = -net if net < 0 else 0
    return last
