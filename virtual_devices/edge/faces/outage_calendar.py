"""Planned outages as iCalendar, for calendars that fetch it over HTTP, as Home Assistant's Remote Calendar does.

It is made of what the grid's state says of the outages ahead, 12 at most, by simulated time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATH = "/outages.ics"
CONTENT_TYPE = "text/calendar; charset=utf-8"
FORECAST = "forecast"
"""The reading that lists them."""


def calendar_of(home: str, outages: Sequence[Mapping[str, Any]], now: datetime) -> bytes:
    """A calendar of outages, each with ``start_time``, ``end_time`` (ISO 8601 with zone) and ``stage``. now: when it is made.

    What has no such times is left out.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//virtual-devices//{home}//EN", f"NAME:{home}", f"X-WR-CALNAME:{home}"]
    for outage in outages:
        try:
            start, end, stage = _utc(outage["start_time"]), _utc(outage["end_time"]), int(outage.get("stage") or 0)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            continue
        lines += ["BEGIN:VEVENT", f"UID:{start}-{home}@virtual-devices", f"DTSTAMP:{_stamp(now)}", f"DTSTART:{start}", f"DTEND:{end}"]
        if stage:
            lines += [f"SUMMARY:Load-shedding stage {stage}", "CATEGORIES:LOADSHEDDING", f"X-LOADSHEDDING-STAGE:{stage}"]
        else:
            lines += ["SUMMARY:Planned outage", "CATEGORIES:OUTAGE"]
        lines.append("END:VEVENT")
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def _utc(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return _stamp(moment)


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
