"""Outages by the day of the week, as long as nobody says otherwise, beside those of certain days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from virtual_devices.kit.calendar import DAY
from virtual_devices.supply._outages import Outage
from virtual_devices.supply._planned import Planned

Minutes = tuple[int, int]
"""From when until when of a day something is off, in minutes by the clock on the wall."""


def span_of(day: date, first: int, last: int, zone: ZoneInfo) -> tuple[int, int]:
    """UTC seconds of minutes of a day, by the clock on the wall."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone comes next
    start, end = (int((midnight + timedelta(minutes=minutes)).replace(tzinfo=zone).timestamp()) for minutes in (first, last))
    return start, end


class Weekly(Planned):
    """Outages of every week. days: minutes by weekday, 0 Monday.  certain: those of days of which more is known."""

    def __init__(self, name: str, zone: str, days: Mapping[int, Sequence[Minutes]], certain: Mapping[date, Sequence[Minutes]]) -> None:
        super().__init__(name, zone)
        self._days, self._certain = days, certain

    def _expanded(self, start: int, end: int) -> Iterable[Outage]:
        day = datetime.fromtimestamp(start - DAY, UTC).date()
        while day <= datetime.fromtimestamp(end + DAY, UTC).date():
            for first, last in self._certain.get(day, self._days.get(day.weekday(), ())):
                begin, until = span_of(day, first, last, self._zone)
                if begin < until:
                    yield Outage(begin, until)
            day += timedelta(days=1)

    def _goes_on(self, time: int) -> bool:
        return any(self._days.values())
