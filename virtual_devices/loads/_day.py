"""A household's day without measurements: hours that vary, weekends, and minutes in which kettles and ovens are on.

Seeded, and a function of absolute time alone. An hour's energy is that of its profile, however much of it comes in a few minutes: steps of an
hour see nothing of them. Over a year of minutes mean and peak of the default stand as 1 to 10, as Wright & Firth measured in eight British
houses (Applied Energy 84, 2007: "an average load factor of 0.1").
"""

from __future__ import annotations

from functools import lru_cache

from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.noise import evenly
from virtual_devices.kit.profile import Profile
from virtual_devices.kit.weekdays import weekday
from virtual_devices.kit.window import Span

HOURS = 24
HOUR = 3600
PPM = 1_000_000
MINUTES = 60
WEAKEST, STRONGEST = 900_000, 2_400_000
"""mW of what is on for minutes: a microwave to a kettle."""
_SATURDAY = 5
_QUARTER = 900  # local hours begin on a quarter of an hour of UTC everywhere


def daily(workdays: tuple[int, ...], weekends: tuple[int, ...], variation: int, spikes: int, noise: str, span: Span, local: Calendar) -> Profile:
    """The days over the hours that ``span`` touches.

    workdays, weekends: mW by local hour.  variation: ppm of ± that a hash of ``noise`` and the local hour spreads evenly.  spikes: ppm of an
    hour's energy that comes in a few minutes.
    """
    first = span.start // _QUARTER * _QUARTER
    end = -(-span.end // _QUARTER) * _QUARTER
    rows: list[tuple[int, int]] = []
    known = None
    for time in range(first, end, _QUARTER):
        moment = time + local.offset(time)
        hour = moment // HOUR
        if hour != known:
            known = hour
            powers = weekends if weekday(hour // HOURS) >= _SATURDAY else workdays
            deviation = variation * (2 * evenly(f"{noise}{hour}", 32) - 2**32) // 2**32
            power = powers[hour % HOURS] * (PPM + deviation) // PPM
            while rows and rows[-1][0] >= time:  # an hour that the clocks cut short
                rows.pop()
            rows += _since(time, _spiked(power, spikes, f"{noise}{hour}/", time - moment % HOUR)) if spikes else [(time, power)]
    return Profile([row for row in rows if row[0] < end], end - first)


@lru_cache(maxsize=256)
def _spiked(power: int, spikes: int, noise: str, start: int) -> tuple[tuple[int, int], ...]:
    """An hour from ``start`` of the same energy, some of which comes in whole minutes one after the other: times and mW."""
    bits = evenly(f"{noise}spike", 64)
    drawn = WEAKEST + (STRONGEST - WEAKEST) * (bits >> 32) // 2**32
    minutes = min(MINUTES, max(1, -(-power * spikes * MINUTES // (PPM * drawn))))
    part = power * spikes // PPM // minutes  # so that whole milliwatts make the same energy
    begin = start + 60 * ((MINUTES + 1 - minutes) * (bits & 0xFFFFFFFF) // 2**32)
    base, high = power - part * minutes, power - part * minutes + part * MINUTES
    return ((start, base), (begin, high), (begin + 60 * minutes, base)) if begin > start else ((start, high), (begin + 60 * minutes, base))


def _since(time: int, pieces: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """What holds at a time, from then on, and what follows."""
    before = [row for row in pieces if row[0] <= time]
    return [(time, before[-1][1]), *pieces[len(before) :]]
