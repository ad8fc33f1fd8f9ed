"""Small homes with something that switches between the grid and a lamp of 100 W."""

from __future__ import annotations

from typing import Any

from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House

HOME = """
home: switched
site: {{latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}}
clock: {{start: 2026-06-21 06:00, step: 60 s}}
devices:
  grid: {{outages: "{outages}"}}
  plug: {{kind: {kind}, {settings}}}
  lamp: {{kind: lights, circuit: plug, mode: "on", rated_power: 100 W}}
"""
MINUTE = 60


def house(settings: str, *, kind: str = "smart_switch", outages: str = "", max_steps: int = 1440) -> House:
    return House(parse(HOME.format(kind=kind, settings=settings, outages=outages)), max_steps=max_steps)


def shown(house: House, name: str = "plug") -> dict[str, Any]:
    return house.members[name].readings()


def minutes(house: House, count: int) -> None:
    house.advance(house.time + count * MINUTE)
