"""However time is cut into windows, the joules are the same: three days of examples/cape_town.yaml in minutes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.running import members_of
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.audit import Auditor
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House

EXAMPLE = Path(__file__).parents[2] / "examples" / "cape_town.yaml"
DAYS = 3
EVENTS = """
events:
  - {at: 2026-06-21 07:15, device: kitchen_lights, set: {brightness: 60 %}}
  - {at: 2026-06-21 16:45, device: oven, set: {mode: on, setpoint: 220 °C}}
  - {at: 2026-06-21 17:45, device: oven, set: {mode: schedule, setpoint: 200 °C}}
  - {at: 2026-06-21 21:00, device: geyser, set: {mode: off}}
  - {at: 2026-06-22 05:00, device: geyser, set: {mode: schedule}}
  - {at: 2026-06-22 09:13, device: inverter, set: {shed_hold: 7 min, battery_low_capacity: 40 %}}
  - {at: 2026-06-22 12:01, device: weather, set: {mean_cloud_cover: 95 %}}
  - {at: 2026-06-22 18:40, device: battery, set: {capacity: 5 kWh, discharge_limit: 1500 W}}
  - {at: 2026-06-23 06:59, device: battery, set: {capacity: 10 kWh, discharge_limit: 5 kW}}
  - {at: 2026-06-23 11:30, device: roof_north, set: {surface_tilt: 60}}
  - {at: 2026-06-23 12:00, device: grid, set: {main_switch: off, price: 4.5}}
  - {at: 2026-06-23 12:07, device: grid, set: {main_switch: on}}
  - {at: 2026-06-23 13:00, device: inverter, set: {inverter_enabled: off}}
  - {at: 2026-06-23 13:25, device: inverter, set: {inverter_enabled: on, solar_export: off}}
"""


@dataclass
class Ran:
    digest: str
    windows: int
    auditor: Auditor
    members: dict[str, dict[str, Any]]
    unserved: int


def run(max_steps: int) -> Ran:
    home = parse(EXAMPLE.read_text() + EVENTS)
    assert home.step == 60
    house = House(home, max_steps=max_steps)
    auditor = Auditor()
    unserved = 0

    def look(record: LedgerRecord) -> None:
        nonlocal unserved
        auditor.check(record)
        served = sum(sum(column) for (_, sink), column in zip(record.edges, record.energy, strict=True) if sink == "heat")
        unserved += sum(map(sum, record.demand.values())) - served

    house.listeners.append(look)
    house.advance(home.start + DAYS * 86_400)
    assert house.time == home.start + DAYS * 86_400
    members = members_of(house)
    return Ran(house.settler.digest, house.seq, auditor, members, unserved)


@pytest.fixture(scope="module")
def longest() -> Ran:
    return run(1440)


@pytest.mark.parametrize("max_steps", [1, 7, 60])
def test_the_digest_does_not_depend_on_the_windows(longest: Ran, max_steps: int) -> None:
    ran = run(max_steps)
    assert ran.auditor.problems == []
    assert ran.auditor.checked_steps == DAYS * 1440
    assert ran.windows >= DAYS * 1440 // max_steps
    assert ran.digest == longest.digest
    assert ran.members == longest.members  # states, counters, bills, day totals: all of it


def test_the_long_windows_were_cut(longest: Ran) -> None:
    assert longest.auditor.problems == []
    assert 3 * DAYS < longest.windows < 300
    assert longest.unserved > 0
    assert any(record["state"].get("temperature", 0) > 50 for record in longest.members.values() if "state" in record)
