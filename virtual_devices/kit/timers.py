"""Weekly timers: what turns at a time of the day, or around sunrise and sunset, on some days of the week.

    06:30 on                      every day
    Mon-Fri 06:30 on              on some days, ``Sat, Sun`` or ``Fri-Mon`` as well
    sunset off                    when the sun sets at the home's site
    Sat sunrise+01:30 toggle      an hour and a half after it rises; ``sunset-00:20`` is twenty minutes before

Times are those of the clock on the wall. One that the clock skips in the night in which it goes forward is the same length of time after
midnight; one that comes twice counts the first time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from virtual_devices.kit.moments import DAYS_FORM, MOMENT_FORM, DayMoment, read_moment
from virtual_devices.kit.weekdays import EVERY_DAY, read_days, weekday

if TYPE_CHECKING:
    from collections.abc import Sequence

    from virtual_devices.kit.site import Site

Action = Literal["on", "off", "toggle"]
_ACTIONS: dict[str, Action] = {"on": "on", "off": "off", "toggle": "toggle"}
MAX_TIMER = 100
"""Most characters of a timer."""
EXAMPLE = "Mon-Fri 06:30 on, sunset-00:20 off or Sat, Sun 08:00 toggle"
_FORM = re.compile(rf"{DAYS_FORM}{MOMENT_FORM}\s+(on|off|toggle)", re.IGNORECASE)
_AHEAD = 8
"""Days within which a timer comes again, unless the sun does not rise or set."""


@dataclass(frozen=True, slots=True)
class WeeklyTimer:
    """One timer. days: 0 Monday to 6 Sunday."""

    days: frozenset[int]
    moment: DayMoment
    action: Action

    def on(self, day: int, site: Site) -> int | None:
        """UTC seconds at which it turns on a local day (days since 1970-01-01); None: not on that day."""
        return self.moment.on(day, site) if weekday(day) in self.days else None


@lru_cache(maxsize=1024)
def timer(text: str) -> WeeklyTimer | None:
    """The timer that a text means; an empty one means none. Raises ValueError, with the remedy, for anything else."""
    if not text.strip():
        return None
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no timer; write {EXAMPLE}")
    days, *moment, action = match.groups()
    return WeeklyTimer(read_days(days) if days else EVERY_DAY, read_moment(moment), _ACTIONS[action.casefold()])


def _checked(text: str) -> str:
    timer(text)
    return text.strip()


TimerText = Annotated[str, Field(max_length=MAX_TIMER), AfterValidator(_checked)]


@lru_cache(maxsize=256)
def _of_day(timers: tuple[WeeklyTimer, ...], site: Site, day: int) -> tuple[tuple[int, Action], ...]:
    found = [(time, number, each.action) for number, each in enumerate(timers) if (time := each.on(day, site)) is not None]
    return tuple((time, action) for time, _, action in sorted(found))


def turns(timers: Sequence[WeeklyTimer], site: Site, since: int, until: int) -> list[tuple[int, Action]]:
    """What timers turn after ``since`` and up to ``until`` (UTC seconds), in order; at one time, the first timer first."""
    if not timers:
        return []
    days = range(site.calendar.day(since) - 1, site.calendar.day(until) + 2)  # an offset may lead into the next day
    found = [turn for day in days for turn in _of_day(tuple(timers), site, day) if since < turn[0] <= until]
    return sorted(found, key=lambda turn: turn[0])


def next_turn(timers: Sequence[WeeklyTimer], site: Site, after: int) -> int | None:
    """When one of them turns next after a time (UTC seconds); None: not within a week."""
    day = site.calendar.day(after)
    for ahead in range(-1, _AHEAD + 1):
        if times := [time for time, _ in _of_day(tuple(timers), site, day + ahead) if time > after]:
            later = [time for time, _ in _of_day(tuple(timers), site, day + ahead + 1) if time > after]
            return min(times + later)
    return None
