"""Homes that are played in process, and records of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.record.store.writer import RecordWriter

HOME = """\
home: NAME
site: {latitude: 52.5, longitude: 13.4, altitude: 35 m, time_zone: ZONE}
clock: {start: START, step: 5 min}
seed: 7
devices:
  sun: {}
  weather: {mean_cloud_cover: 30 %, variability: 50 %}
  roof: {kind: pv_array, capacity: 4 kW}
  battery: {capacity: 3 kWh, start_soc: 40 %}
  grid: {outages: "02:00-03:30, 12:00-13:00, 18:00-20:30", export_limit: 1 kW}
  inverter: {rated_power: 3 kW, solar_export: true}
  house: {kind: base_load, priority: 1}
  oven: {schedule: "17:30-19:30", priority: 5}
  geyser: {circuit: non_essential, mode: schedule, schedule: "11:00-14:00", priority: 9}
  never: {kind: tv, schedule: "", standby_power: 0}
"""


def home(start: str, zone: str = "Europe/Berlin", name: str = "berlin") -> Home:
    """A home in which everything happens but for one device, which never does anything."""
    return parse(HOME.replace("START", start).replace("ZONE", zone).replace("NAME", name), "home.yaml")


def settled(of: Home, seconds: int) -> list[LedgerRecord]:
    """The windows of a home, of which one ends with every hour."""
    house, found = House(of), list[LedgerRecord]()
    house.listeners.append(found.append)
    for hour in range(3600, seconds + 1, 3600):
        house.advance(of.start + hour)
    return found


def write(path: Path, windows: Iterable[LedgerRecord], name: str = "berlin", run: str = "house", **facts: Any) -> Path:
    """A record of some windows."""
    writer = RecordWriter(path, name, run, facts)
    for number, record in enumerate(windows):
        writer.book(record)
        if number % 50 == 0:
            writer.write()
    writer.write()
    writer.close()
    return path
