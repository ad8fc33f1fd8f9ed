"""The input of an inverter that an array is wired to: where on the strings' IV curve it operates.

Within its window that is the maximum power point. Where that lies outside, the voltage is the window's nearest edge and
the current follows from the curve. Where the current would be above the input's limit, the point moves along the curve
to the higher voltage at which it is the limit; where even the window's upper edge has more, the limit is drawn there.

Assumptions: all strings share one input; it starts and stops at the same open-circuit voltage, without hysteresis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from virtual_devices.supply._modules import Array, Curve

HALVINGS = 50
"""Of a voltage range of at most some thousand volts: it ends below a picovolt."""


@dataclass(frozen=True, slots=True)
class InputLimits:
    """Of one input. min_voltage, max_voltage: the window, V.  max_current: A.

    start_voltage, max_input_voltage: no power where the open-circuit voltage (V) is outside.
    """

    min_voltage: float
    max_voltage: float
    max_current: float
    start_voltage: float
    max_input_voltage: float


@dataclass(frozen=True, slots=True)
class Operation:
    """Where the input operates, one element per step. power, clipped: W.  voltage: V.  current: A.

    clipped: of the maximum power, what the input cannot take.  right: voltage of the diode from which on power falls
    with voltage all the way to ``open_circuit`` (V).
    """

    power: Array
    clipped: Array
    voltage: Array
    current: Array
    right: Array
    open_circuit: Array


def operate(curve: Curve, limits: InputLimits) -> Operation:
    """Where an input operates if everything it can take is wanted."""
    open_circuit = curve.open_circuit()
    right = curve.maximum_at(open_circuit)
    voltage, current = curve.point(right)
    best = voltage * current
    outside = (voltage < limits.min_voltage) | (voltage > limits.max_voltage)
    if outside.any():
        edge = np.where(voltage < limits.min_voltage, limits.min_voltage, limits.max_voltage)[outside]
        unreached = edge >= open_circuit[outside]
        voltage[outside] = edge = np.where(unreached, open_circuit[outside], edge)
        current[outside] = np.where(unreached, 0.0, np.maximum(curve.chosen(outside).current(edge), 0.0))
    over = current > limits.max_current
    if over.any():
        higher = curve.chosen(over).voltage(limits.max_current)
        voltage[over] = np.minimum(higher, limits.max_voltage)
        current[over] = limits.max_current
    refused = (open_circuit < limits.start_voltage) | (open_circuit > limits.max_input_voltage)
    voltage = np.where(refused, open_circuit, voltage)
    current = np.where(refused, 0.0, current)
    power = np.minimum(voltage * current, best)
    return Operation(power, best - power, voltage, current, right, open_circuit)


def at_power(curve: Curve, taken: Operation, power: float) -> tuple[float, float]:
    """Voltage (V) and current (A) where a single step's input takes ``power`` W.

    Less than it could take is drawn at a higher voltage, up to the open circuit: a curtailed input may stand above its
    window.
    """
    if power >= taken.power[0]:
        return float(taken.voltage[0]), float(taken.current[0])
    low, high = taken.right, taken.open_circuit
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        voltage, current = curve.point(middle)
        low, high = (middle, high) if voltage[0] * current[0] > power else (low, middle)
    voltage, current = curve.point(high)
    return float(voltage[0]), max(0.0, float(current[0]))


def standard(curve: Curve) -> tuple[float, float]:
    """Open-circuit voltage and voltage at the maximum power point (V) of a single element."""
    open_circuit = curve.open_circuit()
    voltage, _ = curve.point(curve.maximum_at(open_circuit))
    return float(open_circuit[0]), float(voltage[0])


def cautions(
    usual: tuple[float, float], cold: tuple[float, float], limits: InputLimits, in_series: int, cold_cells: float
) -> list[str]:
    """What does not fit, in words; each with what would. usual, cold: ``standard`` at 25 °C and at ``cold_cells`` °C."""
    open_circuit, voltage = usual
    most, highest = limits.max_input_voltage, cold[0]
    fits = max(1, int(in_series * most / highest))
    found = []
    if open_circuit > most:
        found.append(
            f"the strings' open-circuit voltage of {open_circuit:.0f} V at 1000 W/m² and 25 °C is above max_input_voltage, "
            f"{most:g} V: no power; use at most {fits} modules per string"
        )
    elif highest > most:
        found.append(
            f"the strings' open-circuit voltage of {highest:.0f} V at 1000 W/m² and {cold_cells:g} °C is above max_input_voltage, "
            f"{most:g} V: no power then; use at most {fits} modules per string"
        )
    if open_circuit < limits.start_voltage:
        found.append(
            f"the strings' open-circuit voltage of {open_circuit:.0f} V at 1000 W/m² and 25 °C is below start_voltage, "
            f"{limits.start_voltage:g} V: no power; use more modules per string"
        )
    if not limits.min_voltage <= voltage <= limits.max_voltage:
        found.append(
            f"the strings' maximum power point at 1000 W/m² and 25 °C, {voltage:.0f} V, is outside the window of "
            f"{limits.min_voltage:g} to {limits.max_voltage:g} V: power is clipped; change modules_per_string"
        )
    return found
