"""Telemetry: what each ability reports for its devices, and the marks that refine how a reading is shown.

A telemetry class is a frozen dataclass; each field's annotation carries its quantity
(``temperature: Temperature``) and, where wanted, a Mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from virtual_devices.kit.quantities import (
    INSTANT,
    Count,
    Current,
    Energy,
    ExpectedEnergy,
    Frequency,
    Power,
    Size,
    Soc,
    StoredEnergy,
    Voltage,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Refines a reading. detail: hidden from a first look (disabled in Home Assistant), and no record keeps it.  folded: hidden only.  day: falls to 0 at midnight.

    month: falls to 0 when a month begins.  device_class: of a true/false reading.  choices: of a text that is one of a few.
    icon: of Material Design Icons.  attributes: names of other readings that are shown beside it, ``name: reading``
    where it is called otherwise there.  beside: it is shown so only, and is no
    entity of its own.  running: changes all the time, as a clock does.
    """

    title: str = ""
    detail: bool = False
    folded: bool = False
    day: bool = False
    month: bool = False
    device_class: str | None = None
    choices: tuple[str, ...] = ()
    icon: str = ""
    attributes: tuple[str, ...] = ()
    beside: bool = False
    running: bool = False


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
    unserved_energy: Annotated[Energy, Mark(folded=True)]


@dataclass(frozen=True, slots=True)
class ProducesReadings:
    """Of every producer. available_power: what it could have given; the rest is curtailed.

    clipped_power: what was lost before that, because the input it is wired to could not take it.
    """

    power: Power
    available_power: Power
    clipped_power: Annotated[Power, Mark(detail=True)]
    energy: Energy
    curtailed_energy: Annotated[Energy, Mark(folded=True)]
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
    voltage: Annotated[Voltage, Mark(folded=True)]
    current: Annotated[Current, Mark(folded=True)]
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
    voltage: Annotated[Voltage, Mark(folded=True)]
    frequency: Annotated[Frequency, Mark(folded=True)]


_HALF_HOURS = "detailedForecast: half_hours_"
_FORM = Mark(folded=True, icon="mdi:solar-power")


@dataclass(frozen=True, slots=True)
class SettlesReadings:
    """Of who settles: what all arrays of the home may give by the sky that is foretold. Null where nobody foretells anything.

    forecast_…: of the local day, of the rest of it from this half-hour on, and of the two that follow, with half-hours beside it in the form of
    Solcast: the mean power in kW, and what it exceeds in nine cases of ten, and in one.  energy_…: of this hour and the next.
    """

    forecast_today: Annotated[ExpectedEnergy | None, Mark(title="Solar forecast today", icon="mdi:solar-power", attributes=(_HALF_HOURS + "today",))]
    forecast_remaining_today: Annotated[ExpectedEnergy | None, Mark(title="Solar forecast rest of today", folded=True, icon="mdi:solar-power")]
    forecast_tomorrow: Annotated[ExpectedEnergy | None, Mark(title="Solar forecast tomorrow", icon="mdi:solar-power", attributes=(_HALF_HOURS + "tomorrow",))]
    forecast_day_3: Annotated[ExpectedEnergy | None, Mark(title="Solar forecast day 3", folded=True, icon="mdi:solar-power")]
    half_hours_today: Annotated[list[dict[str, Any]] | None, Mark(beside=True)]
    half_hours_tomorrow: Annotated[list[dict[str, Any]] | None, Mark(beside=True)]
    energy_current_hour: Annotated[ExpectedEnergy | None, _FORM]
    energy_next_hour: Annotated[ExpectedEnergy | None, _FORM]


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
