"""Local time of a home, and times of day that repeat every day.

Simulated time is integer UTC seconds; the home's time zone only matters for what people schedule by the clock on the
wall: timers, tariffs, outages, midnight.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic_core import PydanticCustomError, core_schema

from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

    from virtual_devices.kit.window import Span

DAY = 86_400
_ALIKE = 0.8
_STEADY = 14 * DAY  # no zone changes its clocks and changes them back within two weeks
_REMEMBERED = 50_000  # quarters of an hour: more than a year
_QUARTER = 900  # every UTC offset in use changes on a quarter of an hour of UTC


def _likely(zone: str) -> str:
    """What may be meant by the name of a time zone that there is not."""
    import difflib  # noqa: PLC0415 - only a mistake needs it

    known = sorted(available_timezones())
    bare = zone.strip().replace(" ", "_").casefold()
    same = [name for name in known if bare and bare in (name.casefold(), name.casefold().rpartition("/")[2])]
    close = same or difflib.get_close_matches(zone, known, 1, _ALIKE)
    return f"did you mean {close[0]!r}?" if close else "use an IANA name such as Africa/Johannesburg or Europe/Berlin"


class Calendar:
    """The clock on the wall of one home.

    zone: an IANA name such as ``Africa/Johannesburg``.  Raises ConfigurationError for an unknown one.
    """

    def __init__(self, zone: str) -> None:
        try:
            self.zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigurationError(f"time zone {zone!r} is unknown; {_likely(zone)}") from None
        self._offsets: dict[int, int] = {}

    def offset(self, time: int) -> int:
        """Seconds that local time is ahead of UTC at ``time`` (UTC seconds)."""
        quarter = time // _QUARTER
        known = self._offsets.get(quarter)
        if known is None:
            moment = datetime.fromtimestamp(quarter * _QUARTER, UTC).astimezone(self.zone)
            delta = moment.utcoffset() or timedelta()
            known = int(delta.total_seconds())
            if len(self._offsets) > _REMEMBERED:
                self._offsets.clear()
            self._offsets[quarter] = known
        return known

    def second_of_day(self, time: int) -> int:
        """Seconds since local midnight, by the clock on the wall."""
        return (time + self.offset(time)) % DAY

    def day(self, time: int) -> int:
        """Number of the local day (days since 1970-01-01), for telling days apart."""
        return (time + self.offset(time)) // DAY

    def midnight(self, time: int) -> int:
        """UTC seconds of the local midnight that began the day of ``time``."""
        local = datetime.fromtimestamp(time, UTC).astimezone(self.zone)
        return int(datetime(local.year, local.month, local.day, tzinfo=self.zone).timestamp())

    def next_midnight(self, time: int) -> int:
        """UTC seconds of the first local midnight after ``time``."""
        local = datetime.fromtimestamp(time, UTC).astimezone(self.zone).date() + timedelta(days=1)
        return int(datetime(local.year, local.month, local.day, tzinfo=self.zone).timestamp())

    def month(self, time: int) -> int:
        """Number of the local month (months since the year 0), for telling months apart."""
        local = self.local(time)
        return local.year * 12 + local.month - 1

    def month_start(self, time: int) -> int:
        """UTC seconds of the local midnight that began the month of ``time``."""
        return self._month_start(self.month(time))

    def next_month(self, time: int) -> int:
        """UTC seconds of the first month's begin after ``time``."""
        return self._month_start(self.month(time) + 1)

    def month_begin(self, month: int, day: int) -> int:
        """UTC seconds of the local midnight that begins a day (from 1) of a month, by its number."""
        return int(datetime(month // 12, month % 12 + 1, day, tzinfo=self.zone).timestamp())

    def _month_start(self, month: int) -> int:
        return self.month_begin(month, 1)

    def local(self, time: int) -> datetime:
        """Aware local time."""
        return datetime.fromtimestamp(time, UTC).astimezone(self.zone)


@lru_cache(maxsize=16)
def calendar(zone: str) -> Calendar:
    """The one Calendar of a zone, so that its offsets are looked up once."""
    return Calendar(zone)


def daily_cuts(seconds: set[int], span: Span, local: Calendar) -> list[int]:
    """Where a span has to be looked at anew, for what changes at some seconds of the local day.

    Gives step numbers in order, from 0 to the number of steps: at least the first step at or after each such second.
    """
    cuts = {0, span.steps}
    if span.end - span.start > _STEADY or local.offset(span.start) != local.offset(span.end - 1):
        cuts.update(range(span.steps))  # the clocks change within the span: look at every step
    else:
        first = local.second_of_day(span.start)
        for bound in seconds:
            for time in range(span.start + (bound - first) % DAY, span.end, DAY):
                cuts.add(span.steps_until(time))
    return sorted(cuts)


_PERIOD = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?\s*-\s*([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?")


@lru_cache(maxsize=256)
def _bounds(periods: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """When periods begin and end, in order."""
    return tuple(sorted({second for period in periods for second in period}))



@dataclass(frozen=True, slots=True)
class DailyTimes:
    """Periods of local time that repeat every day, written ``"06:00-07:30, 18:00-22:00"``; empty means never.

    A period may run past midnight (``22:00-05:00``). periods: (from, until) in seconds of the day.
    """

    periods: tuple[tuple[int, int], ...]

    PATTERN: ClassVar[str] = (
        r"^(\s*\d{1,2}:\d{2}(:\d{2})?\s*-\s*\d{1,2}:\d{2}(:\d{2})?\s*(,\s*\d{1,2}:\d{2}(:\d{2})?\s*-\s*\d{1,2}:\d{2}(:\d{2})?\s*)*)?$"
    )

    @classmethod
    def parse(cls, text: Any) -> DailyTimes:
        """Read the text form. Raises a pydantic error that shows the form for anything else."""
        if isinstance(text, DailyTimes):
            return text
        if not isinstance(text, str):
            raise PydanticCustomError("daily_times", 'should be text such as "06:00-07:30, 18:00-22:00"')
        periods = []
        for item in filter(None, (part.strip() for part in text.split(","))):
            match = _PERIOD.fullmatch(item)
            if match is None:
                raise PydanticCustomError(
                    "daily_times", '{item} is no period of the day; write "18:00-20:30"', {"item": repr(item)}
                )
            h1, m1, s1, h2, m2, s2 = (int(part or 0) for part in match.groups())
            begin, end = h1 * 3600 + m1 * 60 + s1, h2 * 3600 + m2 * 60 + s2
            if end > DAY or begin == end:
                raise PydanticCustomError("daily_times", "{item} is empty or ends after 24:00", {"item": repr(item)})
            periods.append((begin, end))
        return cls(tuple(periods))

    def __str__(self) -> str:
        def clock(second: int) -> str:
            text = f"{second // 3600:02}:{second // 60 % 60:02}"
            return text if second % 60 == 0 else f"{text}:{second % 60:02}"

        return ", ".join(f"{clock(begin)}-{clock(end)}" for begin, end in self.periods)

    @property
    def seconds(self) -> set[int]:
        """Of the day, at which periods begin and end by the clock on the wall."""
        return {second for period in self.periods for second in period}

    def at(self, second: int) -> bool:
        """Whether a second of the local day lies in one of the periods."""
        return any(
            begin <= second < end if begin < end else second >= begin or second < end for begin, end in self.periods
        )

    def runs(self, span: Span, local: Calendar) -> list[tuple[int, bool]]:
        """Run-length form over a span: (steps, inside a period?) by the local time at which each step starts."""
        if not self.periods:
            return [(span.steps, False)]
        if span.steps == 1:
            return [(1, self.at(local.second_of_day(span.start)))]
        length, offset = span.end - span.start, local.offset(span.start)
        if length <= DAY and local.offset(span.end - 1) == offset:  # most short ones have no change in them
            first = (span.start + offset) % DAY
            bounds = _bounds(self.periods)
            later = bisect_right(bounds, first)
            if (bounds[later] if later < len(bounds) else bounds[0] + DAY) - first >= length:
                return [(span.steps, self.at(first))]
        order = daily_cuts({second for period in self.periods for second in period}, span, local)
        runs: list[tuple[int, bool]] = []
        for begin, end in itertools.pairwise(order):
            inside = self.at(local.second_of_day(span.start + begin * span.step))
            if runs and runs[-1][1] == inside:
                runs[-1] = (runs[-1][0] + end - begin, inside)
            else:
                runs.append((end - begin, inside))
        return runs

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": cls.PATTERN, "examples": ["06:00-07:30, 18:00-22:00"]}
