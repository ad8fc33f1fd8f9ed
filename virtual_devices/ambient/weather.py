"""The weather: what clouds leave of the sun, air temperature and wind; modelled, or measured in a file.

Modelled: a cloud cover with passing clouds takes global irradiance from the clear sky by Kasten & Czeplak 1980,
GHI = GHI_clear · (1 − 0.75 · cover^3.4), and the beam by the diffuse fraction of Erbs, Klein & Duffie 1982.
Measured: the hours of a file (see ``virtual_devices.ambient._weather_file``) stand in for the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from virtual_devices.kit.device import Conditions, NoState
from virtual_devices.kit.quantities import (
    IRRADIANCE,
    PERCENT,
    TEMPERATURE,
    WIND_SPEED,
    Factor,
    Percent,
    Quantity,
    Temperature,
    TemperatureDifference,
    WindSpeed,
)
from virtual_devices.kit.readings import NoTelemetry
from virtual_devices.kit.settings import DeviceName, FileName, Partner
from virtual_devices.kit.settings import Settings as BaseSettings
from virtual_devices.kit.site import Context
from virtual_devices.kit.window import Span

if TYPE_CHECKING:
    from virtual_devices.ambient._weather_file import MeasuredSky

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

SUN_FIELDS = ("apparent_zenith", "ghi_clear", "dni_clear", "dhi_clear", "dni_extra")
WARMEST = 15 * 3600
"""Local mean solar time (seconds of the day) of the warmest moment."""
DAY = 86_400
MIN_COS_ZENITH = 0.065
"""Lowest cosine of the zenith that clearness is reckoned with: pvlib's own guard against the horizon."""
OCTAVES = ((7200, 0.6), (1800, 0.5), (450, 0.4), (120, 0.3), (30, 0.2))
"""Seconds between the knots of the cloud noise, and weight: banks of cloud over two hours down to wisps of half a minute."""
_PERIODS = np.array([[period] for period, _ in OCTAVES], np.int64)
_MIX_1, _MIX_2, _GOLDEN = (np.uint64(n) for n in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0x9E3779B97F4A7C15))


class Settings(BaseSettings):
    """Of the weather. With a file, only transparency still acts: the file's sky, air and wind win over the model's."""

    sun: Annotated[DeviceName, Partner("conditions", SUN_FIELDS)] = Field(
        "sun", title="Sun", description="device that gives the clear sky"
    )
    mean_cloud_cover: Annotated[Percent, Field(ge=0, le=100)] = Field(
        20.0, title="Mean cloud cover", description="part of the sky that clouds cover, in the mean"
    )
    variability: Annotated[Percent, Field(ge=0, le=100)] = Field(
        30.0, title="Variability", description="how much passing clouds change the cover; nothing when clear or overcast"
    )
    transparency: Annotated[Factor, Field(ge=0, le=1.2)] = Field(
        1.0, title="Transparency", description="factor on the clear-sky beam: below 1 for haze, dust or smoke"
    )
    mean_temp_air: Annotated[Temperature, Field(ge=-60, le=60)] = Field(
        18.0, title="Mean air temperature", description="mean over the day"
    )
    temp_swing: Annotated[TemperatureDifference, Field(ge=0, le=25)] = Field(
        5.0, title="Temperature swing", description="above the mean at 15:00 local solar time, as much below it at 03:00"
    )
    mean_wind_speed: Annotated[WindSpeed, Field(ge=0, le=60)] = Field(3.0, title="Mean wind speed")
    file: FileName | None = Field(
        None, title="Weather file", description="measured hours: TMY3, EPW, or PVGIS hourly or TMY as CSV or JSON"
    )


class Weather(Conditions[Settings, NoState, NoTelemetry]):
    """Irradiance at the ground, cloud cover, air temperature and wind at the start of each step.

    GHI = DHI + DNI · cos(apparent zenith) always holds. Cloud cover is the cover over the home in that moment: the
    setting with the passing clouds, or what the measured clear-sky index means by Kasten & Czeplak.
    """

    title = "Weather"
    fields: ClassVar[Mapping[str, Quantity]] = {
        "ghi": IRRADIANCE,
        "dni": IRRADIANCE,
        "dhi": IRRADIANCE,
        "temp_air": TEMPERATURE,
        "wind_speed": WIND_SPEED,
        "cloud_cover": PERCENT,
    }

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._measured: dict[str, MeasuredSky] = {}

    def begin(self, settings: Settings) -> NoState:
        """Reads the file, if one is set, so that a wrong one is refused before time runs. Raises ConfigurationError."""
        if settings.file is not None:
            self._file(settings.file)
        return NoState()

    def conditions(
        self, settings: Settings, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]
    ) -> dict[str, list[int]]:
        """Irradiance in mW/m², temperature in m°C, wind in mm/s, cloud cover in thousandths of a percent."""
        times = np.arange(span.start, span.end, span.step)
        sun = {field: np.array(inputs["sun"][field], np.float64) / 1000.0 for field in SUN_FIELDS}
        cos_zenith = np.maximum(np.cos(np.radians(sun["apparent_zenith"])), 0.0)
        dni_clear = np.minimum(sun["dni_clear"] * settings.transparency, sun["dni_extra"])
        if settings.file is None:
            cover = cover_at(times, settings.mean_cloud_cover / 100.0, settings.variability / 100.0, self.site.seed)
            dni, dhi = under_clouds(cover, dni_clear, sun["dhi_clear"], sun["dni_extra"], cos_zenith)
            temp_air = settings.mean_temp_air + settings.temp_swing * daily_wave(times, self.site.longitude)
            wind_speed = np.full(len(times), settings.mean_wind_speed)
        else:
            hours = self._file(settings.file).at(times)
            dni = np.minimum(hours.beam * dni_clear, sun["dni_extra"])
            dhi = hours.diffuse * sun["dhi_clear"]
            cover, temp_air, wind_speed = hours.cloud_cover, hours.temp_air, hours.wind_speed
        return {
            "ghi": _thousandths(dhi + dni * cos_zenith),
            "dni": _thousandths(dni),
            "dhi": _thousandths(dhi),
            "temp_air": _thousandths(temp_air),
            "wind_speed": _thousandths(wind_speed),
            "cloud_cover": _thousandths(cover * 100.0),
        }

    def _file(self, name: str) -> MeasuredSky:
        known = self._measured.get(name)
        if known is None:
            # pvlib and pandas cost a second and 90 MB: only who has a file pays for them
            from virtual_devices.ambient._weather_file import MeasuredSky, read_weather  # noqa: PLC0415

            known = self._measured[name] = MeasuredSky(read_weather(self.context.document(name), name), self.site, name)
        return known


