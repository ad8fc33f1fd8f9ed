"""A lumped heat store with an element and a thermostat: what ovens and geysers are made of.

One temperature T obeys C·dT/dt = P − UA·(T − T_outside). Over a step of constant P the solution is exact::

    T' = T + (T_outside − T)·fade + P·gain      fade = 1 − exp(−step·UA/C)      gain = fade/UA

so that any step is stable, and a span gives the same bits in one piece or in many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_LARGEST_EXPONENT = 50.0  # keeps exp() finite; long before it, every step closes the contact


@dataclass(frozen=True, slots=True)
class ThermalNode:
    """One heat store over one length of step.

    outside: °C that it drifts to.  fade: share of the way there per step.  gain: K per milliwatt held for a step.
    growth: how much further from ``outside`` it was half a step earlier, as a factor.
    """

    outside: float
    fade: float
    gain: float
    growth: float


def node(capacity: float, conductance: float, outside: float, step: int) -> ThermalNode:
    """Heat store of ``capacity`` J/K (> 0) that leaks ``conductance`` W/K (> 0) to ``outside`` °C, over ``step`` s."""
    exponent = step * conductance / capacity
    fade = -math.expm1(-exponent)
    return ThermalNode(outside, fade, fade / conductance / 1000, math.exp(min(exponent / 2, _LARGEST_EXPONENT)))


def cool(body: ThermalNode, steps: int, temperature: float) -> float:
    """Temperature after ``steps`` steps without heat."""
    outside, fade = body.outside, body.fade
    for _ in range(steps):
        temperature += (outside - temperature) * fade
    return temperature


@dataclass(frozen=True, slots=True)
class Thermostat:
    """Its contact closes at ``low`` °C and opens at ``high`` °C; behind it an element of ``power`` mW."""

    low: float
    high: float
    power: int


def heat(
    body: ThermalNode,
    thermostat: Thermostat,
    steps: int,
    temperature: float,
    *,
    closed: bool,
    supplied: bool,
    demand: list[int],
) -> tuple[float, bool]:
    """Steps under the thermostat: appends each step's mW to ``demand``; gives (temperature, contact closed?) after.

    Each step is decided at its start: the contact closes in the step in whose first half the temperature would fall to
    ``low`` (its time rounded to whole steps), and the step in which it opens draws the mean that ends at ``high``. So
    the energy is right for steps that are longer than a cycle too, and nothing overshoots. The contact needs no power:
    it moves with the temperature in an outage as well.
    """
    outside, fade, gain = body.outside, body.fade, body.gain
    low, high, power = thermostat.low, thermostat.high, thermostat.power
    rise = power * gain
    close_at = max(low, outside + (low - outside) * body.growth)
    append = demand.append
    for _ in range(steps):
        if closed or temperature <= close_at:
            temperature += (outside - temperature) * fade
            hot = temperature + rise
            if hot < high:
                closed = True
                append(power)
                if supplied:
                    temperature = hot
            else:
                mean = int((high - temperature) / gain) if temperature < high else 0
                append(mean)
                closed = not supplied and temperature < high
                if supplied:
                    temperature += mean * gain
        else:
            temperature += (outside - temperature) * fade
            append(0)
    return temperature, closed
