"""Whom the first window of a home waits for, and for how long."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from tests.stage import RUNNING, Stage, small_home
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.messages.fleet import FleetWantedMessage, WantedForm
from virtual_devices.edge.messages.topics import FLEET, Topics

PATIENCE = 1.0


@pytest.fixture
def home(broker: Broker) -> Iterator[Stage]:
    """A home that begins afresh, and is patient for a second."""
    with Stage(broker.endpoint, small_home(RUNNING, patience=f"{PATIENCE} s")) as made:
        yield made


def others(stage: Stage, *without: str) -> list[str]:
    return [name for name in stage.described if name not in without]


def say_wanted(stage: Stage, **replicas: int) -> None:
    """As a fleet does."""
    devices = {name: WantedForm(kind=each.kind, replicas=replicas.get(name, 1)) for name, each in stage.described.items()}
    payload = orjson.dumps(FleetWantedMessage(revision=1, devices=devices).model_dump(mode="json"))
    stage.spy.publish(Topics(stage.home.name, FLEET).wanted, payload, 1, retain=True)
    stage.sync()


def test_a_home_begins_without_one_that_does_not_come(home: Stage) -> None:
    began = home.loop.time()
    home.start(*others(home, "oven"))
    home.wait(lambda: bool(home.records))
    assert home.loop.time() - began >= PATIENCE
    assert f"it begins without oven: nobody has come for {PATIENCE:g} s" in [error["error"] for error in home.errors("clock")]
    assert "oven" not in home.records[1].demand


def test_it_is_patient_again_whenever_somebody_comes(home: Stage) -> None:
    home.start(*others(home, "oven", "geyser"))
    home.loop.run(timeout=0.7 * PATIENCE)
    home.start("geyser")
    home.loop.run(timeout=0.7 * PATIENCE)
    assert home.records == {}
    home.start("oven")
    home.wait(lambda: bool(home.records))
    assert set(home.records[1].demand) == {"oven", "geyser"}


def test_who_is_switched_off_is_not_waited_for(home: Stage) -> None:
    say_wanted(home, oven=0)
    began = home.loop.time()
    home.start(*others(home, "oven"))
    home.wait(lambda: bool(home.records))
    assert home.loop.time() - began < PATIENCE + 2
    assert home.errors("clock") == []


def test_what_is_wanted_may_change_while_it_waits(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(RUNNING, patience="0 s")) as stage:
        say_wanted(stage)
        stage.start(*others(stage, "oven"))
        stage.loop.run(timeout=1.5)
        assert stage.records == {}, "without patience it waits for ever"
        say_wanted(stage, oven=0)
        stage.wait(lambda: bool(stage.records))


def test_rubbish_of_a_fleet_is_complained_of(home: Stage) -> None:
    home.start("clock")
    home.spy.publish(Topics(home.home.name, FLEET).wanted, b"{}", 1)
    home.spy.publish(Topics(home.home.name, "oven").wanted, b'{"revision":1,"devices":{}}', 1)
    home.wait(lambda: bool(home.errors("clock")))
    assert "not a fleetwanted message" in home.errors("clock")[0]["error"]
    home.start(*others(home, "clock"))
    home.wait(lambda: bool(home.records))
