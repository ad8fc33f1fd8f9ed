"""Clock: simulated time, cut into windows.

Simulated time keeps to start + speed × wall time, at real time to the time of day: a window is due when the wall has reached its
start, and covers what a tenth of a wall second holds, or all that the clock is behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from virtual_devices.kit.device import Ticks
from virtual_devices.kit.quantities import INSTANT, Angle, Count, Duration, Factor, Length
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.settings import Detail, DeviceName, Everyday, HomeFileOnly, Partner, Settings
from virtual_devices.kit.window import MAX_STEPS

__all__ = ["Clock"]

_WINDOWS_PER_SECOND = 10


class ClockSettings(Settings):
    """How time runs."""

    speed: Annotated[Factor, Everyday()] = Field(
        1, ge=0, le=1_000_000, title="Speed", description="simulated seconds per second; 0: as fast as possible"
    )
    paused: Annotated[bool, Everyday()] = Field(False, title="Paused")
    paused_steps: Annotated[int, Detail()] = Field(0, ge=0, le=86_400, title="Steps while paused", description="so many steps, then stand still")
    step: Annotated[Duration | None, HomeFileOnly()] = Field(
        None, ge=1, le=3600, multiple_of=1, title="Step",
        description="whole seconds, fixed for a run; left out: 60 s, and 5 s where time begins slower than 60 times as fast as life",
    )  # fmt: skip
    real_time: Annotated[bool, HomeFileOnly()] = Field(
        False, title="Real time",
        description="begins at the time of day and, at speed 1, keeps to it, also after a pause or a sleep of the machine",
    )  # fmt: skip
    max_steps: Annotated[int, Detail()] = Field(MAX_STEPS, ge=1, le=MAX_STEPS, title="Longest window", description="in steps")
    wait_for: Annotated[str, HomeFileOnly()] = Field(
        "", max_length=10_000, title="Wait for", description="names of devices that the first window waits for"
    )
    settler: Annotated[str, HomeFileOnly()] = Field(
        "", max_length=40, title="Settled by",
        description="name of the inverter whose settlements count; empty: the first that offers to, for all of the run",
    )  # fmt: skip
    books: Annotated[DeviceName | None, Partner("keeps", required=False), HomeFileOnly()] = Field(
        None, title="Books",
        description="the record that time waits for: no window is opened far beyond what it has written; empty: it waits for none",
    )  # fmt: skip
    latitude: Annotated[Angle, HomeFileOnly()] = Field(0, ge=-90, le=90, title="Latitude")
    longitude: Annotated[Angle, HomeFileOnly()] = Field(0, ge=-180, le=180, title="Longitude")
    altitude: Annotated[Length, HomeFileOnly()] = Field(0, ge=-500, le=9000, title="Altitude")
    time_zone: Annotated[str, HomeFileOnly()] = Field("UTC", max_length=60, title="Time zone")
    seed: Annotated[int, HomeFileOnly()] = Field(0, ge=0, le=2**31, title="Seed", description="of all noise")
    start: Annotated[int, HomeFileOnly()] = Field(0, title="Start", description="simulated, UTC seconds")
    patience: Annotated[Duration, Detail()] = Field(
        60, ge=0, le=86_400, title="Patience",
        description="wall seconds that a silent device is waited for; 0: for ever",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClockState:
    """time: end of the last settled window, UTC seconds.  windows: settled so far.  behind: simulated seconds late.

    own_pace: its time is not the time of day by its own doing: the last window was not opened at real time.
    """

    time: int = 0
    windows: int = 0
    behind: int = 0
    own_pace: bool = False


@dataclass(frozen=True, slots=True)
class ClockTelemetry:
    """Simulated time. local_time: by the clock on the home's wall."""

    time: Annotated[str, INSTANT, Mark(title="Simulated time", folded=True)]
    local_time: Annotated[str, Mark(running=True, icon="mdi:clock-outline")]
    windows: Annotated[Count, Mark(detail=True)]
    behind: Annotated[Duration, Mark(detail=True)]


class Clock(Ticks[ClockSettings, ClockState, ClockTelemetry]):
    """Clock of a home."""

    title = "Clock"
    icon = "mdi:clock-outline"

    def window_steps(self, settings: ClockSettings, step: int, behind: float) -> int:
        """Steps of a window that is due, ``behind`` simulated seconds late."""
        if settings.speed == 0:
            return settings.max_steps
        tenth = int(settings.speed / (_WINDOWS_PER_SECOND * step))
        return max(1, min(settings.max_steps, max(tenth, int(behind // step) + 1)))

    def report(self, settings: ClockSettings, state: ClockState, time: int) -> ClockTelemetry:
        """The time, in words."""
        return ClockTelemetry(
            time=datetime.fromtimestamp(state.time, UTC).isoformat(),
            local_time=self.site.calendar.local(state.time).strftime("%Y-%m-%d %H:%M:%S"),
            windows=state.windows,
            behind=state.behind,
        )
