"""Outages from an iCalendar file (RFC 5545): one event per outage, with or without a rule by which it comes again.

Events of the category ``LOADSHEDDING`` or ``OUTAGE`` count; where no event of the file has a category, all do that look like
outages: a whole day, a minute, what is TENTATIVE and what is TRANSPARENT are notices, and told. Cancelled ones do not count.
``X-LOADSHEDDING-STAGE`` says the stage, else the title. Times are of their TZID, of UTC, or, without either, of the home's zone;
``DTEND`` (or ``DURATION``) gives every recurrence the same exact duration, and a whole day lasts from midnight to midnight.

When what is out, ``virtual_devices.supply._planned`` answers.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from icalendar.error import BrokenCalendarProperty

from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.instants import FIRST_YEAR, LAST_YEAR
from virtual_devices.supply._ical_text import EventLines, event_lines
from virtual_devices.supply._outages import LOADSHEDDING, MAX_STAGE, Outage, stage_in
from virtual_devices.supply._planned import BLOCK, Planned  # noqa: F401 - how much is worked out at a time is asked for here too
from virtual_devices.supply._recurrence import check_rules, is_endless
from virtual_devices.supply.feeds.events import MARKERS
from virtual_devices.supply.feeds.foretold import read_content, read_json
from virtual_devices.supply.feeds.tables import is_table, read_outage_table
from virtual_devices.supply.feeds.titles import CANCELLED, DAY_LONG, MOMENT, NONE, POSSIBLE, is_none, is_possible

CATEGORIES = frozenset({LOADSHEDDING, "OUTAGE", "OUTAGES", "POWEROUTAGE", "POWERCUT"})
"""Without what is no letter: load-shedding may be written in two words."""
MAX_BYTES = 4 << 20
MAX_EVENTS = 10_000
MAX_RECURRING = 2_000
"""Most events with rules, and most recurrences that they may all have in a day."""
LONGEST = 366 * DAY
_MARK = "X-VIRTUAL-DEVICES-EVENT"
_TIMES = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE")
_ONCE = ("DTSTART", "DTEND", "DURATION", "UID", "RECURRENCE-ID")
_LIBRARY = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, OSError, BrokenCalendarProperty)
"""What the libraries raise over a broken file, beside errors of their own, which are ValueErrors; OSError where a time zone is
the name of a folder of zones."""


@dataclass(frozen=True, slots=True)
class _Event:
    """One VEVENT. nominal: by the clock on the wall, exact: in s; None for whole days.  hidden: in the place of its recurrence is nothing."""

    component: Any
    lines: EventLines
    nominal: timedelta
    exact: int | None
    stage: int
    hidden: bool = False

    @property
    def recurs(self) -> bool:
        return any(name in self.component for name in ("RRULE", "RDATE", "EXDATE"))

    @property
    def uid(self) -> str:
        return str(self.component.get("UID", ""))

    @property
    def notice(self) -> str:
        """Why it is hardly an outage; empty where it is one. Who gives it a category means it, however long it is."""
        status, title = str(self.component.get("STATUS", "")).upper(), str(self.component.get("SUMMARY", ""))
        if status == "CANCELLED":
            return CANCELLED
        if status == "TENTATIVE" or is_possible(title):
            return "what is tentative" if status == "TENTATIVE" else POSSIBLE
        if self.exact in MARKERS:
            return MOMENT
        if self.counts:
            return ""
        if self.exact is None:
            return DAY_LONG
        return NONE if is_none(title) else "what is transparent" if str(self.component.get("TRANSP", "")).upper() == "TRANSPARENT" else ""

    @property
    def counts(self) -> bool:
        given = self.component.get("CATEGORIES", [])
        listed = given if isinstance(given, list) else [given]
        return any("".join(filter(str.isalpha, str(word))).upper() in CATEGORIES for part in listed for word in part.cats)


class OutageCalendar(Planned):
    """The outages of one calendar.

    text, name: of the file.  zone: of times that name none.  every: notices count too.  Raises ConfigurationError with file, line and remedy.
    """

    def __init__(self, text: str, name: str, zone: str, *, every: bool = True) -> None:
        super().__init__(name, zone)
        self._events: list[_Event] = []
        self._series: list[Any] = []
        self._endless = False
        """Whether a rule goes on for ever."""
        found = self._read(text)
        plain = not any("CATEGORIES" in event.component for event in found)
        uids = {event.uid for event in found if event.counts}
        counted = [event for event in found if plain or event.counts or ("RECURRENCE-ID" in event.component and event.uid in uids)]
        self.ignored, self.empty = 0 if counted else len(found), not found
        if not every:
            notices = {number: why for number, event in enumerate(counted) if (why := event.notice)}
            self.left_out = [self._told(counted[number], why) for number, why in notices.items()]
            counted = [
                replace(event, hidden=number in notices) for number, event in enumerate(counted)
                if number not in notices or "RECURRENCE-ID" in event.component  # else its series would come as it was
            ]
        self._take(counted)

    def _expanded(self, start: int, end: int) -> Iterable[Outage]:
        yield from self._single
        # an hour that the clocks skip moves an outage, a zone is at most a day ahead or behind
        first, last = (datetime.fromtimestamp(time, UTC).astimezone(self._zone) for time in (start - DAY, end + DAY))
        for query in self._series:
            yield from (outage for component in query.between(first, last) if (outage := self._outage(component)) is not None)

    def _goes_on(self, time: int) -> bool:
        if self._endless:
            return True
        begin = datetime.fromtimestamp(time - DAY, UTC).astimezone(self._zone)  # see _expanded
        return any(left is not None and left.end > time for query in self._series for left in map(self._outage, query.after(begin)))

    def _told(self, event: _Event, why: str) -> str:
        start = event.component["DTSTART"].dt
        when = f"{start:%Y-%m-%d %H:%M}" if isinstance(start, datetime) else f"{start:%Y-%m-%d}"
        return f"{why} at {when} ({shown(str(event.component.get('SUMMARY', '')).strip())})"

    def _outage(self, component: Any) -> Outage | None:
        """A recurrence as an interval; None for a cancelled one."""
        if str(component.get("STATUS", "")).upper() == "CANCELLED":
            return None
        event = self._events[int(component[_MARK])]
        if event.hidden:
            return None
        start, stop = component["DTSTART"].dt, component["DTEND"].dt
        begin = self._instant(start)
        same = event.exact is not None and stop - start == event.nominal
        end = begin + event.exact if same and event.exact is not None else self._instant(stop)
        return Outage(begin, end, event.stage) if begin < end else None

    def _instant(self, moment: date) -> int:
        """UTC seconds. A time that the clocks skip is by the offset before (RFC 5545, 3.3.5), as ``timestamp`` has it."""
        if not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day, tzinfo=self._zone)
        elif moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        return int(moment.timestamp())

    # -- reading ------------------------------------------------------------------------------------------------------

    def _read(self, text: str) -> list[_Event]:
        if len(text) > MAX_BYTES:
            raise ConfigurationError(f"{self._name}: the calendar is larger than {MAX_BYTES >> 20} MiB; use a smaller one")
        text = text.replace("\r\n", "\n").replace("\r", "\n")  # the library takes a lone CR for a part of the line
        lines = event_lines(text, self._name)
        if len(lines) > MAX_EVENTS:
            raise self._error(lines[MAX_EVENTS].begin, f"more than {MAX_EVENTS} events are too many", "leave some out")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of names of zones that have something before them, which are taken for what they end with
                calendars = icalendar.Calendar.from_ical(text, multiple=True)
            components = [event for calendar in calendars for event in calendar.walk("VEVENT")]
        except _LIBRARY as error:
            raise self._error(1, f"it is no iCalendar file ({error})", "fetch it again") from error
        if len(components) != len(lines):
            raise self._error(1, f"it has {len(lines)} events, of which {len(components)} can be read", "fetch it again")
        self._look_at_zone(calendars, components)
        return [self._event(component, where) for component, where in zip(components, lines, strict=True)]

    def _look_at_zone(self, calendars: list[Any], components: list[Any]) -> None:
        """Doubt times that name no zone in a calendar that names another than the home's."""
        given = next((str(calendar["X-WR-TIMEZONE"]) for calendar in calendars if "X-WR-TIMEZONE" in calendar), self._zone.key)
        floating = next((start for each in components if (start := _floating(each)) is not None), None)
        try:
            other = floating is not None and floating.replace(tzinfo=ZoneInfo(given)).utcoffset() != floating.replace(tzinfo=self._zone).utcoffset()
        except (ValueError, KeyError, OSError):
            other = False
        if other:
            self.doubts.append(f"its times name no zone and are taken for {self._zone.key}, though its X-WR-TIMEZONE is {given}; write the zone into each, as TZID")

    def _event(self, component: Any, lines: EventLines) -> _Event:
        for name, problem in component.errors:
            if name is None or name in _TIMES:
                raise self._error(lines.of(name or ""), f"{name or 'a line'} cannot be read ({problem})", "write it as RFC 5545 says")
        for name in _ONCE:
            if isinstance(component.get(name), list):
                raise self._error(lines.of(name), f"the event has {name} twice", "keep one")
        if "DTSTART" not in component:
            raise self._error(lines.begin, "the event has no DTSTART", "add it")
        self._zones(component, lines)
        start = component["DTSTART"].dt
        stop, exact = self._stop(component, lines, start)
        if not FIRST_YEAR <= start.year <= LAST_YEAR:
            raise self._error(lines.of("DTSTART"), f"the year {start.year} is too far away", f"use {FIRST_YEAR} to {LAST_YEAR}")
        return _Event(component, lines, stop - start, exact, self._stage(component, lines))

    def _zones(self, component: Any, lines: EventLines) -> None:
        for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
            zone = component[name].params.get("TZID") if name in component else None
            moment = component[name].dt if zone else None
            if isinstance(moment, datetime) and moment.tzinfo is None:
                raise self._error(lines.of(name), f"time zone {zone!r} is unknown", "use an IANA name, or add its VTIMEZONE")

    def _stop(self, component: Any, lines: EventLines, start: Any) -> tuple[Any, int | None]:
        """Where an event ends by the clock on the wall, and its exact length in s; None for whole days."""
        name = next((name for name in ("DTEND", "DURATION") if name in component), None)
        whole_days = not isinstance(start, datetime)
        if name is None and not whole_days:
            raise self._error(lines.begin, "the event has no end", "add DTEND or DURATION")
        try:
            stop = component["DTEND"].dt if name == "DTEND" else start + (component["DURATION"].dt if name else timedelta(days=1))
            if name == "DTEND" or whole_days:
                length = self._instant(stop) - self._instant(start)
            else:
                length = int(component["DURATION"].dt.total_seconds())
            if whole_days and stop == start:  # some write a day's own date as its end
                stop, length = start + timedelta(days=1), DAY
            good = 0 <= length <= LONGEST and stop >= start
        except _LIBRARY as error:
            raise self._error(lines.of(name or "DTSTART"), f"it does not fit DTSTART ({error})", "give both the same form") from error
        if not good:
            raise self._error(lines.of(name or "DTSTART"), "the event does not end after it starts, or lasts more than a year", "mend its end")
        return stop, None if whole_days else length

    def _stage(self, component: Any, lines: EventLines) -> int:
        if "X-LOADSHEDDING-STAGE" not in component:
            return stage_in(str(component.get("SUMMARY", "")))
        given = str(component["X-LOADSHEDDING-STAGE"]).strip()
        stage = int(given) if given.isascii() and given.isdigit() and len(given) < 3 else -1  # noqa: PLR2004 - digits
        if not 0 <= stage <= MAX_STAGE:
            raise self._error(lines.of("X-LOADSHEDDING-STAGE"), f"{given!r} is no stage", f"use 0 to {MAX_STAGE}")
        return stage

    def _take(self, events: list[_Event]) -> None:
        """Sort events into those that come once and those that have rules; number them."""
        self._events = events
        families: dict[str, list[_Event]] = {}
        for number, event in enumerate(events):
            event.component[_MARK] = str(number)
            families.setdefault(event.uid or f"#{number}", []).append(event)
        often = 0
        for family in families.values():
            self._check_family(family)
            if len(family) == 1 and not family[0].recurs:
                component = family[0].component.copy()
                component["DTEND"] = icalendar.vDDDTypes(component["DTSTART"].dt + family[0].nominal)
                outage = self._outage(component)
                self._single += [outage] if outage is not None else []
                continue
            often += sum(check_rules(event.component, event.lines, self._name, event.exact) for event in family)
            if often > MAX_RECURRING:
                line = family[0].lines.of("RRULE")
                raise self._error(line, f"more than {MAX_RECURRING} recurrences in a day are too many", "leave some out")
            self._series.append(self._query(family))
            self._endless = self._endless or any(is_endless(event.component) for event in family)
        self._first = min((self._instant(event.component["DTSTART"].dt) for event in events), default=0) - DAY

    def _check_family(self, family: list[_Event]) -> None:
        """Events of one UID are one series and what changes single recurrences of it."""
        seen: dict[tuple[str, str], _Event] = {}
        for event in family:
            place = event.component.get("RECURRENCE-ID")
            key = str(place.dt) if place is not None else "", str(event.component.get("SEQUENCE", ""))
            if key in seen:
                line = event.lines.of("UID")
                raise self._error(line, f"the UID is that of the event in line {seen[key].lines.begin}", "give every event its own")
            seen[key] = event

    def _query(self, family: list[_Event]) -> Any:
        alone = icalendar.Calendar()
        for event in family:
            alone.add_component(event.component)
        day = datetime.fromtimestamp(self._instant(family[0].component["DTSTART"].dt), self._zone)
        try:
            query = recurring_ical_events.of(alone)
            query.between(day, day + timedelta(days=1))  # what does not fit together shows with the first
        except _LIBRARY as error:
            line = family[0].lines.of("RRULE")
            raise self._error(line, f"its recurrences cannot be worked out ({error})", "mend its rule") from error
        return query

    def _error(self, line: int, problem: str, remedy: str) -> ConfigurationError:
        return ConfigurationError(f"{self._name}, line {line}: {' '.join(problem.split())}; {remedy}")


