"""A device that leaves is cleared where Home Assistant was told of it first: it looks at nothing that is gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import BROKER_KINDS
from tests.stage import SMALL, Stage, small_home
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.faces import discovery, fleet_discovery
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.forgetting import forget
from virtual_devices.fleet.keeping import clearing
from virtual_devices.fleet.keeping.archive import Archive

PAUSE = 0.4
LEAVING = {"oven", "grid"}


@pytest.fixture(scope="module", params=BROKER_KINDS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), kind=request.param, port=0) as made:
        yield made


class Ear:
    """Hears, as Home Assistant would, what is cleared, and when."""

    def __init__(self, loop: Loop, stage: Stage) -> None:
        self.cleared: list[tuple[float, str]] = []
        self.client = Client(loop, stage.endpoint, f"ear_{stage.home.name}", on_message=self._hear)
        self.client.subscribe((f"virtual/{stage.home.name}/#", 1), ("homeassistant/device/+/config", 1))
        self.client.connect()
        assert loop.run(until=lambda: self.client.subscribed, timeout=10)

    def _hear(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if not payload:
            self.cleared.append((time.monotonic(), topic))


@pytest.fixture
def left(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A home that ran and has stopped; its grid speaks on topics of single readings too, its inverter of flows."""
    monkeypatch.setattr(clearing, "REMOVED_WITHIN", PAUSE)
    with Stage(broker.endpoint, small_home(SMALL.replace("  grid: {", "  grid: {plain_readings: true, ").replace("inverter: {", "inverter: {flows: true, "))) as stage:
        stage.start()
        stage.steps(2)
        stage.stop(*stage.described)
        yield stage


def retained(stage: Stage) -> set[str]:
    with Session(stage.endpoint) as session:
        announced = session.collect("homeassistant/device/+/config")
        own = f"homeassistant/device/virtual-{stage.home.name}-"
        return {*session.collect(f"virtual/{stage.home.name}/#"), *(topic for topic in announced if topic.startswith(own))}


def announcements(stage: Stage, names: set[str]) -> set[str]:
    return {discovery.topic(stage.home.name, name) for name in names}


def in_order(stage: Stage, ear: Ear, names: set[str], announced: set[str]) -> None:
    """What Home Assistant was told of all of them, a pause, and then all else, each once."""
    topics = [topic for _, topic in ear.cleared]
    count = len(announced)
    assert set(topics[:count]) == announced
    own = topics[count:]
    assert own
    assert {topic.split("/")[2] for topic in own} == names
    assert len(set(topics)) == len(topics)
    assert ear.cleared[count][0] - ear.cleared[count - 1][0] >= PAUSE * 0.8


def test_by_the_host_whose_file_does_not_name_them_any_more(left: Stage, tmp_path: Path) -> None:
    archive = Archive(left.loop, left.endpoint, left.home.name, tmp_path, lambda *_: None)
    left.loop.complete(archive.open())
    ear, before = Ear(left.loop, left), retained(left)
    assert any("/grid/reading/" in topic for topic in before)
    left.loop.complete(archive.forget(LEAVING))
    left.loop.complete(archive.settle_down())
    left.sync()
    in_order(left, ear, LEAVING, announcements(left, LEAVING) | {fleet_discovery.topic(left.home.name, name) for name in LEAVING})
    gone = {topic for topic in before if topic.split("/")[2] in LEAVING} | announcements(left, LEAVING)
    assert retained(left) == {topic for topic in before - gone if "/_spy/" not in topic}
    for client in (archive.client, ear.client):
        left.loop.complete(client.leave())


def test_by_whoever_forgets_the_home(left: Stage) -> None:
    with Session(left.endpoint) as session:
        ear = Ear(session.loop, left)
        done = forget(session, left.home.name)
        session.loop.complete(ear.client.leave())
    assert set(done.devices) >= set(left.described)
    in_order(left, ear, set(left.described), announcements(left, set(left.described)))
    assert retained(left) == set()
