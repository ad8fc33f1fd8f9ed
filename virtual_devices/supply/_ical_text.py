"""Where things stand in the text of an iCalendar file (RFC 5545), so that what is wrong can be told with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from virtual_devices.kit.errors import ConfigurationError

CALENDAR, EVENT = "VCALENDAR", "VEVENT"
MAX_DEPTH = 6
_LINE = re.compile(r"([A-Za-z0-9-]+)([;:].*)")


@dataclass(slots=True)
class EventLines:
    """Where an event begins, and where its properties are (the first of each name)."""

    begin: int
    properties: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        """The line of a property; of the event when it has none of this name."""
        return self.properties.get(name, self.begin)


def event_lines(text: str, name: str) -> list[EventLines]:
    """The lines of every event, in the order of the file.

    Raises ConfigurationError with file and line when the text is no iCalendar file or is cut off.
    """
    events: list[EventLines] = []
    open_parts: list[tuple[str, int]] = []
    _look_at_begin(text, name)
    for number, line in unfolded(text):
        where = f"{name}, line {number}"
        match = _LINE.fullmatch(line)
        word, value = (match[1].upper(), match[2][1:].strip().upper()) if match else ("", "")
        if not open_parts and (word, value) != ("BEGIN", CALENDAR):
            raise ConfigurationError(f"{where}: an iCalendar file begins with BEGIN:{CALENDAR}; name an .ics file")
        if match is None:
            raise ConfigurationError(f"{where}: {line[:60]!r} is no line of an iCalendar file; write NAME:VALUE, or take it out")
        if word == "BEGIN":
            _opens(value, open_parts, where)
            open_parts.append((value, number))
            if value == EVENT:
                events.append(EventLines(number))
        elif word == "END":
            _closes(value, open_parts.pop(), where)
        elif open_parts[-1][0] == EVENT:
            events[-1].properties.setdefault(word, number)
    if open_parts:
        part, begin = open_parts[-1]
        raise ConfigurationError(f"{name}, line {begin}: BEGIN:{part} is never closed; is the file cut off? fetch it again")
    return events


def _look_at_begin(text: str, name: str) -> None:
    """Raises ConfigurationError where there is nothing, or a web page."""
    if not text.strip():
        raise ConfigurationError(f"{name}, line 1: the file is empty; an iCalendar file begins with BEGIN:{CALENDAR}")
    if "<html" in text[:2000].lower():
        raise ConfigurationError(f"{name}, line 1: it is a web page, no iCalendar file: is the address wrong, or a login asked for? fetch it again")


def _opens(value: str, open_parts: list[tuple[str, int]], where: str) -> None:
    inside = open_parts[-1][0] if open_parts else ""
    if len(open_parts) >= MAX_DEPTH or (value == CALENDAR and inside) or (value == EVENT and inside != CALENDAR):
        raise ConfigurationError(f"{where}: BEGIN:{value} within {inside}; close that first with END:{inside}")


def _closes(value: str, opened: tuple[str, int], where: str) -> None:
    part, begin = opened
    if value != part:
        raise ConfigurationError(f"{where}: END:{value}, but BEGIN:{part} of line {begin} is open; close that first")


def unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Number and text of every logical line: one that begins with a space or a tab goes on with the line before."""
    begin, parts = 0, list[str]()
    for number, line in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line[:1] in (" ", "\t") and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield begin, "".join(parts)
        begin, parts = number, [line] if line.strip() else []
    if parts:
        yield begin, "".join(parts)
