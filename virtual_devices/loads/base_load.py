"""What a home draws all day: fridge, router, chargers, all that nobody switches.

Either a measured profile (``file``: CSV of timestamp and W) or a daily profile of 24 hourly powers with seeded
variation. Both are pure functions of absolute time, averaged over the step where a step holds several values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.coverage import Coverage
from virtual_devices.kit.device import Consumes, NoState
from virtual_devices.kit.noise import evenly
from virtual_devices.kit.profile import Profile, parse_profile
from virtual_devices.kit.quantities import Percent
from virtual_devices.kit.readings import NoTelemetry
from virtual_devices.kit.settings import ConsumerSettings, FileName
from virtual_devices.kit.window import Span

HOURS = 24
MAX_WATTS = 100_000.0
PPM = 1_000_000
_QUARTER = 900  # local hours begin on a quarter of an hour of UTC everywhere


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


class Settings(ConsumerSettings):
    """A file wins over the daily profile."""

    file: FileName | None = Field(
        None,
        title="Profile file",
        description="CSV of timestamp and W; each value holds until the next, and the whole repeats. "
        "ISO timestamps, ascending; without an offset they are local time",
    )
    profile: Annotated[str, Field(max_length=250), AfterValidator(_checked)] = Field(
        "180,170,160,160,170,230,350,380,300,250,240,240,260,250,240,250,300,380,420,400,350,300,250,200",
        title="Daily profile",
        description="24 powers in W, one for each local hour from 00:00; used without a file",
    )
    variation: Percent = Field(
        20, ge=0, le=100, title="Variation", description="Each hour of the daily profile differs by at most this, by the seed"
    )
    scale: Percent = Field(100, ge=0, le=1000, title="Scale", description="Of the file or the daily profile")


class BaseLoad(Consumes[Settings, NoState, NoTelemetry]):
    """Always on; remembers nothing."""

    title = "Base load"

    def begin(self, settings: Settings) -> NoState:
        """Nothing to remember. Raises ConfigurationError here, at the start, for a file that cannot be used."""
        if settings.file is not None:
            parse_profile(self.context.document(settings.file), settings.file, self.site.zone)
        return NoState()

    def coverage(self, settings: Settings, end: int) -> list[Coverage]:
        """Which time was measured; a lone value holds always."""
        if settings.file is None:
            return []
        profile = parse_profile(self.context.document(settings.file), settings.file, self.site.zone)
        return [Coverage(settings.file, "it repeats", profile.first, profile.first + profile.period)] if profile.varies else []

    def draw(
        self,
        settings: Settings,
        state: NoState,
        span: Span,
        inputs: Mapping[str, Mapping[str, Sequence[int]]],
        supplied: bool,  # noqa: FBT001
    ) -> tuple[list[int], NoState]:
        """Demand in mW per step."""
        if settings.file is not None:
            profile = parse_profile(self.context.document(settings.file), settings.file, self.site.zone)
        else:
            noise = f"{self.site.seed}/{self.name}/"
            profile = daily(hourly(settings.profile), round(settings.variation * 10_000), noise, span, self.site.calendar)
        demand = profile.powers(span)
        if settings.scale != 100:  # noqa: PLR2004 - percent
            scale = round(settings.scale * 10_000)
            demand = [power * scale // PPM for power in demand]
        return demand, state


def daily(powers: tuple[int, ...], variation: int, noise: str, span: Span, local: Calendar) -> Profile:
    """The daily profile over the quarters of an hour that ``span`` touches.

    powers: mW by local hour.  variation: ppm of ± that a hash of ``noise`` and the local hour spreads evenly.
    """
    first = span.start // _QUARTER * _QUARTER
    end = -(-span.end // _QUARTER) * _QUARTER
    rows: list[tuple[int, int]] = []
    known = None
    for time in range(first, end, _QUARTER):
        hour = (time + local.offset(time)) // 3600
        if hour != known:
            known = hour
            deviation = variation * (2 * evenly(f"{noise}{hour}", 32) - 2**32) // 2**32
            rows.append((time, powers[hour % HOURS] * (PPM + deviation) // PPM))
    return Profile(rows, end - first)
