"""Devices whose broker is killed, or away for a while."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import orjson
import pytest

from tests.edge.runtime.listener import Listener
from tests.machine import BROKER_KINDS
from tests.stage import SECONDS, START, STEP, WEATHER, Stage, small_home, undisturbed
from virtual_devices.edge.broker.start import BrokerKind, start_broker
from virtual_devices.edge.faces import discovery


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_a_broker_that_is_killed_and_has_forgotten_everything(tmp_path: Path, kind: BrokerKind) -> None:
    broker = start_broker(tmp_path / "one", kind=kind, port=0)
    try:
        with Stage(broker.endpoint, small_home(WEATHER)) as stage:
            stage.start()
            stage.steps(13)
            stage.begin_steps(20)
            stage.when("battery", "proposal", lambda: os.kill(broker.pid, signal.SIGKILL))
            clients = [stage.spy, *(runtime.client for runtime in stage.runtimes.values())]
            stage.wait(lambda: not any(client.connected for client in clients))
            broker.close()
            inverter = stage.runtimes["inverter"].client
            inverter._cancel("dial")  # it comes back last, so that the spy hears of every window
            shutil.rmtree(tmp_path / "one")
            broker = start_broker(tmp_path / "two", kind=kind, port=stage.endpoint.port, v5_port=broker.v5_port)
            stage.wait(lambda: all(client.subscribed for client in clients if client is not inverter))
            inverter._set_timer("dial", 0, inverter._dial)
            stage.wait(lambda: stage.settled >= START + 33 * STEP)
            stage.rest()
            ear = Listener(stage)
            for name in stage.described:
                for leaf in ("about", "availability", "state"):
                    assert stage.topic(name, leaf) in ear.heard
                assert ear.heard[stage.topic(name, "availability")] == b"online"
                assert discovery.topic(stage.home.name, name) in ear.heard
            for name, leaf in (("clock", "site"), ("clock", "window"), ("inverter", "settlement"), ("sun", "conditions")):
                assert stage.topic(name, leaf) in ear.heard
            for name in ("roof", "battery", "grid", "oven", "geyser"):
                proposal = orjson.loads(ear.heard[stage.topic(name, "proposal")])
                assert proposal["seq"] == orjson.loads(ear.heard[stage.topic("inverter", "settlement")])["seq"]
            stage.loop.complete(ear.client.leave())
            stage.kill("oven", "inverter", "clock", "weather")  # what was told again is enough to resume from
            stage.start("oven", "weather", "inverter")
            stage.start("clock")
            stage.steps(17)
            assert stage.audited().digest == undisturbed(stage.home, 50).digest
            assert sorted(stage.records) == list(range(1, len(stage.records) + 1))
            assert stage.fatal == []
    finally:
        broker.close()


def test_a_broker_that_is_away_for_a_while(tmp_path: Path) -> None:
    broker = start_broker(tmp_path, port=0)
    with Stage(broker.endpoint) as stage:
        stage.start()
        stage.steps(5)
        broker.close()
        stage.wait(lambda: not any(runtime.client.connected for runtime in stage.runtimes.values()))
        with start_broker(tmp_path, port=stage.endpoint.port):
            stage.wait(lambda: all(runtime.client.subscribed for runtime in stage.runtimes.values()), SECONDS)
            stage.wait(lambda: stage.spy.subscribed)
            stage.steps(45)
            assert stage.audited().digest == undisturbed(stage.home, 50).digest
