"""The weather: what clouds leave of the sun, air temperature and wind; of the climate of the place, measured in a file, or as its owner says.

Of the climate: days that differ, made up from monthly normals (``virtual_devices.ambient._climate``, or twelve numbers of the owner's) by
``virtual_devices.ambient._days``. Measured: the hours of a file (``virtual_devices.ambient.measured.weather_file``). As its owner says: where
``mean_cloud_cover`` is set, that cover with passing clouds takes global irradiance from the clear sky by Kasten & Czeplak 1980,
GHI = GHI_clear · (1 − 0.75 · cover^3.4). The beam's part of what is left is by Erbs, Klein & Duffie 1982.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import AfterValidator, Field

from virtual_devices.ambient import _normals
from virtual_devices.ambient._clouds import cloud_cover_of, cover_at, under_clouds, under_index
from virtual_devices.ambient._days import WIND, MadeUpSky, daily_wave
from virtual_devices.ambient._noise import Array, Times
from virtual_devices.ambient.measured.years import of_year, years_in
from virtual_devices.kit.device import Conditions, NoState
from virtual_devices.kit.errors import ConfigurationError
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
from virtual_devices.kit.settings import Detail, DeviceName, Everyday, FileName, HomeFileOnly, Numbers, Partner
from virtual_devices.kit.settings import Settings as BaseSettings
from virtual_devices.kit.site import Context
from virtual_devices.kit.window import Span

if TYPE_CHECKING:
    from virtual_devices.ambient.measured.weather_file import MeasuredSky

SUN_FIELDS = ("apparent_zenith", "ghi_clear", "dni_clear", "dhi_clear", "dni_extra")
VARIABILITY = 30.0
"""% of passing clouds where only their mean cover is set."""
CLOUDLESS = 0.95
"""Index of a moment without a cloud."""
FORMER_DEFAULTS = {"mean_cloud_cover": 20.0, "variability": 30.0, "mean_temp_air": 18.0, "temp_swing": 5.0, "mean_wind_speed": 3.0}
"""What held where nobody set anything, before there was a climate."""


class Settings(BaseSettings):
    """Of the weather. What is not set is as the climate of the place has it. With a file, only transparency still acts."""

    sun: Annotated[DeviceName, Partner("conditions", SUN_FIELDS)] = Field(
        "sun", title="Sun", description="device that gives the clear sky"
    )
    mean_cloud_cover: Annotated[Annotated[Percent, Field(ge=0, le=100)] | None, Everyday()] = Field(
        None, title="Mean cloud cover",
        description="part of the sky that clouds cover, all days alike; not set: days that differ, as in the climate of the place",
    )  # fmt: skip
    variability: Annotated[Annotated[Percent, Field(ge=0, le=100)] | None, Detail()] = Field(
        None, title="Variability",
        description="how much passing clouds change a mean cloud cover that is set (not set: 30 %); nothing when clear or overcast",
    )  # fmt: skip
    transparency: Annotated[Factor, Field(ge=0, le=1.2), Detail()] = Field(
        1.0, title="Transparency", description="factor on the beam: below 1 for haze, dust or smoke"
    )
    mean_temp_air: Annotated[Annotated[Temperature, Field(ge=-60, le=60)] | None, Everyday()] = Field(
        None, title="Mean air temperature", description="mean over every day; not set: as the climate has it"
    )
    temp_swing: Annotated[Annotated[TemperatureDifference, Field(ge=0, le=25)] | None, Detail()] = Field(
        None, title="Temperature swing",
        description="above the mean at 15:00 local solar time, as much below it at 03:00; not set: as the climate has it, wider on bright days",
    )  # fmt: skip
    mean_wind_speed: Annotated[Annotated[WindSpeed, Field(ge=0, le=60)] | None, Detail()] = Field(
        None, title="Mean wind speed", description="all the time; not set: 3 m/s in the mean, more in the afternoon and on dull days"
    )
    monthly_ghi: Annotated[str, Field(max_length=250), Numbers(12), AfterValidator(_normals.checked_ghi), HomeFileOnly()] | None = Field(
        None, title="Monthly irradiation",
        description="global, on the horizontal, January to December, kWh/m² a day, as PVGIS or NASA show it; not set: NASA's of the place",
    )  # fmt: skip
    monthly_temp_air: Annotated[str, Field(max_length=250), Numbers(12), AfterValidator(_normals.checked_air), HomeFileOnly()] | None = Field(
        None, title="Monthly air temperature", description="January to December, °C; not set: of the three places nearest to it"
    )
    forecast_error: Annotated[Annotated[Percent, Field(ge=0, le=100)], Detail()] = Field(
        20.0, title="Forecast error",
        description="how far the power that is foretold of this sky is off, as a standard deviation; 0: it comes as it is foretold",
    )  # fmt: skip
    file: FileName | None = Field(
        None, title="Weather file", description="measured hours: TMY3, EPW, PVGIS hourly or TMY as CSV or JSON, NSRDB or SAM CSV, Open-Meteo JSON"
    )
    file_year: Annotated[int, Field(ge=1900, le=2200), HomeFileOnly()] | None = Field(
        None, title="Year of the file", description="of a file of several years, the one that is played; not set: the first"
    )


class Weather(Conditions[Settings, NoState, NoTelemetry]):
    """Irradiance at the ground, cloud cover, air temperature and wind at the start of each step.

    GHI = DHI + DNI · cos(apparent zenith) always holds. Cloud cover is the cover over the home in that moment: the setting with the passing
    clouds, or what the clear-sky index means by Kasten & Czeplak. The climate's irradiation is good to ±10 % of a year (±20 % beyond 58° of
    latitude, at coasts and in mountains); `check` says what it is for a home.
    """

    title = "Weather"
    icon = "mdi:weather-partly-cloudy"
    former_defaults: ClassVar[Mapping[int, Mapping[str, Any]]] = {4: FORMER_DEFAULTS}
    fields: ClassVar[Mapping[str, Quantity]] = {
        "ghi": IRRADIANCE,
        "dni": IRRADIANCE,
        "dhi": IRRADIANCE,
        "temp_air": TEMPERATURE,
        "wind_speed": WIND_SPEED,
        "cloud_cover": PERCENT,
    }
    folded = frozenset({"dni", "dhi", "wind_speed"})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._measured: dict[tuple[str, int | None], MeasuredSky] = {}
        self._made_up: dict[tuple[str | None, str | None], MadeUpSky] = {}
        self._told_of_month: tuple[Settings | None, int, dict[str, Any]] = (None, 0, {})
        """What the climate has: asked for with every state, it changes with the month."""

    def begin(self, settings: Settings) -> NoState:
        """Reads the file, if one is set, so that a wrong one is refused before time runs. Raises ConfigurationError."""
        if settings.file is not None:
            self._file(settings)
        return NoState()

    def conditions(
        self, settings: Settings, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]
    ) -> dict[str, list[int]]:
        """Irradiance in mW/m², temperature in m°C, wind in mm/s, cloud cover in thousandths of a percent."""
        times = np.arange(span.start, span.end, span.step)
        sun = {field: np.array(inputs["sun"][field], np.float64) / 1000.0 for field in SUN_FIELDS}
        cos_zenith = np.maximum(np.cos(np.radians(sun["apparent_zenith"])), 0.0)
        if settings.file is None:
            dni, dhi, cover, temp_air, wind_speed = self._modelled(settings, times, sun, cos_zenith)
        else:
            hours = self._file(settings).at(times)
            dni = np.minimum(hours.beam * self._clear_beam(settings, sun), sun["dni_extra"])
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

    def forecast_error(self, settings: Settings) -> float:
        """As it is set."""
        return settings.forecast_error / 100.0

    def in_force(self, settings: Settings, time: int) -> Mapping[str, Any]:
        """What the climate has for what is not set, in the month of ``time`` (UTC seconds)."""
        if settings.file is not None:
            return {}
        month = self.site.calendar.local(time).month - 1
        if self._told_of_month[:2] != (settings, month):
            self._told_of_month = settings, month, self._of_the_climate(settings, month)
        return self._told_of_month[2]

    def _of_the_climate(self, settings: Settings, month: int) -> dict[str, Any]:
        known = _normals.of(self.site, settings.monthly_ghi, settings.monthly_temp_air)
        cover = 100.0 * float(cloud_cover_of(self._sky(settings).mean_index / CLOUDLESS)[month])
        return {
            "mean_cloud_cover": round(cover, 1),
            "mean_temp_air": round(float(known.temp_air[month]), 1),
            "temp_swing": round(known.swing / 2.0, 1),
            "mean_wind_speed": WIND,
        }

    def notes(self, settings: Settings, start: int) -> list[str]:
        """Which weather it takes, and how far to trust it."""
        if settings.file is not None:
            return [f"{settings.file}: {line}" for line in self._file(settings).notes()]
        light, air = settings.mean_cloud_cover is None, settings.mean_temp_air is None
        found = [] if light else [_normals.alike(settings.mean_cloud_cover or 0.0)]
        return found + _normals.notes(self.site, settings.monthly_ghi, settings.monthly_temp_air, light=light, air=air)

    def warnings(self, settings: Settings, start: int, step: int) -> list[str]:
        """A file whose light does not come with the sun; where the climate is known badly, and settings that do nothing."""
        if settings.file is not None:
            return [f"{settings.file}: {doubt}" for doubt in self._file(settings).doubts()]
        light, air = settings.mean_cloud_cover is None, settings.mean_temp_air is None
        found = _normals.warnings(self.site, settings.monthly_ghi, settings.monthly_temp_air, light=light, air=air)
        if light and settings.variability is not None:
            found.append("variability acts beside mean_cloud_cover only, which is not set; leave it out, or set both")
        return found

    def years(self, settings: Settings) -> Sequence[Mapping[str, Any]] | None:
        """Each seed has another year of the climate; a file has its own; a cover that is set makes all alike."""
        if settings.file is None:
            return None if settings.mean_cloud_cover is None else ()
        there = () if settings.file_year is not None else years_in(self.context.document(settings.file))
        return [{"file_year": year} for year in there] if len(there) > 1 else ()

    def _modelled(self, settings: Settings, times: Times, sun: Mapping[str, Array], cos_zenith: Array) -> tuple[Array, Array, Array, Array, Array]:
        """DNI and DHI (W/m²), cloud cover (0–1), temperature (°C) and wind (m/s) without a file."""
        if settings.mean_cloud_cover is None:
            cover, dni, dhi = self._under_the_climate(settings, times, sun, cos_zenith)
        else:
            variability = VARIABILITY if settings.variability is None else settings.variability
            cover = cover_at(times, settings.mean_cloud_cover / 100.0, variability / 100.0, self.site.seed)
            dni, dhi = under_clouds(cover, self._clear_beam(settings, sun), sun["dhi_clear"], sun["dni_extra"], cos_zenith)
        wave = daily_wave(times + round(self.site.longitude * 240.0))
        mean, swing, wind = settings.mean_temp_air, settings.temp_swing, settings.mean_wind_speed
        if mean is None or swing is None or wind is None:
            air = self._sky(settings).air(times)
            temp_air = (air.temp_air if mean is None else mean) + (air.swing if swing is None else swing) * wave
            wind_speed = air.wind_speed if wind is None else np.full(len(times), wind)
        else:
            temp_air, wind_speed = mean + swing * wave, np.full(len(times), wind)
        return dni, dhi, cover, temp_air, wind_speed

    def _under_the_climate(self, settings: Settings, times: Times, sun: Mapping[str, Array], cos_zenith: Array) -> tuple[Array, Array, Array]:
        """Cloud cover (0–1), DNI and DHI (W/m²)."""
        sky = self._sky(settings)
        index = sky.index(times)
        dni, dhi = under_index(index * sky.bright(cos_zenith), sun["dni_clear"], sun["dhi_clear"], sun["dni_extra"], cos_zenith)
        return cloud_cover_of(index / CLOUDLESS), np.minimum(dni * settings.transparency, sun["dni_extra"]), dhi

    def _clear_beam(self, settings: Settings, sun: Mapping[str, Array]) -> Array:
        """The clear sky's DNI (W/m²) through its haze."""
        return np.minimum(sun["dni_clear"] * settings.transparency, sun["dni_extra"])

    def _sky(self, settings: Settings) -> MadeUpSky:
        key = (settings.monthly_ghi, settings.monthly_temp_air)
        known = self._made_up.get(key)
        if known is None:
            known = self._made_up[key] = MadeUpSky(self.site, _normals.of(self.site, *key))
        return known

    def _file(self, settings: Settings) -> MeasuredSky:
        name, year = str(settings.file), settings.file_year
        known = self._measured.get((name, year))
        if known is None:
            # pvlib and pandas cost a second and 90 MB: only who has a file pays for them
            from virtual_devices.ambient.measured.weather_file import MeasuredSky, read_weather  # noqa: PLC0415

            text = self.context.document(name)
            if year is not None:
                if year not in (there := years_in(text)):
                    raise ConfigurationError(f"weather file {name!r} has no whole year {year}; {_years_in_words(there)}")
                text = of_year(text, year)
            known = self._measured[name, year] = MeasuredSky(read_weather(text, name), self.site, name)
        return known


def _years_in_words(years: Sequence[int]) -> str:
    return f"use {years[0]} to {years[-1]}" if years else "leave file_year out"


def _thousandths(values: Array) -> list[int]:
    """Whole thousandths of each value."""
    whole: list[int] = np.rint(values * 1000.0).astype(np.int64).tolist()
    return whole
