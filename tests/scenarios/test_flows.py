"""Energy as packets on virtual wires, at every speed and over both brokers, of an inverter whose process is killed: they add up to the ledger."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from tests.edge.runtime.test_flow_teller import FLOWS, Tap, assert_summed
from tests.machine import BROKER_KINDS
from tests.stage import Stage, small_home
from virtual_devices.edge.broker.start import BrokerKind, start_broker
from virtual_devices.fleet.describe import command_line

BETWEEN = 20
"""Steps between two kills, at least."""


class Killed:
    """The inverter of a stage, in a process of its own."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._words, self._folder = command_line(stage.described["inverter"], stage.endpoint), folder
        self._process = self._begun()

    def _begun(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._words, cwd=self._folder, stdin=subprocess.DEVNULL)

    def again(self) -> None:
        """It dies, and another one goes on."""
        self.die()
        self._process = self._begun()

    def killed_at(self, leaf: str, stage: Stage) -> None:
        """It dies when such a word of it is heard; then time goes on for a while."""
        stage.when("inverter", leaf, self.again)
        stage.wait(lambda: ("inverter", leaf) not in stage._triggers)
        end = stage.settled + BETWEEN * stage.home.step
        stage.wait(lambda: stage.settled >= end)

    def die(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def apart(stage: Stage, folder: Path) -> Iterator[Killed]:
    inverter = Killed(stage, folder)
    try:
        stage.wait(lambda: stage.availability("inverter") == "online")
        yield inverter
    finally:
        inverter.die()


@pytest.mark.parametrize("speed", ["max", "3600", "600"])
@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_packets_add_up_to_the_ledger_whenever_the_inverter_is_killed(tmp_path: Path, kind: BrokerKind, speed: str) -> None:
    home = small_home(FLOWS.replace("speed: max", f"speed: {speed}, max_steps: 4"))
    with start_broker(tmp_path, kind=kind, port=0) as broker, Stage(broker.endpoint, home) as stage:
        for name in stage.described.keys() - {"inverter"}:
            stage.runtimes[name] = stage.make(name)
            stage.runtimes[name].start()
        with apart(stage, tmp_path) as inverter:
            tap = Tap(stage)
            stage.spy.publish(stage.topic("clock", "set"), orjson.dumps({"paused": False}), 1)
            for leaf in ("settlement", "flow/sun/roof"):
                inverter.killed_at(leaf, stage)
            stage.spy.publish(stage.topic("clock", "set"), orjson.dumps({"paused": True}), 1)
            stage.rest()
            assert_summed(stage, tap)
            stage.audited()
            tap.leave()
