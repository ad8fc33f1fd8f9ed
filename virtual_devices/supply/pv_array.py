"""A PV array: modules in one plane, feeding the DC bus.

The chain: sun, sky and ground on the plane, what of it passes the glass and what it is worth to the cells (``_plane``), cell temperature (Faiman 2008), then either DC power of a capacity (PVWatts, Dobos 2014; years on measured weather lie
within 2 % of NREL's SAM, tested) or strings of a module, by its name in the CEC's table or by its data sheet, on one MPPT input
(single diode; ``_modules``, ``_mppt``).

Strings lose the system losses as light, so that voltage times current is the power; wiring losses, which cost voltage, are
in there too. What the input clips is lost before the offer: it is no part of the available power, and reported by itself.
Every operation is element by element: a step's power does not depend on how time was cut.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationInfo, field_validator, model_validator

from virtual_devices.kit.device import NoState, Produces
from virtual_devices.kit.quantities import (
    Angle,
    Current,
    Factor,
    PeakPower,
    Percent,
    Power,
    Quantity,
    Voltage,
    power_text,
)
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.settings import Detail, DeviceName, HomeFileOnly, Partner
from virtual_devices.kit.settings import Settings as BaseSettings
from virtual_devices.kit.window import Span
from virtual_devices.supply import _modules as modules
from virtual_devices.supply import _mppt as mppt
from virtual_devices.supply import _plane as plane
from virtual_devices.supply._aspect import equatorward, shortfall
from virtual_devices.supply._data_sheet import DataSheet, fitted
from virtual_devices.supply._modules import Array

TemperatureCoefficient = Annotated[float, Quantity("temperature_coefficient", "%/K", (("%/°C", 1.0),), digits=2)]

POSITION_FIELDS = ("apparent_zenith", "solar_azimuth", "dni_extra")
CLEAR_FIELDS = ("ghi_clear", "dni_clear", "dhi_clear")
SUN_FIELDS = (*POSITION_FIELDS, *CLEAR_FIELDS)
WEATHER_FIELDS = ("ghi", "dni", "dhi", "temp_air", "wind_speed")
CALM = {"temp_air": 20.0, "wind_speed": 1.0}
"""Air (°C) and wind (m/s) where no weather device is present."""
STRINGS = ("clipped_power", "light", "temp_cell")
"""Columns that only strings of a module have."""
SHEET = ("v_mp", "i_mp", "v_oc", "i_sc", "alpha_sc", "beta_voc")
"""What a data sheet says, beside gamma."""
FACES = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
FLAT = 5.0
"""Degrees of tilt below which an array faces the sky."""
LITTLE = 50.0
"""W that are less than one module has."""
ALIKE = 0.02
"""Part by which Pmax and Vmp times Imp may differ."""
FRACTION = 1.0
"""% of losses below which a part of 1 is meant, as of a coefficient below a tenth of its default."""
STANDARD = 25.0
"""Cells (°C) of which the capacity is said."""
HEAT_LOSS, HEAT_LOSS_BY_WIND = 25.0, 6.84
"""W/m² for each degree that the cells are warmer than the air, and what each m/s of wind adds: Faiman's, of seven modules of silicon."""
COLD = -10.0
"""Cells (°C) in the sun on a winter's morning, when strings have their highest voltage."""


