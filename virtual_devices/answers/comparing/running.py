"""Both homes in every year of weather that they know, in processes beside each other."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace

from virtual_devices.answers.bigger import with_grid
from virtual_devices.answers.comparing.comparison import Comparison, WeatherCompared, whole_years
from virtual_devices.answers.comparing.money import Investment
from virtual_devices.answers.comparing.pairing import Pair, Side, in_weather_of
from virtual_devices.answers.findings.findings import BillFound, Findings
from virtual_devices.answers.simulate import compile_if_worth, run_findings
from virtual_devices.answers.survive import with_outages
from virtual_devices.answers.winters import winters
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.rehearsal import rehearse
from virtual_devices.kit.members.shared import sharing

SEEDS = 5
"""Years of weather that are asked where each seed makes another."""
WORTH_PROCESSES = 50_000
"""Steps of all runs from which starting processes takes less time than it saves."""

Progress = Callable[[float, int], None]
"""Told how many runs of how many are done."""


def compared(
    pair: Pair,
    duration: int,
    *,
    seeds: int = SEEDS,
    investment: Investment | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Run both homes for ``duration`` seconds in every year of weather, ``seeds`` of them at most where each seed makes another.

    workers: processes; 1 for none but this one, None for as many as there are cores where that is worth it.  What outages kept from the loads is measured in the year that is
    shown, the one with the median saving, by one more run of each home that had outages.

    Raises HomeFileError and ConfigurationError, and VirtualDevicesError where the audit of a run finds something.
    """
    _refuse(pair, duration, investment)
    for side in (pair.a, pair.b):
        rehearse(side.home, side.documents)
    pairs = in_all_weathers(pair, seeds)
    sides = [side for _, each in pairs for side in (each.a, each.b)]
    with sharing() as shared:
        found = _free_without_grid(pair, list(_all(sides, duration, workers, progress)))
    weathers = tuple(WeatherCompared(name, a, b) for (name, _), a, b in zip(pairs, found[::2], found[1::2], strict=True))
    titles = (pair.a.title, pair.b.title)
    result = Comparison(titles, pair.subject, pair.several, pair.notes, pair.currency, duration, weathers, investment=investment)
    shown = weathers.index(result.shown)
    with sharing(shared):
        return replace(result, not_delivered=_not_delivered(pairs[shown][1], weathers[shown], duration, workers))


def in_all_weathers(pair: Pair, most: int) -> list[tuple[str, Pair]]:
    """Both homes in each year that the weather of either knows, the first one's own year first, each with its name."""
    years = max((winters(side.home, side.documents, most) for side in (pair.a, pair.b)), key=len)

    def then(side: Side, number: int) -> Side:
        return replace(side, home=in_weather_of(side.home, years[number].home)[0])

    return [(year.name, replace(pair, a=then(pair.a, number), b=then(pair.b, number))) for number, year in enumerate(years)]


def _refuse(pair: Pair, duration: int, investment: Investment | None) -> None:
    if investment is None:
        return
    if whole_years(duration) is None:
        raise ConfigurationError("a price is held against what whole years save, and a part of one says nothing of the rest; run 1y")
    if pair.currency is None:
        raise ConfigurationError(f"a price needs a bill to be held against; set price and currency of the grid of home {pair.a.home.name}")
    if investment.currency != pair.currency:
        raise ConfigurationError(f"the price is in {investment.currency}, and home {pair.a.home.name} pays in {pair.currency}; give it in {pair.currency}")


def _all(sides: Sequence[Side], duration: int, workers: int | None, progress: Progress | None) -> Iterator[Findings]:
    steps = sum(duration // side.home.step for side in sides)
    many = min(len(sides), workers or (os.cpu_count() or 1 if steps >= WORTH_PROCESSES else 1))
    if many <= 1:
        for number, side in enumerate(sides):
            yield _one(side, duration, None if progress is None else _part(progress, number, len(sides), side, duration))
        return
    # started anew, not forked: whoever asks may have threads
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(many, mp_context=context) as pool:
        waiting = [pool.submit(_one, side, duration) for side in sides]
        try:
            for done, _ in enumerate(as_completed(waiting), 1):
                if progress is not None:
                    progress(done, len(sides))
            for each in waiting:
                yield each.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _part(progress: Progress, number: int, of: int, side: Side, duration: int) -> Callable[[int], None]:
    return lambda now: progress(number + (now - side.home.start) / duration, of)


def _one(side: Side, duration: int, progress: Callable[[int], None] | None = None) -> Findings:
    house = House(side.home, side.documents)
    compile_if_worth(house, duration, wanted=None)
    return run_findings(house, duration, progress=progress)


def _free_without_grid(pair: Pair, found: list[Findings]) -> list[Findings]:
    """The same, with a bill of nothing for a home that has no grid, where the other one pays."""
    if pair.currency is None:
        return found
    nothing = BillFound(pair.currency, 0.0, 0.0, 0.0, 0.0)
    free = [not side.home.of("connects") for side in (pair.a, pair.b)]
    return [replace(each, bill=nothing) if free[number % 2] and each.bill is None else each for number, each in enumerate(found)]


def _not_delivered(
    pair: Pair, found: WeatherCompared, duration: int, workers: int | None
) -> tuple[Mapping[str, float] | None, Mapping[str, float] | None]:
    """By load what each home took less than it would have without outages, kWh; signed, see docs/survive.md."""
    both = [(pair.a, found.a), (pair.b, found.b)]
    asked = [number for number, (side, taken) in enumerate(both) if taken.outage_hours or not side.home.of("connects")]
    spared = [replace(both[number][0], home=with_outages(with_grid(both[number][0].home), None)) for number in asked]
    lacking: list[Mapping[str, float] | None] = [None, None]
    for number, measure in zip(asked, _all(spared, duration, workers, None), strict=True):
        taken = both[number][1].loads
        lacking[number] = {name: without.energy_kwh - taken[name].energy_kwh for name, without in measure.loads.items()}
    return lacking[0], lacking[1]
