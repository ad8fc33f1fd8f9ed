"""Instants as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError


def parse_instant(text: str, zone: str) -> int:
    """UTC seconds of ``2026-06-21 18:00`` (local in ``zone`` unless an offset is given) or of a number of UTC seconds.

    Raises ConfigurationError that shows the form.
    """
    text = text.strip()
    if text.lstrip("-").isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{text[:60]!r} is no instant; write 2026-06-21 18:00 or 2026-06-21T18:00:00+02:00") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=calendar(zone).zone)
    return int(moment.astimezone(UTC).timestamp())


def write_instant(time: int, zone: str) -> str:
    """ISO 8601 with the zone's offset."""
    return calendar(zone).local(time).isoformat()
