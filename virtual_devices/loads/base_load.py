"""What a home draws all day: fridge, router, chargers, all that nobody switches.

Either what was measured (``file``, see ``virtual_devices.loads.household.household``) or days of 24 hourly powers with seeded variation,
weekends and spikes (``_day``). Both are pure functions of absolute time, averaged over the step where a step holds several values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from virtual_devices.kit.coverage import Coverage
from virtual_devices.kit.device import Consumes, NoState
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.quantities import Percent
from virtual_devices.kit.readings import NoTelemetry
from virtual_devices.kit.settings import ConsumerSettings, Detail, FileName, HomeFileOnly
from virtual_devices.kit.stamps import clock_of
from virtual_devices.kit.window import Span
from virtual_devices.loads._day import HOURS, PPM, daily
from virtual_devices.loads.household.household import Household, household
from virtual_devices.loads.household.load_file import Told

MAX_WATTS = 100_000.0
WORKDAY = "180,170,160,160,170,230,350,380,300,250,240,240,260,250,240,250,300,380,420,400,350,300,250,200"
WEEKEND = "190,180,170,160,160,170,200,260,330,370,340,320,320,300,270,260,290,340,370,360,330,290,250,200"
"""As much as on a workday, and later in the morning."""
_ANY_YEAR = 2000


@lru_cache(maxsize=64)
def hourly(text: str) -> tuple[int, ...]:
    """Milliwatts of the 24 hours of a daily profile. Raises ValueError, with the remedy, for anything else."""
    try:
        watts = [float(item) for item in text.split(",")]
    except ValueError:
        watts = []
    if len(watts) != HOURS or not all(0 <= value <= MAX_WATTS for value in watts):
        raise ValueError(
            f"should be 24 numbers of 0 to {MAX_WATTS:.0f} W with commas between them, one for each hour from 00:00"
        )
    return tuple(round(value * 1000) for value in watts)


def _checked(text: str) -> str:
    hourly(text)
    return text


def _zone(text: str) -> str:
    try:
        clock_of(text, "UTC", _ANY_YEAR)
    except ConfigurationError as error:
        raise ValueError(f"{error}; or write local, standard, UTC, or an offset such as +01:00") from None
    return text


def _weekend(before: dict[str, Any]) -> str:
    profile = str(before.get("profile", WORKDAY))
    return WEEKEND if profile == WORKDAY else profile


class Settings(ConsumerSettings):
    """A file wins over the daily profile. What is said of it wins over its heading."""

    file: FileName | None = Field(
        None,
        title="Profile file",
        description="what was measured: CSV of time and W, kW, Wh or kWh of each interval, or a meter's readings; "
        "Home Assistant's history and statistics; Green Button XML; NEM12. It repeats by local time and weekday",
    )
    file_unit: Annotated[Literal["W", "kW", "Wh", "kWh", "MWh", "Wh counter", "kWh counter", "MWh counter"] | None, HomeFileOnly()] = Field(
        None, title="Unit of the file", description="where its heading names none; a counter is a meter that only rises"
    )
    file_time_zone: Annotated[str | None, Field(max_length=60), AfterValidator(lambda text: text and _zone(text)), HomeFileOnly()] = Field(
        None,
        title="Time zone of the file",
        description="of times without an offset: local, standard (local standard time all year), UTC, +01:00 or a name such as Europe/Berlin",
    )
    file_time: Annotated[Literal["start", "end"] | None, HomeFileOnly()] = Field(
        None, title="Times of the file", description="whether each time is the start or the end of its interval"
    )
    file_column: Annotated[str | None, Field(max_length=200), HomeFileOnly()] = Field(
        None, title="Column of the file", description="heading of the column, or entity of Home Assistant, that is the household's, where a file has several"
    )
    profile: Annotated[str, Field(max_length=250), AfterValidator(_checked), Detail()] = Field(
        WORKDAY,
        title="Daily profile",
        description="24 powers in W, one for each local hour from 00:00; used without a file",
    )
    weekend_profile: Annotated[str, Field(max_length=250), AfterValidator(_checked), Detail()] = Field(
        default_factory=_weekend,
        title="Weekend profile",
        description="likewise, on Saturday and Sunday; as the daily profile, where that is set",
    )
    variation: Annotated[Percent, Detail()] = Field(
        20, ge=0, le=100, title="Variation", description="Each hour of the daily profile differs by at most this, by the seed; 0: no spikes either"
    )
    spikes: Annotated[Percent, Detail()] = Field(
        40, ge=0, le=100, title="Spikes", description="Of each hour's energy, in a few minutes: kettle, oven; used without a file"
    )
    scale: Annotated[Percent, Detail()] = Field(100, ge=0, le=1000, title="Scale", description="Of the file or the daily profile")


class BaseLoad(Consumes[Settings, NoState, NoTelemetry]):
    """Always on; remembers nothing."""

    title = "Base load"
    icon = "mdi:home-lightning-bolt"

    def begin(self, settings: Settings) -> NoState:
        """Nothing to remember. Raises ConfigurationError here, at the start, for a file that cannot be used."""
        self._household(settings)
        return NoState()

    def coverage(self, settings: Settings, end: int) -> list[Coverage]:
        """Which time was measured; a lone value holds always."""
        found = self._household(settings)
        if found is None or settings.file is None or found.load.lone:
            return []
        return [Coverage(settings.file, "it repeats", found.first, found.end)]

    def notes(self, settings: Settings, start: int) -> list[str]:
        """What was understood of the file."""
        found = self._household(settings)
        return [found.describe(settings.file)] if found is not None and settings.file is not None else []

    def warnings(self, settings: Settings, start: int, step: int) -> list[str]:
        """What may be meant otherwise in the file."""
        found = self._household(settings)
        return [f"{settings.file}: {doubt}" for doubt in found.load.doubts] if found is not None else []

    def draw(
        self,
        settings: Settings,
        state: NoState,
        span: Span,
        inputs: Mapping[str, Mapping[str, Sequence[int]]],
        supplied: bool,  # noqa: FBT001
    ) -> tuple[list[int], NoState]:
        """Demand in mW per step."""
        measured = self._household(settings)
        if measured is not None:
            demand = measured.powers(span)
        else:
            noise = f"{self.site.seed}/{self.name}/"
            spikes = round(settings.spikes * 10_000) if settings.variation else 0
            hours = hourly(settings.profile), hourly(settings.weekend_profile)
            demand = daily(*hours, round(settings.variation * 10_000), spikes, noise, span, self.site.calendar).powers(span)
        if settings.scale != 100:  # noqa: PLR2004 - percent
            scale = round(settings.scale * 10_000)
            demand = [power * scale // PPM for power in demand]
        return demand, state

    def _household(self, settings: Settings) -> Household | None:
        """What the file says; None without one."""
        if settings.file is None:
            return None
        told = Told(settings.file_unit, settings.file_time_zone, settings.file_time, settings.file_column)
        return household(self.context.document(settings.file), settings.file, self.site.zone, told)
