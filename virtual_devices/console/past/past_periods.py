"""Which time of a record the page History shows: a day, a week, a month, a year, all, or what somebody zoomed to; by the home's clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from virtual_devices.kit.calendar import DAY, Calendar
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.record.reading.asked import Times

PERIODS = ("day", "week", "month", "year", "all")
ZOOMED = "zoomed"
_WIDER = 3


@dataclass(frozen=True, slots=True)
class PastPeriod:
    """What is to be shown. period: one of ``PERIODS``, or ``ZOOMED``.  at: a time that it holds, UTC seconds; None: the newest.  end: of what was zoomed to, which begins at ``at``."""

    period: str = "day"
    at: int | None = None
    end: int = 0

    def bounds(self, times: Times) -> tuple[int, int]:
        """From when to when, UTC seconds: whole quarter-hours."""
        if self.period == ZOOMED and self.at is not None:
            return self.at, self.end
        if self.period == "all":
            return times.start - times.start % QUARTER, -(-times.end // QUARTER) * QUARTER
        at = min(max(self.at if self.at is not None else times.end - 1, times.start), times.end - 1)
        return _CUTS[self.period](times.local, at)

    def of(self, period: str) -> PastPeriod:
        """Another length, at the same time."""
        return PastPeriod(period, self.at)

    def before(self, bounds: tuple[int, int]) -> PastPeriod:
        """The one before. bounds: of this one."""
        return self._beside(bounds, -1)

    def behind(self, bounds: tuple[int, int]) -> PastPeriod:
        """The one behind."""
        return self._beside(bounds, 1)

    def _beside(self, bounds: tuple[int, int], way: int) -> PastPeriod:
        length = bounds[1] - bounds[0]
        if self.period == ZOOMED:
            return PastPeriod(ZOOMED, bounds[0] + way * length, bounds[1] + way * length)
        return replace(self, at=bounds[0] - 1 if way < 0 else bounds[1])

    def wider(self, times: Times, bounds: tuple[int, int]) -> PastPeriod:
        """Three times as long around the same middle, as far as there is a record; then all of it."""
        length = (bounds[1] - bounds[0]) * (_WIDER - 1) // 2
        start, end = whole(max(bounds[0] - length, times.start), min(bounds[1] + length, times.end))
        return PastPeriod("all") if start <= times.start and end >= times.end else PastPeriod(ZOOMED, start, end)


def zoomed(bounds: tuple[int, int], first: float, last: float) -> PastPeriod | None:
    """What is between two parts (0–100 %) of a time; None where that is nearly all of it, or nothing."""
    length = bounds[1] - bounds[0]
    if not 0 <= first < last <= 100 or last - first > 98:  # noqa: PLR2004 - per cent
        return None
    start, end = whole(bounds[0] + length * first / 100, bounds[0] + length * last / 100)
    return PastPeriod(ZOOMED, start, end) if (start, end) != bounds else None


def whole(start: float, end: float) -> tuple[int, int]:
    """The quarter-hours that hold a time, one at least."""
    begin = int(start // QUARTER) * QUARTER
    return begin, max(int(-(-end // QUARTER)) * QUARTER, begin + QUARTER)


def on_wall(local: Calendar, at: int) -> int:
    """A time as charts take it: as if the home's clocks showed UTC, in ms."""
    return (at + local.offset(at)) * 1000


def from_wall(local: Calendar, shown: float) -> int:
    """The way back, UTC seconds; of an hour that comes twice the first."""
    wall = int(shown // 1000)
    return next((at for offset in (local.offset(wall - DAY), local.offset(wall + DAY)) if (at := wall - offset) + local.offset(at) == wall), wall - local.offset(wall))


def of_date(local: Calendar, text: str) -> int | None:
    """Noon of a date that a form says (2026-06-21); None for what is none."""
    try:
        return int(datetime.combine(date.fromisoformat(text), time(12), local.zone).timestamp())
    except (ValueError, OverflowError):
        return None


def spoken(local: Calendar, start: int, end: int) -> str:
    """From when to when, as people say it: whole days by their dates, the last one among them."""
    if local.midnight(start) != start or local.midnight(end) != end:
        first, last = local.local(start), local.local(end)
        return f"{first:%a %d %b %Y, %H:%M} – {last:%H:%M}" if first.date() == last.date() else f"{first:%d %b %Y, %H:%M} – {last:%d %b %Y, %H:%M}"
    first, last = local.local(start), local.local(end - 1)
    return f"{first:%a %d %b %Y}" if first.date() == last.date() else f"{first:%d %b %Y} – {last:%d %b %Y}"


def _day(local: Calendar, at: int) -> tuple[int, int]:
    return local.midnight(at), local.next_midnight(at)


def _week(local: Calendar, at: int) -> tuple[int, int]:
    """From Monday on."""
    start = local.midnight(at)
    for _ in range(local.local(at).weekday()):
        start = local.midnight(start - 1)
    end = start
    for _ in range(7):
        end = local.next_midnight(end)
    return start, end


def _month(local: Calendar, at: int) -> tuple[int, int]:
    return local.month_start(at), local.next_month(at)


def _year(local: Calendar, at: int) -> tuple[int, int]:
    start = local.month_start(at)
    for _ in range(local.local(at).month - 1):
        start = local.month_start(start - 1)
    end = start
    for _ in range(12):
        end = local.next_month(end)
    return start, end


_CUTS: dict[str, Callable[[Calendar, int], tuple[int, int]]] = {"day": _day, "week": _week, "month": _month, "year": _year}
