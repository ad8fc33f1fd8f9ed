"""Outages one by one, each with its start and end: of JSON, of what Home Assistant's calendars answer, and of tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.errors import ConfigurationError, SettingError, shown
from virtual_devices.kit.instants import TIME_FORM, instant
from virtual_devices.kit.stamps import moment
from virtual_devices.supply._outages import MAX_STAGE, stage_in
from virtual_devices.supply.feeds.titles import CANCELLED, DAY_LONG, MOMENT, NONE, POSSIBLE, is_none, is_possible

MARKERS = (0, 60)
"""Seconds that an event lasts which marks a moment: calendars hardly show one that lasts nothing."""
_MILLISECONDS = 10**11
_DIGITS = (10, 13)
"""Of a number of seconds or milliseconds."""
_TITLES = ("note", "name", "summary", "title", "message", "description")


class Found(NamedTuple):
    """An outage as written. why: it is hardly one; empty where it is."""

    start: int
    end: int
    stage: int = 0
    why: str = ""


def listed(events: list[Any], local: Calendar) -> Iterator[Found]:
    """``{start, end, note}``, ``{start_time, end_time, stage}``, or events of a calendar. Raises what broken ones bring."""
    for event in events:
        first, last = (event[key] if key in event else event[f"{key}_time"] for key in ("start", "end"))
        title = " ".join(str(event[key]) for key in _TITLES if isinstance(event.get(key), str))
        given = event.get("stage")
        stage = stage_in(title) if given is None else _stage(given)
        start, end = time_of(first, local), time_of(last, local)
        yield Found(start, end, stage, _why(event, title, end - start, whole=_is_day(first) and _is_day(last)))


def _stage(given: Any) -> int:
    stage = int(given) if str(given).strip().isdecimal() else stage_in(str(given)) or -1
    if not 0 <= stage <= MAX_STAGE:
        raise ValueError(f"stage {given}")
    return stage


def _why(event: Mapping[str, Any], title: str, length: int, *, whole: bool) -> str:
    status = str(event.get("status", "")).casefold()
    if status in ("cancelled", "canceled"):
        return CANCELLED
    if is_possible(title) or status == "tentative" or is_possible(str(event.get("type", ""))):
        return POSSIBLE
    if is_none(title):
        return NONE
    if whole:
        return DAY_LONG
    return MOMENT if length in MARKERS else ""


def _is_day(given: Any) -> bool:
    """Whether a time is a day."""
    return (isinstance(given, dict) and "date" in given and not given.get("dateTime")) or (isinstance(given, str) and len(given) == len("2026-06-01"))


def time_of(given: Any, local: Calendar) -> int:
    """UTC seconds of a written time, of a number of seconds or milliseconds, or of a calendar's ``{dateTime}`` or ``{date}``. Raises SettingError."""
    if isinstance(given, dict):
        given = given.get("dateTime") or given.get("date")
    if isinstance(given, (int, float)) and not isinstance(given, bool) and 10**9 <= given < 10**13:
        return int(given / 1000 if given >= _MILLISECONDS else given)
    try:
        found = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        found = None
    if found is not None and found.tzinfo is not None and 1970 < found.year < 2200:  # noqa: PLR2004 - years that instants may have
        return int(found.timestamp())
    return instant(given, local)


def written(cell: str, local: Calendar) -> int:
    """UTC seconds of a time as tables have it: also ``31.05.2026 16:00``, and 31/05/2026 where no month is meant. Raises SettingError."""
    try:
        return time_of(int(cell) if cell.isascii() and cell.isdecimal() and len(cell) in _DIGITS else cell, local)
    except SettingError:
        found = moment(cell)
        if found is None or found.offset is not None:
            raise
        if "/" in cell and moment(cell, day_first=False) not in (None, found):
            raise SettingError(f"{shown(cell)} may have the day or the month first; write the year first, such as {TIME_FORM}") from None
        return instant(found.wall.isoformat(" ", "seconds"), local)


def calendars(content: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What Home Assistant's calendars answer: their events by name; empty where it is something else."""
    return {name: each["events"] for name, each in content.items() if isinstance(each, dict) and isinstance(each.get("events"), list)}


def sensor(content: Mapping[str, Any], state: Any, local: Calendar, name: str) -> Iterator[Found] | None:
    """The outages of a load_shedding sensor's attributes; None where they are something else. Raises ConfigurationError for a nation's stages."""
    forecast = content.get("forecast")
    national = str(state).strip().isdecimal() or stage_in(str(state)) > 0
    if "planned" in content or (isinstance(forecast, list) and national):
        raise ConfigurationError(f"{name}: it says which stage is in force, not when an area is off; take the sensor of your area")
    if isinstance(forecast, list) and (forecast or "start_time" not in content):
        return listed(forecast, local)
    spans = [{key: content.get(f"{which}{key}") for key in ("start_time", "end_time", "stage")} for which in ("", "next_")]
    given = [span for span in spans if span["start_time"] is not None and span["end_time"] is not None]
    return listed(given, local) if "start_time" in content or "next_start_time" in content else None
