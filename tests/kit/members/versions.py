"""One appliance in two versions, as an upgrade finds it: settings that are gone, new or narrower, another state, other physics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from virtual_devices.kit.device import Consumes, milliwatts
from virtual_devices.kit.quantities import Power, Temperature
from virtual_devices.kit.readings import NoTelemetry
from virtual_devices.kit.settings import ConsumerSettings
from virtual_devices.kit.window import Span

Inputs = Mapping[str, Mapping[str, Sequence[int]]]


class OlderSettings(ConsumerSettings):
    """Before."""

    rated_power: Power = Field(1000, ge=0, le=3000, title="Rated power")
    mode: Literal["eco", "fast"] = Field("eco", title="Mode")
    boost: bool = Field(False, title="Boost")
    low: Temperature = Field(10, ge=0, le=100, title="Low")
    high: Temperature = Field(20, ge=0, le=100, title="High")


@dataclass(frozen=True, slots=True)
class OlderState:
    """steps: that it was supplied."""

    steps: int = 0
    rings: int = 3


class Older(Consumes[OlderSettings, OlderState, NoTelemetry]):
    """Draws its rated power."""

    title = "Appliance"

    def draw(
        self, settings: OlderSettings, state: OlderState, span: Span, inputs: Inputs, supplied: bool  # noqa: FBT001
    ) -> tuple[list[int], OlderState]:
        """Always on."""
        return [milliwatts(settings.rated_power)] * span.steps, OlderState(state.steps + span.steps * supplied, state.rings)


class NewerSettings(ConsumerSettings):
    """After: boost is gone, standby is new, fast too, the power and low are narrower, and low is below high."""

    rated_power: Power = Field(500, ge=0, le=2000, title="Rated power")
    mode: Literal["eco", "away"] = Field("eco", title="Mode")
    standby: Power = Field(5, ge=0, le=10, title="Standby")
    low: Temperature = Field(10, ge=0, le=100, title="Low")
    high: Temperature = Field(20, ge=0, le=100, title="High")

    @model_validator(mode="after")
    def _ordered(self) -> NewerSettings:
        if self.low >= self.high:
            raise ValueError("low has to be below high")
        return self


@dataclass(frozen=True, slots=True)
class NewerState:
    """cycles: new."""

    steps: int = 0
    cycles: int = 7


class Newer(Consumes[NewerSettings, NewerState, NoTelemetry]):
    """Draws its standby too."""

    title = "Appliance"

    def draw(
        self, settings: NewerSettings, state: NewerState, span: Span, inputs: Inputs, supplied: bool  # noqa: FBT001
    ) -> tuple[list[int], NewerState]:
        """Always on."""
        power = milliwatts(settings.rated_power + settings.standby)
        return [power] * span.steps, NewerState(state.steps + span.steps * supplied, state.cycles)


@dataclass(frozen=True, slots=True)
class StricterState:
    """kilns has no default."""

    kilns: int
    steps: int = 0


class Stricter(Consumes[NewerSettings, StricterState, NoTelemetry]):
    """A version that cannot read what the others remember."""

    title = "Appliance"

    def begin(self, settings: NewerSettings) -> StricterState:
        """One kiln."""
        return StricterState(1)

    def draw(
        self, settings: NewerSettings, state: Any, span: Span, inputs: Inputs, supplied: bool  # noqa: FBT001
    ) -> tuple[list[int], Any]:
        """Never on."""
        return [0] * span.steps, state
