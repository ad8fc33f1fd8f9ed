"""A PV array: modules in one plane, feeding the DC bus.

The chain, each link by pvlib: sun and sky on the plane (Hay & Davies 1980), what the glass reflects (Fresnel for the
beam and the sky around the sun, Marion 2017 for the rest of the sky and the ground), cell temperature (Faiman 2008),
then either DC power of a capacity (PVWatts, Dobos 2014; a year on measured weather lies within 2 % of NREL's SAM, tested)
or strings of a named module of the CEC's table on one MPPT input (single diode; ``_modules``, ``_mppt``).

Strings lose the system losses as light, so that voltage times current is the power; wiring losses, which cost voltage, are
in there too. What the input clips is lost before the offer: it is no part of the available power, and reported by itself.
Every operation is element by element: a step's power does not depend on how time was cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
import pvlib
from pydantic import Field, field_validator, model_validator

from virtual_devices.kit.device import NoState, Produces
from virtual_devices.kit.quantities import Angle, Current, Factor, Percent, Power, Quantity, Voltage
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.settings import DeviceName, HomeFileOnly, Partner
from virtual_devices.kit.settings import Settings as BaseSettings
from virtual_devices.kit.window import Span
from virtual_devices.supply import _modules as modules
from virtual_devices.supply import _mppt as mppt
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
COLD = -10.0
"""Cells (°C) in the sun on a winter's morning, when strings have their highest voltage."""
MIN_COS_ZENITH = 0.01745
"""Lowest cosine of the zenith that the circumsolar sky is projected with (89°): pvlib's own guard."""


class Settings(BaseSettings):
    """Of a PV array."""

    sun: Annotated[DeviceName, Partner("conditions", SUN_FIELDS)] = Field(
        "sun", title="Sun", description="device that gives the sun's position and the clear sky"
    )
    weather: Annotated[DeviceName, Partner("conditions", WEATHER_FIELDS, required=False)] = Field(
        "weather", title="Weather", description="device that gives irradiance, air and wind; without: clear sky, 20 °C, 1 m/s"
    )
    capacity: Annotated[Power, Field(ge=0, le=10_000_000)] = Field(
        5000.0,
        title="Capacity",
        description="DC peak power of all modules at 1000 W/m² and 25 °C; not used where a module is named",
    )
    module: Annotated[str | None, Field(max_length=100), HomeFileOnly()] = Field(
        None, title="Module", description="name in the CEC's table, as pvlib or the table spells it"
    )
    modules_per_string: Annotated[int, Field(ge=1, le=50)] = Field(
        10, title="Modules per string", description="in series; only where a module is named"
    )
    strings: Annotated[int, Field(ge=1, le=100)] = Field(
        1, title="Strings", description="in parallel on one MPPT input; only where a module is named"
    )
    surface_tilt: Annotated[Angle, Field(ge=0, le=90)] = Field(25.0, title="Tilt", description="0: flat, 90: upright")
    surface_azimuth: Annotated[Angle, Field(ge=0, le=360)] = Field(
        180.0, title="Azimuth", description="where the array faces: 0 north, 90 east, 180 south, 270 west"
    )
    gamma: Annotated[TemperatureCoefficient, Field(ge=-1, le=0)] = Field(
        -0.35,
        title="Temperature coefficient",
        description="change of power per kelvin of cell temperature above 25 °C; a named module brings its own",
    )
    losses: Annotated[Percent, Field(ge=0, le=99)] = Field(
        14.1, title="System losses", description="soiling, shading, wiring, mismatch, ageing: PVWatts' sum is 14.1 %"
    )
    albedo: Annotated[Factor, Field(ge=0, le=1)] = Field(0.2, title="Albedo", description="what the ground reflects")
    mppt_min_voltage: Annotated[Voltage, Field(ge=0, le=1500)] = Field(
        0.0, title="MPPT minimum voltage", description="of the inverter's input: lowest voltage it operates the strings at"
    )
    mppt_max_voltage: Annotated[Voltage, Field(ge=1, le=1500)] = Field(
        1500.0, title="MPPT maximum voltage", description="of the inverter's input: highest voltage it operates the strings at"
    )
    mppt_max_current: Annotated[Current, Field(ge=0, le=10_000)] = Field(
        10_000.0, title="MPPT maximum current", description="of the inverter's input: of all strings together"
    )
    start_voltage: Annotated[Voltage, Field(ge=0, le=1500)] = Field(
        0.0, title="Start voltage", description="of the inverter's input: no power below this open-circuit voltage"
    )
    max_input_voltage: Annotated[Voltage, Field(ge=1, le=1500)] = Field(
        1500.0, title="Maximum input voltage", description="of the inverter's input: no power above this open-circuit voltage"
    )

    @field_validator("module")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        return modules.module(name).name if name else None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.mppt_min_voltage > self.mppt_max_voltage:
            raise ValueError("mppt_min_voltage must not be above mppt_max_voltage")
        if self.start_voltage > self.max_input_voltage:
            raise ValueError("start_voltage must not be above max_input_voltage")
        return self

    def curve(self, effective_irradiance: Array, temp_cell: Array) -> modules.Curve:
        """The IV curves of all strings, in light behind glass and system losses (W/m²), at temperatures of the cell (°C)."""
        one = modules.module(self.module or "")
        return modules.curve(one, self.modules_per_string, self.strings, effective_irradiance, temp_cell)

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

    def available(
        self, settings: Settings, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]
    ) -> list[int]:
        """Most milliwatts it can give per step."""
        return self.columns(settings, span, inputs)["power"]

    def columns(
        self, settings: Settings, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]
    ) -> dict[str, list[int]]:
        """Power; of strings also what their input clips (mW), light on their cells (mW/m²) and temp_cell (m°C)."""
        weather = inputs.get("weather")
        lit = np.array(inputs["sun"]["ghi_clear"] if weather is None else weather["ghi"]) > 0
        found = {"power": np.zeros(0), **({} if settings.module is None else dict.fromkeys(STRINGS, np.zeros(0)))}
        if lit.any():  # half of all steps are dark and cost nothing
            sun = _units(inputs["sun"], POSITION_FIELDS, lit)
            if weather is None:
                clear = _units(inputs["sun"], CLEAR_FIELDS, lit)
                sky = {field.removesuffix("_clear"): values for field, values in clear.items()}
                sky |= {field: np.full(len(sky["ghi"]), value) for field, value in CALM.items()}
            else:
                sky = _units(weather, WEATHER_FIELDS, lit)
            light, temp_cell = on_cells(settings, sun["apparent_zenith"], sun["solar_azimuth"], sun["dni_extra"], **sky)
            if settings.module is None:
                found["power"] = pvwatts(settings, light, temp_cell)
            else:
                light = light * (1.0 - settings.losses / 100.0)
                taken = mppt.operate(settings.curve(light, temp_cell), settings.limits)
                found = {"power": taken.power, "clipped_power": taken.clipped, "light": light, "temp_cell": temp_cell}
        return {name: _thousandths(values, lit) for name, values in found.items()}

    def operation(self, settings: Settings, state: NoState, time: int, last: Mapping[str, int]) -> Telemetry:
        """Voltage and current of a string at the power that was used in the last step."""
        light = last.get("light", 0) / 1000.0
        if settings.module is None or light <= 0:
            return Telemetry()
        curve = settings.curve(np.array([light]), np.array([last["temp_cell"] / 1000.0]))
        taken = mppt.operate(curve, settings.limits)
        used = float(taken.power[0]) if last["power"] >= last["available_power"] else last["power"] / 1000.0
        voltage, current = mppt.at_power(curve, taken, used)
        return Telemetry(voltage, current / settings.strings, last["power"] / 1000.0 / settings.strings)

    def warnings(self, settings: Settings, start: int, step: int) -> list[str]:
        """Strings whose voltage does not fit the input in full sun at 25 °C, or in the cold."""
        if settings.module is None:
            return []
        usual, cold = (mppt.standard(settings.curve(np.array([1000.0]), np.array([cells]))) for cells in (25.0, COLD))
        return mppt.cautions(usual, cold, settings.limits, settings.modules_per_string, COLD)


