"""The inner loop of the dispatch: one step after another, integers only, for as long as nobody's supply changes.

The common way of a step stands here in chapters, because in plain Python a call costs about as much as a chapter; the rarer cases are
functions (``inverter.cases``).

It works on flat sequences of integers, so that the same lines run as plain Python on lists and compiled by numba on
arrays (``inverter.compiled``), with the same results to the milliwatt.
"""

# ruff: noqa: PLR1730 - plain Python spends more on a call of min() than on the whole comparison

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from inverter.bank import UNLIMITED, charge_room, discharge_room, share_out, target_room
from inverter.cases import grid_charge, shave_peak, too_little
from inverter.efficiency import ac_from_dc, dc_for_ac
from virtual_devices.kit.store import advance

# columns of ``out``; a store's charge, discharge and loss follow from STORES on
(
    PV_USED, DC_IN, TO_ESSENTIAL, TO_AUX, TO_METER, METER_ESSENTIAL, METER_AUX, METER_INVERTER, RECTIFIED, IMPORTED, EXPORTED,
    LOST, STORES,
) = range(13)  # fmt: skip
AUX_AS_IT_IS, AUX_ON, AUX_OFF = range(3)
"""What the loop watches the AUX port for: nothing, that it may switch on, that it has to switch off."""


def run(  # noqa: C901, PLR0912, PLR0915 - one loop: a call per step and chapter costs as much as the chapter
    first: int,
    last: int,
    step: int,
    pv: Sequence[int],
    essential: Sequence[int],
    aux: Sequence[int],
    non_essential: Sequence[int],
    facts: Sequence[int],
    curve: Sequence[int],
    rules: Sequence[Sequence[int]],
    floors: Sequence[Sequence[int]],
    stored: MutableSequence[int],
    memory: MutableSequence[int],
    scratch: Sequence[MutableSequence[int]],
    out: Sequence[MutableSequence[int]],
) -> int:
    """Dispatch steps ``first`` … ``last`` − 1 and return the first that could not be (``last`` when all were).

    pv: mW available.  essential, aux, non_essential: mW of those who are supplied.  facts: what holds in all of these steps, see
    ``Trial._facts`` of ``inverter.dispatch``.  floors: four rows of mJ per store: what serving loads leaves, what selling leaves, what peak shaving
    leaves, and up to what the grid charges.  stored: mJ per store, updated in place.  memory: seconds of overload so far, updated in
    place.  scratch: two sequences of one integer per store.  out: the columns named above, filled in place where they are
    not zero.

    What the inverter draws for solar export (``standing``) is taken on its AC side while it is on the grid, whatever it gives there: the grid gives so much
    more, or is given so much less.

    A step cannot be dispatched when a limit, the rating or the stores do not suffice for those who are supplied, when a dropped
    output may return, or when the AUX port has to switch: then who is supplied has to be chosen anew.

    Each step goes through these chapters (on the grid 3 to 7, none of 2 to 7 when the inverter is off):

    1. is the step as assumed?           → load, non, sun; or the end
    2. an island                         → charge or discharge, ac, dc_in; or the end
    3. the grid charges                  → rectified, from_grid, charge; or first_charge
    4. what the inverter aims to give    → target, left (of the sun), room (of the stores), charge
    5. what it gives                     → ac, dc_in, from_grid, discharge or surplus
    6. less from the grid, at its peak   → the same
    7. what is over is charged or sold   → charge, ac, dc_in
    8. the meter                         → net, taken, lost; or the end
    9. the stores                        → stored, and their columns
    10. the ports                        → the other columns

    charge, discharge, dc_in, rectified: mW on the DC bus; beside the charge it gives ``dc_in`` to the inverter.  ac, from_grid: mW on the
    inverter's AC side, given and taken.
    """
    (
        present, tied, output, enabled, import_limit, export_limit, sell_limit, feed_non_essential, bias, peak, rated, idle, standing,
        max_solar, load_first, charge_power, discharge_power, charge_current, discharge_current, shaving_current, grid_charges,
        grid_charge_current, passthrough, surge_power, surge_seconds, resume, aux_watch, aux_level, aux_min_pv,
    ) = facts  # fmt: skip
    count = len(rules)
    serve_floors, sell_floors, peak_floors, targets = floors[0], floors[1], floors[2], floors[3]
    limits, given = scratch[0], scratch[1]  # mW of each store: what it takes or gives at most, what it does
    pv_used, dc_in_column, to_essential, to_aux, to_meter, meter_essential = out[0], out[1], out[2], out[3], out[4], out[5]
    meter_aux, meter_inverter, rectified_column, imported, exported, losses = out[6], out[7], out[8], out[9], out[10], out[11]
    surged = memory[0]
    known_target = known_need = 0
    for i in range(first, last):
        # 1. is the step as assumed?
        ess = essential[i]
        load = ess + aux[i]
        non = non_essential[i]
        need = ac = dc_in = from_grid = rectified = charge = discharge = surplus = 0
        overload = taken = 0
        stale = 0  # 1: ``limits`` are not those of charging
        if aux_watch or not (output or tied):
            total = sum(stored)
            if (
                (aux_watch == AUX_ON and total >= aux_level and pv[i] >= aux_min_pv)
                or (aux_watch == AUX_OFF and total < aux_level)
                or (total >= resume and not (output or tied))
            ):
                memory[0] = surged
                return i
        sun = 0
        if enabled:
            sun = pv[i] if pv[i] < max_solar else max_solar
        # 2. an island: the battery takes what the sun has over, or gives what it lacks
        if not tied:
            if load > rated:
                overload = surged + step
                if load > surge_power or overload > surge_seconds:
                    memory[0] = surged
                    return i
            if enabled:
                surplus = sun
                if output:
                    if load:
                        if load != known_target:
                            known_target = load
                            known_need = dc_for_ac(curve, rated, load)
                        need = known_need
                    else:
                        need = idle
                    surplus -= need
            ac = load
            dc_in = need
            if surplus < 0:
                room = discharge_room(rules, stored, serve_floors, step, UNLIMITED, discharge_current, limits)
                discharge = -surplus
                surplus = 0
                if room < discharge:
                    if load:
                        memory[0] = surged
                        return i
                    discharge = room
                    dc_in = sun + room
                if discharge:
                    share_out(discharge, limits, count, given)
            elif surplus:
                room = charge_room(rules, stored, step, UNLIMITED, charge_current, limits)
                charge = room if room < surplus else surplus
                if charge:
                    share_out(charge, limits, count, given)
        elif enabled:
            demand = load + non + standing  # what the grid gives if the inverter gives nothing
            # 3. the grid charges
            total = -1  # of what the stores take: not asked yet
            first_charge = 0
            if grid_charges:
                rectified, first_charge, total = grid_charge(
                    sun, (import_limit if import_limit < peak else peak) - demand, idle, standing, curve, rated, rules, stored, targets,
                    step, charge_power, charge_current, grid_charge_current, limits,
                )  # fmt: skip
                if rectified:
                    from_grid = dc_for_ac(curve, rated, rectified)
                    charge = sun + rectified
            if not rectified:
                # 4. what the inverter aims to give
                room = 0
                target = load + non - bias
                if target > load and not feed_non_essential:
                    target = load
                if target < 0:
                    target = 0
                selling = 0
                if sell_limit >= 0 and not first_charge:
                    room = discharge_room(rules, stored, sell_floors, step, discharge_power, discharge_current, limits)
                    if room:
                        selling = 1
                        target = demand + sell_limit
                if target > rated:
                    target = rated
                left = sun - first_charge
                charge = first_charge
                if not load_first and not selling and not charge:
                    room = discharge_room(rules, stored, serve_floors, step, discharge_power, discharge_current, limits)
                    if not room:  # it rests: scarce sun goes to it first
                        total = charge_room(rules, stored, step, charge_power, charge_current, limits)
                        charge = sun - idle
                        if charge < 0:
                            charge = 0
                        if total < charge:
                            charge = total
                        elif total:
                            target = 0  # it takes all but the idle draw, of which nothing is converted
                        left = sun - charge
                # 5. what it gives
                if target:
                    if target != known_target:
                        known_target = target
                        known_need = dc_for_ac(curve, rated, target)
                    need = known_need
                else:
                    need = idle
                ac = target
                dc_in = need
                surplus = left - need
                if surplus < 0:
                    if load_first and not selling and not charge:
                        room = discharge_room(rules, stored, serve_floors, step, discharge_power, discharge_current, limits)
                    discharge = -surplus
                    surplus = 0
                    if room < discharge:
                        ac, dc_in, from_grid, discharge, surplus = too_little(
                            target, left, room, idle, import_limit - standing, curve, rated
                        )
                # 6. less from the grid, at its peak
                if demand + from_grid - ac > peak:
                    stale = 1
                    most = demand if feed_non_essential else load + standing
                    if demand - peak < most:
                        most = demand - peak
                    ac, dc_in, from_grid, charge, discharge, surplus = shave_peak(
                        most, ac, dc_in, from_grid, charge, discharge, surplus, sun, idle, curve, rated, rules, stored, peak_floors,
                        step, shaving_current, limits,
                    )  # fmt: skip
                # 7. what is over is charged or sold
                if discharge:
                    share_out(discharge, limits, count, given)
                elif surplus > 0:
                    if not charge or stale:
                        total = charge_room(rules, stored, step, charge_power, charge_current, limits)
                        stale = 0
                    want = total
                    if sell_limit >= 0:  # what is sold goes before what the battery takes beyond its target
                        want = target_room(rules, stored, sell_floors, step, limits)
                        if total < want:
                            want = total
                    if charge < want:
                        more = want - charge if want - charge < surplus else surplus
                        charge += more
                        surplus -= more
                    if surplus and export_limit >= 0:
                        most = demand + export_limit
                        if most > rated:
                            most = rated
                        if most > ac:
                            more = ac_from_dc(curve, rated, dc_in + surplus)
                            if more > most:
                                more = most
                            if more > ac:
                                ac = more
                                surplus += dc_in
                                dc_in = dc_for_ac(curve, rated, ac)
                                surplus -= dc_in
                                from_grid = 0
                    if sell_limit >= 0 and charge < total:
                        charge += total - charge if total - charge < surplus else surplus
            if charge:
                if stale:
                    charge_room(rules, stored, step, UNLIMITED, UNLIMITED, limits)
                share_out(charge, limits, count, given)
        # 8. the meter
        lost = dc_in + from_grid + standing - ac - rectified  # by the inverter
        ac -= standing + from_grid  # to its ports, less what it draws there itself
        if ac < 0:
            taken = -ac
            ac = 0
        net = 0
        if tied:
            net = load + non + taken - ac
            if net > import_limit or load - ac > passthrough:
                memory[0] = surged
                return i
        elif present:
            net = non
            if net > import_limit:
                memory[0] = surged
                return i
        if net > 0:
            imported[i] = net
        elif net:
            exported[i] = -net
        # 9. the stores
        surged = overload
        for index in range(count):
            before = stored[index]
            after = advance(rules[index], before, given[index] if charge else 0, given[index] if discharge else 0, step)
            stored[index] = after
            leaked = before - after
            if charge:
                out[12 + 3 * index][i] = given[index]
                leaked += given[index] * step
            elif discharge:
                out[13 + 3 * index][i] = given[index]
                leaked -= given[index] * step
            if leaked:
                out[14 + 3 * index][i] = leaked
        # 10. the ports: LOAD, then AUX, then the meter, which gives what is missing
        if dc_in:
            dc_in_column[i] = dc_in
        if taken:
            meter_inverter[i] = taken
            rectified_column[i] = rectified
        if lost:
            losses[i] = lost
        pv_used[i] = dc_in + charge - discharge - rectified
        if ac:
            if ac > load:
                to_meter[i] = ac - load
                ac = load
            feed = ac if ac < ess else ess
            to_essential[i] = feed
            meter_essential[i] = ess - feed
            if load > ess:
                to_aux[i] = ac - feed
                meter_aux[i] = load - ess - ac + feed
        else:
            meter_essential[i] = ess
            if load > ess:
                meter_aux[i] = load - ess
    memory[0] = surged
    return last
