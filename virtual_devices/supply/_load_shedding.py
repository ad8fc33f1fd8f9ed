"""From an area's load-shedding table and a timeline of stages to its outages, and from them to an iCalendar file.

The table says, for every day of the month, from when until when the area is off, and from which stage on: CSV of
``date_of_month,start_time,finish_time,stage``; or for days of the week (``day_of_week``, 1 is Monday) or of a cycle of days
(``day_of_cycle,period_of_cycle,start_of_cycle``). It is cumulative: stage 4 switches off what stages 1 to 4 list. A row that
finishes at or before its start runs past midnight. The timeline says which stage is in force: CSV of ``start,stage``, each until
the next, or of ``start,finish,stage``; times are local, or RFC 3339 with an offset.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b

from virtual_devices.kit.calendar import DAY, Calendar
from virtual_devices.kit.errors import ConfigurationError, SettingError
from virtual_devices.kit.stamps import time_of_day
from virtual_devices.kit.weekdays import days_in
from virtual_devices.supply._outages import LOADSHEDDING, MAX_STAGE, Outage, merged
from virtual_devices.supply.feeds.events import written

MAX_ROWS = 10_000
MAX_DAYS = 3_660
WEEK = 7 * DAY
MONDAY = date(2024, 1, 1)
REPEATED_UNTIL = 2038
"""Year to which a calendar that goes on for ever describes its time zone, for readers who do not know it by name."""
AREA_FORM = "date_of_month,start_time,finish_time,stage"
STAGE_FORM = "start,stage or start,finish,stage"
_NAMES = {
    "finsh_time": "finish_time", "end_time": "finish_time", "finsh": "finish", "end": "finish", "weekday": "day_of_week",
    "day_of_month": "date_of_month", "stages": "stage",
}  # fmt: skip
"""Headings of tables in circulation, and what they are here."""
_OF_STAGES = {"start_time": "start", "finish_time": "finish"}
_SOME = ("area_name", "area", "include", "exclude")
"""Columns that say for whom a line is."""
_DAYS = ("date_of_month", "day_of_week", "day_of_cycle")
_CYCLE = ("period_of_cycle", "start_of_cycle")
_AREA = (*_DAYS, *_CYCLE, "start_time", "finish_time", "stage")
_STAGES = ("start", "finish", "stage")
LONGEST_CYCLE = 366
_ALIKE = 0.7
_STAGE = re.compile(r"(?:stage\s*)?(\d{1,2})(?:\.0)?", re.IGNORECASE)
Tell = Callable[[str], None]


def _silent(text: str) -> None:
    """For whoever does not want to know."""


@dataclass(frozen=True, slots=True)
class AreaRow:
    """Off on a day from ``start`` until ``end`` (seconds of that day, past 24 h into the next) from ``stage`` on.

    day: of the month; of a cycle of that many days, from 1, where ``cycle`` is given; the day 1 of some cycle is ``since``.
    """

    day: int
    start: int
    end: int
    stage: int
    cycle: int = 0
    since: date = MONDAY

    def on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return day.day == self.day if not self.cycle else (day - self.since).days % self.cycle == self.day - 1


def read_area(text: str, name: str, tell: Tell = _silent) -> list[AreaRow]:
    """The rows of an area's table. tell: told of columns that mean nothing here.  Raises ConfigurationError with file, line and remedy."""
    rows = []
    for where, cells in _rows(text, name, AREA_FORM, ("date_of_month", "start_time", "finish_time", "stage"), _AREA, tell):
        day, cycle, since = _day(cells, where)
        start, end = (_time_of_day(cells[key], f"{where}: {key}") for key in ("start_time", "finish_time"))
        if start == DAY:
            raise ConfigurationError(f"{where}: start_time 24:00 is the next day's 00:00; write it there")
        stage = _stage(cells["stage"], 1, f"{where}: stage")
        rows.append(AreaRow(day, start, end if end > start else end + DAY, stage, cycle, since))
    return rows


def _day(cells: Mapping[str, str], where: str) -> tuple[int, int, date]:
    """Day, length of the cycle it is counted in, and a day on which that begins."""
    given = [key for key in _DAYS if key in cells]
    if len(given) != 1:
        raise ConfigurationError(f"{where}: the heading has {' and '.join(given)}; keep one")
    cell = cells[given[0]]
    if given[0] == "date_of_month":
        return _whole(cell, 1, 31, f"{where}: date_of_month"), 0, MONDAY
    if given[0] == "day_of_week":
        if cell[:1].isalpha():
            try:
                (number,) = days_in(cell[:3] if cell.isalpha() else cell.replace("-", " to "))
            except ValueError:
                raise ConfigurationError(f"{where}: day_of_week {cell!r} is no day; use 1 (Monday) to 7, or Mon to Sun, and a line for each") from None
            return number + 1, 7, MONDAY
        return _whole(cell, 1, 7, f"{where}: day_of_week (1 is Monday)"), 7, MONDAY
    if missing := [key for key in _CYCLE if key not in cells]:
        raise ConfigurationError(f"{where}: day_of_cycle needs {' and '.join(missing)}; add {'them' if len(missing) > 1 else 'it'} to the heading")
    length = _whole(cells["period_of_cycle"], 1, LONGEST_CYCLE, f"{where}: period_of_cycle")
    try:
        since = datetime.fromisoformat(cells["start_of_cycle"]).date()
    except ValueError:
        raise ConfigurationError(f"{where}: start_of_cycle {cells['start_of_cycle']!r} is no day; write it like 2025-05-01") from None
    return _whole(cell, 1, length, f"{where}: day_of_cycle"), length, since


