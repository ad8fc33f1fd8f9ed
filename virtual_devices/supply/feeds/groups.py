"""Outages by groups of houses, as Yasno and DTEK say them: of today and tomorrow, and of every week."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.errors import ConfigurationError, shown, suggestion
from virtual_devices.supply.feeds.events import Found, time_of
from virtual_devices.supply.feeds.titles import POSSIBLE
from virtual_devices.supply.feeds.weekly import Minutes, span_of

_HALVES = {"no": (0, 60), "first": (0, 30), "second": (30, 60), "maybe": (0, 60), "mfirst": (0, 30), "msecond": (30, 60), "yes": None}
"""Minutes of an hour that a word of DTEK's stands for."""
_MAYBE = ("maybe", "mfirst", "msecond", "possible", "possible_outage")
_OFF = ("definite", "definite_outage")
_ON = ("notplanned", "not_planned", "no_outage")
_FINE = ("", "scheduleapplies", "nooutages")
_MINUTES = 24 * 60
_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_WEEK = 7


class Slot(NamedTuple):
    """Minutes of a day. possible: it may be off, or not."""

    first: int
    last: int
    possible: bool


def one(groups: Iterable[str], name: str, area: str | None) -> str:
    """The group that is meant: the one called so, or the only one. Raises ConfigurationError."""
    found = sorted(set(groups))
    if not found:
        raise ConfigurationError(f"{name}: it has no day of anybody; fetch it again")
    if area is not None:
        same = [group for group in found if _bare(group) == _bare(area)]
        if len(same) == 1:
            return same[0]
        raise ConfigurationError(f"{name}: it has no {area!r}{suggestion(area, found)}")
    if len(found) > 1:
        raise ConfigurationError(f"{name}: it has the outages of several groups; say outage_area: {', '.join(found[:12])}")
    return found[0]


def _bare(group: str) -> str:
    """A group's name without the word for a group: ``group_1.1`` is ``1.1``."""
    return group.casefold().removeprefix("group_")


# -- DTEK ---------------------------------------------------------------------------------------------------------------------


def is_hours(content: Any) -> bool:
    """Whether it is the hours of a day: ``{"1": "yes", "2": "first", …}``."""
    return isinstance(content, dict) and bool(content) and all(str(key).isdecimal() and isinstance(word, str) for key, word in content.items())


def dtek_days(days: Mapping[str, Any], local: Calendar, name: str, area: str | None) -> Iterator[Found]:
    """``{midnight: {group: {"1": "no", "2": "first", …}}}``: hours of the day from 1."""
    chosen = one((group for groups in days.values() for group in groups), name, area)
    for midnight, groups in days.items():
        day = local.local(int(midnight)).date()
        for slot in _hours(groups.get(chosen, {})):
            yield _found(day, slot, local)


def dtek_week(groups: Mapping[str, Any], name: str, area: str | None) -> dict[int, list[Slot]]:
    """``{group: {"1": {"1": "yes", …}, …}}``: hours of the days of the week from Monday."""
    week = groups[one(groups, name, area)]
    return {int(day) - 1: list(_hours(hours)) for day, hours in week.items()}


def _hours(hours: Mapping[str, str]) -> Iterator[Slot]:
    for hour, word in hours.items():
        if word not in _HALVES:
            raise ValueError(f"{word!r} of hour {hour}")
        halves = _HALVES[word]
        if halves is not None:
            first, last = ((int(hour) - 1) * 60 + minute for minute in halves)
            yield _slot(first, last, possible=word in _MAYBE)


# -- Yasno --------------------------------------------------------------------------------------------------------------------


def is_planned(content: Any) -> bool:
    """Whether it is the days of a group: ``{"today": {"slots": […], "date": …}, …}``."""
    return isinstance(content, dict) and any(isinstance(day, dict) and "slots" in day for day in content.values())


