"""A television: one power while it plays, a little while it stands by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from virtual_devices.kit.device import Consumes, NoState, milliwatts
from virtual_devices.kit.quantities import Power
from virtual_devices.kit.readings import NoTelemetry
from virtual_devices.kit.schedule import SCHEDULE, ScheduledSettings
from virtual_devices.kit.settings import Detail
from virtual_devices.kit.weekly import WeeklyTimes
from virtual_devices.kit.window import Span


class Settings(ScheduledSettings):
    """Mode and schedule say when it plays; an LED set takes 50 to 300 W."""

    schedule: WeeklyTimes = Field(WeeklyTimes.parse("18:00-22:30"), title="Schedule", description=SCHEDULE)
    rated_power: Annotated[Power, Detail()] = Field(120, ge=0, le=1_000, title="Rated power", description="Drawn while it plays")
    standby_power: Annotated[Power, Detail()] = Field(0.5, ge=0, le=50, title="Standby power", description="Drawn at all other times")


class Tv(Consumes[Settings, NoState, NoTelemetry]):
    """Never quite off: in mode ``off`` it stands by."""

    title = "TV"
    icon = "mdi:television"

    def draw(
        self,
        settings: Settings,
        state: NoState,
        span: Span,
        inputs: Mapping[str, Mapping[str, Sequence[int]]],
        supplied: bool,  # noqa: FBT001
    ) -> tuple[list[int], NoState]:
        """Demand in mW per step; nothing to remember."""
        rated, standby = milliwatts(settings.rated_power), milliwatts(settings.standby_power)
        demand: list[int] = []
        for steps, on in settings.on_runs(span, self.site):
            demand += [rated if on else standby] * steps
        return demand, state
