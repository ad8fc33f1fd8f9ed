"""Durations as people write them on a command line: ``90s``, ``10min``, ``6h``, ``365d``, ``1w``, ``1h 30min``."""

from __future__ import annotations

import re
from fractions import Fraction

from virtual_devices.kit.errors import ConfigurationError

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Seconds in each unit; a day is 24 hours, whatever the clocks do."""
LONGEST = 100 * 366 * 86_400
"""Longest duration, s: a hundred years."""

_PART = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(s|min|h|d|w)(?=[\d\s]|$)\s*", re.ASCII)
_FORM = "write it like 90s, 10min, 6h, 2d, 1w or 1h30min"


def parse_duration(text: str) -> int:
    """Whole seconds of a duration. Raises ConfigurationError that shows the form; nothing shorter than 1 s."""
    rest, total = text.strip(), Fraction(0)
    while rest:
        match = _PART.match(rest)
        if match is None:
            break
        total += Fraction(match[1]) * SECONDS[match[2]]
        rest = rest[match.end() :]
    shown = repr(text if len(text) <= 40 else text[:39] + "…")  # noqa: PLR2004 - as much as fits into a message
    if rest or not text.strip():
        raise ConfigurationError(f"{shown} is no duration; {_FORM}")
    if total.denominator != 1:
        raise ConfigurationError(f"{shown} is no whole number of seconds; {_FORM}")
    if not 1 <= total <= LONGEST:
        raise ConfigurationError(f"{shown} is out of range: from 1s to {LONGEST // 86_400}d; {_FORM}")
    return int(total)


def write_duration(seconds: int) -> str:
    """A duration in its largest units, as ``parse_duration`` reads it: ``1d2h``; ``0s`` for nothing."""
    parts = []
    for unit, size in sorted(SECONDS.items(), key=lambda item: -item[1]):
        if unit == "w":
            continue  # 7d says the same and is read faster
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
