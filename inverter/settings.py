"""What an owner may set on the hybrid inverter, by the names that owners of such machines know."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from inverter.controller import Controlled
from inverter.programs import Programs
from virtual_devices.kit.quantities import Current, Duration, Percent, Power, Voltage
from virtual_devices.kit.settings import Detail, Everyday, HomeFileOnly, SettlerSettings

ALLOW_EXPORT, ESSENTIALS, ZERO_EXPORT = "Allow Export", "Essentials", "Zero Export"
SMARTLOAD, AUX_GENERATOR = "Smartload", "Generator"
DRAW_PER_KW = 8
"""W that the inverter itself draws, idle and for solar export, per kW of its rating: 40 W at 5 kW, which owners measure."""
SURGE = 2
"""Overload that brochures promise for some seconds, in ratings."""


class HybridSettings(SettlerSettings, Controlled, Programs):
    """Settings of the inverter.

    What they mean, and what is assumed because makers do not say, is in ``docs/inverter.md``.
    """

    inverter_enabled: Annotated[bool, Detail()] = Field(True, title="Inverter enabled", description="off: only passes the grid through")
    entity_prefix: Annotated[str, HomeFileOnly()] = Field(
        "", pattern=r"^([a-z][a-z0-9_]*)?$", max_length=40, title="Entity prefix",
        description="ss: entity ids as the Sunsynk add-on has them (sensor.ss_battery_soc), for dashboards made for it",
    )  # fmt: skip

    # -- the machine
    rated_power: Annotated[Power, Detail()] = Field(5000, ge=100, le=100_000, title="Rated power", description="limit between DC and AC")
    nominal_efficiency: Annotated[Percent, Detail()] = Field(96, ge=80, le=99.5, title="Nominal efficiency")
    idle_power: Annotated[Power, Detail()] = Field(
        default_factory=lambda others: others["rated_power"] * DRAW_PER_KW / 1000,
        ge=0, le=1000, title="Idle power", description="drawn while nothing is converted; by default 8 W per kW of rated_power",
    )  # fmt: skip
    solar_export_draw: Annotated[Power, Detail()] = Field(
        default_factory=lambda others: others["rated_power"] * DRAW_PER_KW / 1000,
        ge=0, le=1000, title="Solar export draw",
        description="drawn from the grid as long as solar_export is on; by default 8 W per kW of rated_power",
    )  # fmt: skip
    passthrough_current: Annotated[Current, Detail()] = Field(
        50, ge=0, le=1000, title="Pass-through current", description="most that the grid gives to the LOAD and AUX ports"
    )
    nominal_voltage: Annotated[Voltage, Detail()] = Field(230, ge=100, le=480, title="Nominal voltage", description="of the AC side, to know watts from amperes")
    nominal_frequency: Annotated[Literal["50 Hz", "60 Hz"], Detail()] = Field("50 Hz", title="Nominal frequency")
    reconnect_delay: Annotated[Duration, Detail()] = Field(60, ge=0, le=3600, title="Reconnect delay", description="islanded for so long after the grid is back")

    # -- how it works with grid, sun and battery
    load_limit: Annotated[Literal["Allow Export", "Essentials", "Zero Export"], Everyday()] = Field(
        "Zero Export", title="Work mode",
        description="Zero Export: feeds all circuits; Essentials: the non-essential one stays on the grid; Allow Export: sells first",
    )  # fmt: skip
    solar_export: Annotated[bool, Everyday()] = Field(True, title="Solar export", description="surplus PV may be sold")
    priority_load: Annotated[bool, Detail()] = Field(True, title="Priority load", description="scarce PV: on: to the loads first; off: to a battery that rests")
    max_sell_power: Annotated[Power, Detail()] = Field(100_000, ge=0, le=100_000, title="Max sell power", description="most that is exported")
    zero_export_power: Annotated[Power, Detail()] = Field(20, ge=0, le=500, title="Zero export power", description="import that zero export keeps")
    max_solar_power: Annotated[Power, Detail()] = Field(20_000, ge=0, le=100_000, title="Max solar power")
    grid_peak_shaving: Annotated[bool, Detail()] = Field(False, title="Grid peak shaving", description="the battery gives what would be more than its power")
    grid_peak_shaving_power: Annotated[Power, Detail()] = Field(8000, ge=0, le=100_000, title="Grid peak shaving power")

    # -- battery
    grid_charge_enabled: Annotated[bool, Everyday()] = Field(
        False, title="Grid charge enabled", description="master for charging from the grid; with the timer off: charges now"
    )
    grid_charge_battery_current: Annotated[Current, Detail()] = Field(40, ge=0, le=185, title="Grid charge battery current")
    battery_max_charge_current: Annotated[Current, Detail()] = Field(185, ge=0, le=185, title="Battery max charge current")
    battery_max_discharge_current: Annotated[Current, Detail()] = Field(185, ge=0, le=185, title="Battery max discharge current")
    battery_low_capacity: Percent = Field(20, ge=1, le=50, title="Battery low capacity", description="reserve on grid")
    battery_shutdown_capacity: Percent = Field(10, ge=0, le=50, title="Battery shutdown capacity")
    battery_restart_capacity: Annotated[Percent, Detail()] = Field(15, ge=1, le=100, title="Battery restart capacity")

    # -- off-grid
    surge_power: Annotated[Power, Detail()] = Field(
        default_factory=lambda others: others["rated_power"] * SURGE,
        ge=0, le=200_000, title="Surge power", description="overload that it bears off-grid; by default twice rated_power",
    )  # fmt: skip
    surge_seconds: Annotated[Duration, Detail()] = Field(10, ge=0, le=3600, title="Surge seconds", description="and for how long")
    overload: Annotated[Literal["Trip", "Shed"], Detail()] = Field(
        "Shed", title="Overload", description="off-grid: Shed: by priority, as with smart switches; Trip: everything, and try again"
    )
    trip_delay: Annotated[Duration, Detail()] = Field(60, ge=1, le=3600, title="Trip delay", description="after which it tries again")
    shed_hold: Annotated[Duration, Detail()] = Field(300, ge=1, le=86_400, title="Shed hold", description="what was shed stays shed for it")

    # -- AUX port
    aux_port_usage: Annotated[Literal["Disable", "Smartload", "Generator"], Detail()] = Field(
        "Disable", title="AUX port usage", description="what the AUX port does for the loads of the circuit aux"
    )
    smartload_on_capacity: Annotated[Percent, Detail()] = Field(95, ge=0, le=100, title="Smart load on capacity")
    smartload_off_capacity: Annotated[Percent, Detail()] = Field(80, ge=0, le=100, title="Smart load off capacity")
    smartload_min_pv_power: Annotated[Power, Detail()] = Field(500, ge=0, le=100_000, title="Smart load min PV power", description="needed to switch on")
    smartload_on_grid: Annotated[bool, Detail()] = Field(False, title="Smart load on grid", description="always on while the grid is there")

    @property
    def lowest_capacity(self) -> float:
        """% down to which the battery serves on grid: a controller's reserve, else the owner's."""
        return self.reserve or self.battery_low_capacity

    @property
    def sell_needs(self) -> str:
        """What a program lacks in order to sell from the battery when it is told to; empty: nothing."""
        lacks = [f"work mode {ZERO_EXPORT}"] if self.load_limit == ESSENTIALS else []
        if not self.solar_export and self.load_limit != ALLOW_EXPORT:
            lacks.append("solar_export")
        return " and ".join(lacks)

    @property
    def sells_in_vain(self) -> tuple[int, ...]:
        """Numbers of the programs that are told to sell, and cannot."""
        vain = self.use_timer and self.sell_needs
        return tuple(program.number for program in self.programs if program.sell and vain)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.battery_restart_capacity < self.battery_shutdown_capacity:
            raise ValueError("battery_restart_capacity must not be below battery_shutdown_capacity")
        if self.battery_low_capacity < self.battery_shutdown_capacity:
            raise ValueError("battery_low_capacity must not be below battery_shutdown_capacity")
        if self.reserve and self.reserve < self.battery_shutdown_capacity:
            raise ValueError(
                f"reserve {self.reserve:g} % is below battery_shutdown_capacity {self.battery_shutdown_capacity:g} %; "
                "use more, or 0 for battery_low_capacity"
            )
        if self.smartload_off_capacity > self.smartload_on_capacity:
            raise ValueError("smartload_off_capacity must not be above smartload_on_capacity")
        for program in self.programs if self.use_timer else ():
            if program.power > self.rated_power:
                raise ValueError(f"prog{program.number}_power {program.power:g} W is above rated_power {self.rated_power:g} W")
            if program.capacity < self.battery_low_capacity:
                raise ValueError(
                    f"prog{program.number}_capacity {program.capacity:g} % is below battery_low_capacity {self.battery_low_capacity:g} %"
                )
        return self