def on_cells(
    settings: Settings, zenith: Array, azimuth: Array, dni_extra: Array, *,
    ghi: Array, dni: Array, dhi: Array, temp_air: Array, wind_speed: Array,
) -> tuple[Array, Array]:
    """Irradiance that reaches the cells behind the glass (W/m²) and their temperature (°C).

    zenith, azimuth: of the sun, refraction included, °.  dni_extra, ghi, dni, dhi: W/m².  temp_air: °C.
    wind_speed: m/s.
    """
    tilt = settings.surface_tilt
    facing = pvlib.irradiance.aoi_projection(tilt, settings.surface_azimuth, zenith, azimuth)
    facing = np.minimum(np.maximum(facing, 0.0), 1.0)
    sky = pvlib.irradiance.haydavies(
        tilt, settings.surface_azimuth, dhi, dni, dni_extra,
        projection_ratio=facing / np.maximum(np.cos(np.radians(zenith)), MIN_COS_ZENITH), return_components=True,
    )
    # the circumsolar sky comes from where the beam comes from, and is reflected as it is
    direct = dni * facing + sky["poa_circumsolar"]
    isotropic = sky["poa_isotropic"]
    ground = pvlib.irradiance.get_ground_diffuse(tilt, ghi, settings.albedo)
    passed_sky, passed_ground = diffuse_modifiers(tilt)
    passed_beam = pvlib.iam.physical(np.degrees(np.arccos(facing)))
    effective = direct * passed_beam + isotropic * passed_sky + ground * passed_ground
    temp_cell = pvlib.temperature.faiman(direct + isotropic + ground, temp_air, wind_speed)
    return np.asarray(effective, np.float64), np.asarray(temp_cell, np.float64)


def pvwatts(settings: Settings, effective_irradiance: Array, temp_cell: Array) -> Array:
    """DC power (W) of a capacity."""
    power = pvlib.pvsystem.pvwatts_dc(effective_irradiance, temp_cell, settings.capacity, settings.gamma / 100.0)
    return np.asarray(np.maximum(power * (1.0 - settings.losses / 100.0), 0.0), np.float64)


@lru_cache(maxsize=64)
def diffuse_modifiers(surface_tilt: float) -> tuple[float, float]:
    """Parts of isotropic sky and ground irradiance that glass at a tilt (°) lets through, by Marion's integral."""
    factors = pvlib.iam.marion_diffuse("physical", surface_tilt)
    # a flat array sees no ground: pvlib has no number for what reaches it of none
    return float(factors["sky"]), float(np.nan_to_num(factors["ground"]))


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