def cover_at(times: Times, cloud_cover: float, variability: float, seed: int) -> Array:
    """Cloud cover (0–1) over the home at each time, given its mean (0–1) and variability (0–1).

    Clouds that cover a part c of the sky are there or not with a standard deviation of √(c(1 − c)): the noise is scaled
    by that, so that a clear and an overcast sky are steady.
    """
    swing = variability * 2.0 * (cloud_cover * (1.0 - cloud_cover)) ** 0.5
    if swing == 0.0:
        return np.full(len(times), cloud_cover)
    return np.asarray(np.clip(cloud_cover + swing * noise(times, seed), 0.0, 1.0))


def noise(times: Times, seed: int) -> Array:
    """Value noise in −1…1, a function of the seed and absolute time (UTC seconds) alone.

    Sum of octaves; each runs smoothly between knots fixed to UTC whose values are a hash (SplitMix64) of seed, octave and
    knot.
    """
    knots = times[None, :] // _PERIODS
    part = (times[None, :] - knots * _PERIODS) / _PERIODS
    smooth = part * part * (3.0 - 2.0 * part)
    key = np.uint64((seed * len(OCTAVES)) % 2**64) + np.arange(len(OCTAVES), dtype=np.uint64)[:, None]
    salt = _mixed(key * _GOLDEN)
    before, after = (_mixed((knots + step).astype(np.uint64) * _GOLDEN ^ salt) for step in (0, 1))
    # 53 bits make an exact double in 0…2
    low, high = ((bits >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0 for bits in (before, after))
    octaves = low + smooth * (high - low)
    total = np.zeros(len(times))
    for octave, (_, weight) in zip(octaves, OCTAVES, strict=True):
        total = total + octave * weight
    return np.clip(total, -1.0, 1.0)


def _mixed(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finaliser (Steele, Lea & Flood 2014): every bit of the result depends on every bit given."""
    bits = (bits ^ (bits >> np.uint64(30))) * _MIX_1
    bits = (bits ^ (bits >> np.uint64(27))) * _MIX_2
    return bits ^ (bits >> np.uint64(31))


def under_clouds(cover: Array, dni_clear: Array, dhi_clear: Array, dni_extra: Array, cos_zenith: Array) -> tuple[Array, Array]:
    """DNI and DHI (W/m²) under a cloud cover (0–1).

    Global irradiance falls by Kasten & Czeplak, the beam's part of it by the ratio of the beam parts that Erbs gives with
    and without clouds. Erbs alone would not return the clear sky at cover 0; so it does.
    """
    ghi_clear = dhi_clear + dni_clear * cos_zenith
    kept = 1.0 - 0.75 * cover**3.4
    outside = dni_extra * np.maximum(cos_zenith, MIN_COS_ZENITH)
    clearness = np.minimum(ghi_clear / outside, 1.0)
    beam_part = np.minimum((1.0 - diffuse_fraction(clearness * kept)) / np.maximum(1.0 - diffuse_fraction(clearness), 1e-9), 1.0)
    dni = dni_clear * kept * beam_part
    return dni, np.maximum(ghi_clear * kept - dni * cos_zenith, 0.0)


def diffuse_fraction(clearness: Array) -> Array:
    """Diffuse part of global irradiance for a clearness index (0–1): Erbs, Klein & Duffie 1982, eq. 1."""
    middle = 0.9511 + clearness * (-0.1604 + clearness * (4.388 + clearness * (-16.638 + clearness * 12.336)))
    return np.where(clearness <= 0.22, 1.0 - 0.09 * clearness, np.where(clearness <= 0.8, middle, 0.165))  # noqa: PLR2004


def daily_wave(times: Times, longitude: float) -> Array:
    """1 at 15:00 local mean solar time, −1 at 03:00."""
    solar = times + round(longitude * 240.0) - WARMEST
    return np.asarray(np.cos((solar % DAY) * (2.0 * np.pi / DAY)))


def _thousandths(values: Array) -> list[int]:
    """Whole thousandths of each value."""
    whole: list[int] = np.rint(values * 1000.0).astype(np.int64).tolist()
    return whole
