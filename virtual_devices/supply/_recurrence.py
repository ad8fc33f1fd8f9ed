"""Which rules of recurrence an outage may have: those that end in reasonable time, whatever is asked of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.supply._ical_text import EventLines

FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
MOST_A_DAY = 96
MOST_DATES = 5_000
_DAYS = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1))
_TIMES = {"BYHOUR": 23, "BYMINUTE": 59, "BYSECOND": 59}
_NOT_WITH = {
    "BYMONTHDAY": ("WEEKLY",),
    "BYYEARDAY": ("HOURLY", "DAILY", "WEEKLY", "MONTHLY"),
    "BYWEEKNO": ("HOURLY", "DAILY", "WEEKLY", "MONTHLY"),
    "BYSETPOS": ("HOURLY", "DAILY", "WEEKLY"),
}
"""Parts that RFC 5545 (3.3.10) does not allow with a frequency, or nobody needs; the last would only pick among times of an hour, day or week."""


def check_rules(component: Any, lines: EventLines, name: str, length: int | None = None) -> int:
    """Most recurrences in a day of all rules of an event. Raises ConfigurationError for a rule that is of no use.

    length: of the event, s; None for whole days.
    """
    rules = component.get("RRULE", [])
    found = 0
    for rule in rules if isinstance(rules, list) else [rules]:
        for problem in (*_problems(rule), *_endless(rule, length)):
            raise ConfigurationError(f"{name}, line {lines.of('RRULE')}: RRULE: {problem}")
        found += _often(rule)
    for key in ("RDATE", "EXDATE"):
        given = component.get(key, [])
        dates = sum(len(part.dts) for part in (given if isinstance(given, list) else [given]))
        if dates > MOST_DATES:
            raise ConfigurationError(f"{name}, line {lines.of(key)}: more than {MOST_DATES} dates of {key}; use a rule")
        found += dates > 0
    return found


def is_endless(component: Any) -> bool:
    """Whether a rule of an event has no last recurrence."""
    rules = component.get("RRULE", [])
    return any("UNTIL" not in rule and "COUNT" not in rule for rule in (rules if isinstance(rules, list) else [rules]))


def _problems(rule: Mapping[str, list[Any]]) -> Iterator[str]:
    """What is wrong with a rule, and how to mend it."""
    frequency = str(rule.get("FREQ", [""])[0]).upper()
    if frequency not in FREQUENCIES:
        yield f"FREQ={frequency} is not for outages; {_instead(frequency, rule)}"
    for part, others in _NOT_WITH.items():
        if part in rule and frequency in others:
            yield f"{part} does not go with FREQ={frequency}; use another FREQ"
    for part in ("INTERVAL", "COUNT"):
        if int(rule.get(part, [1])[0]) < 1:
            yield f"{part} is below 1; use 1 or more"
    for part, most in _TIMES.items():
        if not all(0 <= int(value) <= most for value in rule.get(part, [])):
            yield f"{part} is out of range; use 0 to {most}"
    if _often(rule) > MOST_A_DAY:
        yield f"{_often(rule)} times a day are too many; use at most {MOST_A_DAY}"
    months = [int(month) for month in rule.get("BYMONTH", range(1, 13))]
    days = [abs(int(day)) for day in rule.get("BYMONTHDAY", [1])]
    if not any(month in _DAYS and 1 <= day <= _DAYS[month] for month in months for day in days):
        yield "it never comes: no such day is in any such month; use a day that exists"


def _instead(frequency: str, rule: Mapping[str, list[Any]]) -> str:
    """What to write in the place of a frequency that is not for outages."""
    hours, rest = divmod(int(rule.get("INTERVAL", [1])[0]), 60)
    if frequency == "MINUTELY" and hours > 0 and not rest:
        return f"write FREQ=HOURLY;INTERVAL={hours}"
    return f"use {', '.join(FREQUENCIES[1:])}, with BYHOUR for several in a day, or HOURLY with an INTERVAL"


def _endless(rule: Mapping[str, list[Any]], length: int | None) -> Iterator[str]:
    """An outage by the hour that is not over when the next one begins."""
    if str(rule.get("FREQ", [""])[0]).upper() == "HOURLY" and not {"BYHOUR", "BYDAY"} & set(rule):
        hours = int(rule.get("INTERVAL", [1])[0])
        if length is None or length >= hours * 3600:
            yield f"each is not over when the next one begins, {hours} h later, so there would never be a grid; use a longer INTERVAL"


def _often(rule: Mapping[str, list[Any]]) -> int:
    """Recurrences in a day at most."""
    often = math.prod(len(rule.get(part, [0])) for part in _TIMES)
    if str(rule.get("FREQ", [""])[0]).upper() == "HOURLY" and "BYHOUR" not in rule:
        often *= math.ceil(24 / max(1, int(rule.get("INTERVAL", [1])[0])))
    return often