def read_stages(text: str, name: str, local: Calendar, tell: Tell = _silent) -> list[Outage]:
    """The stages in force, as intervals that do not overlap; stage 0 is left out. tell: as of ``read_area``.  Raises ConfigurationError."""
    if text.lstrip("\ufeff \n\r").startswith("{"):
        from virtual_devices.supply.feeds.stages import stages_as_table  # noqa: PLC0415 - only who has such a file needs it

        text = stages_as_table(text, name)
    lines: list[tuple[str, int, int | None, int]] = []
    for where, cells in _rows(text, name, STAGE_FORM, ("start", "stage"), _STAGES, tell):
        start = _instant(cells["start"], local, f"{where}: start")
        finish = _instant(cells["finish"], local, f"{where}: finish") if "finish" in cells else None
        if lines and start < (lines[-1][2] or lines[-1][1] + 1):
            raise ConfigurationError(f"{where}: it starts before {lines[-1][0].rpartition(', ')[2]} is over; sort the lines, and let none overlap")
        if finish is not None and finish <= start:
            raise ConfigurationError(f"{where}: it does not finish after it starts; mend one of the two times")
        lines.append((where, start, finish, _stage(cells["stage"], 0, f"{where}: stage")))
    if lines[-1][2] is None and lines[-1][3]:
        raise ConfigurationError(f"{lines[-1][0]}: stage {lines[-1][3]} has no end; add a line with the time from which stage 0 holds")
    if lines[-1][1] - lines[0][1] > MAX_DAYS * DAY:
        raise ConfigurationError(f"{lines[-1][0]}: it is more than {MAX_DAYS} days after the first line; use several files")
    followed = [*(line[1] for line in lines[1:]), lines[-1][1]]
    return [
        Outage(start, finish or then, stage)
        for (_, start, finish, stage), then in zip(lines, followed, strict=True)
        if stage
    ]


def outages_of(area: Sequence[AreaRow], stages: Sequence[Outage], local: Calendar, shortest: int = 0) -> list[Outage]:
    """When an area is off, in order; what touches or overlaps is one outage, of the highest stage in force during it.

    shortest: seconds; what is left of a row by a stage that changes within it, and is shorter, is no outage.
    """
    pieces: list[Outage] = []
    for force in stages:
        day = local.local(force.start).date() - timedelta(days=1)  # a row of the day before may run past midnight
        while day <= local.local(force.end).date():
            for row in (row for row in area if row.on(day)):
                start, end = (max(force.start, min(force.end, _local_time(day, time, local))) for time in (row.start, row.end))
                if row.stage <= force.stage and start < end:
                    pieces.append(Outage(start, end, force.stage))
            day += timedelta(days=1)
    return [outage for outage in merged(pieces) if outage.end - outage.start >= shortest]


def calendar_text(outages: Sequence[Outage], area: str, zone: str, *, weekly: bool = False) -> str:
    """An iCalendar file of an area's outages; the same outages give the same bytes.

    weekly: each comes again every week.  A time that comes twice, when the clocks go back, is written in UTC.  Raises
    ConfigurationError for outages of more than a week that are to come again every week.
    """
    if weekly and outages and outages[-1].end - outages[0].start > WEEK:
        raise ConfigurationError("the outages reach over more than a week, so they cannot come again every week; shorten the timeline of stages")
    import icalendar  # noqa: PLC0415 - only who writes a calendar needs it

    local = Calendar(zone)
    calendar = icalendar.Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//virtual-devices//load-shedding//EN")
    calendar.add("x-wr-calname", area)
    for outage in outages:
        event = icalendar.Event()
        event.add("uid", f"{blake2b(f'{area}/{outage.start}'.encode(), digest_size=8).hexdigest()}@virtual-devices")
        event.add("dtstamp", datetime.fromtimestamp(outages[0].start, UTC))
        event.add("dtstart", _written(outage.start, local))
        event.add("dtend", _written(outage.end, local))
        event.add("summary", f"Load-shedding, stage {outage.stage}")
        event.add("categories", [LOADSHEDDING])
        event.add("x-loadshedding-stage", str(outage.stage))
        if weekly:
            event.add("rrule", {"freq": "weekly"})
        calendar.add_component(event)
    if outages:
        first, last = local.local(outages[0].start), local.local(outages[-1].end)
        until = max(last.year + 1, REPEATED_UNTIL) if weekly else last.year + 1
        calendar.add_missing_timezones(first_date=date(first.year, 1, 1), last_date=date(until, 1, 1))
    return str(calendar.to_ical(), "utf-8")


