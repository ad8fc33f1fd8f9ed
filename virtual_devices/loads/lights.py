"""The lights of a home (or of one room) on one dimmer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from virtual_devices.kit.device import Consumes, NoState, milliwatts, series
from virtual_devices.kit.natives import Lamp
from virtual_devices.kit.quantities import Percent, Power
from virtual_devices.kit.readings import NoTelemetry
from virtual_devices.kit.schedule import SCHEDULE, ScheduledSettings
from virtual_devices.kit.settings import Detail
from virtual_devices.kit.weekly import WeeklyTimes
from virtual_devices.kit.window import Span


class Settings(ScheduledSettings):
    """Mode and schedule say when they are lit; an LED lamp takes 7 to 10 W."""

    schedule: WeeklyTimes = Field(WeeklyTimes.parse("05:30-07:00, 18:30-22:30"), title="Schedule", description=SCHEDULE)
    rated_power: Annotated[Power, Detail()] = Field(80, ge=0, le=5_000, title="Rated power", description="Of all lamps at full brightness")
    brightness: Annotated[Percent, Detail()] = Field(100, ge=0, le=100, title="Brightness", description="Power follows it in proportion")


class Lights(Consumes[Settings, NoState, NoTelemetry]):
    """Power in proportion to brightness, as LEDs dimmed by pulse width draw it."""

    title = "Lights"
    icon = "mdi:lightbulb-group"
    native = Lamp("brightness")

    def draw(
        self,
        settings: Settings,
        state: NoState,
        span: Span,
        inputs: Mapping[str, Mapping[str, Sequence[int]]],
        supplied: bool,  # noqa: FBT001
    ) -> tuple[list[int], NoState]:
        """Demand in mW per step; nothing to remember."""
        power = milliwatts(settings.rated_power * settings.brightness / 100)
        return series(settings.on_runs(span, self.site), power), state
