"""Every week of a run in a few hundred kilobytes: means of equal slots of time, as whole numbers in letters, which the page's script reads.

A run that is long has longer slots, so that a page never grows beyond what it may: quarter-hours up to half a year, half-hours up to a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from virtual_devices.answers.charts.thinning import Floats, Places
from virtual_devices.answers.report.reading import QuarterFlows, RunSeen
from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.quantities import MJ_PER_KWH

SLOTS = (900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
"""s."""
MOST_SLOTS = 18_400
SHOWN = ("sun", "discharge", "import", "load", "charge", "export")
LETTERS = "".join(chr(code) for code in range(35, 126) if chr(code) not in "&<>\\")
"""Of which numbers are made: none of them means anything in JSON, nor in HTML."""
AGAIN = "~"
LEAST_IMPORT = 1e-3
"""kWh that must have come from the grid in a slot for its price to mean something."""
_ALIKE = 1e-3
_DAYS = 7


@dataclass(frozen=True, slots=True)
class WeekSpan:
    """A week, from Monday on by the home's clocks, or the few days of a run that is no longer than a week. first: its first slot.

    days: of its midnights, one more than it has days, slots behind the first; parts of one where clocks change oddly.

    name: what it is called.  shifts: where its clocks change: behind which slots, by how many seconds.
    """

    first: int
    days: tuple[float, ...]
    name: str
    shifts: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class WeekSeries:
    """All weeks of a run. origin: when the first slot begins, UTC seconds.  slot: s.  powers: mean W in each slot, by ``SHOWN``; not finite where nothing is recorded.

    soc: % at the end of each slot, by store.  price: of an imported kWh; not finite where nobody knows.  outages: in slots from the origin.
    telling: which week is shown first.  why: in words.
    """

    origin: int
    slot: int
    powers: dict[str, Floats]
    soc: dict[str, Floats]
    price: Floats
    outages: tuple[tuple[float, float], ...]
    weeks: tuple[WeekSpan, ...]
    telling: int
    why: str

    def part(self, values: Floats, week: WeekSpan) -> Floats:
        """The slots of a week; not finite beyond the end of the run."""
        count = round(week.days[-1])
        found = np.full(count, np.nan)
        own = values[week.first : week.first + count]
        found[: len(own)] = own
        return found


def weeks_of(seen: RunSeen) -> WeekSeries:
    """Cut what is recorded into weeks, and choose the most telling one."""
    local, flows = seen.local, seen.flows
    mondays, days = _mondays(seen.start, seen.end, local), _DAYS
    if (few := _few_days(seen.start, seen.end, local)) is not None:
        mondays, days = few
    origin = mondays[0]
    step = int(flows.seconds.max(initial=0))  # of steps longer than a quarter of an hour, each is told of the quarter in which it begins
    slot = next((each for each in SLOTS if each >= step and (mondays[-1] - origin) / each <= MOST_SLOTS), SLOTS[-1])
    count = max(1, -(-(seen.end - origin) // slot))
    place = np.clip((flows.start - origin) // slot, 0, count - 1)
    seconds = np.bincount(place, flows.seconds, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        powers = {name: np.where(seconds > 0, np.bincount(place, flows.energy[name], count) / seconds, np.nan) for name in SHOWN}
    soc = {name: _last(values, place, count) for name, values in flows.soc.items()}
    weeks = tuple(_week(start, days, origin, slot, local) for start in mondays[:-1])
    outages = tuple(((begin - origin) / slot, (end - origin) / slot) for begin, end in seen.outages)
    telling, why = _telling(flows, np.array(mondays), seen.outages)
    return WeekSeries(origin, slot, powers, soc, _price(flows, place, count), outages, weeks, telling, why)


def letters(values: Floats, low: float, high: float, digits: int) -> str:
    """Values as letters: of so many digits each, and what is the same again as how often.

    A number's digits come with the highest first; 0 is what is not known, 1 stands for ``low`` and the highest number for ``high``. The script of the page reads it.
    """
    base = len(LETTERS)
    top = base**digits - 1
    span = (high - low) or 1.0
    known = np.isfinite(values)
    codes = np.where(known, 1 + np.clip(np.round((np.where(known, values, low) - low) / span * (top - 1)), 0, top - 1), 0).astype(np.int64).tolist()
    words = ["".join(LETTERS[code // base**place % base] for place in reversed(range(digits))) for code in codes]
    found, index = [], 0
    while index < len(words):
        end = index + 1
        while end < len(words) and words[end] == words[index] and end - index <= base - 1:
            end += 1
        again = end - index - 1
        found.append(words[index] + (AGAIN + LETTERS[again] if again > 1 else words[index] * again))
        index = end
    return "".join(found)


def _mondays(start: int, end: int, local: Calendar) -> list[int]:
    """The midnights that begin the weeks in which something is recorded, and the one behind."""
    time = local.midnight(start)
    for _ in range(local.local(time).weekday()):
        time = local.midnight(time - 1)
    found = [time]
    while time < end:
        for _ in range(_DAYS):
            time = local.next_midnight(time)
        found.append(time)
    return found


def _few_days(start: int, end: int, local: Calendar) -> tuple[list[int], int] | None:
    """The midnights around a run that has no more days than a week, and how many days those are; None for a longer one."""
    first = local.midnight(start)
    time, count = local.next_midnight(first), 1
    while time < end and count <= _DAYS:
        time, count = local.next_midnight(time), count + 1
    return ([first, time], count) if count <= _DAYS else None


def _week(start: int, count: int, origin: int, slot: int, local: Calendar) -> WeekSpan:
    midnights = [start]
    for _ in range(count):
        midnights.append(local.next_midnight(midnights[-1]))
    first, last = local.local(start), local.local(midnights[-2])
    same = f"{first.day}" if first.month == last.month else f"{first.day} {first:%b}" if first.year == last.year else f"{first.day} {first:%b %Y}"
    number = (start - origin) // slot
    days = tuple((midnight - origin) / slot - number for midnight in midnights)
    shifts: list[tuple[int, int]] = []
    if local.offset(start) != local.offset(midnights[-1] - 1):
        offsets = [local.offset(origin + (number + place) * slot) for place in range(round(days[-1]))]
        shifts = [(place, after - before) for place, (before, after) in enumerate(pairwise(offsets), 1) if before != after]
    return WeekSpan(number, days, f"{same} – {last.day} {last:%b %Y}" if count > 1 else f"{last.day} {last:%b %Y}", tuple(shifts))


def _last(values: Floats, place: Places, count: int) -> Floats:
    """How it stood at the end of each slot."""
    found = np.full(count, np.nan)
    known = np.isfinite(values)
    found[place[known]] = values[known]  # the last one stays
    return found


def _price(flows: QuarterFlows, place: Places, count: int) -> Floats:
    """By how much the bill of imports grew in each slot, for each kWh; between two that are alike the same."""
    bill, imported = _last(flows.bill, place, count), np.bincount(place, flows.energy["import"], count) / MJ_PER_KWH * 1000
    price = np.full(count, np.nan)
    known = np.flatnonzero(np.isfinite(bill))
    if len(known) > 1:
        grown, near = np.diff(bill[known]), np.diff(known) == 1
        telling = near & (imported[known[1:]] >= LEAST_IMPORT)
        price[known[1:][telling]] = grown[telling] / imported[known[1:]][telling]
    there = np.flatnonzero(np.isfinite(price))
    for before, after in zip(there.tolist(), there[1:].tolist(), strict=False):
        if after - before > 1 and abs(price[after] - price[before]) <= _ALIKE * max(abs(price[before]), _ALIKE):
            price[before + 1 : after] = price[before]
    return price


def _telling(flows: QuarterFlows, mondays: Places, outages: Sequence[tuple[int, int]]) -> tuple[int, str]:
    """Which week shows most: where loads went without, else where the grid was away for longest, else where most was imported or, off the grid, used."""
    count = len(mondays) - 1
    place = np.searchsorted(mondays, flows.start, side="right") - 1
    seconds = np.bincount(place, flows.seconds, count)
    whole = np.where(seconds >= 0.9 * seconds.max(), 1.0, 0.0)  # of a week that is cut off by the begin or the end little is seen
    away = np.zeros(count)
    for begin, end in outages:
        away[int(np.searchsorted(mondays, begin, side="right")) - 1] += end - begin
    dark = flows.energy["unserved"].copy()
    dark[~_within(flows.start, outages)] = 0.0
    imported, used = (np.bincount(place, flows.energy[name], count) for name in ("import", "load"))
    hours = np.round(away / 3600)
    for measure, why in (
        (_beyond(np.asarray(np.bincount(place, dark, count) * whole, np.float64)), "the week in which loads went without the most while the grid was away"),
        (_beyond(hours * whole), "the week in which the grid was away for longest"),
        (imported * whole, "the week in which most was imported"),
        (used * whole, "the week in which most was used"),
    ):
        if measure.any():
            return int(measure.argmax()), why
    return 0, "the first week"


def _within(starts: Places, spans: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Which quarters begin within one of some times, which come in order."""
    found = np.zeros(len(starts), np.bool_)
    for begin, end in spans:
        found[int(np.searchsorted(starts, begin)) : int(np.searchsorted(starts, end))] = True
    return found


def _beyond(measure: Floats) -> Floats:
    """A measure that tells weeks apart; zeros where all are nearly alike."""
    return measure if measure.max(initial=0.0) > 1.2 * np.median(measure) else np.zeros_like(measure)
