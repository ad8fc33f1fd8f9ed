"""The blueprints as they ship, each in an automation of a small home of its own, in a real Home Assistant that lives as fast as they do.

What they did is read off the ledgers. An older Home Assistant loads all of them and runs one.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from tests.home_assistant.blueprint_homes import AUTOMATIONS, HOMES, prices
from tests.home_assistant.real import LOG, NEEDED, PARAMETERS, HomeAssistant, soon
from tests.machine import free_port
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.ledger.audit import Audit
from virtual_devices.home_assistant.machine import faketime
from virtual_devices.kit.ledger.transfers import LedgerRecord

BLUEPRINTS = Path(__file__).parents[2] / "homeassistant" / "blueprints"
ZONE = "+02:00"
NOON = int(datetime.fromisoformat(f"2026-12-01T12:00{ZONE}").timestamp())
SPEED = 60
STEP = 60
"""Seconds; of the homes."""
OURS = re.compile(r"homeassistant\.(config$|components\.(automation|blueprint|homeassistant|light|mqtt|number|script|select|sensor|switch|water_heater)|helpers\.(condition|script|template|trigger))")
OLD = "2025.4"
MJ_PER_WH = 3_600_000

pytestmark = NEEDED


class Street:
    """Homes on one broker, the Home Assistant that is theirs, and what their ledgers say."""

    def __init__(self, installed: Path, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.broker = start_broker(folder / "broker", kind="mosquitto", port=self.port)
        self.ha = HomeAssistant(installed, self.port, time=(NOON, 1))
        self.names = ["warns"] if self.ha.version.startswith(OLD) else list(HOMES)
        self.audits = {name: Audit() for name in self.names}
        self.records: dict[str, dict[int, LedgerRecord]] = {name: {} for name in self.names}
        self.states: dict[str, dict[str, Any]] = {}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.spy = paho.Client(CallbackAPIVersion.VERSION2)
        self.spy.on_connect = lambda client, *_: client.subscribe([("virtual/+/inverter/ledger/+", 1), ("virtual/+/+/state", 1)])
        self.spy.on_message = self._heard
        self.spy.connect("127.0.0.1", self.port)
        self.spy.loop_start()

    def _heard(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        _, home, device, leaf, *_ = message.topic.split("/")
        if leaf == "state":
            self.states[f"{home}/{device}"] = json.loads(message.payload)
        elif (record := self.audits[home].add(bytes(message.payload), message.topic)) is not None:
            self.records[home][record.span.start] = record

    def open(self) -> None:
        """Home Assistant with the blueprints and an automation of each, then the homes at its time, then both faster."""
        self.ha._configure()
        shutil.copytree(BLUEPRINTS, self.ha.folder / "blueprints")
        with (self.ha.folder / "configuration.yaml").open("a") as file:
            file.write("automation: !include automations.yaml\n")
        made = [{"id": name, "alias": name, "use_blueprint": {"path": f"virtual-devices/{path}.yaml", "input": given}} for name, (path, given) in AUTOMATIONS.items()]
        (self.ha.folder / "automations.yaml").write_text(yaml.safe_dump(made))
        self.ha.start()
        (self.folder / "prices.json").write_text(prices())
        start = datetime.fromtimestamp(self.ha.now(), datetime.fromisoformat(f"2026-12-01T12:00{ZONE}").tzinfo)
        for name in self.names:
            (self.folder / f"{name}.yaml").write_text(HOMES[name])
            self.processes.append(self._up(name, f"{start:%Y-%m-%d %H:%M:%S}"))
        wanted = {f"{name}/house" for name in self.names}
        assert soon(lambda: wanted <= self.states.keys(), 90), self._said()
        assert soon(lambda: not self._missing(), 60), self._missing()
        assert self.complaints() == []
        self._speed_up()

    def _speed_up(self) -> None:
        """All of them as fast as they go, at one time: the homes, which stand, are brought a little ahead, and go on when Home Assistant comes to there."""
        self._say(paused=True)
        self.ha._pace(faketime.changed(self.ha.now(), 1, SPEED))
        read = time.monotonic() + faketime.LOOKS_EVERY + 0.3
        assert self._soon(lambda: time.monotonic() > read, 10)
        ends = self._end(self.names[0])
        then = ends + int(self.ha.now() + 4 * STEP - ends) // STEP * STEP
        for name in self.names:
            self._say(name, paused=True, paused_steps=(then - self._end(name)) // STEP)
        assert self._soon(lambda: all(self._end(name) == then for name in self.names), 60), {name: self._end(name) - then for name in self.names}
        assert self._soon(lambda: self.ha.now() >= then, 60)
        self._say(paused=False, speed=SPEED)

    def _soon(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether it comes to hold; Home Assistant is spoken to meanwhile, who takes whoever says nothing for a simulated minute for gone."""
        return soon(lambda: bool(self.ha.ask("get_config")) and condition(), seconds)

    def _say(self, *names: str, **changes: object) -> None:
        """Command some clocks, or all."""
        for name in names or self.names:
            self.spy.publish(f"virtual/{name}/clock/set", json.dumps(changes), 1)

    def _end(self, name: str) -> int:
        """Until when it has lived."""
        return max((record.span.end for record in self.records[name].values()), default=NOON)

    def _up(self, name: str, start: str) -> subprocess.Popen[bytes]:
        words = [
            sys.executable, "-m", "virtual_devices", "up", str(self.folder / f"{name}.yaml"), "--broker", f"mqtt://127.0.0.1:{self.port}",
            "--json", "--speed", "1", "--start", start, "--state", str(self.folder / name),
        ]  # fmt: skip
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _said(self) -> str:
        return "\n".join((self.folder / f"{name}.log").read_text()[-500:] for name in self.names)

    def _missing(self) -> set[str]:
        """Entities that automations of these homes name and Home Assistant does not know yet."""
        named = {entity for name in self.names for given in AUTOMATIONS[name][1].values() for entity in (given if isinstance(given, list) else [given])
                 if isinstance(entity, str) and f".{name}_" in entity}
        return named - {entity for entity, state in self.ha.states().items() if state["state"] != "unavailable"}

    def run_until(self, clock: str) -> None:
        """Let time pass in all of them. clock: ``14:00``, local."""
        until = int(datetime.fromisoformat(f"2026-12-01T{clock}{ZONE}").timestamp())
        wall = (until - NOON) / SPEED + 120

        def reached() -> bool:
            return all(record and max(record) >= until for record in self.records.values())

        assert self._soon(reached, wall), {name: max(record, default=0) - NOON for name, record in self.records.items()}

    def energy(self, home: str, sink: str, begins: str, ends: str, source: str | None = None) -> float:
        """Wh that an account took between two local times, from any or from one."""
        first, last = (int(datetime.fromisoformat(f"2026-12-01T{text}{ZONE}").timestamp()) for text in (begins, ends))
        return sum(
            mj
            for record in self.records[home].values()
            for (giver, taker), column in zip(record.edges, record.energy, strict=True)
            if taker == sink and source in (None, giver)
            for index, mj in enumerate(column)
            if first <= record.span.start + index * record.span.step < last
        ) / MJ_PER_WH  # fmt: skip

    def complaints(self) -> list[str]:
        """Its warnings and errors about them, but for those of what takes long: ten seconds are a sixth of one here."""
        found = [line for line in self.ha._log().splitlines() if (match := LOG.match(line)) and OURS.match(match[2])]
        return [line for line in found if not any(part in line for part in ("mqtt.client", "mqtt.async_client", "mqtt.util", "Updating state for"))]

    def close(self) -> None:
        self.ha.remove()
        self.spy.loop_stop()
        for process in self.processes:
            process.send_signal(signal.SIGINT)
        for process in self.processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
        self.broker.close()


