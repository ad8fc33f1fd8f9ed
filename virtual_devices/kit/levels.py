"""A number that depends on the time of day: ``450``, or ``00:00-06:00 180, 06:00-24:00 450``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from virtual_devices.kit.calendar import DAY, Calendar, daily_cuts
from virtual_devices.kit.window import Span

FORM = 'a number, or "00:00-06:00 180, 06:00-24:00 450" for the whole day'
_ITEM = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s+(\d+(?:\.\d+)?)")
_KEYS = {"start", "end", "value"}


@dataclass(frozen=True, slots=True)
class DailyLevels:
    """What holds from which second of the local day on, until the next; the first is 0."""

    levels: tuple[tuple[int, float], ...]

    def at(self, second: int) -> float:
        """What holds at a second of the local day."""
        return next(value for begin, value in reversed(self.levels) if begin <= second)

    def runs(self, span: Span, local: Calendar) -> list[tuple[int, float]]:
        """Run-length form over a span, by the local time at which each step starts."""
        if len(self.levels) == 1:
            return [(span.steps, self.levels[0][1])]
        cuts = daily_cuts({begin for begin, _ in self.levels}, span, local)
        return [
            (end - begin, self.at(local.second_of_day(span.start + begin * span.step))) for begin, end in itertools.pairwise(cuts) if end > begin
        ]  # fmt: skip


@lru_cache(maxsize=64)
def daily_levels(text: str) -> DailyLevels:
    """Read the text form. Raises ValueError, with the remedy, for another, and where a part of the day is left out or told twice."""
    with_number = re.fullmatch(r"\s*\d+(\.\d+)?\s*", text)
    if with_number:
        return DailyLevels(((0, float(text)),))
    found: list[tuple[int, int, float]] = []
    for item in text.split(","):
        match = _ITEM.fullmatch(item.strip())
        if match is None:
            raise ValueError(f"{item.strip()[:40]!r} is no part of a day with a number; write {FORM}")
        h1, m1, h2, m2 = (int(each) for each in match.groups()[:4])
        begin, end = h1 * 3600 + m1 * 60, h2 * 3600 + m2 * 60
        value = float(match[5])
        if max(begin, end) > DAY or begin == end:
            raise ValueError(f"{item.strip()!r} is empty or ends after 24:00")
        found += [(begin, end, value)] if begin < end else [(begin, DAY, value), (0, end, value)]
    found = sorted(each for each in found if each[0] < each[1])
    time = 0
    for begin, end, _ in found:
        if begin != time:
            raise ValueError(f"{_clock(min(time, begin))} to {_clock(max(time, begin))} is {'left out' if begin > time else 'told twice'}; write {FORM}")
        time = end
    if time != DAY:
        raise ValueError(f"{_clock(time)} to 24:00 is left out; write {FORM}")
    return DailyLevels(tuple((begin, value) for begin, _, value in found))


def levels_text(value: Any) -> Any:
    """A number, or a list of maps with start, end and value, in the text form; anything else as it is. Raises ValueError for other maps."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g}"
    if not isinstance(value, list):
        return value
    parts = []
    for item in value:
        if not isinstance(item, Mapping) or item.keys() != _KEYS:
            raise ValueError("a list has maps with start, end and value: {start: '00:00', end: '06:00', value: 180}")
        parts.append(f"{str(item['start']).strip()}-{str(item['end']).strip()} {item['value']}")
    return ", ".join(parts)


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}"
