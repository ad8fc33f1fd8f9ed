"""Times as a home file writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from virtual_devices.kit.calendar import Calendar, calendar
from virtual_devices.kit.errors import SettingError, shown

FIRST_YEAR, LAST_YEAR = 1970, 2199
TIME_FORM = "2026-06-21 06:30"
"""An example of a time."""

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ]\s*(\d\d?):(\d\d)(?::(\d\d))?\s*(Z|[+-]\d\d:?\d\d)?)?"
)


def instant(text: Any, local: Calendar) -> int:
    """UTC seconds of a written time, which is local where it names no zone. Raises SettingError that shows the form."""
    match = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise SettingError(f"{shown(text)} is no time; write {TIME_FORM} (local time), or add Z or +02:00")
    parts = [int(part or 0) for part in match.groups()[:6]]
    try:
        moment = datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type] # six integers
    except ValueError as error:
        raise SettingError(f"{shown(text)} is no time ({error}); write {TIME_FORM}") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise SettingError(f"{shown(text)} is too far away; use the years {FIRST_YEAR} to {LAST_YEAR}")
    if match[7]:
        sign = -1 if match[7][0] == "-" else 1
        digits = "0000" if match[7] == "Z" else match[7][1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        if offset >= timedelta(days=1):
            raise SettingError(f"{shown(text)} has no such zone; write Z or +02:00")
        return int(moment.replace(tzinfo=timezone(sign * offset)).timestamp())
    wall = moment.replace(tzinfo=local.zone)
    time = int(wall.timestamp())
    if local.local(time).replace(tzinfo=None) != wall.replace(tzinfo=None):
        raise SettingError(f"{shown(text)} never is on the clocks of {local.zone.key}: they go forward then; move it")
    return time


def parse_instant(text: str, zone: str) -> int:
    """UTC seconds of ``2026-06-21 18:00`` (local in ``zone`` unless an offset is given) or of a number of UTC seconds.

    Raises SettingError that shows the form.
    """
    number = text.strip()
    if number.lstrip("-").isdigit() and len(number) > len("20260621"):
        return int(number)
    return instant(text, calendar(zone))


def write_instant(time: int, zone: str) -> str:
    """ISO 8601 with the zone's offset."""
    return calendar(zone).local(time).isoformat()
