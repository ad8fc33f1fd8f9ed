"""Which part of a record somebody asks for, in words of the home's own calendar: a day, a month, from and to, or what is newest."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from virtual_devices.kit.calendar import DAY, Calendar, calendar
from virtual_devices.kit.errors import ConfigurationError, SettingError, shown
from virtual_devices.kit.instants import FIRST_YEAR, LAST_YEAR, parse_instant
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.record.reading.periods import length_of

TODAY, YESTERDAY = "today", "yesterday"
"""The newest day of a record, and the one before it."""
DAYS_SHOWN = 30
_BY_HOUR, _BY_DAY = 2 * DAY, 100 * DAY
"""How long a time is at most that is shown so unless told otherwise."""
_DATE, _MONTH = re.compile(r"(\d{4})-(\d\d)-(\d\d)"), re.compile(r"(\d{4})-(\d\d)")
_DATE_FORM = f"write 2026-06-21, {TODAY} or {YESTERDAY}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for. start, end: UTC seconds.  every: of what length its periods are, see ``Reader``."""

    start: int
    end: int
    every: str


@dataclass(frozen=True, slots=True)
class Times:
    """A record's times in words. zone: of its home.  start, end: of what is recorded, UTC seconds."""

    zone: str
    start: int
    end: int

    @property
    def local(self) -> Calendar:
        """The home's."""
        return calendar(self.zone)

    @property
    def first(self) -> int:
        """When the first quarter of an hour begins of which something is recorded, of many a run only its rest."""
        return self.start - self.start % QUARTER

    def day(self, text: str, every: str | None = None) -> Asked:
        """``2026-06-21``, ``today`` or ``yesterday``; by hour unless told otherwise. Raises ConfigurationError, as the others do."""
        return Asked(*self._day(text), every or "1h")

    def month(self, text: str, every: str | None = None) -> Asked:
        """``2026-06``; by day unless told otherwise."""
        match = _MONTH.fullmatch(text.strip())
        if match is None or not 1 <= int(match[2]) <= 12:  # noqa: PLR2004 - months of a year
            raise ConfigurationError(f"{shown(text)} is no month; write 2026-06")
        noon = _noon(self.local, int(match[1]), int(match[2]), 1, text)
        return Asked(self.local.month_start(noon), self.local.next_month(noon), every or "day")

    def between(self, start: str | None, end: str | None, every: str | None = None) -> Asked:
        """From a day or ``2026-06-21 06:30`` on, and to the end of a day or such a time; None: from the first, to the last."""
        begin = self._instant(start, self._begin) if start is not None else self.first
        stop = self._instant(end, self._end) if end is not None else self.end
        if begin >= stop:
            raise ConfigurationError(f"there is no time from {self.told(begin)} to {self.told(stop)}; {self._what_there_is()}")
        long = min(stop, self.end) - max(begin, self.start)
        return Asked(begin, stop, every or ("1h" if long <= _BY_HOUR else "day" if long <= _BY_DAY else "month"))

    def moment(self, text: str) -> int:
        """``2026-06-21 18:05``, also within a quarter of an hour: UTC seconds within what is recorded. Raises ConfigurationError."""
        try:
            time = parse_instant(text, self.zone)
        except SettingError as error:
            raise ConfigurationError(str(error)) from None
        if not self.start <= time < self.end:
            raise ConfigurationError(f"nothing is recorded at {self.told(time)}; {self._what_there_is()}")
        return time

    def newest(self, every: str | None = None) -> Asked:
        """What is newest: all of it where that is no more than a day, by hour, or by month; the last 30 days by day; else the last day."""
        if every is None and self.end - self.start <= DAY:
            return Asked(self.first, self.end, "1h")
        every = every or "day"
        length, first = length_of(every), self.local.midnight(self.end - 1)
        if length is None:
            return Asked(self.first, self.end, every)
        for _ in range(DAYS_SHOWN - 1 if length == DAY else 0):
            first = self.local.midnight(first - 1)
        return Asked(first, self.end, every)

    def nothing(self, asked: Asked) -> ConfigurationError:
        """What is wrong where nothing is recorded of what is asked for."""
        return ConfigurationError(f"nothing is recorded from {self.told(asked.start)} to {self.told(asked.end)}; {self._what_there_is()}")

    def told(self, time: int) -> str:
        """A time by the home's clocks."""
        return f"{self.local.local(time):%Y-%m-%d %H:%M}"

    def _what_there_is(self) -> str:
        return f"the record is from {self.told(self.start)} to {self.told(self.end)} ({self.zone})"

    def _instant(self, text: str, of_day: Callable[[str], int]) -> int:
        if text.strip() in (TODAY, YESTERDAY) or _DATE.fullmatch(text.strip()):
            return of_day(text)
        try:
            time = parse_instant(text, self.zone)
        except SettingError as error:
            raise ConfigurationError(f"{error}; or {_DATE_FORM}") from None
        if time % QUARTER:
            before = time - time % QUARTER
            raise ConfigurationError(f"{text} is within a quarter of an hour; write {self.told(before)} or {self.told(before + QUARTER)}")
        return time

    def _begin(self, text: str) -> int:
        return self._day(text)[0]

    def _end(self, text: str) -> int:
        return self._day(text)[1]

    def _day(self, text: str) -> tuple[int, int]:
        word, local = text.strip(), self.local
        if word == YESTERDAY:
            time = local.midnight(self.end - 1) - 1
        elif word == TODAY:
            time = self.end - 1
        else:
            match = _DATE.fullmatch(word)
            if match is None:
                raise ConfigurationError(f"{shown(text)} is no date; {_DATE_FORM}")
            time = _noon(local, int(match[1]), int(match[2]), int(match[3]), text)
        return local.midnight(time), local.next_midnight(time)


def _noon(local: Calendar, year: int, month: int, day: int, text: str) -> int:
    """Noon of a day, which every day has that there is."""
    try:
        noon = datetime(year, month, day, 12, tzinfo=local.zone)
    except ValueError as error:
        raise ConfigurationError(f"{shown(text)} is no date ({error}); {_DATE_FORM}") from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ConfigurationError(f"{shown(text)} is too far away; use the years {FIRST_YEAR} to {LAST_YEAR}")
    return int(noon.timestamp())
