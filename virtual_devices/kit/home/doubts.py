"""What a home file says that is allowed, but hardly meant: of its place, and of figures that look like another unit."""

from __future__ import annotations

from math import acos, cos, radians, sin

from virtual_devices.kit.forms.changes import settings_of
from virtual_devices.kit.home.model import Home, place
from virtual_devices.kit.quantities import PERCENT, SOC

FAR = 3000
"""km from its time zone's city from which on a place is doubted."""
_SMALL, _LARGE = 2, 20
_RADIUS = 6371

Place = tuple[float, float]
"""Latitude and longitude, in degrees."""


def doubts(home: Home, city: Place | None) -> list[str]:
    """One line each, with its place in the file. city: of the home's time zone, None where that has none."""
    found = [] if city is None else _of_place(home, city)
    return [f"{place(home, home.site_line)}: {text}" for text in found] + _of_percent(home)


def _of_place(home: Home, city: Place) -> list[str]:
    """Where another reading of latitude and longitude lies far nearer to the time zone's city."""
    latitude, longitude = home.site.latitude, home.site.longitude
    here = distance((latitude, longitude), city)
    if here < FAR:
        return []
    others = {
        "latitude and longitude look swapped": (longitude, latitude),
        "the sign of latitude looks wrong: south of the equator it is negative": (-latitude, longitude),
        "the sign of longitude looks wrong: west of Greenwich it is negative": (latitude, -longitude),
    }
    near = {words: away for words, other in others.items() if abs(other[0]) <= 90 and (away := distance(other, city)) < here / 3}  # noqa: PLR2004 - the pole
    far = f"the site is {here:,.0f} km from {home.site.zone.rpartition('/')[2].replace('_', ' ')}, whose time zone it has"
    return [f"{far}; {min(near, key=near.__getitem__)}"] if near else [f"{far}; mend one of them"] if here > 2 * FAR else []


def distance(one: Place, other: Place) -> float:
    """km between two places."""
    (a, b), (c, d) = ((radians(each) for each in place) for place in (one, other))
    return _RADIUS * acos(max(-1.0, min(1.0, sin(a) * sin(c) + cos(a) * cos(c) * cos(b - d))))


def _of_percent(home: Home) -> list[str]:
    """Of bare numbers up to 2 where percent are meant and the default is far more: a factor, most likely."""
    found = []
    for entry in home.devices:
        for item in settings_of(entry.device_class):
            value = entry.written.get(item.name)
            usual = item.default if isinstance(item.default, (int, float)) else 0
            if item.quantity in (PERCENT, SOC) and isinstance(value, (int, float)) and 0 < value <= _SMALL and usual >= _LARGE:
                found.append(
                    f"{place(home, entry.line)}: device {entry.name}: {item.name}: {value:g} is {value:g} %; "
                    f"write {100 * value:g} % if a factor of {value:g} is meant, or {value:g} % if it is not"
                )
    return found
