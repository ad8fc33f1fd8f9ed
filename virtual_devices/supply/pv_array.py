"""A PV array: modules in one plane, feeding the DC bus.

The chain, each link by pvlib: sun and sky on the plane (Hay & Davies 1980), what the glass reflects (Fresnel for the
beam and the sky around the sun, Marion 2017 for the rest of the sky and the ground), cell temperature (Faiman 2008),
DC power and system losses (PVWatts, Dobos 2014). A year on measured weather lies within 2 % of NREL's SAM (tested).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pvlib
from pydantic import Field

from virtual_devices.kit.device import DeviceName, NoState, Partner, Produces
from virtual_devices.kit.device import Settings as BaseSettings
from virtual_devices.kit.quantities import Angle, Factor, Percent, Power, Quantity
from virtual_devices.kit.readings import NoTelemetry
from virtual_devices.kit.window import Span

Array = npt.NDArray[np.float64]
TemperatureCoefficient = Annotated[float, Quantity("temperature_coefficient", "%/K", (("%/°C", 1.0),), digits=2)]

POSITION_FIELDS = ("apparent_zenith", "solar_azimuth", "dni_extra")
CLEAR_FIELDS = ("ghi_clear", "dni_clear", "dhi_clear")
SUN_FIELDS = (*POSITION_FIELDS, *CLEAR_FIELDS)
WEATHER_FIELDS = ("ghi", "dni", "dhi", "temp_air", "wind_speed")
CALM = {"temp_air": 20.0, "wind_speed": 1.0}
"""Air (°C) and wind (m/s) where no weather device is present."""
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
        5000.0, title="Capacity", description="DC peak power of all modules at 1000 W/m² and 25 °C"
    )
    surface_tilt: Annotated[Angle, Field(ge=0, le=90)] = Field(25.0, title="Tilt", description="0: flat, 90: upright")
    surface_azimuth: Annotated[Angle, Field(ge=0, le=360)] = Field(
        180.0, title="Azimuth", description="where the array faces: 0 north, 90 east, 180 south, 270 west"
    )
    gamma: Annotated[TemperatureCoefficient, Field(ge=-1, le=0)] = Field(
        -0.35, title="Temperature coefficient", description="change of power per kelvin of cell temperature above 25 °C"
    )
    losses: Annotated[Percent, Field(ge=0, le=99)] = Field(
        14.1, title="System losses", description="soiling, shading, wiring, mismatch, ageing: PVWatts' sum is 14.1 %"
    )
    albedo: Annotated[Factor, Field(ge=0, le=1)] = Field(0.2, title="Albedo", description="what the ground reflects")


class PvArray(Produces[Settings, NoState, NoTelemetry]):
    """Gives DC power, before the inverter, from irradiance, air and wind at the start of each step."""

    title = "PV array"

    def available(
        self, settings: Settings, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]
    ) -> list[int]:
        """Most milliwatts it can give per step."""
        weather = inputs.get("weather")
        lit = np.array(inputs["sun"]["ghi_clear"] if weather is None else weather["ghi"]) > 0
        power = np.zeros(span.steps)
        if lit.any():  # half of all steps are dark and cost nothing
            sun = _units(inputs["sun"], POSITION_FIELDS, lit)
            if weather is None:
                clear = _units(inputs["sun"], CLEAR_FIELDS, lit)
                sky = {field.removesuffix("_clear"): values for field, values in clear.items()}
                sky |= {field: np.full(len(sky["ghi"]), value) for field, value in CALM.items()}
            else:
                sky = _units(weather, WEATHER_FIELDS, lit)
            power[lit] = dc_power(settings, sun["apparent_zenith"], sun["solar_azimuth"], sun["dni_extra"], **sky)
        milliwatts: list[int] = np.rint(power * 1000.0).astype(np.int64).tolist()
        return milliwatts


def dc_power(
    settings: Settings, zenith: Array, azimuth: Array, dni_extra: Array, *,
    ghi: Array, dni: Array, dhi: Array, temp_air: Array, wind_speed: Array,
) -> Array:
    """DC power (W) of an array.

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
    power = pvlib.pvsystem.pvwatts_dc(effective, temp_cell, settings.capacity, settings.gamma / 100.0)
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
