"""What the inverter's settings mean, in integers, and which of them hold the battery."""

from __future__ import annotations

from dataclasses import dataclass

from inverter.bank import UNLIMITED
from inverter.controller import NO_LIMIT
from inverter.efficiency import table
from inverter.settings import ALLOW_EXPORT, ESSENTIALS, SMARTLOAD, HybridSettings
from inverter.slots import Orders, ppm
from virtual_devices.kit.device import milliwatts


@dataclass(frozen=True, slots=True)
class Limits:
    """Powers in mW, currents in mA, capacities in ppm, times in s. A limit that holds nothing back is ``UNLIMITED``.

    standing: drawn on the AC side for as long as solar_export is on and the inverter on the grid.  sells_sun: surplus PV may be sold.
    charge_rate, discharge_rate: what a controller lets the battery charge and discharge with on grid.  bias: import that zero export keeps.
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

    def drawn(self, import_limit: int | None, *, tied: bool) -> int:
        """mW drawn for solar export in a step: the grid's to give, so no more than it may."""
        return least(self.standing, import_limit) if tied and self.enabled else 0


@dataclass(frozen=True, slots=True)
class Strength:
    """How strongly the battery may charge and discharge: mW, and mA at its voltage. grid_charge_current: of what the grid gives to it."""

    charge_power: int
    discharge_power: int
    charge_current: int
    discharge_current: int
    grid_charge_current: int


def strength(limits: Limits, orders: Orders, *, tied: bool) -> Strength:
    """What holds the battery beside its own limits.

    By the owner's settings: a program's power, the currents, and a controller's rates below them. In a mode of a controller a rate
    that it has named stands in place of them. As an island (not ``tied``) only the currents hold.
    """
    currents = limits.charge_current, limits.discharge_current, limits.grid_charge_current
    if not tied:
        return Strength(UNLIMITED, UNLIMITED, *currents)
    charge, discharge = (orders.commanded and rate < UNLIMITED for rate in (limits.charge_rate, limits.discharge_rate))
    program = least(orders.power)
    return Strength(
        charge_power=(limits.charge_rate if charge else min(program, limits.charge_rate)) if orders.charges else 0,
        discharge_power=limits.discharge_rate if discharge else min(program, limits.discharge_rate),
        charge_current=UNLIMITED if charge else limits.charge_current,
        discharge_current=UNLIMITED if discharge else limits.discharge_current,
        grid_charge_current=UNLIMITED if charge else limits.grid_charge_current,
    )


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
        charge_rate=_rate(settings.charge_rate),
        discharge_rate=_rate(settings.discharge_rate),
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


def _rate(watts: float) -> int:
    """mW of a controller's rate, of which the highest is none."""
    return milliwatts(watts) if watts < NO_LIMIT else UNLIMITED


def least(*limits: int | None) -> int:
    """The lowest of some limits, of which None is one that holds nothing back."""
    return min((limit for limit in limits if limit is not None), default=UNLIMITED)
