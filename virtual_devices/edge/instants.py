"""Instants as people and programs write them in commands and options."""

from __future__ import annotations

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.home_time import instant


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
