"""Voltage and frequency of a weak grid, at the meter: a rule that the grid offers, and that whoever sees the home's power can follow.

Voltage: the nominal one, less what the neighbourhood takes in the evening, less what the home's own current loses on the line
(U = U0 − R·P/U0; feeding in lifts it), with some noise. Frequency: the nominal one with noise, lower while everybody cooks. Both are
functions of absolute time, the key of the noise and the home's power.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from virtual_devices.kit.calendar import Calendar
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


@dataclass(frozen=True, slots=True)
class Mains:
    """What a grid is like while it is there.

    voltage: nominal, V.  frequency: nominal, Hz.  resistance: of the line to the transformer, Ω.  sag: part of the voltage that is
    lost at the evening's peak.  key: of its noise.
    """

    voltage: float
    frequency: float
    resistance: float = 0.0
    sag: float = 0.0
    key: str = ""

    def at(self, local: Calendar, time: int, power: int) -> tuple[int, int]:
        """Millivolts and millihertz at ``time`` (UTC seconds). power: mW that the home draws, negative while it feeds in."""
        peak, nominal = evening(local.second_of_day(time)), self.voltage
        volts = nominal * (1.0 - self.sag * peak + _layers(f"{self.key}/voltage", time, VOLTAGE_NOISE))
        volts -= self.resistance * power / 1000 / nominal
        hertz = self.frequency * (1.0 - EVENING_SLOWDOWN * peak + _layers(f"{self.key}/frequency", time, FREQUENCY_NOISE))
        return max(0, round(volts * 1000)), round(hertz * 1000)


def evening(second_of_day: int) -> float:
    """How near the evening's peak is: 1 at it, 0 from four hours away."""
    apart = abs(second_of_day - EVENING)
    return 0.5 * (1.0 + math.cos(math.pi * apart / WIDTH)) if apart < WIDTH else 0.0


def _layers(key: str, time: int, layers: tuple[tuple[int, float], ...]) -> float:
    return sum(weight * noise(f"{key}/{period}", time, period) for period, weight in layers)
