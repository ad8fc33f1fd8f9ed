"""The flows of examples/node-red in a real Node-RED, before homes that live 300 times as fast: what they did is in the ledger.

VIRTUAL_DEVICES_NODE_RED names the folder in which npm has installed it: `npm install --prefix FOLDER node-red@~4.1`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.node_red.red import Node, NodeRed, adapted, flow, running
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.kit.ledger.transfers import LedgerRecord

FOLDER = os.environ.get("VIRTUAL_DEVICES_NODE_RED", "")
SPEED, SECONDS = 300, 90.0
LATE = 2 * SPEED + 120
"""Simulated seconds that a state may be old when Node-RED hears it, and that its command takes to be in force."""

pytestmark = [
    pytest.mark.node_red,
    pytest.mark.skipif(not (FOLDER and shutil.which("node")), reason="needs VIRTUAL_DEVICES_NODE_RED=FOLDER and node"),
]

SUNNY = """\
home: HOME
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
seed: 7
devices:
  sun: {}
  roof: {kind: pv_array, capacity: 6 kW}
  battery: {capacity: 5 kWh, start_soc: 60 %}
  grid: {price: 3, outages: "12:30-13:00"}
  inverter: {rated_power: 5 kW, solar_export: true}
  house: {kind: base_load}
  geyser: {mode: schedule, schedule: "04:00-05:00", rated_power: 2 kW, volume: 400 L, temp_inlet: 12 °C, draw_times: "08:00-16:00", hot_water: 150 L}
"""
SHED = """\
home: HOME
site: {latitude: -26.2, longitude: 28.04, altitude: 1750 m, time_zone: Africa/Johannesburg}
devices:
  grid: {outages: "18:00-18:30"}
  battery: {start_soc: 80 %}
  inverter: {}
  house: {kind: base_load}
"""


@dataclass
class Day:
    """A home for some hours, and all that was heard. heard: (topic, payload), as it came.  records: of its ledger."""

    loop: Loop
    name: str
    process: subprocess.Popen[bytes]
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    records: dict[int, LedgerRecord] = field(default_factory=dict)

    def hear(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        self.heard.append((topic, payload))
        if "/ledger/" in topic and payload:
            record = read_ledger(payload)
            self.records[record.seq] = record

    def until(self, condition: Callable[[], object], seconds: float = SECONDS) -> None:
        assert self.loop.run(until=lambda: bool(condition()), timeout=seconds), self.heard[-5:]

    def said(self, topic: str) -> list[bytes]:
        return [payload for heard, payload in self.heard if heard == topic]

    def moved(self, source: str, sink: str) -> dict[int, int]:
        """mJ that went along an edge of the ledger, by the start of each step in which there was any."""
        found: dict[int, int] = {}
        for record in self.records.values():
            for edge, column in zip(record.edges, record.energy, strict=True):
                if edge == (source, sink):
                    found |= {record.span.start + index * record.span.step: energy for index, energy in enumerate(column) if energy}
        return found

    def end(self) -> None:
        """Wait until its time is over; the ledger has no gap and no fault."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            self.loop.run(timeout=0.2)
        assert self.process.returncode == 0
        self.loop.run(timeout=0.5)
        assert sorted(self.records) == list(range(min(self.records), max(self.records) + 1))


Begin = Callable[..., Day]


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeRed]:
    with running(Path(FOLDER), tmp_path_factory.mktemp("node_red")) as made:
        yield made


@pytest.fixture
def begin(broker: Broker, red: NodeRed, loop: Loop, tmp_path: Path) -> Iterator[Begin]:
    """Deploys a flow and begins a home, which goes on for some simulated hours."""
    begun: list[subprocess.Popen[bytes]] = []
    clients: list[Client] = []

    def one(file: str, home: str, name: str, hours: float, *words: str, nodes: list[Node] | None = None) -> Day:
        path = Path(home)
        if "\n" in home:
            path = tmp_path / f"{name}.yaml"
            path.write_text(home.replace("HOME", name), encoding="utf-8")
        red.deploy(adapted(nodes or flow(file), broker.endpoint.port, home=name))
        command = [
            sys.executable, "-m", "virtual_devices", "up", str(path), "--broker", broker.endpoint.url, "--speed", str(SPEED), "--for", f"{hours:g}h",
            "--state", str(tmp_path / "state"), "--json", *words,
        ]  # fmt: skip
        with (tmp_path / "said").open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said)
        begun.append(process)
        day = Day(loop, name, process)
        client = Client(loop, broker.endpoint, f"spy_{name}", on_message=day.hear)
        clients.append(client)
        client.subscribe((f"virtual/{name}/#", 0), (f"notify/{name}", 0))
        client.connect()
        return day

    yield one
    for process in begun:
        process.terminate()
        process.wait(SECONDS)
    for client in clients:
        loop.complete(client.leave())
    assert red.complaints == []


