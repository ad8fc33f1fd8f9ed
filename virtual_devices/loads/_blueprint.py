"""Copy this file to add an appliance; the file's name becomes its kind: ``loads/kettle.py`` is the kind ``kettle``.

A device declares four things – Settings, Telemetry, State, physics – and imports the kit, nothing else of the project.
Checks of commands and home files, Home Assistant entities, metrics, command-line help and the JSON Schema all follow
from here. This one is a plain appliance with a timer and a counter of its running time. It works as it stands.

The rules of physics:

- no clock, no I/O, no globals, no ``random``: the same settings, state and span give the same numbers, bit for bit;
- two spans in a row give the same as one: go step by step with + − × ÷ in a fixed order, or use integers;
- noise, if any, comes from the site's seed and the step's own time (see ``base_load``);
- a year of minutes is 525,600 steps: work on runs of equal steps; keep calls and attributes out of inner loops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field

from virtual_devices.kit.device import Consumes, milliwatts
from virtual_devices.kit.quantities import Duration, Power
from virtual_devices.kit.schedule import SCHEDULE, ScheduledSettings
from virtual_devices.kit.weekly import WeeklyTimes
from virtual_devices.kit.window import Span


class Settings(ScheduledSettings):
    """What its owner may set, at any time.

    ``circuit`` and ``priority`` come from ConsumerSettings. ``mode`` and ``schedule`` come from ScheduledSettings, with
    one rule for all loads: mode ``on`` is always on, ``off`` never, ``schedule`` within the daily local times (an empty
    schedule: never). A load that nobody switches, such as base_load, derives from ConsumerSettings instead.
    Give every field a quantity (its unit, and the units people may write), a range and a title, and no name that a
    reading has: what it draws just now is the reading ``power``, so the setting is ``rated_power``.
    """

    schedule: WeeklyTimes = Field(WeeklyTimes.parse("09:00-10:00"), title="Schedule", description=SCHEDULE)
    rated_power: Power = Field(1000, ge=0, le=20_000, title="Rated power", description="Drawn while it is on")
    standby_power: Power = Field(0.5, ge=0, le=100, title="Standby power", description="Drawn while it is not")


@dataclass(frozen=True, slots=True)
class State:
    """What it must remember: plain numbers, texts and true/false, with the values of a fresh start.

    run_time: seconds run. A device that remembers nothing uses NoState.
    """

    run_time: int = 0


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What it reports beside what every load does (power, demand, supplied, energies). Or use NoTelemetry."""

    run_time: Duration


class Blueprint(Consumes[Settings, State, Telemetry]):
    """An appliance that draws one power while it is on and another while it is not."""

    title = "Blueprint"
    icon = "mdi:power-plug"

    def draw(
        self,
        settings: Settings,
        state: State,
        span: Span,
        inputs: Mapping[str, Mapping[str, Sequence[int]]],
        supplied: bool,  # noqa: FBT001
    ) -> tuple[list[int], State]:
        """Demand in mW per step, and the state after the span.

        The demand may depend on state and time, never on ``supplied``: a load that is cut off asks for what it would
        draw if power returned in that very step. Only what it remembers depends on ``supplied``.
        """
        runs = settings.on_runs(span, self.site)
        rated, standby = milliwatts(settings.rated_power), milliwatts(settings.standby_power)
        demand: list[int] = []
        for steps, on in runs:
            demand += [rated if on else standby] * steps
        ran = sum(steps for steps, on in runs if on) * span.step if supplied else 0
        return demand, State(state.run_time + ran)

    def report(self, settings: Settings, state: State, time: int) -> Telemetry:
        """Telemetry at ``time``: from the state alone."""
        return Telemetry(run_time=state.run_time)
