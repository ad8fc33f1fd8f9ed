"""A miniature circuit breaker: a limit with a curve. What hangs on it names it as its circuit.

Its heat rises with the power that it carries, in straight lines between four points: at 1.13 times its rating it holds for ever, at 1.45
times it trips within an hour, at 2.55 times within a minute, from 5 times on with the step. Below it cools, from the brink within an hour.
A real one follows the square of the current between these points, and its magnet lets go in milliseconds; here no step is cut short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from virtual_devices.kit.circuits import FULL, CarrierState, CircuitRule
from virtual_devices.kit.device import Carries
from virtual_devices.kit.quantities import Current, Duration, Voltage, power_text
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.settings import CircuitSettings, Detail
from virtual_devices.kit.steps import lengthened
from virtual_devices.kit.window import Span
from virtual_devices.switching._relay import STANDS, RelayOrders, turned_to

HOUR, MINUTE = 3600, 60
_CURVE = ((113, 0), (145, -(-FULL // HOUR)), (255, -(-FULL // MINUTE)), (500, FULL))
"""Percent of the rating, and heat per second."""


class Settings(CircuitSettings):
    """What its owner may set; orders to its lever are none of it."""

    rated_current: Annotated[Current, Detail()] = Field(16, ge=0.5, le=200, title="Rated current", description="it never trips up to 1.13 times of it")
    nominal_voltage: Annotated[Voltage, Detail()] = Field(230, ge=50, le=500, title="Nominal voltage", description="for the current of the power that it carries")
    reset_after: Annotated[Duration, Detail()] = Field(
        0, ge=0, le=86_400, title="Reset after", description="somebody closes it so long after it has tripped; 0: it takes an order"
    )


@dataclass(frozen=True, slots=True)
class State(CarrierState):
    """reset_at: UTC seconds at which it is closed again, 0 while nothing is waited for."""

    reset_at: int = 0


@dataclass(frozen=True, slots=True)
class Telemetry:
    """relay: whether it is closed.  tripped: an overload has opened it."""

    relay: Annotated[bool, Mark(title="Closed", device_class="outlet")]
    current: Current
    tripped: Annotated[bool, Mark(device_class="problem")]


class Breaker(Carries[Settings, State, Telemetry]):
    """A breaker that an overload opens, and an order or a time closes."""

    title = "Breaker"
    icon = "mdi:fuse"
    main = "relay"
    orders_type = RelayOrders

    def notes(self, settings: Settings, start: int) -> list[str]:
        """Its rating, and what it hangs on."""
        rating = power_text(settings.rated_current * settings.nominal_voltage)
        return [f"on {settings.circuit}, {settings.rated_current:g} A ({rating} at {settings.nominal_voltage:g} V)"]

    def warnings(self, settings: Settings, start: int, step: int) -> list[str]:
        """Of a time that does not go with the step."""
        return lengthened({"reset_after": settings.reset_after}, step)

    def rule(self, settings: Settings) -> CircuitRule:
        """The curve, for its rating."""
        rating = round(settings.rated_current * settings.nominal_voltage * 1000)
        return CircuitRule("last", tuple((rating * percent // 100, heat) for percent, heat in _CURVE), FULL // HOUR)

    def touchstones(self) -> list[State]:
        """Each way to stand, with and without a time at which it turns."""
        return [State(each.closed, each.fed, each.heat, each.tripped, time) for each in STANDS for time in (0, 1)]

    def obey(self, settings: Settings, state: State, orders: Mapping[str, Any], time: int) -> State:
        """Its lever turns."""
        state = turned_to(state, orders)
        return state if state.tripped else replace(state, reset_at=0)

    def tripped(self, settings: Settings, state: State, time: int) -> State:
        """From now on somebody is on his way to it, if anybody is."""
        return replace(state, reset_at=time + round(settings.reset_after) if settings.reset_after else 0)

    def turned(self, settings: Settings, state: State, span: Span) -> State:
        """Closed again, when it is time."""
        return replace(state, closed=True, tripped=False, reset_at=0) if 0 < state.reset_at <= span.start else state

    def next_turn(self, settings: Settings, state: State, time: int) -> int | None:
        """When it is closed again."""
        return state.reset_at if state.reset_at > time else None

    def operation(self, settings: Settings, state: State, time: int, power: int) -> Telemetry:
        """What it shows after a step."""
        return Telemetry(state.closed, power / 1000 / settings.nominal_voltage, state.tripped)

    def report(self, settings: Settings, state: State, time: int) -> Telemetry:
        """What it shows while it carries nothing."""
        return self.operation(settings, state, time, 0)