def _written(time: int, local: Calendar) -> datetime:
    moment = local.local(time)
    twice = moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()
    return datetime.fromtimestamp(time, UTC) if twice else moment


def _rows(text: str, name: str, form: str, needed: tuple[str, ...], known: tuple[str, ...], tell: Tell) -> Iterator[tuple[str, Mapping[str, str]]]:
    """``file, line N`` and the cells by heading of every row."""
    rows = text.removeprefix("\ufeff").splitlines()
    first = next((row for row in rows if row.strip() and not row.lstrip().startswith("#")), "")
    reader = csv.reader(rows, delimiter=max(",;\t", key=first.count))
    of_stages = {} if "start_time" in needed else _OF_STAGES
    whose: dict[str, str] = {}
    heading: list[str] = []
    found = 0
    try:
        for cells in reader:
            where = f"{name}, line {reader.line_num}"
            if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            if not heading:
                heading = [_NAMES.get(word, word) for word in (cell.strip().lower().replace(" ", "_") for cell in cells)]
                heading = [of_stages.get(word, word) for word in heading]
                if missing := [key for key in needed if key not in heading and not (key in _DAYS and set(_DAYS) & set(heading))]:
                    raise ConfigurationError(f"{where}: the heading has no {' and no '.join(missing)}; write {form}")
                _look_at(heading, known, where, tell)
                continue
            if len(cells) != len(heading):
                raise ConfigurationError(f"{where}: {len(cells)} cells under {len(heading)} headings; write {form}")
            found += 1
            if found > MAX_ROWS:
                raise ConfigurationError(f"{where}: more than {MAX_ROWS} rows are too many; use several files")
            made = dict(zip(heading, (cell.strip() for cell in cells), strict=True))
            _of_one(made, whose, where)
            yield where, made
    except csv.Error as error:
        raise ConfigurationError(f"{name}, line {reader.line_num}: no CSV ({error}); write {form}") from None
    if not found:
        raise ConfigurationError(f"{name}, line 1: it has no rows; write {form} and lines of it")


def _of_one(cells: Mapping[str, str], whose: dict[str, str], where: str) -> None:
    """Raises ConfigurationError for a line that is for others than those before it. whose: what those say, to be added to."""
    for key in _SOME:
        if key in cells and cells[key] != whose.setdefault(key, cells[key]):
            raise ConfigurationError(f"{where}: {key} is {cells[key]!r}, and {whose[key]!r} above: keep the lines of one area, and leave {key} out")


def _look_at(heading: Sequence[str], known: tuple[str, ...], where: str, tell: Tell) -> None:
    """Tell of columns that are not understood. Raises ConfigurationError for one that is twice, or hardly another than one that is known."""
    if twice := next((key for key in heading if heading.count(key) > 1), None):
        raise ConfigurationError(f"{where}: the heading has {twice} twice; keep one")
    for key in heading:
        if key not in known:
            near = difflib.get_close_matches(key, [each for each in known if each not in heading], 1, _ALIKE)
            if near:
                raise ConfigurationError(f"{where}: the column {key!r} is not understood; did you mean {near[0]!r}?")
            tell(f"{where}: the column {key!r} is not understood and left alone")


def _stage(cell: str, low: int, what: str) -> int:
    match = _STAGE.fullmatch(cell)
    return _whole(match[1] if match else cell, low, MAX_STAGE, what)


def _whole(cell: str, low: int, high: int, what: str) -> int:
    if not (cell.isascii() and cell.isdigit() and len(cell) < 4 and low <= int(cell) <= high):  # noqa: PLR2004 - digits
        raise ConfigurationError(f"{what} {cell!r} is out of range; use {low} to {high}")
    return int(cell)


def _time_of_day(cell: str, what: str) -> int:
    parts = cell.split(":")
    other = time_of_day(cell) if cell[-1:] in "mM." or "h" in cell else None  # 2:00 PM, 14h00
    if other is not None:
        return int(other)
    good = len(parts) in (2, 3) and all(part.isascii() and part.isdigit() and len(part) <= 2 for part in parts)  # noqa: PLR2004
    numbers = [int(part) for part in parts] if good else []
    time = sum(number * factor for number, factor in zip(numbers, (3600, 60, 1), strict=False))
    if not good or any(number > 59 for number in numbers[1:]) or time > DAY:  # noqa: PLR2004 - minutes and seconds
        raise ConfigurationError(f"{what} {cell!r} is no time of day; write it like 18:00")
    return time


def _instant(cell: str, local: Calendar, what: str) -> int:
    try:
        return written(cell, local)
    except SettingError as error:
        raise ConfigurationError(f"{what}: {error}") from None


def _local_time(day: date, second: int, local: Calendar) -> int:
    """UTC seconds of a second of a local day by the clock on the wall; past 24 h it is of the next."""
    moment = datetime(day.year, day.month, day.day) + timedelta(seconds=second)  # noqa: DTZ001 - the zone comes next
    return int(moment.replace(tzinfo=local.zone).timestamp())
