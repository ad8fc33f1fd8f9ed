"""evcc, Predbat and a Home Assistant automation drive a home over a real broker, by the messages that they write and read.

Sources of topics, payloads, QoS and retain: evcc's ``plugin/mqtt.go`` and ``plugin/helper.go``; Predbat's ``inverter.py`` with ``has_mqtt_api``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest

from tests.stage import SECONDS, Stage, small_home
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.faces import discovery
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.members.house import House

TEXT = """\
home: HOME
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 TIME, step: 60 s, speed: max, paused: true}
seed: 7
devices:
  sun: {}
  roof: {kind: pv_array, capacity: 5 kW}
  battery: {capacity: 10 kWh, start_soc: 50 %}
  grid: {GRID}
  inverter: {INVERTER}
  house: {kind: base_load, variation: 0}
"""
NOON, NIGHT = "12:00", "20:00"


def home_at(time: str, *, grid: str = "", inverter: str = "") -> Home:
    return small_home(TEXT.replace("TIME", time).replace("GRID", grid).replace("INVERTER", inverter))


class Tool:
    """Another program on the broker: it subscribes at QoS 1 and keeps the last message of each topic."""

    def __init__(self, stage: Stage, *filters: str) -> None:
        self.stage, self.values = stage, dict[str, bytes]()
        self._mark, self._marks = f"virtual/{stage.home.name}/_tool/mark", itertools.count()
        self.client = Client(stage.loop, stage.endpoint, f"tool_{stage.home.name}", on_message=self._hear)
        self.client.subscribe(*((name, 1) for name in (*filters, self._mark)))
        self.client.connect()
        stage.wait(lambda: self.client.subscribed)
        stage.sync()

    def _hear(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if payload:
            self.values[topic] = payload

    def publish(self, topic: str, payload: str, *, retain: bool) -> None:
        self.client.publish(topic, payload.encode(), 1, retain)
        self.stage.loop.complete(self.client.flush(SECONDS))
        self.stage.sync()
        self.stage.sync()

    def last(self, topic: str) -> bytes:
        """The last message of a topic, when all that the spy has heard has come here too."""
        mark = str(next(self._marks)).encode()
        self.client.publish(self._mark, mark, 1)
        self.stage.wait(lambda: self.values.get(self._mark) == mark)
        return self.values[topic]


Script = list[tuple[Mapping[str, Any], int]]
"""Commands to the inverter, each with the steps that pass after it."""


def in_process(home: Home, script: Script) -> Summary:
    """What the same home comes to without a broker when the same commands are given."""
    house, summary = House(home), Summary(home.name)
    house.listeners.append(summary.add)
    for changes, steps in script:
        if changes:
            house.members["inverter"].command(changes)
        house.advance(house.time + steps * home.step)
    return summary


def assert_same_ledger(stage: Stage, script: Script) -> Summary:
    summary = stage.audited()
    assert summary.steps == sum(steps for _, steps in script)
    assert summary.digest == in_process(stage.home, script).digest
    return summary


# -- evcc: numbers of a topic each, batterymode as a digit -------------------------------------------------------------


class Evcc(Tool):
    """A custom meter of grid, pv and battery, with a ``batterymode`` setter of ``source: mqtt``."""

    def __init__(self, stage: Stage) -> None:
        self.at = f"virtual/{stage.home.name}/inverter"
        names = ("grid_power", "pv_power", "battery_power", "battery_soc", "total_grid_import", "total_pv_energy", "total_battery_discharge")
        super().__init__(stage, *(f"{self.at}/reading/{name}" for name in names))

    def read(self, name: str) -> float:
        return float(self.last(f"{self.at}/reading/{name}"))

    def mode(self, number: int, *, retained: bool = True) -> None:
        self.publish(f"{self.at}/set/batterymode", str(number), retain=retained)


EXPECTED: dict[int, Callable[[float], bool]] = {
    1: lambda power: True,
    2: lambda power: power <= 0,
    3: lambda power: power < 0,
    4: lambda power: power >= 0,
    5: lambda power: power > 0,
}
"""Sign of the battery's power in each mode, as ``evcc meter verifybatterymodes`` checks it; positive discharges."""


