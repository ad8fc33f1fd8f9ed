"""Outages of a file by absolute time: what is out when, when the last one is over, and what is hardly meant.

What comes again is worked out for some weeks at a time, when somebody asks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from zoneinfo import ZoneInfo

from virtual_devices.kit.calendar import DAY
from virtual_devices.supply._outages import Outage, merged

WARNED = 366 * DAY
"""Seconds from the start in which outages between two steps are looked for."""
BLOCK = 32 * DAY
"""Seconds that are worked out at a time."""
_KEPT = 64
_TOLD = 3


class Planned:
    """Outages that come once each. name: of their file.  zone: for words.

    left_out: what of the file is no outage, in words, one each.  ignored: events of a file in which none counts.  doubts: what to look at.
    empty: the file has nothing.
    """

    def __init__(self, name: str, zone: str, outages: Iterable[Outage] = ()) -> None:
        self._name, self._zone = name, ZoneInfo(zone)
        self._single: list[Outage] = list(outages)
        self._blocks: dict[int, list[Outage]] = {}
        self._first = min((outage.start for outage in self._single), default=0) - DAY
        """Before this (UTC seconds) nothing is out."""
        self.ignored = 0
        self.left_out: list[str] = []
        self.doubts: list[str] = []
        self.empty = False

    def between(self, start: int, end: int) -> list[Outage]:
        """Every outage of which a part lies between two times, whole and merged. start, end: UTC seconds."""
        first, last = start // BLOCK, max(start, end - 1) // BLOCK
        if first == last:
            found = self._block(first)
        else:
            found = merged(outage for number in range(first, last + 1) for outage in self._block(number))
        return found[bisect_right(found, start, key=attrgetter("end")) : bisect_left(found, end, key=attrgetter("start"))]

    def over(self, time: int) -> int | None:
        """When its last outage ended (UTC seconds), if none is left at ``time``; None where some are still to come, or it has none."""
        if any(outage.end > time for outage in self._single) or self._goes_on(time):
            return None
        for number in range(time // BLOCK, self._first // BLOCK - 1, -1):
            if found := self._block(number):
                return max(outage.end for outage in found)
        return None

    def warnings(self, start: int, step: int) -> list[str]:
        """What is hardly meant: no outages, or some of the first year from ``start`` (UTC seconds) between two steps of ``step`` s."""
        if self.empty:
            return [*self.doubts, "it has no outages, so nothing is off; is it the right file?"]
        if self.ignored:
            return [*self.doubts, f"none of its {self.ignored} events is of the category LOADSHEDDING or OUTAGE; nothing is off"]
        if self.left_out and not self._single and self.over(start) is None and not self.between(start, start + WARNED):
            return [*self.doubts, f"none of its events is taken for an outage, so nothing is off: {self._listed()}"]
        bounds = [time for outage in self.between(start, start + WARNED) for time in (outage.start, outage.end)]
        between = [time for time in bounds if time > start and (time - start) % step]
        if not between:
            return list(self.doubts)
        first = datetime.fromtimestamp(between[0], self._zone)
        more = f" and {len(between) - 1} more times in a year" if len(between) > 1 else ""
        what = f"{first:%Y-%m-%d %H:%M:%S}{more} falls between two steps of {step} s and counts from the next"
        return [*self.doubts, f"{what}; move it, or change step or start"]

    def notes(self, start: int) -> list[str]:
        """What was left out, and when the last outage is over, where that is in the year from ``start`` (UTC seconds)."""
        many = len(self.left_out)
        found = [f"{many} {'event is' if many == 1 else 'events are'} no outage and left out: {self._listed()}"] if many else []
        over = self.over(start + WARNED)
        if over is not None:
            when = f"{datetime.fromtimestamp(over, self._zone):%Y-%m-%d %H:%M}"
            found.append(f"its last outage {'is' if over > start else 'was'} over on {when}; it says nothing of what comes later")
        return found

    def ended(self, start: int) -> int | None:
        """When its last outage was over, where none comes in the year from ``start`` (UTC seconds); None where one does, or none was."""
        if self.between(start, start + WARNED):
            return None
        single = [outage.end for outage in self._single if outage.end <= start]
        series = [outage.end for outage in self.between(start - WARNED, start)]
        return max([*single, *series], default=None)

    def _listed(self) -> str:
        more = f" and {len(self.left_out) - _TOLD} more" if len(self.left_out) > _TOLD else ""
        return f"{', '.join(self.left_out[:_TOLD])}{more}"

    def _block(self, number: int) -> list[Outage]:
        known = self._blocks.get(number)
        if known is None:
            start, end = number * BLOCK, (number + 1) * BLOCK
            known = merged(outage for outage in self._expanded(start, end) if outage.start < end and outage.end > start)
            if len(self._blocks) >= _KEPT:
                self._blocks.clear()
            self._blocks[number] = known
        return known

    def _expanded(self, start: int, end: int) -> Iterable[Outage]:
        """Outages of a stretch of time, and others."""
        return self._single

    def _goes_on(self, time: int) -> bool:
        """Whether something that comes again still does after ``time``."""
        return False
