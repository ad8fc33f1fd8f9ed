"""When the sun rises and sets at a place on a day: for timers, to a minute or two.

The sunrise equation, with the equation of time to its second term; the upper limb on a flat horizon, refraction as usual. Conditions of
a device cannot tell it, because they end with the window.
"""

from __future__ import annotations

import math
from functools import lru_cache

from virtual_devices.kit.calendar import DAY

_NOON_OF_2000 = 10_957
"""Days from 1970-01-01 to 2000-01-01, from whose noon the equation counts."""
_TILT = math.radians(23.4397)
_HORIZON = math.sin(math.radians(-0.833))


@lru_cache(maxsize=4096)
def daylight(latitude: float, longitude: float, day: int) -> tuple[int, int] | None:
    """Sunrise and sunset (UTC seconds) at a place (°) on a local day (days since 1970-01-01); None where it does neither."""
    noon = day - _NOON_OF_2000 - longitude / 360
    anomaly = math.radians((357.5291 + 0.98560028 * noon) % 360)
    center = 1.9148 * math.sin(anomaly) + 0.02 * math.sin(2 * anomaly) + 0.0003 * math.sin(3 * anomaly)
    ecliptic = math.radians((math.degrees(anomaly) + center + 282.9372) % 360)
    transit = noon + 0.0053 * math.sin(anomaly) - 0.0069 * math.sin(2 * ecliptic)
    declination = math.asin(math.sin(ecliptic) * math.sin(_TILT))
    here = math.radians(latitude)
    denominator = math.cos(here) * math.cos(declination)
    half = (_HORIZON - math.sin(here) * math.sin(declination)) / denominator if denominator else 2.0
    if not -1 <= half <= 1:
        return None
    length = math.degrees(math.acos(half)) / 360
    begin = (_NOON_OF_2000 + 0.5) * DAY
    return round(begin + (transit - length) * DAY), round(begin + (transit + length) * DAY)