@pytest.mark.parametrize(("time", "retained"), [(NOON, True), (NIGHT, False)])
def test_evcc_switches_through_its_modes(broker: Broker, time: str, retained: bool) -> None:  # noqa: FBT001 - a parameter of the test
    with Stage(broker.endpoint, home_at(time, inverter="plain_readings: true")) as stage:
        stage.start()
        evcc = Evcc(stage)
        script: Script = [({}, 3)]
        stage.steps(3)
        for mode in (2, 3, 4, 5, 2, 1):
            evcc.mode(mode, retained=retained)
            before = {name: evcc.read(name) for name in ("total_grid_import", "total_battery_discharge", "total_pv_energy")}
            flowed = dict.fromkeys(before, 0.0)
            for _ in range(5):
                stage.steps(1)
                assert EXPECTED[mode](evcc.read("battery_power")), (mode, evcc.read("battery_power"))
                flowed["total_grid_import"] += max(evcc.read("grid_power"), 0) / 60_000
                flowed["total_battery_discharge"] += max(evcc.read("battery_power"), 0) / 60_000
                flowed["total_pv_energy"] += evcc.read("pv_power") / 60_000
            for name, energy in flowed.items():
                assert evcc.read(name) - before[name] == pytest.approx(energy, abs=1e-5), (mode, name)
            script.append(({"batterymode": mode}, 5))
        summary = assert_same_ledger(stage, script)
        assert evcc.read("total_grid_import") == pytest.approx(summary.energy["grid", "meter"] / 3.6e9, abs=1e-6)
        assert evcc.read("battery_soc") == pytest.approx(stage.state("battery")["soc"], abs=1e-3)
        assert stage.state("inverter")["decision"] in ("self use", "serve", "rest")
        assert not stage.errors("inverter")


def test_evcc_s_unknown_mode_is_refused_aloud_and_changes_nothing(broker: Broker) -> None:
    with Stage(broker.endpoint, home_at(NIGHT, inverter="plain_readings: true")) as stage:
        stage.start()
        evcc = Evcc(stage)
        evcc.mode(2)
        for number in (0, 6):
            evcc.mode(number, retained=False)
        stage.steps(3)
        assert [error["about"] for error in stage.errors("inverter")] == [f"{evcc.at}/set/batterymode"] * 2
        assert "batterymode" in stage.errors("inverter")[0]["error"]
        assert evcc.read("battery_power") == 0
        assert_same_ledger(stage, [({"batterymode": "hold"}, 3)])


# -- Predbat: seven retained topics, published by Home Assistant ------------------------------------------------------------


class Predbat(Tool):
    """Predbat with ``has_mqtt_api`` and ``has_target_soc: False``: it reads entities, which show the state."""

    def __init__(self, stage: Stage) -> None:
        self.at = f"virtual/{stage.home.name}/inverter"
        super().__init__(stage, f"{self.at}/state")
        self.script: Script = []

    def entity(self, name: str) -> Any:
        return orjson.loads(self.last(f"{self.at}/state"))[name]

    def run(self, steps: int, **messages: str) -> None:
        """One run of it, and the time until the next."""
        for name, payload in messages.items():
            self.publish(f"{self.at}/set/{name}", payload, retain=True)
            self.script.append(({name: payload}, 0))
        self.stage.steps(steps)
        self.script.append(({}, steps))


def test_predbat_charges_exports_holds_and_goes_back(broker: Broker) -> None:
    with Stage(broker.endpoint, home_at(NIGHT, inverter="rated_power: 5 kW, grid_charge_battery_current: 10 A")) as stage:
        stage.start()
        predbat = Predbat(stage)
        predbat.run(5, charge_rate="2600", discharge_rate="5000", reserve="12", auto="true")
        assert predbat.entity("battery_power") > 0
        imported, soc = predbat.entity("day_grid_import"), predbat.entity("battery_soc")
        for _ in range(3):
            predbat.run(5, target_soc="57", charge="2600")  # it says so again every five minutes
        charging = predbat.entity("battery_power")
        assert charging == pytest.approx(-2600, abs=0.001)
        assert predbat.entity("battery_soc") == pytest.approx(soc + 2.6 * 0.25 / 10 * 100 * 0.98, abs=0.2)
        assert predbat.entity("day_grid_import") - imported > 2.6 * 0.25 / 0.97
        for _ in range(2):
            predbat.run(5, charge="2600")
        assert predbat.entity("battery_soc") == pytest.approx(57, abs=0.01)
        assert predbat.entity("battery_power") == pytest.approx(0, abs=1), "it holds at the target while it is told to charge"
        exported = predbat.entity("day_grid_export")
        predbat.run(5, discharge_rate="3000", discharge="3000")
        assert predbat.entity("battery_power") == pytest.approx(3000, abs=0.001)
        assert predbat.entity("grid_power") < -2000
        assert predbat.entity("day_grid_export") - exported == pytest.approx(-predbat.entity("grid_power") / 12_000, rel=0.01)
        predbat.run(5, discharge_rate="0", discharge="0")
        assert predbat.entity("battery_power") == 0
        predbat.run(5, discharge_rate="5000", auto="true", reserve="4.0")
        assert predbat.entity("battery_power") > 0
        (error,) = stage.errors("inverter")
        assert "reserve 4 % is below battery_shutdown_capacity 10 %" in error["error"]
        predbat.script.remove(({"reserve": "4.0"}, 0))
        summary = assert_same_ledger(stage, predbat.script)
        assert predbat.entity("total_grid_export") == pytest.approx(summary.energy["meter", "grid"] / 3.6e9, abs=1e-6)


