"""An electric storage water heater: a tank, an element, a thermostat, a timer and people who shower.

M·c·dT/dt = P − UA·(T − T_ambient) − ṁ·c·(T − T_inlet): one node, the whole tank at one temperature. A real tank is
stratified and gives nearly all of its hot water before the outlet cools; this one cools while it is drawn from, so it
under-delivers heat at the tap and spreads what it takes from the mains. Its energy balance is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from virtual_devices.kit.calendar import DAY, DailyTimes, calendar
from virtual_devices.kit.device import Consumes, milliwatts
from virtual_devices.kit.natives import WaterHeater
from virtual_devices.kit.quantities import Count, Energy, Percent, Power, Temperature, TemperatureDifference, Volume
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.schedule import MODE, SCHEDULE, Mode, ScheduledSettings, overlay
from virtual_devices.kit.settings import Detail
from virtual_devices.kit.thermostat import ThermalNode, Thermostat, cool, heat, node
from virtual_devices.kit.weekly import WeeklyTimes
from virtual_devices.kit.window import Span

HEAT_OF_WATER = 4186.0
"""J/(kg·K); a litre is taken as a kilogram."""
RATED_DIFFERENCE = 45.0
"""K between tank and ambient at which the standing loss is rated."""


class Settings(ScheduledSettings):
    """Mode and schedule are the timer; the thermostat works within it.

    Defaults: 150 L that lose 1.38 kWh in 24 h (the limit for new South African geysers since 2016; 2.59 before).
    """

    mode: Mode = Field("on", title="Mode", description=MODE)
    schedule: WeeklyTimes = Field(WeeklyTimes.parse("04:00-06:00, 15:00-17:00"), title="Schedule", description=SCHEDULE)
    volume: Annotated[Volume, Detail()] = Field(150, ge=5, le=2_000, title="Tank volume")
    rated_power: Annotated[Power, Detail()] = Field(3000, ge=0, le=20_000, title="Rated power", description="Of its element")
    setpoint: Annotated[Temperature, Detail()] = Field(60, ge=20, le=85, title="Setpoint")
    deadband: Annotated[TemperatureDifference, Detail()] = Field(
        5, ge=0.5, le=30, title="Deadband", description="Between switching on and off, half of it on each side of the setpoint"
    )
    standing_loss: Annotated[Energy, Detail()] = Field(
        1.38, ge=0.1, le=20, title="Standing loss", description="Lost in 24 hours at 45 K above ambient, without draws"
    )
    temp_ambient: Annotated[Temperature, Detail()] = Field(20, ge=-20, le=60, title="Ambient temperature", description="Around the tank")
    temp_inlet: Annotated[Temperature, Detail()] = Field(18, ge=0, le=40, title="Inlet temperature", description="Of the cold water")
    persons: Annotated[Count, Detail()] = Field(3, ge=0, le=50, title="Persons", description="Who use its hot water")
    hot_water: Annotated[Volume, Detail()] = Field(
        50, ge=0, le=500, title="Hot water per person", description="Drawn per person and day, at tank temperature"
    )
    draw_times: Annotated[DailyTimes, Detail()] = Field(
        DailyTimes.parse("05:30-07:30, 18:00-20:30"),
        title="Draw times",
        description="Local times at which hot water is drawn; empty: never",
    )
    morning_share: Annotated[Percent, Detail()] = Field(
        60,
        ge=0,
        le=100,
        title="Morning share",
        description="Of the day's hot water, drawn in the draw times that begin before noon; the rest in the others. "
        "Within its half of the day the flow is even; with draw times in one half only, all is drawn there",
    )


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
    heating: Annotated[bool, Mark(icon="mdi:radiator")]


class Geyser(Consumes[Settings, State, Telemetry]):
    """A thermostat works while the timer lets it (see ``virtual_devices.kit.thermostat``); draws follow the clock."""

    title = "Geyser"
    icon = "mdi:water-boiler"
    native = WaterHeater()

    def begin(self, settings: Settings) -> State:
        """Hot."""
        return State(temperature=settings.setpoint)

    def draw(
        self,
        settings: Settings,
        state: State,
        span: Span,
        inputs: Mapping[str, Mapping[str, Sequence[int]]],
        supplied: bool,  # noqa: FBT001
    ) -> tuple[list[int], State]:
        """Demand in mW per step, and the tank after the span."""
        local = self.site.calendar
        (morning, _), (evening, _) = halves(settings.draw_times)
        flows = draw_flows(settings)
        tanks: dict[float, ThermalNode] = {}
        half = settings.deadband / 2
        thermostat = Thermostat(settings.setpoint - half, settings.setpoint + half, milliwatts(settings.rated_power))
        temperature, closed = state.temperature, state.closed
        demand: list[int] = []
        runs = overlay(settings.on_runs(span, self.site), morning.runs(span, local), evening.runs(span, local))
        for steps, (on, first, second) in runs:
            flow = (flows[0] if first else 0.0) + (flows[1] if second else 0.0)
            tank = tanks.get(flow)
            if tank is None:
                tank = tanks[flow] = tank_node(settings, flow, span.step)
            if on:
                temperature, closed = heat(
                    tank, thermostat, steps, temperature, closed=closed, supplied=supplied, demand=demand
                )
            else:
                temperature = cool(tank, steps, temperature)
                demand += [0] * steps
        return demand, State(temperature, closed, supplied and demand[-1] > 0)

    def report(self, settings: Settings, state: State, time: int) -> Telemetry:
        """Temperature and pilot light at the end of the last step."""
        return Telemetry(temperature=state.temperature, heating=state.heating)


def conductance(settings: Settings) -> float:
    """UA in W/K, from the rated standing loss."""
    return settings.standing_loss * 3_600_000 / DAY / RATED_DIFFERENCE


def tank_node(settings: Settings, flow: float, step: int) -> ThermalNode:
    """The tank over one step while ``flow`` kg/s are drawn: cold water is one more way out for heat."""
    loss, drawn = conductance(settings), flow * HEAT_OF_WATER
    outside = (loss * settings.temp_ambient + drawn * settings.temp_inlet) / (loss + drawn)
    return node(settings.volume * HEAT_OF_WATER, loss + drawn, outside, step)


@lru_cache(maxsize=64)
def halves(times: DailyTimes) -> tuple[tuple[DailyTimes, int], tuple[DailyTimes, int]]:
    """The periods that begin before noon and how many seconds of a day they cover; the same of the others."""
    morning = DailyTimes(tuple(period for period in times.periods if period[0] < DAY // 2))
    evening = DailyTimes(tuple(period for period in times.periods if period[0] >= DAY // 2))
    return (morning, _length(morning)), (evening, _length(evening))


def _length(times: DailyTimes) -> int:
    # by runs, because periods may overlap
    return sum(steps for steps, inside in times.runs(Span(0, 1, DAY), calendar("UTC")) if inside)


def draw_flows(settings: Settings) -> tuple[float, float]:
    """Flow in kg/s in the draw times of the morning, and in the others."""
    (_, morning), (_, evening) = halves(settings.draw_times)
    share = settings.morning_share / 100 if morning and evening else float(morning > 0)
    day = settings.persons * settings.hot_water
    return day * share / morning if morning else 0.0, day * (1 - share) / evening if evening else 0.0
