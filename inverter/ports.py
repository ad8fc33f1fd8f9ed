"""Which of the inverter's ports had power in which steps, whoever hangs on them and whether anybody was served.

On the grid all have that the inverter feeds. In an island LOAD and AUX are dead when the output was dropped, and also in every step that
begins with empty stores and has no more sun than the inverter draws itself: nothing could be served then, though nobody may have asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inverter.kernel import STORES
from inverter.limits import Limits
from inverter.moment import Moment
from inverter.slots import PPM
from virtual_devices.kit.accounts import AUX, ESSENTIAL, NON_ESSENTIAL
from virtual_devices.kit.store import advance, discharge_limit

Runs = list[tuple[int, bool]]


def live_ports(
    moments: Sequence[tuple[int, Moment]],
    limits: Limits,
    sun: Sequence[int],
    ruled: Sequence[tuple[int, Sequence[Sequence[int]]]],
    stored: Sequence[int],
    out: Sequence[Sequence[int]],
    step: int,
) -> dict[str, tuple[tuple[int, bool], ...]]:
    """By port, run-length (steps, whether it had power).

    moments: what held, each with the step behind it.  sun: mW per step that all arrays have.  ruled: rules of the stores, flat, each
    with its first step.  stored: their mJ before the first step.  out: the kernel's columns.  step: s.
    """
    essential, aux, non_essential = Runs(), Runs(), Runs()
    steps = moments[-1][0]
    islands = any(moment.live and not moment.tied for _, moment in moments)
    able = list(_able(limits, sun[:steps], ruled, stored, out, step)) if islands else []
    begin = 0
    for end, moment in moments:
        pieces = [(1, on) for on in able[begin:end]] if moment.live and not moment.tied else [(end - begin, moment.live)]
        for count, live in pieces:
            _extend(essential, count, on=live)
            _extend(aux, count, on=live and moment.aux)
        _extend(non_essential, end - begin, on=moment.present)
        begin = end
    return {ESSENTIAL: tuple(essential), AUX: tuple(aux), NON_ESSENTIAL: tuple(non_essential)}


def _able(
    limits: Limits,
    sun: Sequence[int],
    ruled: Sequence[tuple[int, Sequence[Sequence[int]]]],
    stored: Sequence[int],
    out: Sequence[Sequence[int]],
    step: int,
) -> Iterator[bool]:
    """Whether sun or stores could serve anything in an island, step by step."""
    turns, rules = dict(ruled), ruled[0][1]
    floors = [limits.shutdown_capacity * rule[0] // PPM for rule in rules]  # no turn that is foreseen changes a capacity
    columns = [(out[STORES + 3 * number], out[STORES + 1 + 3 * number]) for number in range(len(rules))]
    levels = list(stored)
    for index, power in enumerate(sun):
        rules = turns.get(index, rules)
        full = any(discharge_limit(rule, held, floor, step) for rule, held, floor in zip(rules, levels, floors, strict=True))
        yield full or min(power, limits.max_solar) > limits.idle
        for number, (charge, discharge) in enumerate(columns):
            levels[number] = advance(rules[number], levels[number], charge[index], discharge[index], step)


def _extend(runs: Runs, steps: int, *, on: bool) -> None:
    """Runs with more steps."""
    if runs and runs[-1][1] == on:
        runs[-1] = (runs[-1][0] + steps, on)
    else:
        runs.append((steps, on))
