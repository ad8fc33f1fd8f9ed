"""The dispatch alone: a year of minutes of examples/every_feature.yaml, decided again from its recorded offers.

The home runs once, and what its inverter was offered in each window is kept. Then only the decision is measured:

- the dispatch, as it is used: offers sorted and summed, who is supplied, the flows, window by window;
- its inner loop over whole columns: the same stretches of steps with the same facts, one after the other, of columns that hold
  the whole time; compiled, the loop over the stretches is compiled too, so that nothing is handed over in between.

Compiling is not measured. All ways have to end with the same stored energy and the same flows. pymgrid's step is measured
in the same run (see year.py).

    python -m benchmarks.dispatch [--days 365]        (or BENCH_DAYS=7)
"""

from __future__ import annotations

import argparse
import importlib
import os
import time
from collections.abc import Callable, MutableSequence, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from inverter import kernel
from inverter.dispatch import Trial, dispatch
from inverter.hybrid import Hybrid, HybridSettings
from inverter.limits import Limits, limits_of
from inverter.moment import Moment, SupplyState
from inverter.slots import Orders, timetable
from virtual_devices.cli.table import table
from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.members.house import House
from virtual_devices.kit.offers import Offer
from virtual_devices.kit.window import Span

HOME = Path(__file__).parents[1] / "examples" / "every_feature.yaml"
DAY, STEP = 86_400, 60
STEPS_PER_DAY = DAY // STEP
PLAIN_AIM, COMPILED_AIM = 5.0, 0.05
"""Seconds for a year of minutes: the whole dispatch in plain Python, its inner loop compiled."""
REPEAT = 5
"""Times that the compiled loop runs, of which the fastest counts: it is over too soon to trust one."""
Sums = tuple[list[int], list[int], list[int], list[int]]
"""mW of sun, and of those who are supplied on each circuit, as the inner loop takes them."""


@dataclass
class Stretch:
    """Settled steps that one call of the inner loop did. stored, memory: before it.  sums: the four columns of these steps."""

    facts: tuple[int, ...]
    floors: list[list[int]]
    rules: list[tuple[int, ...]]
    stored: list[int]
    memory: int
    sums: Sums

    @property
    def steps(self) -> int:
        return len(self.sums[0])


@dataclass
class Recorded:
    """What the inverter was asked, window by window, and the stretches that its inner loop went through."""

    windows: list[tuple[Limits, SupplyState, Span, dict[str, Offer], list[tuple[int, Orders]]]] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    curve: tuple[int, ...] = ()
    name: str = ""


def record(days: int) -> Recorded:
    """Run the home once."""
    found = Recorded()
    house = House(*read_home(HOME))
    assert house.home.step == STEP
    device, settings = house.settler.device, house.settler.settings
    assert isinstance(device, Hybrid)
    assert isinstance(settings, HybridSettings)
    found.name, found.curve = device.name, limits_of(settings).curve
    decide, attempt = device.dispatch, Trial.attempt

    def dispatching(settings: Any, state: Any, span: Span, offers: dict[str, Offer]) -> Any:
        times = timetable(settings, span, device.site.calendar)
        found.windows.append((limits_of(settings), state.supplying, span, offers, times))
        return decide(settings, state, span, offers)

    def attempting(
        self: Trial,
        first: int,
        last: int,
        sums: Sequence[Sequence[int]],
        moment: Moment,
        stored: MutableSequence[int],
        memory: MutableSequence[int],
        out: Sequence[MutableSequence[int]],
    ) -> int:
        before, surged = list(stored), memory[0]
        done = attempt(self, first, last, sums, moment, stored, memory, out)
        if done > first and stored is self.stored:  # else it only asked whether it would go
            pv, essential, aux, non_essential = (list(column[first:done]) for column in sums)
            columns = pv, essential, aux, non_essential
            found.stretches.append(Stretch(self._facts(moment), self._floors(moment), self.rules, before, surged, columns))
        return done

    device.dispatch = dispatching  # type: ignore[method-assign,assignment] # to listen
    Trial.attempt = attempting  # type: ignore[method-assign]
    try:
        house.advance(house.home.start + days * DAY)
    finally:
        Trial.attempt = attempt  # type: ignore[method-assign]
    assert sum(stretch.steps for stretch in found.stretches) == days * STEPS_PER_DAY
    return found


def dispatched(recorded: Recorded, run: Callable[..., int]) -> tuple[float, list[Any]]:
    """Every window decided again: seconds, and who was supplied and what the stores held after each."""
    results = []
    begin = time.process_time()
    for limits, state, span, offers, times in recorded.windows:
        flows, after, _ = dispatch(limits, state, span, offers, times, name=recorded.name, run=run)
        results.append((flows.steps, flows.stored, after))
    return time.process_time() - begin, results


def whole(recorded: Recorded) -> Sums:
    """The four columns of the whole time."""
    pv, essential, aux, non_essential = ([power for one in recorded.stretches for power in one.sums[number]] for number in range(4))
    return pv, essential, aux, non_essential


