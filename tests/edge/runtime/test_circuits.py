"""Plugs on the bus: orders, rewiring while the home runs, what Home Assistant is offered, and who is complained of."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from tests.stage import START, STEP, Stage, small_home, undisturbed
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.faces.discovery import topic
from virtual_devices.edge.mqtt.client import Client

HOME = """\
home: HOME
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 08:30, step: 60 s, speed: max, paused: true}
devices:
  grid: {outages: "08:45-08:50"}
  plug: {kind: smart_switch, power_on: off, max_power: 500 W}
  strip: {kind: smart_switch, circuit: plug, timer_1: "08:40 off", timer_2: "08:42 on"}
  tv: {circuit: strip, mode: on}
  lamp: {kind: lights, mode: on, rated_power: 40 W}
  oven: {mode: on, priority: 6}
"""


@pytest.fixture
def stage(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint, small_home(HOME)) as made:
        made.start()
        yield made


def test_it_keeps_the_ledger_of_the_house_in_process(stage: Stage) -> None:
    for _ in range(10):
        stage.steps(5)
    assert stage.audited().digest == undisturbed(stage.home, 50).digest
    assert stage.errors("inverter") == []


def test_whoever_dies_and_whenever_the_ledger_is_the_same(stage: Stage) -> None:
    """Two die in every window, in the outage, at the timers and while the inverter settles too."""
    names = [name for name in stage.described if name != "clock"]
    for number in range(16):
        victims = {names[number % len(names)], names[(number * 3 + 1) % len(names)]}
        stage.kill(*victims)
        stage.start(*victims)
        stage.steps(3)
    stage.steps(2)
    assert stage.audited().digest == undisturbed(stage.home, 50).digest
    assert stage.state("tv")["power"] == 0, "the outage has opened the plug"


@pytest.mark.parametrize(("payload", "closed"), [(b"OFF", False), (b"0", False), (b"TOGGLE", False), (b"toggle", False), (b"ON", True), (b"1", True)])
def test_orders_as_home_assistant_and_tasmota_send_them(stage: Stage, payload: bytes, closed: bool) -> None:  # noqa: FBT001
    stage.steps(1)
    stage.send("plug", "set/relay", payload)
    assert stage.state("plug")["relay"] is closed, "whoever turns it sees it turned"
    stage.steps(1)
    assert stage.state("plug")["relay"] is closed
    assert (stage.state("tv")["power"] > 0) is closed
    assert stage.state("tv")["unserved_energy"] == 0
    assert stage.all("plug", "applied")[-1]["time"] == START + STEP
    stage.audited()


def test_an_order_survives_a_death_and_acts_once(stage: Stage) -> None:
    stage.steps(1)
    stage.send("plug", "set", {"toggle": True})
    stage.kill("plug")
    stage.start("plug")
    stage.steps(2)
    assert stage.state("plug")["relay"] is False
    stage.kill("plug")
    stage.start("plug")
    stage.steps(2)
    assert stage.state("plug")["relay"] is False
    stage.audited()


def test_rewiring_while_it_runs_and_what_the_select_offers(stage: Stage) -> None:
    configs: dict[str, list[str]] = {}

    def hear(where: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        for name in ("tv", "lamp", "plug", "strip"):
            if where == topic(stage.home.name, name) and payload:
                configs[name] = orjson.loads(payload)["components"]["circuit"]["options"]

    spy = Client(stage.loop, stage.endpoint, f"ha_{stage.home.name}", on_message=hear)
    spy.subscribe(("homeassistant/device/+/config", 0))
    spy.connect()
    ports = ["essential", "aux", "non_essential"]
    stage.steps(1)
    stage.wait(lambda: configs.get("lamp") == [*ports, "plug", "strip"])
    assert configs["strip"] == [*ports, "plug"], "nothing hangs on itself"
    assert configs["plug"] == ports, "nor on what hangs on it"
    stage.send("lamp", "set/circuit", b"strip")
    stage.send("strip", "set/circuit", b"essential")
    stage.steps(2)
    assert stage.state("strip")["power"] == pytest.approx(stage.state("tv")["power"] + 40)
    assert stage.state("plug")["power"] == 0
    stage.wait(lambda: configs["plug"] == [*ports, "strip"])
    assert stage.json("inverter", "settlement")["circuits"] == {"plug": "essential", "strip": "essential"}
    stage.audited()
    stage.loop.complete(spy.leave())


def test_a_circle_and_a_lost_parent_isolate_and_are_complained_of_once(stage: Stage) -> None:
    stage.steps(1)
    stage.send("plug", "set/circuit", b"strip")
    stage.steps(3)
    assert {error["about"] for error in stage.errors("inverter")} == {"plug", "strip", "tv"}
    assert "which is a circle" in stage.errors("inverter")[0]["error"]
    assert (stage.state("tv")["supplied"], stage.state("tv")["demand"], stage.state("tv")["unserved_energy"]) == (False, 0, 0)
    assert stage.state("lamp")["power"] == 40
    stage.send("plug", "set/circuit", b"essential")
    stage.steps(2)
    assert stage.state("plug")["relay"] is False, "it had no power, and stands as it was told to when that returns"
    stage.send("plug", "set/relay", b"ON")
    stage.steps(2)
    assert stage.state("tv")["power"] > 0
    stage.kill("plug")
    stage.steps(2)
    assert "there is no circuit 'plug'" in stage.errors("inverter")[-1]["error"]
    assert stage.state("tv")["power"] == 0
    assert stage.state("lamp")["power"] == 40
    stage.start("plug")
    stage.steps(3)
    assert stage.state("tv")["power"] > 0
    stage.audited()
