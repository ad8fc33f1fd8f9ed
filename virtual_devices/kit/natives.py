"""What a load is to the people who use it: a lamp with a dimmer, an oven with a thermostat, a boiler. Faces know what each is called elsewhere.

A load that is none of these is a switch, where it can be switched at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Lamp:
    """Switched by its mode. level: the setting that dims it, 0 to 100 %."""

    switch_in_front: ClassVar[bool] = False
    """Whether faces show its plain switch at first sight too."""
    level: str


@dataclass(frozen=True, slots=True)
class Heater:
    """Keeps something warm while its mode lets it. setpoint: a setting.  temperature, heating: readings."""

    switch_in_front: ClassVar[bool] = False
    setpoint: str = "setpoint"
    temperature: str = "temperature"
    heating: str = "heating"


@dataclass(frozen=True, slots=True)
class WaterHeater(Heater):
    """A heater of a tank of water. Flows ask for its switch, and whoever speaks: no voice switches a water heater."""

    switch_in_front: ClassVar[bool] = True


Native = Lamp | Heater
