"""Telemetry: what each ability reports for its devices, and the marks that refine how a reading is shown.

A telemetry class is a frozen dataclass; each field's annotation carries its quantity
(``temperature: Temperature``) and, where wanted, a Mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from virtual_devices.kit.quantities import (
    INSTANT,
    Count,
    Current,
    Energy,
    Frequency,
    Power,
    Size,
    Soc,
    StoredEnergy,
    Voltage,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Refines a reading. detail: hidden from a first look (disabled in Home Assistant).  day: falls to 0 at midnight.

    month: falls to 0 when a month begins.  device_class: of a true/false reading.  choices: of a text that is one of a few.
    """

    title: str = ""
    detail: bool = False
    day: bool = False
    month: bool = False
    device_class: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoTelemetry:
    """Of a device that reports nothing beside what its ability does."""


@dataclass(frozen=True, slots=True)
class ConditionsReadings:
    """The conditions' own fields are added from the device's declaration."""


@dataclass(frozen=True, slots=True)
class ConsumesReadings:
    """Of every load, at the last settled step. power: what it got.  demand: what it asked for."""

    power: Power
    demand: Annotated[Power, Mark(detail=True)]
    supplied: Annotated[bool, Mark(device_class="power")]
    energy: Energy
    unserved_energy: Energy


@dataclass(frozen=True, slots=True)
class ProducesReadings:
    """Of every producer. available_power: what it could have given; the rest is curtailed.

    clipped_power: what was lost before that, because the input it is wired to could not take it.
    """

    power: Power
    available_power: Power
    clipped_power: Annotated[Power, Mark(detail=True)]
    energy: Energy
    curtailed_energy: Energy
    clipped_energy: Annotated[Energy, Mark(detail=True)]


@dataclass(frozen=True, slots=True)
class StoresReadings:
    """Of every store. loss_energy: conversion losses and self-discharge.

    voltage, current: null when the store's voltage is unknown; the current is positive while discharging.
    """

    charge_power: Power
    discharge_power: Power
    soc: Annotated[Soc, Mark(title="State of charge")]
    stored_energy: StoredEnergy
    voltage: Voltage
    current: Current
    charge_energy: Energy
    discharge_energy: Energy
    loss_energy: Annotated[Energy, Mark(detail=True)]


@dataclass(frozen=True, slots=True)
class CarriesReadings:
    """Of every circuit, at the last settled step. power: what it carried.  supplied: it had power, from above."""

    power: Power
    supplied: Annotated[bool, Mark(device_class="power")]
    energy: Energy


@dataclass(frozen=True, slots=True)
class ConnectsReadings:
    """Of the grid connection. voltage, frequency: at the meter; 0 while it is not connected."""

    connected: Annotated[bool, Mark(device_class="connectivity")]
    import_power: Power
    export_power: Power
    import_energy: Energy
    export_energy: Energy
    voltage: Voltage
    frequency: Frequency


@dataclass(frozen=True, slots=True)
class KeepsReadings:
    """Of a record of this run. last_window: seq of the newest that is written.  missing_windows: gaps between the first and that one.

    recorded_from, recorded_until: the time that the windows are of; null while there are none.  size: on disk.
    """

    windows: Count
    last_window: Count
    missing_windows: Count
    recorded_from: Annotated[str | None, INSTANT, Mark(title="Recorded from", detail=True)]
    recorded_until: Annotated[str | None, INSTANT, Mark(title="Recorded until")]
    size: Size
