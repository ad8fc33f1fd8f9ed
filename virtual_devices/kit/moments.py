"""Moments of a day as timers and schedules name them: by the clock on the wall, or around sunrise and sunset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.daylight import daylight

if TYPE_CHECKING:
    from virtual_devices.kit.site import Site

DAYS_FORM = r"(?:([A-Za-z][A-Za-z,\s-]*)\s)?\s*"
"""Regular expression of the days before a moment, as one group."""
MOMENT_FORM = r"(?:([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?|(sunrise|sunset)(?:([+-])([01]?\d|2[0-3]):([0-5]\d))?)"
"""Regular expression of a moment, with the groups that ``read_moment`` takes."""
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class DayMoment:
    """sun: sunrise, sunset or empty.  second: of the day, or after (−: before) that."""

    sun: str
    second: int

    def on(self, day: int, site: Site) -> int | None:
        """UTC seconds of it on a local day (days since 1970-01-01); None where the sun neither rises nor sets."""
        if self.sun:
            found = daylight(site.latitude, site.longitude, day)
            return None if found is None else found[self.sun == "sunset"] + self.second
        today = _EPOCH + timedelta(days=day + self.second // DAY)
        second = self.second % DAY
        wall = datetime(today.year, today.month, today.day, second // 3600, second // 60 % 60, second % 60, tzinfo=site.calendar.zone)
        return int(wall.astimezone(UTC).timestamp())

    def __str__(self) -> str:
        sign = "-" if self.second < 0 else "+" if self.sun else ""
        hours, rest = divmod(abs(self.second), 3600)
        clock = f"{hours:02}:{rest // 60:02}" + (f":{rest % 60:02}" if rest % 60 else "")
        return self.sun + (sign + clock if self.second or not self.sun else "")


def read_moment(groups: Sequence[str | None]) -> DayMoment:
    """The moment of the groups of ``MOMENT_FORM``. Raises ValueError for a time after 24:00."""
    hour, minute, second, sun, sign, hours, minutes = groups
    if sun:
        offset = int(hours or 0) * 3600 + int(minutes or 0) * 60
        return DayMoment(sun.casefold(), -offset if sign == "-" else offset)
    found = int(hour or 0) * 3600 + int(minute or 0) * 60 + int(second or 0)
    if found > DAY:
        raise ValueError(f"{hour}:{minute} is after 24:00; write a time of the day, or sunset+00:30")
    return DayMoment("", found)
