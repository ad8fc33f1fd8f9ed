"""Voltage and frequency of a weak grid, at the meter.

Voltage: the nominal one, less what the neighbourhood takes in the evening, less what the home's own current loses on the line
(U = U0 − R·P/U0; feeding in lifts it), with some noise. Frequency: the nominal one with noise, lower while everybody cooks. Both are
functions of absolute time, the seed and the home's power.
"""

from __future__ import annotations

import math

from virtual_devices.kit.noise import noise

EVENING = 19.5 * 3600
"""Second of the local day at which the neighbourhood takes most."""
WIDTH = 4 * 3600
"""Seconds before and after it in which it takes more than by day."""
VOLTAGE_NOISE = ((1800, 0.006), (60, 0.003), (5, 0.001))
FREQUENCY_NOISE = ((600, 0.0006), (30, 0.0004))
"""Seconds between knots, and the largest part of the nominal value that each layer of noise adds or takes."""
EVENING_SLOWDOWN = 0.001
"""Part of the nominal frequency that is missing at the evening's peak."""


def evening(second_of_day: int) -> float:
    """How near the evening's peak is: 1 at it, 0 from four hours away."""
    apart = abs(second_of_day - EVENING)
    return 0.5 * (1.0 + math.cos(math.pi * apart / WIDTH)) if apart < WIDTH else 0.0


def voltage(nominal: float, resistance: float, sag: float, peak: float, power: float, key: str, time: int) -> float:
    """V at the meter. resistance: of the line, Ω.  sag: part of ``nominal`` lost at the evening's peak.

    peak: see ``evening``.  power: W drawn by the home, negative when it feeds in.
    """
    own = resistance * power / nominal
    return max(0.0, nominal * (1.0 - sag * peak + _layers(f"{key}/voltage", time, VOLTAGE_NOISE)) - own)


def frequency(nominal: float, peak: float, key: str, time: int) -> float:
    """Hz."""
    return nominal * (1.0 - EVENING_SLOWDOWN * peak + _layers(f"{key}/frequency", time, FREQUENCY_NOISE))


def _layers(key: str, time: int, layers: tuple[tuple[int, float], ...]) -> float:
    return sum(weight * noise(f"{key}/{period}", time, period) for period, weight in layers)
