"""A big home that goes fast: its page keeps up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from tests.console_browser.running import ConsoleProcess, OnBus, ended, listens, looking, started, until
from tests.machine import free_ports
from virtual_devices.edge.mqtt.endpoint import Endpoint

pytestmark = pytest.mark.console
NAMES = [f"lamp_{number}" for number in range(1, 33)]
TEXT = """\
home: many
site: {latitude: -33.92, longitude: 18.42, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 11:30, step: 60 s, speed: 600}
seed: 7
devices:
  sun: {}
  weather: {}
  roof: {kind: pv_array, capacity: 3 kW}
  battery: {capacity: 10 kWh}
  grid: {price: 3.84, currency: ZAR}
  inverter: {rated_power: 8 kW}
  geyser: {circuit: non_essential}
""" + "".join(f'  {name}: {{kind: lights, rated_power: 60 W, mode: "on"}}\n' for name in NAMES)
"""40 devices with the clock; ten windows a second."""
WINDOW = "virtual/many/clock/state"


@pytest.fixture
def many(tmp_path: Path) -> Iterator[tuple[OnBus, ConsoleProcess]]:
    port = free_ports()
    (tmp_path / "many.yaml").write_text(TEXT, encoding="utf-8")
    process = started(["up", "many.yaml", "--json", "--port", str(port)], tmp_path, tmp_path / "up.log")
    bus = OnBus(Endpoint("127.0.0.1", port))
    try:
        until(lambda: listens(port), "the broker is there")
        console = ConsoleProcess(tmp_path, bus.endpoint)
        try:
            yield bus, console
        finally:
            ended(console.process)
    finally:
        ended(process)


def test_forty_devices_at_ten_windows_a_second(chromium: Browser, many: tuple[OnBus, ConsoleProcess]) -> None:
    bus, console = many
    with looking(chromium) as looked:
        page = looked.page

        def shown() -> bool:
            looked.open(f"{console.url}/home/many")
            return bool(looked.card("lamp_32").count())

        until(shown, "the page shows all of it", page)
        looked.connected()
        for name in NAMES:
            expect(looked.card(name)).to_contain_text("60 W")
        clock = page.locator("text=/\\d\\d:\\d\\d:\\d\\d/").first
        times: list[str] = []

        def moved() -> bool:
            text = clock.inner_text()
            if text not in times:
                times.append(text)
            return len(times) > 20

        until(moved, "the time goes on, look by look", page)
        page.get_by_role("button", name="Pause").click()
        until(lambda: json.loads(bus.raw(WINDOW))["paused"], "it pauses", page)
        stands = datetime.fromisoformat(json.loads(bus.raw(WINDOW))["time"]).astimezone(ZoneInfo("Africa/Johannesburg"))
        expect(clock).to_contain_text(f"{stands:%H:%M:%S}")
        assert looked.wrong == []