def plain_loop(recorded: Recorded) -> tuple[float, list[int], list[int]]:
    """The inner loop in plain Python: seconds, the sum of each column that it filled, and the stores' end."""
    pv, essential, aux, non_essential = whole(recorded)
    count, steps = len(recorded.stretches[0].rules), len(pv)
    out = [[0] * steps for _ in range(kernel.STORES + 3 * count)]
    scratch = ([0] * count, [0] * count)
    stored: list[int] = []
    begin, first = time.process_time(), 0
    for stretch in recorded.stretches:
        last, stored, memory = first + stretch.steps, list(stretch.stored), [stretch.memory]
        done = kernel.run(
            first, last, STEP, pv, essential, aux, non_essential, stretch.facts, recorded.curve, stretch.rules, stretch.floors,
            stored, memory, scratch, out,
        )  # fmt: skip
        assert done == last
        first = last
    return time.process_time() - begin, [sum(column) for column in out], stored


def compiled_loop(recorded: Recorded) -> tuple[float, list[int], list[int]]:
    """The same compiled, with the loop over the stretches."""
    import numpy as np  # noqa: PLC0415 - as numba, it may not be installed

    from inverter.compiled import compiled_inner  # noqa: PLC0415

    numba: Any = importlib.import_module("numba")
    to_fixed_tuple: Any = importlib.import_module("numba.np.unsafe.ndarray").to_fixed_tuple
    inner, stretches = compiled_inner(), recorded.stretches
    count, width = len(stretches[0].rules), len(stretches[0].facts)
    longest = max(len(rule) for stretch in stretches for rule in stretch.rules)

    def stretch_by_stretch(ends: Any, columns: Any, facts: Any, curve: Any, rules: Any, floors: Any, opening: Any, memories: Any, out: Any) -> Any:
        scratch = np.zeros((2, count), np.int64)
        stored = np.zeros(count, np.int64)
        memory = np.zeros(1, np.int64)
        first = 0
        for number in range(len(ends)):
            stored[:] = opening[number]
            memory[0] = memories[number]
            done = inner(
                first, ends[number], STEP, columns[0], columns[1], columns[2], columns[3], to_fixed_tuple(facts[number], width),
                curve, rules[number], floors[number], stored, memory, scratch, out,
            )  # fmt: skip
            if done != ends[number]:
                break
            first = done
        return first, stored

    drive = numba.njit(stretch_by_stretch)
    columns = np.array(whole(recorded), np.int64)
    rules = np.zeros((len(stretches), count, longest), np.int64)
    for number, stretch in enumerate(stretches):
        for row, rule in zip(rules[number], stretch.rules, strict=True):
            row[: len(rule)] = rule
    given = (
        np.cumsum([stretch.steps for stretch in stretches]), columns, np.array([stretch.facts for stretch in stretches], np.int64),
        np.array(recorded.curve, np.int64), rules, np.array([stretch.floors for stretch in stretches], np.int64),
        np.array([stretch.stored for stretch in stretches], np.int64), np.array([stretch.memory for stretch in stretches], np.int64),
    )  # fmt: skip
    seconds = []
    for _ in range(REPEAT + 1):  # the first compiles
        out = np.zeros((kernel.STORES + 3 * count, columns.shape[1]), np.int64)
        begin = time.process_time()
        done, stored = drive(*given, out)
        seconds.append(time.process_time() - begin)
        assert done == columns.shape[1]
    return min(seconds[1:]), [int(total) for total in out.sum(axis=1)], stored.tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=int(os.environ.get("BENCH_DAYS", "365")))
    days = parser.parse_args().days
    missing = [name for name in ("numba", "pymgrid") if find_spec(name) is None]
    if missing and os.environ.get("VIRTUAL_DEVICES_REQUIRE_ALL"):
        raise SystemExit(f"not installed: {', '.join(missing)}")
    recorded, steps = record(days), days * STEPS_PER_DAY
    rows = []

    def row(what: str, seconds: float, aim: float | None = None) -> None:
        aimed = "" if aim is None else f"{aim * days / 365:.3g} s"
        rows.append([what, f"{seconds:.3f}", f"{seconds / steps * 1e6:.3f}", aimed])

    plain, expected = dispatched(recorded, kernel.run)
    row("dispatch, plain Python", plain, PLAIN_AIM)
    seconds, sums, stored = plain_loop(recorded)
    row("its inner loop, plain Python", seconds)
    if "numba" not in missing:
        from inverter.compiled import compiled_run  # noqa: PLC0415

        run = compiled_run()
        dispatched(recorded, run)  # compiles
        quick, found = dispatched(recorded, run)
        assert found == expected, "the compiled dispatch differs"
        row("dispatch, inner loop compiled", quick)
        seconds, *same = compiled_loop(recorded)
        assert same == [sums, stored], "the compiled loop differs"
        row("its inner loop, compiled, whole columns", seconds, COMPILED_AIM)
    if "pymgrid" not in missing:
        from benchmarks.year import pymgrid  # noqa: PLC0415

        result = pymgrid(days)
        row("pymgrid, dispatch only", result["seconds"])
        rows[-1][-1] = f"{result['measured']:,} steps measured"
    rows += [[f"not measured: no {name}", "", "", ""] for name in missing]
    print(table((f"{days} days of {STEP} s, {len(recorded.windows):,} windows", "CPU seconds", "µs a step", "aim"), rows))


if __name__ == "__main__":
    main()
