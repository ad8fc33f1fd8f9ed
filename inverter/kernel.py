"""The inner loop of the dispatch: one step after another, integers only, for as long as nobody's supply changes.

It works on flat sequences of integers, so that the same lines run as plain Python on lists and compiled by numba on
arrays (``inverter.compiled``), with the same results to the milliwatt.
"""

# ruff: noqa: PLR1730 - plain Python spends more on a call of min() than on the whole comparison

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from inverter.efficiency import ac_from_dc, dc_for_ac
from virtual_devices.kit.store import advance, charge_limit, discharge_limit

# columns of ``out``; a store's charge, discharge and loss follow from STORES on
PV_USED, DC_IN, TO_ESSENTIAL, TO_METER, METER_ESSENTIAL, METER_INVERTER, IMPORTED, EXPORTED, LOST, STORES = range(10)
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
    feed_non_essential: 0 or 1.  export_limit: mW at the meter, −1 when nothing may be exported.  resume: mJ in all stores
    at which a dropped output returns.  floors: mJ per store that discharging leaves.  stored: mJ per store, updated in
    place.  scratch: two sequences of one integer per store.  out: the columns named above, filled in place where they
    are not zero.

    A step cannot be dispatched when the import limit, the rating or the stores do not suffice for those who are
    supplied, or when a dropped output may return: then who is supplied has to be chosen anew.
    """
    count = len(rules)
    limits, given = scratch[0], scratch[1]
    pv_used, dc_in_column, to_essential, to_meter = out[0], out[1], out[2], out[3]
    meter_essential, meter_inverter, imported, exported, losses = out[4], out[5], out[6], out[7], out[8]
    known_target = known_need = 0
    for i in range(first, last):
        ess = essential[i]
        non = non_essential[i]
        if connected:
            target = ess + non if feed_non_essential else ess
            if target > rated:
                target = rated
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
        need = ac = from_grid = charge = discharge = surplus = 0
        if enabled:
            ac = target
            surplus = pv[i] if pv[i] < max_solar else max_solar
            if output or connected:
                need = idle
                if target:
                    if target != known_target:
                        known_target = target
                        known_need = dc_for_ac(curve, rated, target)
                    need = known_need
                surplus -= need
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
                sun = need - lack
                ac = ac_from_dc(curve, rated, sun + total) if target else 0
                if ac > target:
                    ac = target
                if ac:
                    dc_in = dc_for_ac(curve, rated, ac)
                else:
                    dc_in = sun if target else sun + total
                    if dc_in > idle:
                        dc_in = idle
                    if connected:
                        from_grid = idle - dc_in
                        if from_grid > import_limit:
                            from_grid = import_limit
                if dc_in > sun:
                    discharge = dc_in - sun
                else:
                    surplus = sun - dc_in
            if discharge:
                if count == 1:
                    given[0] = discharge
                else:
                    share_out(discharge, limits, count, given)
        if surplus > 0:
            total = 0
            for index in range(count):
                limits[index] = charge_limit(rules[index], stored[index], step)
                total += limits[index]
            charge = total if total < surplus else surplus
            if charge:
                if count == 1:
                    given[0] = charge
                else:
                    share_out(charge, limits, count, given)
                surplus -= charge
            if surplus and connected and export_limit >= 0:
                most = ess + non + export_limit
                if most > rated:
                    most = rated
                if most > ac:
                    more = ac_from_dc(curve, rated, dc_in + surplus)
                    if more > most:
                        more = most
                    if more > ac:
                        ac = more
                        dc_in = dc_for_ac(curve, rated, ac)
        net = 0
        if connected:
            net = ess + non + from_grid - ac
            if net > import_limit:
                return i
            if net > 0:
                imported[i] = net
            elif net:
                exported[i] = -net
        for index in range(count):
            before = stored[index]
            after = advance(rules[index], before, given[index] if charge else 0, given[index] if discharge else 0, step)
            stored[index] = after
            lost = before - after
            if charge:
                out[9 + 3 * index][i] = given[index]
                lost += given[index] * step
            elif discharge:
                out[10 + 3 * index][i] = given[index]
                lost -= given[index] * step
            if lost:
                out[11 + 3 * index][i] = lost
        if dc_in:
            dc_in_column[i] = dc_in
            losses[i] = dc_in + from_grid - ac
        pv_used[i] = dc_in + charge - discharge
        if ac:
            feed = ac if ac < ess else ess
            to_essential[i] = feed
            to_meter[i] = ac - feed
            meter_essential[i] = ess - feed
        else:
            meter_essential[i] = ess
        if from_grid:
            meter_inverter[i] = from_grid
            losses[i] = dc_in + from_grid - ac
    return last
