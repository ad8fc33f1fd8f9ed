"""The same month of outages in several years: each seed's, or each of a measured file; asked in processes beside each other."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any

from virtual_devices.answers.survive import REMEDIES, answer, hours, survive
from virtual_devices.kit.home.model import Home, override
from virtual_devices.kit.members.conditions import ConditionsMember
from virtual_devices.kit.members.house import House

SEEDS = 10
"""Years that are asked where each seed makes another."""
_SPRING, _AUTUMN = 4, 9
"""The months between which, both among them, it is summer in the north."""
_RANGES = ("dark_hours", "lowest_soc", "not_delivered_kwh", "import_kwh", "cost")
_KEPT = ("case", "title", "battery_kwh", "outage_hours", "dark_hours", "longest_dark_hours", "dark_days", "lowest_soc", "not_delivered_kwh",
         "import_kwh", "cost", "currency", "ledger_sha256")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Winter:
    """One year that the home is tried in. name: for people."""

    name: str
    home: Home


def winters(home: Home, documents: Mapping[str, str], most: int = SEEDS) -> list[Winter]:
    """The years that this home's conditions know, the home's own first: seeds, as many as ``most``; a file's years; or just one."""
    house = House(home, documents)
    told = {each.name: each.device.years(each.settings) for each in house.members.values() if isinstance(each, ConditionsMember)}
    for name, years in told.items():
        if years:
            return [Winter(", ".join(str(value) for value in year.values()), override(home, {name: year})) for year in years]
    if None not in told.values():
        return [Winter(f"seed {home.site.seed}", home)]
    seeds = range(home.site.seed, home.site.seed + most)
    return [Winter(f"seed {seed}", replace(home, site=replace(home.site, seed=seed))) for seed in seeds]


def season(home: Home) -> str:
    """What people call these months where the home stands, several years of them."""
    summer_in_the_north = _SPRING <= home.site.calendar.local(home.start).month <= _AUTUMN
    return "summers" if summer_in_the_north == (home.site.latitude >= 0) else "winters"


def survive_all(
    tried: Sequence[Winter], documents: Mapping[str, str], calendar: str, duration: int, progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Every year through the outages; JSON-ready: the first one as ``survive`` gives it, and what all of them came to.

    progress: told how many are done.
    """
    if len(tried) == 1:
        return survive(tried[0].home, documents, calendar, duration)
    found = list(_all(tried, documents, calendar, duration, progress))
    every = [each["cases"] for each in found]
    order = sorted(range(len(tried)), key=lambda number: (every[number][0]["dark_hours"], -(every[number][0]["lowest_soc"] or 0.0)))
    middle, worst = order[(len(order) - 1) // 2], order[-1]
    ranges = [_range([cases[number] for cases in every]) for number in range(len(every[0]))]
    return {
        **found[0],
        "survives": ranges[0]["dark"] == 0,
        "answer": answer_of(ranges, every, season(tried[0].home)),
        "season": season(tried[0].home),
        "ranges": ranges,
        "winters": [
            {"winter": each.name, "cases": [{name: case[name] for name in _KEPT} for case in cases]}
            for each, cases in zip(tried, every, strict=True)
        ],
        "median": {"winter": tried[middle].name, "cases": every[middle]},
        "worst": {"winter": tried[worst].name, "cases": every[worst]},
    }


def _all(
    tried: Sequence[Winter], documents: Mapping[str, str], calendar: str, duration: int, progress: Callable[[int], None] | None
) -> Iterator[dict[str, Any]]:
    # started anew, not forked: whoever asks may have threads
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(len(tried), os.cpu_count() or 1), mp_context=context) as pool:
        waiting = [pool.submit(survive, each.home, documents, calendar, duration) for each in tried]
        try:
            for done, _ in enumerate(as_completed(waiting), 1):
                if progress is not None:
                    progress(done)
            for each in waiting:
                yield each.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _range(cases: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One case in all years. dark: of how many it was dark in; of the rest the least, the median and the most."""
    found: dict[str, Any] = {"case": cases[0]["case"], "title": cases[0]["title"], "currency": cases[0]["currency"]}
    found |= {"winters": len(cases), "dark": sum(case["dark_hours"] > 0 for case in cases)}
    for name in _RANGES:
        values = sorted(case[name] for case in cases if case[name] is not None)
        found[name] = [values[0], values[(len(values) - 1) // 2], values[-1]] if values else None
    return found


def answer_of(ranges: Sequence[Mapping[str, Any]], every: Sequence[list[dict[str, Any]]], called: str) -> str:
    """The one sentence. called: what such years are called."""
    now, many = ranges[0], ranges[0]["winters"]
    outage = max(cases[0]["outage_hours"] for cases in every)
    if not outage:
        return answer(every[0])
    if not now["dark"]:
        low = "" if now["lowest_soc"] is None else f"; the battery never fell below {100 * now['lowest_soc'][0]:.0f} %"
        return f"Yes: {hours(outage)} without grid, and dark in none of {many} {called}{low}."
    text = f"No: dark in {now['dark']} of {many} {called}, {hours(now['dark_hours'][-1])} in the worst"
    for other in (each for each in ranges if each["case"] in REMEDIES):
        rest = f"in {other['dark']}, {hours(other['dark_hours'][-1])} in the worst" if other["dark"] else "in none"
        text += f"; {other['title']} {rest}"
    return f"{text}."
