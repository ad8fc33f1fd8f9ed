"""Durations as people write them, in a home file, a command or on a command line: ``90s``, ``10 min``, ``6h``, ``365d``, ``1w``, ``1h 30min``."""

from __future__ import annotations

import re
from fractions import Fraction

from virtual_devices.kit.errors import ConfigurationError

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Seconds in each unit; a day is 24 hours, whatever the clocks do."""
LONGEST = 100 * 366 * 86_400
"""Longest duration on a command line, s: a hundred years."""

_PART = re.compile(r"((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?)\s*(s|min|h|d|w)(?=[\d.\s]|$)\s*", re.ASCII)
_FORM = "write it like 90s, 10min, 6h, 2d, 1w or 1h30min"
_LONGEST_TEXT = 100


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
    shown = repr(text if len(text) <= 40 else text[:39] + "…")  # noqa: PLR2004 - as much as fits into a message
    if not parts:
        raise ConfigurationError(f"{shown} is no duration; {_FORM}")
    total = sum(Fraction(number) * unit for number, unit in parts)
    if total.denominator != 1:
        raise ConfigurationError(f"{shown} is no whole number of seconds; {_FORM}")
    if not 1 <= total <= LONGEST:
        raise ConfigurationError(f"{shown} is out of range: from 1s to {LONGEST // 86_400}d; {_FORM}")
    return int(total)