def yasno_days(days: Mapping[str, Any], local: Calendar, doubts: list[str]) -> Iterator[Found]:
    """``{"today": {"date": …, "slots": [{"start": minutes, "end": minutes, "type": "Definite"}]}}``. doubts: what is in doubt is added."""
    for day in days.values():
        if not isinstance(day, dict) or not isinstance(day.get("slots"), list):
            continue
        when = local.local(time_of(day["date"], local)).date()
        status = str(day.get("status", ""))
        if status.casefold() == "waitingforschedule":
            doubts.append(f"of {when} nothing is known yet, so nothing is off; fetch it again later")
        elif status.casefold() not in _FINE:
            doubts.append(f"for {when} it says {shown(status)}: what is planned may not hold")
        for slot in _slots(day["slots"], 1):
            yield _found(when, slot, local)


def yasno_components(content: Mapping[str, Any], name: str, area: str | None) -> tuple[dict[int, list[Slot]], dict[date, list[Slot]]] | None:
    """The older answer, of ``components``: by weekday, and by day; None where there is none of it. Hours, such as 0.5."""
    part = next((each for each in content["components"] if isinstance(each, dict) and ("schedule" in each or "dailySchedule" in each)), None)
    if part is None:
        return None
    weeks = {(region, group): days for region, groups in (part.get("schedule") or {}).items() for group, days in groups.items()}
    daily = {
        (region, group, str(day.get("title", ""))): slots
        for region, days in (part.get("dailySchedule") or {}).items() for day in days.values() for group, slots in day.get("groups", {}).items()
    }  # fmt: skip
    places = {place[:2] for place in (*weeks, *daily)}
    groups = {_bare(group) for _, group in places}
    several = len({region for region, _ in places}) > len({1})
    if several:
        region = one((region for region, _ in places), name, None if area is None else area.partition("/")[0])
        places, area = {place for place in places if place[0] == region}, (area or "").partition("/")[2] or None
        groups = {_bare(group) for _, group in places}
    chosen = one(groups, name, area)
    regions = {region for region, group in places if _bare(group) == chosen}
    week: Any = next((days for (region, group), days in weeks.items() if region in regions and _bare(group) == chosen), [])
    by_day = {_day_in(title): list(_slots(slots, 60)) for (region, group, title), slots in daily.items() if region in regions and _bare(group) == chosen}
    return weekdays(week), by_day


def weekdays(week: Any) -> dict[int, list[Slot]]:
    """Seven lists of slots by hours, from Monday on."""
    days = list(week.values()) if isinstance(week, dict) else list(week)
    if days and len(days) != _WEEK:
        raise ValueError(f"a week of {len(days)} days")
    return {number: list(_slots(slots, 60)) for number, slots in enumerate(days)}


def _day_in(title: str) -> date:
    match = _DATE.search(title)
    if match is None:
        raise ValueError(f"a day in {shown(title)}")
    return date(int(match[3]), int(match[2]), int(match[1]))


def _slots(slots: Iterable[Any], minutes: int) -> Iterator[Slot]:
    """Slots of a day. minutes: that 1 stands for."""
    for slot in slots:
        kind = str(slot.get("type", "")).lower()
        if kind in _OFF or kind in _MAYBE:
            yield _slot(round(slot["start"] * minutes), round(slot["end"] * minutes), possible=kind in _MAYBE)
        elif kind not in _ON:
            raise ValueError(f"a slot of type {shown(slot.get('type'))}")


def _slot(first: int, last: int, *, possible: bool) -> Slot:
    if not 0 <= first < last <= _MINUTES:
        raise ValueError(f"minutes {first} to {last} of a day")
    return Slot(first, last, possible)


def _found(day: date, slot: Slot, local: Calendar) -> Found:
    start, end = span_of(day, slot.first, slot.last, local.zone)
    return Found(start, end, why=POSSIBLE if slot.possible else "")


def minutes(slots: Iterable[Slot], *, every: bool) -> list[Minutes]:
    """Minutes that are off. every: also those that are only possible."""
    return [(slot.first, slot.last) for slot in slots if every or not slot.possible]