def at(text: str) -> int:
    """UTC seconds of an ISO time."""
    return int(datetime.fromisoformat(text).timestamp())


def test_the_sun_heats_the_water_when_the_battery_has_had_its_share(begin: Begin) -> None:
    """The schedule has nothing to say after five; what the geyser takes from ten on is the flow's doing."""
    day = begin("surplus_geyser", SUNNY, "sunny", 3, "--start", "2026-12-10 10:00")
    day.end()
    heated = day.moved("essential", "geyser")
    full = next(time for time, energy in sorted(day.moved("meter", "grid").items()) if energy >= 500 * 60 * 1000)  # 500 W for a minute
    assert full <= min(heated) <= full + LATE
    assert sum(heated.values()) > 500 * 3_600_000, "half a kilowatt-hour at least"
    bought = day.moved("grid", "meter")
    assert sum(energy for time, energy in bought.items() if time in heated) < 0.05 * sum(heated.values()), "the sun has paid for it"
    gone = at("2026-12-10T12:30+02:00")
    assert not [time for time in heated if gone + LATE <= time], "in an outage the battery is for the house"
    modes = [json.loads(payload)["changes"]["mode"] for payload in day.said("virtual/sunny/geyser/applied")]
    assert modes[-2:] == ["on", "schedule"]
    assert len(modes) <= 4, "it does not flutter"


def test_who_is_to_be_without_power_is_told_ahead(begin: Begin, red: NodeRed) -> None:
    day = begin("load_shedding", SHED, "shed", 2, "--start", "2026-07-06 17:00")
    day.end()
    warning, gone, back = (payload.decode() for payload in day.said("notify/shed"))
    found = re.fullmatch(r"No power from 18:00 to 18:30, in (\d+) minutes", warning)
    assert found
    assert 30 - LATE // 60 <= int(found[1]) <= 30
    assert (gone, back) == ("The grid is gone until 18:30", "The grid is back")
    outage = at("2026-07-06T18:00+02:00")
    assert min(day.moved("battery", "dc_bus")) <= outage
    assert not [time for time in day.moved("grid", "meter") if outage <= time < outage + 1800], "as the ledger has it"


def test_the_battery_is_filled_in_the_cheapest_hours_of_the_night(begin: Begin) -> None:
    """From 23:00 to 24:00 a kWh is 0.2717 and from then on 0.26 for four hours, plus VAT: nothing before midnight, and 90 % after it."""
    day = begin("night_charge", "dynamic_price", "dynamic_price", 2.5, "--start", "2026-06-22 23:00")
    day.end()
    charged = day.moved("dc_bus", "battery")
    midnight = at("2026-06-23T00:00+02:00")
    assert midnight <= min(charged) <= midnight + LATE
    assert not [time for time in day.moved("sun", "roof") if time in charged]
    first, last = day.records[min(day.records)], day.records[max(day.records)]
    capacity = 2.5 * 3_600_000_000  # mJ, but for what it has aged
    assert first.opening["battery"] / capacity == pytest.approx(0.4, abs=0.01)
    assert last.closing["battery"] / capacity == pytest.approx(0.9, abs=0.02)
    assert sum(energy for time, energy in day.moved("grid", "meter").items() if time in charged) > sum(charged.values())
    (command,) = [payload for payload in day.said("virtual/dynamic_price/inverter/applied") if b'"charge"' in payload]
    assert json.loads(command)["by"] == "node-red"


def test_a_virtual_device_is_a_node_that_is_told_and_tells(begin: Begin, red: NodeRed) -> None:
    day = begin("virtual_device", "cape_town", "cape_town", 2, "--start", "2026-06-21 10:00")
    day.until(lambda: day.records)
    red.ask("inject/device_hot", {})
    day.until(lambda: day.said("virtual/cape_town/oven/applied"))
    assert json.loads(day.said("virtual/cape_town/oven/applied")[-1])["changes"] == {"mode": "on", "setpoint": 180}
    day.until(lambda: day.moved("essential", "oven"))
    red.ask("inject/device_hotter", {})
    day.until(lambda: day.said("virtual/cape_town/oven/error"))
    assert "setpoint" in json.loads(day.said("virtual/cape_town/oven/error")[-1])["error"]
    red.ask("inject/device_off", {})
    day.until(lambda: b'"mode":"schedule"' in day.said("virtual/cape_town/oven/applied")[-1])
    off = datetime.fromisoformat(json.loads(day.said("virtual/cape_town/oven/state")[-1])["time"]).astimezone(UTC)
    day.process.terminate()
    day.end()
    assert max(day.moved("essential", "oven")) <= off.timestamp() + LATE
