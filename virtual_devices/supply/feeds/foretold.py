"""Outages from JSON, as those who foretell them give it: EskomSePush's API, the load_shedding sensor and the calendars of Home Assistant, Yasno, DTEK.

Where a file has the outages of several areas or groups, its owner names one. What is only possible is told and left out, unless it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from virtual_devices.kit.calendar import DAY, Calendar, calendar
from virtual_devices.kit.errors import ConfigurationError, SettingError
from virtual_devices.kit.weekdays import WEEKDAYS
from virtual_devices.supply._outages import Outage
from virtual_devices.supply._planned import Planned
from virtual_devices.supply._refused import refusal
from virtual_devices.supply.feeds.events import Found, calendars, listed, sensor
from virtual_devices.supply.feeds.groups import (
    Slot,
    dtek_days,
    dtek_week,
    is_hours,
    is_planned,
    minutes,
    one,
    weekdays,
    yasno_components,
    yasno_days,
)
from virtual_devices.supply.feeds.weekly import Weekly

MAX_OUTAGES = 10_000
LONGEST = 366 * DAY
KNOWN = "use JSON of EskomSePush, of a load_shedding sensor, of Home Assistant's calendars, of Yasno or DTEK, a table of start,end, or an .ics file"
BROKEN = (KeyError, TypeError, ValueError, AttributeError, OverflowError, SettingError, RecursionError)
"""What content of another form brings."""
_WRAPPERS = ("service_response", "response", "result")


def read_json(text: str, name: str, zone: str, *, every: bool = False, area: str | None = None) -> Planned:
    """The outages of a file's text. every: possible ones count.  area: whose.  Raises ConfigurationError with file and remedy."""
    try:
        content = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name}: it is no JSON ({str(error)[:80]}); fetch it again") from None
    return read_content(content, name, zone, every=every, area=area)


def read_content(content: Any, name: str, zone: str, *, every: bool, area: str | None) -> Planned:
    """As ``read_json``, of what a text holds."""
    local, doubts = calendar(zone), list[str]()
    try:
        weekly = _weekly(content, name, area)
        if weekly is not None:
            return _of_week(*weekly, name, zone, every=every)
        found = list(_outages(content, local, name, area, doubts))
    except BROKEN as error:
        raise ConfigurationError(f"{name}: {' '.join(str(error).split())[:160] or type(error).__name__} cannot be read; {KNOWN}") from None
    return planned(found, name, zone, doubts, every=every)


def planned(found: list[Found], name: str, zone: str, doubts: Iterable[str] = (), *, every: bool) -> Planned:
    """What was found as a plan. Raises ConfigurationError for what ends before it begins."""
    local = calendar(zone)
    if len(found) > MAX_OUTAGES:
        raise ConfigurationError(f"{name}: more than {MAX_OUTAGES} outages are too many; leave some out")
    for each in found:
        if not (0 if each.why else 1) <= each.end - each.start <= LONGEST:
            raise ConfigurationError(f"{name}: the outage from {local.local(each.start):%Y-%m-%d %H:%M} does not end after it starts, or lasts more than a year; mend it")
    made = Planned(name, zone, (Outage(each.start, each.end, each.stage) for each in found if (every or not each.why) and each.start < each.end))
    made.left_out = [] if every else [f"{each.why} at {local.local(each.start):%Y-%m-%d %H:%M}" for each in found if each.why]
    made.doubts, made.empty = list(doubts), not found
    return made


def _weekly(content: Any, name: str, area: str | None) -> tuple[Mapping[int, list[Slot]], Mapping[date, list[Slot]]] | None:
    """What is of every week, and what of certain days; None where it is of another form."""
    if not isinstance(content, dict):
        return None
    if isinstance(content.get("components"), list):
        return yasno_components(content, name, area)
    preset = content.get("preset", content if "fact" not in content else None)
    if isinstance(preset, dict) and "fact" not in content:
        groups = preset.get("data", preset)
        if isinstance(groups, dict) and groups and all(isinstance(week, dict) and week and all(is_hours(day) for day in week.values()) and set(week) <= set("1234567") for week in groups.values()):
            return dtek_week(groups, name, area), {}
    if content and all(isinstance(week, list) and len(week) == len(WEEKDAYS) and all(isinstance(day, list) for day in week) for week in content.values()):
        return weekdays(content[one(content, name, area)]), {}
    return None


def _of_week(days: Mapping[int, list[Slot]], certain: Mapping[date, list[Slot]], name: str, zone: str, *, every: bool) -> Planned:
    made = Weekly(name, zone, *({day: minutes(slots, every=every) for day, slots in some.items()} for some in (days, certain)))  # type: ignore[arg-type] # weekdays and dates
    possible = [f"{WEEKDAYS[day]} {slot.first // 60:02}:{slot.first % 60:02}" for day, slots in sorted(days.items()) for slot in slots if slot.possible]
    made.left_out = [] if every else [f"what is only possible at {when} every week" for when in possible]
    made.empty = not any(days.values()) and not any(certain.values())
    return made


def _outages(content: Any, local: Calendar, name: str, area: str | None, doubts: list[str]) -> Iterator[Found]:
    state = None
    for wrapper in _WRAPPERS:
        if isinstance(content, dict) and len(content) == 1 and wrapper in content:
            content = content[wrapper]
    if isinstance(content, dict) and isinstance(content.get("attributes"), dict):  # a sensor's state
        content, state = content["attributes"], content.get("state")
    events = content if isinstance(content, list) else content.get("events") if isinstance(content, dict) else None
    if isinstance(events, list):
        return listed(events, local)
    if not isinstance(content, dict):
        raise ConfigurationError(f"{name}: its form is not known; {KNOWN}")
    found = sensor(content, state, local, name)
    if found is None and (several := calendars(content)):
        found = listed(several[one(several, name, area)], local)
    return _of_groups(content, local, name, area, doubts) if found is None else found


def _of_groups(content: Mapping[str, Any], local: Calendar, name: str, area: str | None, doubts: list[str]) -> Iterator[Found]:
    fact = content.get("fact", content if "data" in content else {"data": content})
    if isinstance(fact, dict) and isinstance(days := fact.get("data"), dict) and days and all(_is_dtek_day(day) for day in days.values()) and all(map(_is_second, days)):
        return dtek_days(days, local, name, area)
    groups = {key: days for key, days in content.items() if is_planned(days)}
    if groups:
        return yasno_days(groups[one(groups, name, area)], local, doubts)
    if is_planned(content):  # of one group
        return yasno_days(content, local, doubts)
    raise ConfigurationError(f"{name}: {_unknown(content)}")


def _is_dtek_day(day: Any) -> bool:
    return isinstance(day, dict) and all(isinstance(hours, dict) for hours in day.values())


def _is_second(key: str) -> bool:
    return key.isdecimal() and len(key) == len("1780347600")


def _unknown(content: Mapping[str, Any]) -> str:
    """Why such content is of no use, and what is."""
    if (said := refusal(content)) is not None:
        return f"it {said}"
    if any(is_hours(hours) for hours in content.values()):
        return "it has hours, but not of which day; keep what is around them, with the day's midnight in seconds"
    if isinstance(content.get("status"), dict):
        return "it says which stage is in force, not when an area is off; take the answer for your area, or make a calendar: outages compile AREA.csv --stages STAGES.csv"
    if isinstance(content.get("schedule"), dict):
        return "it has the times of each stage, but no events that say which stage is in force; take the whole answer, or make a calendar: outages compile AREA.csv --stages STAGES.csv"
    return f"its form is not known; {KNOWN}"