@lru_cache(maxsize=4)
def read_calendar(text: str, name: str, zone: str, *, every: bool = False, area: str | None = None) -> Planned:
    """The outages of a file's text, read once: iCalendar, or what those who foretell them give (``feeds``). Raises ConfigurationError.

    every: notices count too.  area: whose outages, where a file has those of several.
    """
    begin = text[:1000].lstrip("\ufeff \t\r\n")
    if begin.startswith(("{", "[")):
        return read_json(text, name, zone, every=every, area=area)
    if is_table(begin):
        return read_outage_table(text, name, zone, every=every, area=area)
    if (content := _of_yaml(begin, text)) is not None:
        return read_content(content, name, zone, every=every, area=area)
    return OutageCalendar(text, name, zone, every=every)


def _floating(component: Any) -> datetime | None:
    """The start of an event, where it is a time that names no zone."""
    try:
        start = component["DTSTART"].dt
    except _LIBRARY:  # which is told with its line
        return None
    return start if isinstance(start, datetime) and start.tzinfo is None else None


def _of_yaml(begin: str, text: str) -> Any:
    """A map in YAML, as Home Assistant shows what an action answers; None for anything else."""
    if begin[:6].upper() == "BEGIN:" or not begin.partition("\n")[0].rstrip().endswith(":"):
        return None
    from virtual_devices.kit.documents import YamlError, read_yaml  # noqa: PLC0415 - it brings a YAML reader

    try:
        node = read_yaml(text)
    except YamlError:
        return None
    return node.plain() if node.kind == "map" else None
