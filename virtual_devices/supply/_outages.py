"""Planned outages as intervals of absolute time: put together, and laid over steps."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from virtual_devices.kit.calendar import Calendar, DailyTimes
from virtual_devices.kit.window import Span

LOADSHEDDING = "LOADSHEDDING"
"""Category of an outage in a calendar."""
MAX_STAGE = 16
_END = attrgetter("end")
_STAGE = re.compile(r"\b(?:stage|fase|phase|stufe|vlak|level|niveau|étape|etapa|nivel|isigaba)[\s:_-]*(\d{1,2})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Outage:
    """No grid from ``start`` until before ``end`` (UTC seconds). stage: of load-shedding, 0 where it is none."""

    start: int
    end: int
    stage: int = 0

    def json(self, local: Calendar) -> dict[str, Any]:
        """As faces show it, in local time."""
        start, end = (local.local(time).isoformat() for time in (self.start, self.end))
        return {"start_time": start, "end_time": end, "stage": self.stage}


def stage_in(title: str) -> int:
    """The stage that a title such as ``Some Area Stage 4`` names; 0 where it names none."""
    match = _STAGE.search(title)
    return int(match[1]) if match and match[1].isascii() and int(match[1]) <= MAX_STAGE else 0


def merged(outages: Iterable[Outage]) -> list[Outage]:
    """The same outages in order; those that touch or overlap are one, of the highest of their stages."""
    found: list[Outage] = []
    for outage in sorted(outages):
        last = found[-1] if found else None
        if last is not None and outage.start <= last.end:
            found[-1] = Outage(last.start, max(last.end, outage.end), max(last.stage, outage.stage))
        else:
            found.append(outage)
    return found


def runs(outages: Sequence[Outage], span: Span) -> list[tuple[int, bool]]:
    """Run-length form over a span: (steps, out?) by the time at which each step starts. outages: merged."""
    found: list[tuple[int, bool]] = []
    done = 0
    for outage in itertools.islice(outages, bisect_right(outages, span.start, key=_END), None):
        if outage.start >= span.end:
            break
        for until, out in ((outage.start, False), (outage.end, True)):
            steps = span.steps_until(until) - done
            if steps and found and found[-1][1] == out:  # no step starts between two outages, or in one
                found[-1] = (found[-1][0] + steps, out)
            elif steps:
                found.append((steps, out))
            done += steps
    if done < span.steps:
        rest = found.pop()[0] if found and not found[-1][1] else 0
        found.append((rest + span.steps - done, False))
    return found


def daily(times: DailyTimes, local: Calendar, start: int, end: int) -> list[Outage]:
    """The daily outages of the local days that a stretch of time touches, each day for itself."""
    if not times.periods:
        return []
    found: list[Outage] = []
    midnight = local.midnight(start)
    while midnight < end:
        found += _of_day(times, local, midnight)
        midnight = local.next_midnight(midnight)
    return found


@lru_cache(maxsize=256)
def _of_day(times: DailyTimes, local: Calendar, midnight: int) -> tuple[Outage, ...]:
    found: list[Outage] = []
    time = midnight
    for seconds, out in times.runs(Span(midnight, 1, local.next_midnight(midnight) - midnight), local):
        if out:
            found.append(Outage(time, time + seconds))
        time += seconds
    return tuple(found)
