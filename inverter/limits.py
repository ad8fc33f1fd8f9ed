"""What the inverter's settings mean, in integers."""

from __future__ import annotations

from dataclasses import dataclass

from inverter.bank import UNLIMITED
from inverter.efficiency import table
from inverter.settings import ALLOW_EXPORT, ESSENTIALS, SMARTLOAD, HybridSettings
from inverter.slots import ppm
from virtual_devices.kit.device import milliwatts


@dataclass(frozen=True, slots=True)
class Limits:
    """Powers in mW, currents in mA, capacities in ppm, times in s. A limit that holds nothing back is ``UNLIMITED``.

    standing: drawn from the DC bus for as long as solar_export is on and the grid is there.  sells_sun: surplus PV may be sold.
    charge_rate, discharge_rate: most that the battery charges and discharges with on grid.  bias: import that zero export keeps.
    peak: import above which the battery helps.  trips: an overload off-grid takes the output down, instead of shedding.
    """

    enabled: bool
    rated: int
    idle: int
    standing: int
    curve: tuple[int, ...]
    max_solar: int
    passthrough: int
    reconnect_delay: int
    feed_non_essential: bool
    sells_sun: bool
    load_first: bool
    max_sell: int
    bias: int
    peak: int
    charge_rate: int
    discharge_rate: int
    charge_current: int
    discharge_current: int
    grid_charge_current: int
    low_capacity: int
    shutdown_capacity: int
    restart_capacity: int
    surge_power: int
    surge_seconds: int
    trips: bool
    trip_delay: int
    shed_hold: int
    smartload: bool
    aux_on_capacity: int
    aux_off_capacity: int
    aux_min_pv: int
    aux_on_grid: bool


def limits_of(settings: HybridSettings) -> Limits:
    """The settings in integers."""
    rated, exports = milliwatts(settings.rated_power), settings.load_limit == ALLOW_EXPORT
    return Limits(
        enabled=settings.inverter_enabled,
        rated=rated,
        idle=milliwatts(settings.idle_power),
        standing=milliwatts(settings.solar_export_draw) if settings.solar_export else 0,
        curve=table(rated, settings.nominal_efficiency / 100),
        max_solar=milliwatts(settings.max_solar_power),
        passthrough=round(settings.passthrough_current * settings.nominal_voltage * 1000),
        reconnect_delay=round(settings.reconnect_delay),
        feed_non_essential=settings.load_limit != ESSENTIALS,
        sells_sun=settings.solar_export or exports,
        load_first=settings.priority_load,
        max_sell=milliwatts(settings.max_sell_power),
        bias=0 if exports else milliwatts(settings.zero_export_power),
        peak=milliwatts(settings.grid_peak_shaving_power) if settings.grid_peak_shaving else UNLIMITED,
        charge_rate=milliwatts(settings.charge_rate),
        discharge_rate=milliwatts(settings.discharge_rate),
        charge_current=milliamperes(settings.battery_max_charge_current),
        discharge_current=milliamperes(settings.battery_max_discharge_current),
        grid_charge_current=milliamperes(settings.grid_charge_battery_current),
        low_capacity=ppm(settings.lowest_capacity),
        shutdown_capacity=ppm(settings.battery_shutdown_capacity),
        restart_capacity=ppm(settings.battery_restart_capacity),
        surge_power=milliwatts(settings.surge_power),
        surge_seconds=round(settings.surge_seconds),
        trips=settings.overload == "Trip",
        trip_delay=round(settings.trip_delay),
        shed_hold=round(settings.shed_hold),
        smartload=settings.aux_port_usage == SMARTLOAD,
        aux_on_capacity=ppm(settings.smartload_on_capacity),
        aux_off_capacity=ppm(settings.smartload_off_capacity),
        aux_min_pv=milliwatts(settings.smartload_min_pv_power),
        aux_on_grid=settings.smartload_on_grid,
    )


def milliamperes(amperes: float) -> int:
    """Whole milliamperes of a setting in amperes."""
    return round(amperes * 1000)


def least(*limits: int | None) -> int:
    """The lowest of some limits, of which None is one that holds nothing back."""
    return min((limit for limit in limits if limit is not None), default=UNLIMITED)
