"""An electric oven: an element and a thermostat in a warm box.

C·dT/dt = P − UA·(T − T_room). With the defaults, 2 kW and UA 5.6 W/K, C = 5.75 kJ/K takes it from 20 to 200 °C in
12 minutes, and holding 200 °C takes 1 kW on average.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from virtual_devices.kit.device import Consumes, milliwatts
from virtual_devices.kit.natives import Heater
from virtual_devices.kit.quantities import Conductance, HeatCapacity, Power, Temperature, TemperatureDifference
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.schedule import SCHEDULE, ScheduledSettings
from virtual_devices.kit.settings import Detail
from virtual_devices.kit.thermostat import Thermostat, cool, heat, node
from virtual_devices.kit.weekly import WeeklyTimes
from virtual_devices.kit.window import Span


class Settings(ScheduledSettings):
    """Mode and schedule say when it is switched on; the thermostat does the rest."""

    schedule: WeeklyTimes = Field(WeeklyTimes.parse("18:00-18:45"), title="Schedule", description=SCHEDULE)
    rated_power: Annotated[Power, Detail()] = Field(2000, ge=0, le=10_000, title="Rated power", description="Of its element")
    setpoint: Annotated[Temperature, Detail()] = Field(200, ge=30, le=300, title="Setpoint")
    hysteresis: Annotated[TemperatureDifference, Detail()] = Field(
        10, ge=1, le=50, title="Hysteresis", description="Between switching on and off, half of it on each side of the setpoint"
    )
    heat_loss: Annotated[Conductance, Detail()] = Field(
        5.6, ge=0.5, le=50, title="Heat loss", description="Through its walls, per kelvin above the room"
    )
    heat_capacity: Annotated[HeatCapacity, Detail()] = Field(5.75, ge=0.5, le=100, title="Heat capacity", description="Of what is heated up")
    temp_room: Annotated[Temperature, Detail()] = Field(20, ge=-20, le=50, title="Room temperature")


@dataclass(frozen=True, slots=True)
class State:
    """temperature: °C.  closed: the thermostat's contact.  heating: whether the element got power in the last step."""

    temperature: float
    closed: bool = False
    heating: bool = False


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a thermometer and a pilot light would show."""

    temperature: Temperature
    heating: Annotated[bool, Mark(icon="mdi:radiator", folded=True)]


class Oven(Consumes[Settings, State, Telemetry]):
    """Element on until the upper end of the hysteresis, off until the lower (see ``virtual_devices.kit.thermostat``)."""

    title = "Oven"
    icon = "mdi:stove"
    native = Heater()

    def begin(self, settings: Settings) -> State:
        """As cold as the room."""
        return State(temperature=settings.temp_room)

    def draw(
        self,
        settings: Settings,
        state: State,
        span: Span,
        inputs: Mapping[str, Mapping[str, Sequence[int]]],
        supplied: bool,  # noqa: FBT001
    ) -> tuple[list[int], State]:
        """Demand in mW per step, and the oven after the span."""
        box = node(settings.heat_capacity * 1000, settings.heat_loss, settings.temp_room, span.step)
        half = settings.hysteresis / 2
        thermostat = Thermostat(settings.setpoint - half, settings.setpoint + half, milliwatts(settings.rated_power))
        temperature, closed = state.temperature, state.closed
        demand: list[int] = []
        for steps, on in settings.on_runs(span, self.site):
            if on:
                temperature, closed = heat(
                    box, thermostat, steps, temperature, closed=closed, supplied=supplied, demand=demand
                )
            else:
                temperature = cool(box, steps, temperature)
                demand += [0] * steps
        return demand, State(temperature, closed, supplied and demand[-1] > 0)

    def report(self, settings: Settings, state: State, time: int) -> Telemetry:
        """Temperature and pilot light at the end of the last step."""
        return Telemetry(temperature=state.temperature, heating=state.heating)