@pytest.fixture(scope="module", params=PARAMETERS)
def street(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    there = Street(request.param, tmp_path_factory.mktemp("street"))
    try:
        there.open()
        loaded = {entity for entity, state in there.ha.states().items() if entity.startswith("automation.") and state["state"] == "on"}
        assert loaded == {f"automation.{name}" for name in AUTOMATIONS}
        there.run_until("14:08" if len(there.names) > 1 else "13:05")
        yield there
    finally:
        there.close()


def test_nothing_was_lost_and_nothing_complained_of(street: Street) -> None:
    for name, audit in street.audits.items():
        assert not audit.broken, name
        assert [problem for auditor in audit.auditors.values() for problem in auditor.problems] == [], name
        assert audit.windows > 30
    assert street.complaints() == []


def test_it_warns_ahead_of_an_outage(street: Street) -> None:
    """At 12:45, a quarter of an hour before the outage, the television goes off: the minute in which the command travels is all that may be missing."""
    assert street.energy("warns", "tv", "12:15", "12:44") == pytest.approx(1000 * 29 / 60, abs=35)
    assert street.energy("warns", "tv", "12:49", "13:00") == 0


@pytest.fixture
def all_of_them(street: Street) -> Street:
    """All homes, which an older Home Assistant has not (``conftest.py``)."""
    assert len(street.names) == len(HOMES)
    return street


def test_it_charges_before_an_outage(all_of_them: Street) -> None:
    """From 12:30, an hour before the outage: 30 % of 5 kWh are stored until then, by a grid that gave none of it before."""
    street = all_of_them
    assert street.energy("charges", "battery", "12:10", "12:30") == 0
    assert street.energy("charges", "battery", "12:30", "13:30") == pytest.approx(1500 / 0.97, rel=0.08)
    assert street.energy("charges", "inverter", "12:35", "13:10", "meter") > 800
    shown = street.states["charges/inverter"]
    assert (shown["prog1_capacity"], shown["prog6_charge"], shown["grid_charge_enabled"]) == (20, "No Grid or Gen", False)


def test_surplus_goes_to_a_switch_and_a_water_heater(all_of_them: Street) -> None:
    """Both are on while the sun gives more than 2.2 kW beyond the house, and off within minutes of the clouds at 13:15; nothing is bought for them."""
    street = all_of_them
    assert street.energy("surplus", "tv", "12:15", "13:15") == pytest.approx(1000, rel=0.1)
    assert street.energy("surplus", "geyser", "12:15", "13:15") > 200
    assert street.energy("surplus", "meter", "12:15", "13:15", "grid") < 30
    assert street.energy("surplus", "tv", "13:25", "14:00") == street.energy("surplus", "geyser", "13:25", "14:00") == 0


def test_the_battery_is_there_for_the_peak(all_of_them: Street) -> None:
    """From 12:30 to 13:30 it serves the house, 1 kW, down to 25 % of 5 kWh; before and after it rests and the grid serves. A second of the wall is a minute here."""
    street = all_of_them
    assert street.energy("peak", "dc_bus", "12:10", "12:28", "battery") < 30
    assert street.energy("peak", "house", "12:34", "13:28") == pytest.approx(900, rel=0.01)
    assert street.energy("peak", "meter", "12:34", "13:28", "grid") < 60
    assert street.energy("peak", "meter", "13:34", "14:00", "grid") > 400


def test_the_cheapest_hour_is_the_one_in_which_it_runs(all_of_them: Street) -> None:
    """Of 12:10 to 14:00 that is from 13:00 on."""
    street = all_of_them
    assert street.energy("cheap", "tv", "12:10", "12:58") == 0
    assert street.energy("cheap", "tv", "13:04", "13:57") == pytest.approx(1000 * 53 / 60, rel=0.02)
    assert street.energy("cheap", "tv", "14:04", "14:07") == 0


def test_it_sheds_when_the_home_is_islanded_and_low(all_of_them: Street) -> None:
    """1.6 kW empty 20 % of 3 kWh in 22 minutes after 12:15; the television is dark until the grid is back at 13:30, the house never."""
    street = all_of_them
    assert street.energy("sheds", "tv", "12:15", "12:25") > 140
    assert street.energy("sheds", "tv", "12:45", "13:30") == 0
    assert street.energy("sheds", "tv", "13:36", "14:00") > 350
    assert street.energy("sheds", "house", "12:15", "13:30") == pytest.approx(600 * 1.25, rel=0.01)
