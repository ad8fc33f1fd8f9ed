"""Values of a state as people read them, and as they write them back."""

from __future__ import annotations

import math
from typing import Any

import orjson

from virtual_devices.kit.forms.changes import number_text

NOTHING = "–"
"""For what has no value."""
EMPTY = '""'
"""For a text without a character."""
_DIGITS = 6
_LONGEST = 60
"""Characters of a list that is shown whole."""


def words(value: Any, *, exact: bool = False) -> str:
    """A value on one line: on and off, a dash for nothing and an empty list, numbers without powers of ten, a list as JSON or how long it is.

    exact: a number with all its digits, as a setting is given back; else with six.
    """
    if value is None or value == []:
        return NOTHING
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (int, float)):
        return _number(value, exact=exact)
    if isinstance(value, str):
        return _printable(value) or EMPTY
    text = _printable(orjson.dumps(value).decode())
    return text if len(text) <= _LONGEST else f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"


def measured(value: Any, unit: str) -> str:
    """A setting's value with all its digits and its unit, where it has one."""
    text = words(value, exact=True)
    return f"{text} {unit}" if unit and value is not None else text


def written(text: str) -> str:
    """What somebody means who gives back what ``words`` shows: nothing and the empty text are an empty value."""
    return "" if text.strip() in (NOTHING, EMPTY) else text


def _number(value: float, *, exact: bool) -> str:
    if not math.isfinite(value):
        return str(value)
    if exact:
        return number_text(value)
    rounded = round(value, _DIGITS) + 0.0  # no minus before a zero
    text = f"{rounded:.{_DIGITS}g}"
    if "e" not in text:
        return text
    return f"{rounded:.0f}" if abs(rounded) >= 1 else f"{rounded:.{_DIGITS}f}".rstrip("0")


def _printable(text: str) -> str:
    """A text that cannot do anything to a terminal: what comes over a bus may hold anything."""
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
