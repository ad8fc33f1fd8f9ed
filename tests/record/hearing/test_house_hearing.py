"""What happened in a house in one process is what is heard of the same home on a bus, however time is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.machine import BROKER_KINDS
from tests.records import records
from tests.stage import STEP, WEATHER, small_home
from virtual_devices.answers import simulate
from virtual_devices.edge.broker.start import BrokerKind, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.members.house import House
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.store.happenings import CAME, DECISION, WENT, Happening

STEPS = 120
RUNNING = WEATHER.replace(", paused: true", "").replace("speed: max", "speed: max, max_steps: 7") + """
events:
  - {at: 2026-06-21 08:42, device: oven, set: {setpoint: 150 °C}}
  - {at: 2026-06-21 08:50, device: grid, set: {outages: "08:55-09:20, 09:31-09:33"}}
  - {at: 2026-06-21 09:10, device: oven, set: {mode: "off"}}
"""


def home() -> Home:
    return small_home(RUNNING)


def of_a_house(path: Path, most: int) -> list[Happening]:
    simulate.run(House(home()), STEPS * STEP, record=path, max_steps=most)
    return told(path)


def told(path: Path) -> list[Happening]:
    with Reader(path) as reader:
        return sorted((each for each in reader.happenings() if each.kind not in (CAME, WENT)), key=str)


def test_commands_and_outages_do_not_depend_on_windows(tmp_path: Path) -> None:
    whole = [each for each in of_a_house(tmp_path / "1440.sqlite", 1440) if each.kind != DECISION]
    assert [each.kind for each in sorted(whole, key=lambda each: each.time)].count("command") == 3
    assert {each.kind for each in whole} == {"command", "outage", "grid back"}
    for most in (60, 7, 1):
        assert [each for each in of_a_house(tmp_path / f"{most}.sqlite", most) if each.kind != DECISION] == whole


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_they_are_those_that_a_host_hears(kind: BrokerKind, tmp_path: Path) -> None:
    with start_broker(tmp_path, kind=kind, port=0) as broker, Loop() as loop:

        async def started(_: bool) -> None:  # noqa: FBT001 - a callback's one argument
            return

        host = HomeHost(loop, HostOptions(home(), {}, broker.endpoint, tmp_path / "state", tmp_path, STEPS * STEP))
        loop.complete(host.run(started))
    heard, whole = (
        [each for each in found if each.kind != DECISION]  # told window by window: these are cut otherwise
        for found in (told(records(tmp_path / "state")[-1]), of_a_house(tmp_path / "house.sqlite", 7))
    )
    assert heard == whole
