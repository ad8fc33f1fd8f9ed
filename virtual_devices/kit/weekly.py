"""Periods that repeat every week: the grammar of daily times, with days of the week and with sunrise and sunset.

    06:00-07:30, 18:00-22:00                      every day
    Mon-Fri 06:00-07:30, 18:00-22:00              on some days; they hold for what is behind them, until others are named
    Mon-Fri 06:00-07:30, Sat, Sun 08:00-10:00
    sunset-23:00, sunset-00:30-sunrise            around the sun at the home's site

A period that ends before it begins runs into the next day, and belongs to the day on which it begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import PydanticCustomError

from virtual_devices.kit.calendar import DAY, DailyTimes
from virtual_devices.kit.moments import MOMENT_FORM, DayMoment, read_moment
from virtual_devices.kit.weekdays import EVERY_DAY, read_days, weekday, write_days

if TYPE_CHECKING:
    from virtual_devices.kit.site import Site
    from virtual_devices.kit.window import Span

_PERIOD = re.compile(rf"{MOMENT_FORM}\s*-\s*{MOMENT_FORM}", re.IGNORECASE)
_GROUPS = 7
"""Of a moment."""
_DAYS = re.compile(r"[A-Za-z]{3}(?:\s*-\s*[A-Za-z]{3})?(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class WeeklyPeriod:
    """days: on which it begins, 0 Monday to 6 Sunday."""

    days: frozenset[int]
    begin: DayMoment
    end: DayMoment

    def on(self, day: int, site: Site) -> tuple[int, int] | None:
        """Begin and end (UTC seconds) of the one that begins on a local day (days since 1970-01-01); None: none does."""
        if weekday(day) not in self.days:
            return None
        begin, end = self.begin.on(day, site), self.end.on(day, site)
        if begin is not None and end is not None and end <= begin:
            end = self.end.on(day + 1, site)
        return None if begin is None or end is None or end <= begin else (begin, end)


@dataclass(frozen=True, slots=True)
class WeeklyTimes(DailyTimes):
    """Daily times, or ``weekly`` periods: one of the two is empty."""

    weekly: tuple[WeeklyPeriod, ...] = ()

    PATTERN: ClassVar[str] = r"^[A-Za-z0-9:,+\s-]*$"

    @classmethod
    def parse(cls, text: Any) -> WeeklyTimes:
        """Read the text form. Raises a pydantic error that shows the form for anything else."""
        if isinstance(text, WeeklyTimes):
            return text
        if isinstance(text, DailyTimes) or not isinstance(text, str) or not any(sign.isalpha() for sign in text):
            return cls(DailyTimes.parse(text).periods)
        days, named, found = EVERY_DAY, list[str](), list[WeeklyPeriod]()
        for item in filter(None, (part.strip() for part in text.split(","))):
            head = _DAYS.match(item)
            period = item if head is None else item[head.end() :].strip()
            if head is not None:
                named.append(head[0])
            if not period:
                continue  # more days follow
            try:
                if head is not None:
                    days, named = read_days(",".join(named)), []
                found.append(_period(days, period, named))
            except ValueError as error:
                raise PydanticCustomError(
                    "daily_times", '{problem}; write "18:00-20:30", "Mon-Fri 06:00-07:30" or "sunset-23:00"', {"problem": str(error).partition(";")[0]}
                ) from None
        if named:
            raise PydanticCustomError("daily_times", '{days} has no time; write "{days} 18:00-20:30"', {"days": ", ".join(named)})
        return cls((), tuple(found))

    def __str__(self) -> str:
        if not self.weekly:
            return DailyTimes.__str__(self)
        texts, days = list[str](), EVERY_DAY
        for period in self.weekly:
            head = f"{write_days(period.days)} " if period.days != days else ""
            texts.append(f"{head}{period.begin}-{period.end}")
            days = period.days
        return ", ".join(texts)

    def runs_at(self, span: Span, site: Site) -> list[tuple[int, bool]]:
        """Run-length form over a span: (steps, inside a period?) by the time at which each step starts."""
        if not self.weekly:
            return self.runs(span, site.calendar)
        local = site.calendar
        inside = [False] * span.steps
        for day in range(local.day(span.start) - 2, local.day(span.end) + 2):  # an offset may lead into another day
            for period in self.weekly:
                if (found := period.on(day, site)) is not None:
                    first, last = span.steps_until(found[0]), span.steps_until(found[1])
                    inside[first:last] = [True] * (last - first)
        runs: list[tuple[int, bool]] = []
        for on in inside:
            if runs and runs[-1][1] == on:
                runs[-1] = (runs[-1][0] + 1, on)
            else:
                runs.append((1, on))
        return runs

    @property
    def seconds(self) -> set[int]:
        """Of the day, at which periods begin and end by the clock on the wall."""
        moments = (moment for period in self.weekly for moment in (period.begin, period.end) if not moment.sun)
        return {second for period in self.periods for second in period} | {moment.second % DAY for moment in moments}


def _period(days: frozenset[int], text: str, open_days: list[str]) -> WeeklyPeriod:
    """A period on some days. open_days: named before it, with nothing behind them. Raises ValueError for what is none."""
    match = _PERIOD.fullmatch(text)
    if match is None or open_days:
        raise ValueError(f"{text!r} is no period of the day")
    groups = match.groups()
    return WeeklyPeriod(days, read_moment(groups[:_GROUPS]), read_moment(groups[_GROUPS:]))
