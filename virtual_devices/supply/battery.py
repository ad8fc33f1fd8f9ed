"""A lithium iron phosphate battery on the DC bus.

It proposes a rule (``virtual_devices.kit.store``); the inverter dispatches with it and the battery commits with it.
Limits are at its terminals. Efficiencies are one way: 97 % each gives 94.1 % there and back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from virtual_devices.kit.device import HomeFileOnly, Stores, StoreState, millijoules, milliwatts
from virtual_devices.kit.device import Settings as DeviceSettings
from virtual_devices.kit.quantities import Percent, Power, Soc, StoredEnergy, Voltage
from virtual_devices.kit.store import StoreRule

MONTH = 30 * 86_400
"""Seconds that a month of self-discharge has."""
EMPTY, FULL = 3.0 / 3.2, 3.6 / 3.2
"""Terminal voltage over nominal voltage at 0 and 100 %: 3.0 and 3.6 V a cell of nominally 3.2 V."""


class Settings(DeviceSettings):
    """What the owner and the battery's own management allow."""

    capacity: StoredEnergy = Field(12, ge=0.1, le=1000, title="Capacity", description="Between empty and full")
    charge_limit: Power = Field(6000, ge=0, le=100_000, title="Charge limit", description="6 kW on 12 kWh is 0.5 C")
    discharge_limit: Power = Field(6000, ge=0, le=100_000, title="Discharge limit", description="6 kW on 12 kWh is 0.5 C")
    charge_efficiency: Percent = Field(97, ge=50, le=100, title="Charge efficiency", description="Stored of what goes in")
    discharge_efficiency: Percent = Field(
        97, ge=50, le=100, title="Discharge efficiency", description="What comes out of what is taken from the store"
    )
    taper_start: Percent = Field(
        95,
        ge=0,
        le=100,
        title="Taper start",
        description="From this state of charge the charge limit falls in a line to 0 at 100 %; 100: no taper",
    )
    self_discharge: Percent = Field(2.5, ge=0, le=50, title="Self-discharge", description="Of what is stored, in 30 days")
    nominal_voltage: Voltage = Field(51.2, ge=1, le=1000, title="Nominal voltage")
    start_soc: Annotated[Soc, HomeFileOnly()] = Field(
        50, ge=0, le=100, title="Start state of charge", description="At a fresh start"
    )


@dataclass(frozen=True, slots=True)
class Telemetry:
    """voltage: taken as linear in the state of charge, 48 to 57.6 V for 51.2 V nominal; a real LFP curve is flatter."""

    voltage: Voltage


class Battery(Stores[Settings, StoreState, Telemetry]):
    """Full charging power up to the taper, then in a line to zero.

    So the last percents are reached ever more slowly, with a time constant of (100 − taper_start) % of the capacity
    over the stored power: 6 minutes with the defaults, which leave less than 0.01 % an hour later.
    """

    title = "Battery"

    def begin(self, settings: Settings) -> StoreState:
        """Charged to ``start_soc``."""
        return StoreState(round(millijoules(settings.capacity) * settings.start_soc / 100))

    def rule(self, settings: Settings) -> StoreRule:
        """The generic integer store that this battery is."""
        capacity, charge = millijoules(settings.capacity), milliwatts(settings.charge_limit)
        start = round(capacity * settings.taper_start / 100)
        return StoreRule(
            capacity=capacity,
            charge_power=charge,
            discharge_power=milliwatts(settings.discharge_limit),
            charge_efficiency=round(settings.charge_efficiency * 10_000),
            discharge_efficiency=round(settings.discharge_efficiency * 10_000),
            charge_taper=((start, charge), (capacity, 0)) if start < capacity else (),
            leakage=round(-math.log1p(-settings.self_discharge / 100) / MONTH * 1e12),
        )

    def report(self, settings: Settings, state: StoreState, time: int) -> Telemetry:
        """Terminal voltage."""
        soc = state.stored_energy / millijoules(settings.capacity)
        return Telemetry(voltage=settings.nominal_voltage * (EMPTY + (FULL - EMPTY) * soc))