class Settings(BaseSettings):
    """Of a PV array."""

    sun: Annotated[DeviceName, Partner("conditions", SUN_FIELDS)] = Field(
        "sun", title="Sun", description="device that gives the sun's position and the clear sky"
    )
    weather: Annotated[DeviceName, Partner("conditions", WEATHER_FIELDS, required=False)] = Field(
        "weather", title="Weather", description="device that gives irradiance, air and wind; without: clear sky, 20 °C, 1 m/s"
    )
    capacity: Annotated[PeakPower, Field(ge=0, le=10_000_000)] = Field(
        5000.0,
        title="Capacity",
        description="DC peak power of all modules at 1000 W/m² and 25 °C; not used where a module is given",
    )
    p_max: Annotated[Annotated[PeakPower, Field(gt=0, le=2000)] | None, HomeFileOnly()] = Field(
        None, title="Pmax", description="by the module's data sheet: held against Vmp times Imp"
    )
    v_mp: Annotated[Annotated[Voltage, Field(gt=0, le=1500)] | None, HomeFileOnly()] = Field(
        None, title="Vmp", description="by the module's data sheet: voltage at maximum power"
    )
    i_mp: Annotated[Annotated[Current, Field(gt=0, le=1000)] | None, HomeFileOnly()] = Field(
        None, title="Imp", description="by the data sheet: current at maximum power"
    )
    v_oc: Annotated[Annotated[Voltage, Field(gt=0, le=1500)] | None, HomeFileOnly()] = Field(
        None, title="Voc", description="by the data sheet: open-circuit voltage"
    )
    i_sc: Annotated[Annotated[Current, Field(gt=0, le=1000)] | None, HomeFileOnly()] = Field(
        None, title="Isc", description="by the data sheet: short-circuit current"
    )
    alpha_sc: Annotated[Annotated[TemperatureCoefficient, Field(ge=-0.1, le=0.3)] | None, HomeFileOnly()] = Field(
        None, title="Temperature coefficient of Isc", description="by the data sheet, per kelvin"
    )
    beta_voc: Annotated[Annotated[TemperatureCoefficient, Field(ge=-1, lt=0)] | None, HomeFileOnly()] = Field(
        None, title="Temperature coefficient of Voc", description="by the data sheet, per kelvin"
    )
    cells_in_series: Annotated[Annotated[int, Field(ge=1, le=500)] | None, HomeFileOnly()] = Field(
        None, title="Cells in series", description="by the data sheet: 72 of 144 half cells; without, guessed by Voc"
    )
    module: Annotated[str | None, Field(max_length=100), HomeFileOnly()] = Field(
        None, title="Module", description="name in the CEC's table, as pvlib or the table spells it; any name beside a data sheet"
    )
    modules_per_string: Annotated[int, Field(ge=1, le=50), Detail()] = Field(
        10, title="Modules per string", description="in series; only where a module is given"
    )
    strings: Annotated[int, Field(ge=1, le=100), Detail()] = Field(
        1, title="Strings", description="in parallel on one MPPT input; only where a module is given"
    )
    surface_tilt: Annotated[Angle, Field(ge=0, le=90), Detail()] = Field(25.0, title="Tilt", description="0: flat, 90: upright")
    surface_azimuth: Annotated[Annotated[Angle, Field(ge=0, le=360)] | None, Detail()] = Field(
        None, title="Azimuth", description="where the array faces: 0 north, 90 east, 180 south, 270 west; unset, the equator"
    )
    gamma: Annotated[TemperatureCoefficient, Field(ge=-1, le=0), Detail()] = Field(
        -0.35,
        title="Temperature coefficient",
        description="change of power per kelvin of cell temperature above 25 °C; a module of the CEC's table brings its own",
    )
    losses: Annotated[Percent, Field(ge=0, le=99), Detail()] = Field(
        14.1, title="System losses", description="soiling, shading, wiring, mismatch, ageing: PVWatts' sum is 14.1 %"
    )
    albedo: Annotated[Factor, Field(ge=0, le=1), Detail()] = Field(0.2, title="Albedo", description="what the ground reflects")
    mppt_min_voltage: Annotated[Voltage, Field(ge=0, le=1500), Detail()] = Field(
        0.0, title="MPPT minimum voltage", description="of the inverter's input: lowest voltage it operates the strings at"
    )
    mppt_max_voltage: Annotated[Voltage, Field(ge=1, le=1500), Detail()] = Field(
        1500.0, title="MPPT maximum voltage", description="of the inverter's input: highest voltage it operates the strings at"
    )
    mppt_max_current: Annotated[Current, Field(ge=0, le=10_000), Detail()] = Field(
        10_000.0, title="MPPT maximum current", description="of the inverter's input: of all strings together"
    )
    start_voltage: Annotated[Voltage, Field(ge=0, le=1500), Detail()] = Field(
        0.0, title="Start voltage", description="of the inverter's input: no power below this open-circuit voltage"
    )
    max_input_voltage: Annotated[Voltage, Field(ge=1, le=1500), Detail()] = Field(
        1500.0, title="Maximum input voltage", description="of the inverter's input: no power above this open-circuit voltage"
    )

    @field_validator("module")
    @classmethod
    def _known(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name and not any(info.data.get(field) is not None for field in SHEET):
            return modules.module(name).name
        return name or None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [field for field in SHEET if getattr(self, field) is None]
        if missing and len(missing) < len(SHEET):
            raise ValueError(f"a data sheet has {', '.join(SHEET)}; add {' and '.join(missing)}")
        if not missing:
            fitted(self.sheet)
        peak = (self.v_mp or 0.0) * (self.i_mp or 0.0)
        if self.p_max is not None and abs(self.p_max - peak) > ALIKE * self.p_max:
            says = f"v_mp times i_mp is {peak:.0f} W" if peak else "a capacity is said by capacity, and a data sheet has v_mp and i_mp too"
            raise ValueError(f"p_max is {self.p_max:g} W, but {says}; look at the data sheet once more")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.mppt_min_voltage > self.mppt_max_voltage:
            raise ValueError("mppt_min_voltage must not be above mppt_max_voltage")
        if self.start_voltage > self.max_input_voltage:
            raise ValueError("start_voltage must not be above max_input_voltage")
        return self

    def curve(self, effective_irradiance: Array, temp_cell: Array) -> modules.Curve:
        """The IV curves of all strings, in light behind glass and system losses (W/m²), at temperatures of the cell (°C)."""
        one = modules.module(self.module or "") if self.v_mp is None else fitted(self.sheet)
        return modules.curve(one, self.modules_per_string, self.strings, effective_irradiance, temp_cell)

    @property
    def strung(self) -> bool:
        """Whether it is made of strings of a module that is known."""
        return self.module is not None or self.v_mp is not None

    @property
    def sheet(self) -> DataSheet:
        """The data sheet, where there is one."""
        v_mp, i_mp, v_oc, i_sc, alpha_sc, beta_voc = (float(getattr(self, field) or 0.0) for field in SHEET)
        return DataSheet(self.module or "by its data sheet", v_mp, i_mp, v_oc, i_sc, alpha_sc, beta_voc, self.gamma, self.cells_in_series)

    @property
    def limits(self) -> mppt.InputLimits:
        """Of the input."""
        return mppt.InputLimits(
            self.mppt_min_voltage, self.mppt_max_voltage, self.mppt_max_current, self.start_voltage, self.max_input_voltage
        )


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Of each string, which are alike, at the power that was used; 0 in the dark and where no module is named.

    A curtailed string stands at a higher voltage, in sun that nobody takes at its open circuit.
    """

    string_voltage: Annotated[Voltage, Mark(detail=True)] = 0.0
    string_current: Annotated[Current, Mark(detail=True)] = 0.0
    string_power: Annotated[Power, Mark(detail=True)] = 0.0


class PvArray(Produces[Settings, NoState, Telemetry]):
    """Gives DC power, before the inverter, from irradiance, air and wind at the start of each step."""

    title = "PV array"
    icon = "mdi:solar-power-variant"
    former_defaults: ClassVar[Mapping[int, Mapping[str, Any]]] = {4: {"surface_azimuth": 180.0}}
    unset_for_good: ClassVar[frozenset[str]] = frozenset({"surface_azimuth"})

    def in_force(self, settings: Settings, time: int) -> Mapping[str, Any]:
        """Where it faces, if nobody said."""
        return {} if settings.surface_azimuth is not None else {"surface_azimuth": equatorward(self.site.latitude)}

    def _turned(self, settings: Settings) -> Settings:
        """Settings that say where it faces."""
        return settings if settings.surface_azimuth is not None else settings.model_copy(update=self.in_force(settings, 0))

    def notes(self, settings: Settings, start: int) -> list[str]:
        """How much of it faces where."""
        azimuth = self._turned(settings).surface_azimuth or 0.0
        turned = f"facing {FACES[round(azimuth / 45) % len(FACES)]} ({azimuth:g}°), tilted {settings.surface_tilt:g}°"
        where = "lying flat" if settings.surface_tilt < FLAT else turned
        if not settings.strung:
            return [f"{power_text(settings.capacity)} {where}"]
        return [f"{settings.strings * settings.modules_per_string} modules {settings.module or 'by data sheet'} in {settings.strings} × {settings.modules_per_string}, {where}"]

    def available(
        self, settings: Settings, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]
    ) -> list[int]:
        """Most milliwatts it can give per step."""
        return self.columns(settings, span, inputs)["power"]

    def columns(
        self, settings: Settings, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]
    ) -> dict[str, list[int]]:
        """Power; of strings also what their input clips (mW), light on their cells (mW/m²) and temp_cell (m°C)."""
        lit, sun, sky = _sky(inputs)
        found = {"power": np.zeros(0), **(dict.fromkeys(STRINGS, np.zeros(0)) if settings.strung else {})}
        if lit.any():  # half of all steps are dark and cost nothing
            light, temp_cell = on_cells(
                self._turned(settings), self.site.altitude, sun["apparent_zenith"], sun["solar_azimuth"], sun["dni_extra"], **sky
            )
            if not settings.strung:
                found["power"] = pvwatts(settings, light, temp_cell)
            else:
                light = light * (1.0 - settings.losses / 100.0)
                taken = mppt.operate(settings.curve(light, temp_cell), settings.limits)
                found = {"power": taken.power, "clipped_power": taken.clipped, "light": light, "temp_cell": temp_cell}
        return {name: _thousandths(values, lit) for name, values in found.items()}

    def rated_power(self, settings: Settings) -> float:
        """A capacity, or what all modules of the strings give at 1000 W/m² and 25 °C."""
        if not settings.strung:
            return settings.capacity
        taken = mppt.operate(settings.curve(np.array([1000.0]), np.array([25.0])), mppt.InputLimits(0.0, math.inf, math.inf, 0.0, math.inf))
        return float(taken.power[0])

    def insolation(self, settings: Settings, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]) -> list[int]:
        """Of the beam, the sky and the ground."""
        lit, sun, sky = _sky(inputs)
        falling = np.zeros(0)
        if lit.any():
            where, light = plane_of(self._turned(settings), self.site.altitude), {name: sky[name] for name in ("ghi", "dni", "dhi")}
            falling, _ = plane.light(where, sun["apparent_zenith"], sun["solar_azimuth"], sun["dni_extra"], **light)
        return _thousandths(falling, lit)

    def operation(self, settings: Settings, state: NoState, time: int, last: Mapping[str, int]) -> Telemetry:
        """Voltage and current of a string at the power that was used in the last step."""
        light = last.get("light", 0) / 1000.0
        if not settings.strung or light <= 0:
            return Telemetry()
        curve = settings.curve(np.array([light]), np.array([last["temp_cell"] / 1000.0]))
        taken = mppt.operate(curve, settings.limits)
        used = float(taken.power[0]) if last["power"] >= last["available_power"] else last["power"] / 1000.0
        voltage, current = mppt.at_power(curve, taken, used)
        return Telemetry(voltage, current / settings.strings, last["power"] / 1000.0 / settings.strings)

    def warnings(self, settings: Settings, start: int, step: int) -> list[str]:
        """An array that faces away from the sun, or whose capacity looks like another unit; strings whose voltage does not fit the input.

        That is looked at in full sun at 25 °C, and in the cold.
        """
        if not settings.strung and 0 < settings.capacity < LITTLE:
            return [f"capacity is {settings.capacity:g} W, less than one module has; write {settings.capacity:g} kW if that is meant"]
        found = _fractions(settings)
        peak = settings.v_mp * settings.i_mp if settings.v_mp and settings.i_mp else 0.0
        capacity = peak * settings.modules_per_string * settings.strings or settings.capacity
        away = shortfall(self.site.latitude, self.site.longitude, settings.surface_tilt, self._turned(settings).surface_azimuth or 0.0)
        if away is not None:
            less, whole = (part * capacity / 1000.0 * (1.0 - settings.losses / 100.0) for part in away)
            equator = "north" if self.site.latitude < 0 else "south"
            known = f"about {less:.0f} kWh a year less" if not settings.module or peak else f"about {100 * less / whole:.0f} % a year less"
            found += [f"surface_azimuth {settings.surface_azimuth:g}° faces away from the sun, {known} than towards the {equator} ({equatorward(self.site.latitude):g}°)"]
        if not settings.strung:
            return found
        usual, cold = (mppt.standard(settings.curve(np.array([1000.0]), np.array([cells]))) for cells in (25.0, COLD))
        return found + mppt.cautions(usual, cold, settings.limits, settings.modules_per_string, COLD)


def _fractions(settings: Settings) -> list[str]:
    """Percent that look like parts of 1."""
    found = [f"losses: {settings.losses:g} is {settings.losses:g} %; write {100 * settings.losses:g} % if a part of 1 is meant"] if 0 < settings.losses < FRACTION else []
    for name, least in (("gamma", 0.05), ("alpha_sc", 0.002)):
        value = getattr(settings, name)
        if value is not None and 0 < abs(value) < least:
            found.append(f"{name}: {value:g} is {value:g} %/K, as of no module; write {100 * value:g} %/K if a part of 1 is meant")
    return found


def on_cells(
    settings: Settings, altitude: float, zenith: Array, azimuth: Array, dni_extra: Array, *,
    ghi: Array, dni: Array, dhi: Array, temp_air: Array, wind_speed: Array,
) -> tuple[Array, Array]:
    """Irradiance that the cells make use of behind the glass (W/m²) and their temperature (°C).

    altitude: m.  zenith, azimuth: of the sun, refraction included, °.  dni_extra, ghi, dni, dhi: W/m².  temp_air: °C.
    wind_speed: m/s.
    """
    falling, effective = plane.light(plane_of(settings, altitude), zenith, azimuth, dni_extra, ghi=ghi, dni=dni, dhi=dhi)
    temp_cell = temp_air + falling / (HEAT_LOSS + HEAT_LOSS_BY_WIND * wind_speed)
    return effective, np.asarray(temp_cell, np.float64)


def plane_of(settings: Settings, altitude: float) -> plane.Plane:
    """Where an array looks. altitude: of the place, m."""
    return plane.Plane(settings.surface_tilt, 180.0 if settings.surface_azimuth is None else settings.surface_azimuth, settings.albedo, altitude)


def pvwatts(settings: Settings, effective_irradiance: Array, temp_cell: Array) -> Array:
    """DC power (W) of a capacity."""
    power = effective_irradiance * 0.001 * settings.capacity * (1 + settings.gamma / 100.0 * (temp_cell - STANDARD))
    return np.asarray(np.maximum(power * (1.0 - settings.losses / 100.0), 0.0), np.float64)


def _sky(inputs: Mapping[str, Mapping[str, Sequence[int]]]) -> tuple[npt.NDArray[np.bool_], dict[str, Array], dict[str, Array]]:
    """Which steps are lit, and where the sun stands and what the weather is in those; without weather a clear sky and calm air."""
    weather = inputs.get("weather")
    lit = np.array(inputs["sun"]["ghi_clear"] if weather is None else weather["ghi"]) > 0
    if weather is not None:
        return lit, _units(inputs["sun"], POSITION_FIELDS, lit), _units(weather, WEATHER_FIELDS, lit)
    clear = _units(inputs["sun"], CLEAR_FIELDS, lit)
    sky = {field.removesuffix("_clear"): values for field, values in clear.items()}
    sky |= {field: np.full(len(sky["ghi"]), value) for field, value in CALM.items()}
    return lit, _units(inputs["sun"], POSITION_FIELDS, lit), sky


def _units(
    conditions: Mapping[str, Sequence[int]], fields: tuple[str, ...], chosen: npt.NDArray[np.bool_]
) -> dict[str, Array]:
    """Conditions in their unit, from thousandths of it, at the chosen steps."""
    return {field: np.array(conditions[field], np.float64)[chosen] / 1000.0 for field in fields}


def _thousandths(values: Array, chosen: npt.NDArray[np.bool_]) -> list[int]:
    """Integers in thousandths of the unit: ``values`` at the chosen steps, 0 at the others."""
    whole = np.zeros(len(chosen), np.int64)
    if len(values):
        whole[chosen] = np.rint(values * 1000.0)
    numbers: list[int] = whole.tolist()
    return numbers