def test_what_predbat_left_retained_is_neither_done_nor_told_again_and_again(broker: Broker) -> None:
    with Stage(broker.endpoint, home_at(NIGHT)) as stage:
        stage.start()
        predbat = Predbat(stage)
        predbat.run(2, charge="2000")
        predbat.run(2, discharge="3000")
        predbat.run(2, charge_rate="1500", discharge_rate="2500", reserve="20", target_soc="80", auto="true")
        assert stage.errors("inverter") == []
        for connection in range(3):
            stage.reconnect("inverter")
            told = sorted(error["about"].rpartition("/")[2] for error in stage.errors("inverter"))
            assert told == ["charge", "discharge"], f"connection {connection}"
        assert predbat.entity("batterymode") == "normal"
        predbat.run(3)
        stage.kill("inverter")
        stage.start("inverter")
        predbat.run(3)
        assert (predbat.entity("batterymode"), predbat.entity("charge_rate"), predbat.entity("reserve")) == ("normal", 1500, 20)
        assert len(stage.errors("inverter")) == 4, "a new process says it once"
        predbat.run(2, charge="1500")
        assert predbat.entity("batterymode") == "charge"
        assert_same_ledger(stage, predbat.script)


# -- Home Assistant: charge before an outage, by two switches of the add-on's names ------------------------------------------


class HomeAssistant(Tool):
    """Entities by their ids, through what discovery says of them."""

    def __init__(self, stage: Stage) -> None:
        names = ("inverter", "grid")
        super().__init__(
            stage, *(discovery.topic(stage.home.name, name) for name in names), *(stage.topic(name, "state") for name in names)
        )
        self.entities: dict[str, tuple[str, Any]] = {}
        for name in names:
            message = orjson.loads(self.last(discovery.topic(stage.home.name, name)))
            for field, component in message["components"].items():
                # the face holds small moves back, for which a test has no time
                self.entities[component["default_entity_id"]] = field, (message["state_topic"].replace("/face", "/state"), component)

    def state(self, entity: str) -> Any:
        field, (topic, _) = self.entities[entity]
        return orjson.loads(self.last(topic))[field]

    def turn(self, entity: str, *, on: bool) -> None:
        _, (_, component) = self.entities[entity]
        self.publish(component["command_topic"], component["payload_on" if on else "payload_off"], retain=False)


def test_an_automation_charges_before_an_outage(broker: Broker) -> None:
    programs = ", ".join(f"prog{number}_capacity: 30 %" for number in range(1, 7))
    home = home_at(NIGHT, grid='outages: "21:00-21:20"', inverter=f"entity_prefix: ss, use_timer: true, {programs}, load_limit: Zero Export")
    with Stage(broker.endpoint, home) as stage:
        stage.start()
        hass = HomeAssistant(stage)
        script: Script = []
        charged = False
        for _ in range(9):
            stage.steps(10)
            script.append(({}, 10))
            soon = f"sensor.{home.name}_grid_starts_in"
            if not charged and hass.state("binary_sensor.ss_grid_connected") and hass.state(soon) <= 30:
                charged = True
                before = hass.state("sensor.ss_battery_soc")
                hass.turn("switch.ss_use_timer", on=False)
                hass.turn("switch.ss_grid_charge_enabled", on=True)
                script += [({"use_timer": False}, 0), ({"grid_charge_enabled": True}, 0)]
                stage.steps(1)
                script.append(({}, 1))
                assert hass.state("sensor.ss_battery_power") < -1900  # 40 A
                assert hass.state("sensor.ss_grid_power") > 1900
                assert hass.state("sensor.ss_decision") == "charge now"
            elif not hass.state("binary_sensor.ss_grid_connected"):
                assert hass.state("sensor.ss_grid_ct_power") == 0
                assert hass.state("sensor.ss_battery_power") > 0
                if hass.state("switch.ss_grid_charge_enabled"):
                    assert hass.state("sensor.ss_battery_soc") > before + 5
                    hass.turn("switch.ss_grid_charge_enabled", on=False)
                    hass.turn("switch.ss_use_timer", on=True)
                    script += [({"grid_charge_enabled": False}, 0), ({"use_timer": True}, 0)]
        assert charged
        assert hass.state("sensor.ss_grid_ct_power") < 100
        assert hass.state("sensor.ss_decision") == "serve", "the timer has it again"
        summary = assert_same_ledger(stage, script)
        assert hass.state("sensor.ss_total_battery_charge") == pytest.approx(summary.energy["dc_bus", "battery"] / 3.6e9, abs=1e-6)
        assert stage.errors("inverter") == []
