"""Whether a weather file's light comes with the sun: the surest sign that its times are not what they seem."""

from __future__ import annotations

import numpy as np

from virtual_devices.ambient._sky import HOUR, Array, Sky
from virtual_devices.ambient.measured.weather_year import YEAR, WeatherYear

STEP = 300
"""Seconds between the shifts that are tried."""
FARTHEST = 3 * HOUR
TOLD = 18 * 60
"""Seconds of shift from which on it is told: clouds of the afternoon alone do not make so much."""
EVERY = 5
"""Every so many days of the year are looked at."""
CLEAR = 0.4
"""Part of them that is: the clearest ones, whose light is most like the sun's."""
HOURS = 24
_FIRST = 1_577_836_800
"""2020-01-01 00:00 UTC; which year it is moves the sun by less than two minutes."""
_HALF, _WHOLE = 30, 60


def lateness(year: WeatherYear, sky: Sky) -> list[str]:
    """One line where the light fits the sun better at other times than the file says, with the likely cause."""
    shift = best_shift(year, sky)
    if abs(shift) < TOLD:
        return []
    minutes = round(shift / 60)
    return [f"its light comes with the sun best at {minutes:+d} min: the roof would see it too {'early' if minutes > 0 else 'late'}; {_cause(minutes)}"]


def _cause(minutes: int) -> str:
    distance = abs(minutes)
    if abs(distance - _WHOLE) <= _HALF // 3 or distance > _WHOLE + _HALF:
        return "is its time zone another, or does it count in UTC or summer time? mend the zone in its heading"
    if abs(distance - _HALF) <= _HALF // 3:
        return "do its times stand at the end, the middle or the beginning of their hours? mend its times"
    return "is its offset of irradiance lost, or its longitude another's? fetch the year in another format"


def best_shift(year: WeatherYear, sky: Sky) -> int:
    """Seconds by which the file's light has to be moved to fit the sun best; positive: it comes too early."""
    days = np.arange(2, YEAR // HOURS - 2, EVERY)
    measured = year.ghi.reshape(-1, HOURS)[days]
    margin = FARTHEST // STEP
    starts = _FIRST + days * HOURS * HOUR - year.offset + year.irradiance_from
    times = starts[:, None] + np.arange(-margin, HOURS * HOUR // STEP + margin)[None, :] * STEP + STEP // 2
    flat = times.ravel()
    clear = sky.clear(flat, sky.position(flat).apparent_zenith).ghi.reshape(times.shape)
    total = clear[:, margin:-margin].sum(axis=1) * STEP / HOUR
    index = measured.sum(axis=1) / np.maximum(total, 1.0)
    chosen = np.argsort(index)[-max(1, round(CLEAR * len(days))) :]
    sums = np.concatenate([np.zeros((len(chosen), 1)), np.cumsum(clear[chosen], axis=1)], axis=1)
    found = [_fit(measured[chosen], sums, margin - shift) for shift in range(-margin, margin + 1)]
    return int(margin - np.argmax(found)) * STEP


def _fit(measured: Array, sums: Array, begin: int) -> float:
    """Correlation of the hours of days with the clear sky's means from an offset on. sums: of the clear sky before each step."""
    width = HOUR // STEP
    bounds = begin + np.arange(HOURS + 1) * width
    hours = np.diff(sums[:, bounds], axis=1) / width
    if not measured.any() or not hours.any():
        return 0.0
    return float(np.corrcoef(measured.ravel(), hours.ravel())[0, 1])
