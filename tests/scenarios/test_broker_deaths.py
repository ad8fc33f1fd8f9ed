"""The broker killed at each point of a window, with its memory or without, alone or together with a device."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stage import Stage, undisturbed
from virtual_devices.edge.broker.start import Broker, find_mosquitto, start_broker
from virtual_devices.edge.mqtt import client as mqtt
from virtual_devices.edge.runtime import memory
from virtual_devices.fleet.keeping.archive import Archive

LONG = 50
"""Steps of a whole play."""
MEMORIES = ["flushed", "empty", "iotcore"] if find_mosquitto() else ["iotcore"]
"""What the broker knows when it is back: what mosquitto wrote to its disk a while ago, or nothing."""


class Mortal:
    """A broker that is killed and comes back at the same place."""

    def __init__(self, memory: str, folder: Path) -> None:
        self.memory, self.folder = memory, folder
        self.lives = 0
        self.broker = self._start()

    def _start(self, port: int = 0, v5_port: int | None = None) -> Broker:
        place = self.folder / ("one" if self.memory == "flushed" else str(self.lives))
        self.lives += 1
        return start_broker(place, kind="iotcore" if self.memory == "iotcore" else "mosquitto", port=port, v5_port=v5_port)

    def flush(self) -> None:
        """What mosquitto would do by itself every half minute."""
        if self.memory != "flushed":
            return
        database = self.folder / "one" / "mosquitto" / "mosquitto.db"
        before = database.stat().st_mtime_ns if database.exists() else 0
        os.kill(self.broker.pid, signal.SIGUSR1)
        deadline = time.monotonic() + 10
        while not database.exists() or database.stat().st_mtime_ns == before:
            assert time.monotonic() < deadline, "mosquitto wrote no database"
            time.sleep(0.01)

    def kill(self) -> None:
        os.kill(self.broker.pid, signal.SIGKILL)
        while self.broker.alive():
            time.sleep(0.001)

    def revive(self) -> None:
        self.broker = self._start(self.broker.endpoint.port, self.broker.v5_port)


@pytest.fixture(params=MEMORIES)
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mortal]:
    made = Mortal(request.param, tmp_path)
    yield made
    made.broker.close()


@pytest.fixture
def stage(mortal: Mortal) -> Iterator[Stage]:
    with Stage(mortal.broker.endpoint) as made:
        made.start()
        yield made


def reconnected(stage: Stage) -> bool:
    return stage.spy.subscribed and all(runtime.client.subscribed for runtime in stage.runtimes.values())


def before(stage: Stage, device: str, leaf: str, action: Callable[[], None]) -> None:
    """Do something, once, in the moment before a device says such a word."""
    client = stage.runtimes[device].client
    publish = client.publish

    def first(topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:  # noqa: FBT001, FBT002
        if topic.startswith(stage.topic(device, leaf)):
            client.publish = publish  # type: ignore[method-assign]
            action()
        publish(topic, payload, qos, retain)

    client.publish = first  # type: ignore[method-assign]


# -- the broker alone --------------------------------------------------------------------------------------------------

POINTS = {
    "before the window": (before, "clock", "window"),
    "the clock's window is open": (Stage.when, "clock", "window"),
    "before a proposal": (before, "battery", "proposal"),
    "after a proposal": (Stage.when, "oven", "proposal"),
    "before the conditions": (before, "sun", "conditions"),
    "before the ledger record": (before, "inverter", "ledger"),
    "between the record and the settlement": (before, "inverter", "settlement"),
    "settled, not committed": (Stage.when, "inverter", "settlement"),
    "before a state": (before, "inverter", "state"),
}


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_the_broker_costs_nothing(stage: Stage, mortal: Mortal, point: str) -> None:
    stage.steps(9)
    mortal.flush()
    stage.steps(4)
    deaths: list[int] = []
    place, device, leaf = POINTS[point]

    def die() -> None:
        mortal.kill()
        deaths.append(1)

    place(stage, device, leaf, die)
    end = stage.begin_steps(5)
    stage.wait(lambda: deaths)
    stage.wait(lambda: not any(runtime.client.connected for runtime in stage.runtimes.values()))
    stage.wait(lambda: not stage.spy.connected)
    mortal.revive()
    stage.wait(lambda: reconnected(stage))
    stage.wait(lambda: stage.settled >= end)
    stage.rest()
    stage.steps(LONG - 18)
    summary = stage.audited()
    assert summary.digest == undisturbed(stage.home, LONG).digest
    assert stage.errors("inverter") == []
    for name in ("oven", "geyser"):
        assert stage.state(name)["energy_joules"] * 1000 == summary.between(None, name) > 0


def test_killed_when_all_is_committed_and_nothing_proposed_the_broker_costs_nothing(stage: Stage, mortal: Mortal) -> None:
    stage.steps(9)
    mortal.flush()
    stage.steps(4)
    mortal.kill()
    stage.wait(lambda: not any(runtime.client.connected for runtime in stage.runtimes.values()))
    stage.wait(lambda: not stage.spy.connected)
    mortal.revive()
    stage.wait(lambda: reconnected(stage))
    stage.steps(LONG - 13)
    assert stage.audited().digest == undisturbed(stage.home, LONG).digest


# -- the broker and a device -------------------------------------------------------------------------------------------


@pytest.fixture
def host(stage: Stage, tmp_path: Path) -> Iterator[Archive]:
    made = Archive(stage.loop, stage.endpoint, stage.home.name, tmp_path / "kept", lambda *_: None)
    stage.loop.complete(made.open())
    made.put_back()
    yield made
    stage.loop.complete(made.client.leave())


@pytest.mark.parametrize("name", ["battery", "oven", "inverter", "clock", "sun"])
def test_a_device_that_is_back_before_its_memory_takes_it_when_the_host_brings_it(
    stage: Stage, mortal: Mortal, host: Archive, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone with a broker of old or of no memory it cannot know better; when the others come it does, and waits."""
    dial, held = mqtt.Client._dial, set[mqtt.Client]()
    monkeypatch.setattr(mqtt.Client, "_dial", lambda self: self._dial_later() if self in held else dial(self))
    stage.steps(9)
    mortal.flush()
    stage.steps(10)
    stage.send(name, "set", {"speed": 0} if name == "clock" else {})
    stage.vanish(name)
    clients = [host.client, *(runtime.client for runtime in stage.runtimes.values())]
    held.update(clients)
    mortal.kill()
    stage.wait(lambda: not any(client.connected for client in clients))
    stage.wait(lambda: not stage.spy.connected)
    mortal.revive()
    stage.wait(lambda: stage.spy.subscribed)
    made = stage.make(name)
    stage.runtimes[name] = made
    made.start()
    stage.wait(lambda: made.client.subscribed)
    stage.loop.run(timeout=0.3)  # it is alone with what the broker knows
    held.clear()
    stage.wait(lambda: reconnected(stage) and host.client.subscribed)
    stage.wait(lambda: made.work is not None and not made.memory.is_behind(made.work.site.run) and stage.availability(name) == "online")
    stage.sync()
    stage.sync()  # the clock knows that everybody is there
    stage.steps(LONG - 19)
    summary = stage.audited()
    assert summary.digest == undisturbed(stage.home, LONG).digest
    assert not any("memory was lost" in error["error"] for error in stage.errors("inverter"))
    if name == "oven":
        assert stage.state(name)["energy_joules"] * 1000 == summary.between(None, name) > 0


def test_what_nobody_puts_back_is_given_up_after_a_while(
    stage: Stage, mortal: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MEMORY", 0.5)
    monkeypatch.setattr("virtual_devices.edge.runtime.settler.LOST_AFTER", 0.2)
    stage.steps(13)
    stage.kill("oven")
    stage.send("oven", "proposal", b"", retain=True)
    stage.start("oven")
    assert "waits for the host to put back what the broker forgot" in stage.errors("oven")[-1]["error"]
    stage.steps(5)
    assert "its memory was lost" in stage.errors("inverter")[-1]["error"]
    assert stage.summary().auditor.ok
