"""Where the city is that a time zone is named after, from the table that comes with the zones."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

_PLACE = re.compile(r"([+-]\d{2})(\d{2})(\d{2})?([+-]\d{3})(\d{2})(\d{2})?")
_COLUMNS = 3


@lru_cache(maxsize=1)
def _rows() -> dict[str, tuple[str, str]]:
    """Zone → code of its country, and where its city is."""
    try:
        text = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    except (OSError, ModuleNotFoundError):
        return {}
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return {row[2]: (row[0], row[1]) for row in rows if len(row) >= _COLUMNS}


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[float, float]]:
    return {zone: found for zone, (_, place) in _rows().items() if (found := _degrees(place)) is not None}


def _degrees(text: str) -> tuple[float, float] | None:
    match = _PLACE.fullmatch(text)
    if match is None:
        return None
    halves = []
    for degrees, minutes, seconds in (match.groups()[:3], match.groups()[3:]):
        size = abs(int(degrees)) + int(minutes) / 60 + int(seconds or 0) / 3600
        halves.append(-size if degrees.startswith("-") else size)
    return halves[0], halves[1]


def zones() -> tuple[str, ...]:
    """IANA zones that are named after a city, in order."""
    return tuple(sorted(_table()))


def city_of(zone: str) -> tuple[float, float] | None:
    """Latitude and longitude of an IANA zone's city, None where it has none, such as UTC."""
    return _table().get(zone)


def country_of(zone: str) -> str:
    """Code (ISO 3166) of the country of an IANA zone's city, empty where it has none."""
    return _rows().get(zone, ("", ""))[0]
