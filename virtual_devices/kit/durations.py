"""Durations as people write them, in a home file, a command or on a command line: ``90s``, ``10 min``, ``6h``, ``365d``, ``1w``, ``1y``, ``1h 30min``."""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from typing import SupportsIndex

from virtual_devices.kit.errors import ConfigurationError, shown

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
"""Seconds in each unit; a day is 24 hours, whatever the clocks do, and a year 365 of them, whatever the calendar does."""
LONGEST = 100 * 366 * 86_400
"""Longest duration on a command line, s: a hundred years."""

_PART = re.compile(r"((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?)\s*(s|min|h|d|w|y)(?=[\d.\s]|$)\s*", re.ASCII)
_FORM = "write it like 90s, 10min, 6h, 2d, 1w, 1y or 1h30min"
_LONGEST_TEXT = 100

_ALIKE = {
    "s": "sec secs second seconds",
    "min": "m mins minute minutes",
    "h": "hr hrs hour hours",
    "d": "day days",
    "w": "wk wks week weeks",
    "y": "yr yrs year years a",
}
"""Unit → what people call it elsewhere. ``m`` alone may be a minute or a month: it is never taken for either, only asked back."""
_MONTHS = frozenset(["mo", "mon", "mth", "month", "months"])
_SMALLER = {"h": "min", "min": "s", "d": "h", "w": "d"}
"""What a number without a unit is, behind one with it: ``1h30``."""
_WORD = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]*)[\s,]*(?:and\s+)?", re.ASCII)
_CLOCK = re.compile(r"(\d+):(\d\d)", re.ASCII)


def parts_of(text: str) -> list[tuple[str, int]]:
    """What a duration is the sum of, each a number as written and the seconds of its unit; none where it is no duration."""
    rest, found = text.strip() if len(text) <= _LONGEST_TEXT else "", []
    while rest:
        match = _PART.match(rest)
        if match is None:
            return []
        found.append((match[1], SECONDS[match[2]]))
        rest = rest[match.end() :]
    return found


def parse_duration(text: str) -> int:
    """Whole seconds of a duration. Raises ConfigurationError that shows the form; nothing shorter than 1 s."""
    parts = parts_of(text)
    said = repr(text if len(text) <= 40 else text[:39] + "…")  # noqa: PLR2004 - as much as fits into a message
    if not parts:
        raise ConfigurationError(f"{said} is no duration{meant(text) or f'; {_FORM}'}")
    total = sum(Fraction(number) * unit for number, unit in parts)
    if total.denominator != 1:
        raise ConfigurationError(f"{said} is no whole number of seconds; {_FORM}")
    if not 1 <= total <= LONGEST:
        raise ConfigurationError(f"{said} is out of range: from 1s to {LONGEST // 86_400}d; {_FORM}")
    return int(total)


def seconds_of(duration: str | float | SupportsIndex | timedelta) -> int:
    """Whole seconds of a duration as a program has it: text as of ``parse_duration``, seconds – also numpy's – or a timedelta. Raises as that."""
    if isinstance(duration, str):
        return parse_duration(duration)
    try:
        seconds = duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
        whole = not isinstance(duration, bool) and seconds.is_integer() and 1 <= seconds <= LONGEST
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole:
        raise ConfigurationError(f"{shown(duration)} is no duration; write 7d, 6h or 365d, or whole seconds from 1 to {LONGEST}")
    return int(seconds)


def meant(text: str) -> str:
    """``; did you mean '10min'?`` of a text that is none but nearly so, and what it lacks; empty where nobody could tell."""
    said = text.strip().casefold() if len(text) <= _LONGEST_TEXT else ""
    if clock := _CLOCK.fullmatch(said):
        return _asked(f"{int(clock[1])}h{clock[2]}min")
    if re.fullmatch(r"\d+", said, re.ASCII):
        return f"; it lacks a unit: did you mean '{said}s', '{said}min' or '{said}h'?"
    found: list[str] = []
    last, rest = "", said
    while rest:
        match = _WORD.match(rest)
        if match is None:
            return ""
        if match[2] in _MONTHS:
            return "; months differ in length: write days, such as 30d"
        unit = _unit(match[2]) if match[2] else _SMALLER.get(last, "")
        if not unit:
            return ""
        found.append(f"{match[1].replace(',', '.')}{unit}")
        last, rest = unit, rest[match.end() :]
    return _asked("".join(found), ", since m may be minutes or months" if re.search(r"\d\s*m(?![a-z])", said) else "")


def _unit(word: str) -> str:
    """The unit that a word is; empty for any other."""
    return word if word in SECONDS else next((unit for unit, words in _ALIKE.items() if word in words.split()), "")


def _asked(duration: str, why: str = "") -> str:
    return f"; did you mean '{duration}'{why}?" if parts_of(duration) else ""
