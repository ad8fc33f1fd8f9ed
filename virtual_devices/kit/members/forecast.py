"""What the arrays of a home may give in days to come, all together, as services of forecasts say it.

Each array works it out by its own physics, of the sky that is to come; that sky is known, so the error of a forecast is put on here. It is a
factor of the power, exp(error · z), with z a standard normal variable of absolute time that turns from one to the next every six hours: the same
however time is cut, and whenever somebody looks. Nine in ten of what comes lie above the tenth percentile, one above the ninetieth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import NormalDist
from typing import Any

from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.noise import normal
from virtual_devices.kit.readings import SettlesReadings
from virtual_devices.kit.window import Span

STEP = 600
"""Seconds between two looks at the sky."""
DAYS = 3
"""Local days that are foretold, with that of now."""
HALF_HOUR = 1800
_HOUR = 3600
_SPELL = 6 * 3600
"""Seconds in which an error becomes another."""
_TENTH = NormalDist().inv_cdf(0.9)
_MW_PER_KW = 1e6
_DIGITS = 4
NOTHING: Mapping[str, Any] = dict.fromkeys(item.name for item in fields(SettlesReadings))


@dataclass(frozen=True, slots=True)
class Foretold:
    """What one producer could give. error: see ``Conditions.forecast_error``.  power: mW in each step of the span."""

    span: Span
    error: float
    power: Sequence[int]


@dataclass(frozen=True, slots=True)
class HalfHour:
    """Mean powers in kW from ``start`` (UTC seconds) on: the expected one, and that of the tenth and the ninetieth percentile."""

    start: int
    power: float
    low: float
    high: float

    def json(self, local: Calendar) -> dict[str, Any]:
        """As Solcast has it."""
        rounded = (round(power, _DIGITS) for power in (self.power, self.low, self.high))
        return {"period_start": local.local(self.start).isoformat(), **dict(zip(("pv_estimate", "pv_estimate10", "pv_estimate90"), rounded, strict=True))}


def days_ahead(local: Calendar, time: int) -> Span:
    """The local day of ``time`` (UTC seconds) and those that follow."""
    start = end = local.midnight(time)
    for _ in range(DAYS):
        end = local.next_midnight(end)
    return Span(start, STEP, (end - start) // STEP)


class Expected:
    """The sum of what producers have foretold. key: of the errors."""

    def __init__(self, key: str, local: Calendar) -> None:
        self._key, self._local = key, local
        self._heard: Mapping[str, Foretold] = {}
        self._half_hours: Sequence[HalfHour] = ()
        self._said: Sequence[Mapping[str, Any]] = ()

    def hear(self, foretold: Mapping[str, Foretold]) -> None:
        """What those who are there have said, by name. The sum is another once all of them speak of the same days."""
        if foretold != self._heard and len({each.span for each in foretold.values()}) <= 1:
            self._heard, self._half_hours = foretold, _summed(list(foretold.values()), self._key)
            self._said = [each.json(self._local) for each in self._half_hours]

    def readings(self, time: int) -> dict[str, Any]:
        """As ``SettlesReadings`` has them, at ``time`` (UTC seconds)."""
        local, known = self._local, dict(NOTHING)
        midnight = local.midnight(time)
        for name in ("today", "tomorrow", "day_3"):
            end = local.next_midnight(midnight)
            said = [said for each, said in zip(self._half_hours, self._said, strict=True) if midnight <= each.start < end]
            if said:
                known[f"forecast_{name}"] = _energy(self._half_hours, midnight, end)
            if said and f"half_hours_{name}" in known:
                known[f"half_hours_{name}"] = said
            midnight = end
        if known["forecast_today"] is not None:
            hour, end = time - local.second_of_day(time) % _HOUR, local.next_midnight(time)
            known["forecast_remaining_today"] = _energy(self._half_hours, time - (time - local.midnight(time)) % HALF_HOUR, end)
            known["energy_current_hour"] = _energy(self._half_hours, hour, hour + _HOUR)
            known["energy_next_hour"] = _energy(self._half_hours, hour + _HOUR, hour + 2 * _HOUR)
        return known


def _summed(foretold: Sequence[Foretold], key: str) -> Sequence[HalfHour]:
    """Their half-hours, all together. foretold: of the same span."""
    if not foretold:
        return ()
    span, steps = foretold[0].span, HALF_HOUR // STEP
    found = []
    for first in range(0, span.steps - steps + 1, steps):
        start, powers = span.start + first * STEP, [0.0, 0.0, 0.0]
        z = normal(key, start, _SPELL)
        for each in foretold:
            mean = sum(each.power[first : first + steps]) / steps / _MW_PER_KW * math.exp(each.error * z)
            powers = [power + mean * math.exp(each.error * turn) for power, turn in zip(powers, (0.0, -_TENTH, _TENTH), strict=True)]
        found.append(HalfHour(start, *powers))
    return found


def _energy(half_hours: Sequence[HalfHour], begin: int, end: int) -> float:
    """kWh of those that begin from one time on, and before another."""
    return round(sum(each.power for each in half_hours if begin <= each.start < end) * HALF_HOUR / _HOUR, _DIGITS)
