"""iCalendar texts for tests."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def event(*lines: str, uid: str = "one@test") -> str:
    """One VEVENT of these lines."""
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"])


def calendar(*events: str) -> str:
    """A file of these events."""
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//test//EN", *events, "END:VCALENDAR", ""])


def outage(start: str, end: str, *lines: str, zone: str = "Africa/Johannesburg", uid: str = "one@test") -> str:
    """One VEVENT from and until local times such as 20260701T180000."""
    return event(f"DTSTART;TZID={zone}:{start}", f"DTEND;TZID={zone}:{end}", *lines, uid=uid)


def utc(text: str, zone: str = "Africa/Johannesburg") -> int:
    """UTC seconds of ``2026-07-01 18:00`` local time; with an offset, of that."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).timestamp())
