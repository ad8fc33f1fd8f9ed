"""A home's first day, roughly: what it would draw and get, for whoever wants to know whether it was understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.members.consumer import Consumer
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.producer import Producer

STEP = 300
"""Seconds of its steps, at least."""
LITTLE = 0.0005
"""kWh that are none."""


@dataclass(frozen=True, slots=True)
class FirstDay:
    """kWh of a home's first day. drawn: what each load got.  made: what each array gave.  wanted, served: of all loads."""

    drawn: Mapping[str, float]
    made: Mapping[str, float]
    wanted: float
    served: float

    @property
    def doubts(self) -> list[str]:
        """What is hardly meant; one line each."""
        if self.wanted < LITTLE or self.served >= LITTLE:
            return []
        return [f"nothing gets power on the first day, of {self.wanted:.1f} kWh that loads want; look at grid, battery and what the loads hang on"]


def first_day(home: Home, documents: Mapping[str, str]) -> FirstDay:
    """The day that begins with the home's start."""
    house = House(replace(home, step=max(home.step, STEP)), documents)
    summary = Summary(home.name)
    house.listeners.append(summary.add)
    house.advance(house.time + DAY)
    result = summary.result(str, 0.0)
    devices = result["energy_by_device_kwh"]
    of = {ability: [name for name, member in house.members.items() if isinstance(member, ability)] for ability in (Consumer, Producer)}
    return FirstDay(
        {name: devices.get(name, {}).get("in", 0.0) for name in of[Consumer]}, {name: devices.get(name, {}).get("out", 0.0) for name in of[Producer]},
        result["energy_kwh"]["load_demand"], result["energy_kwh"]["load_served"],
    )  # fmt: skip
