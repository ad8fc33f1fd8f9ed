"""Faults that are more than a death: silence, a lost memory, a broker that is away, a word lost between two others."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import BROKER_KINDS
from tests.stage import SMALL, WEATHER, Stage, small_home, undisturbed
from virtual_devices.edge.broker.start import Broker, BrokerKind, start_broker
from virtual_devices.edge.runtime import memory, settler
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.fleet.describe import command_line
from virtual_devices.kit.accounts import RESET

IMPATIENT = SMALL.replace("speed: max,", "speed: max, patience: 1 s,")
LONG = 50


@pytest.fixture
def stage(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint, small_home(IMPATIENT)) as made:
        made.start()
        yield made


def stall(runtime: Runtime) -> None:
    """It hears and says nothing any more, as a process does that was stopped."""
    runtime.role.received = lambda *_: None  # type: ignore[method-assign]


def wake(runtime: Runtime) -> None:
    del runtime.role.received  # the class's own again


def pass_without_rest(stage: Stage, steps: int) -> None:
    """Time passes, and nobody waits until the silent one has caught up."""
    end = stage.begin_steps(steps)
    stage.wait(lambda: stage.settled >= end)


# -- silence -----------------------------------------------------------------------------------------------------------


def test_nobody_waits_twice_for_a_device_that_is_silent(stage: Stage) -> None:
    stage.steps(10)
    stall(stage.runtimes["oven"])
    begin = stage.loop.time()
    for _ in range(20):
        pass_without_rest(stage, 1)
    assert stage.loop.time() - begin < 5, "the patience of one second was spent once, not twenty times"
    errors = [error["error"] for error in stage.errors("inverter")]
    assert len(errors) == 1
    assert "until they speak: oven" in errors[0]
    assert "oven" in stage.json("inverter", "settlement")["left_out"]


def test_after_an_hour_of_silence_it_goes_on_where_it_was(stage: Stage) -> None:
    stage.steps(14)
    oven = stage.runtimes["oven"]
    stall(oven)
    pass_without_rest(stage, 60)
    assert oven.work is not None
    before = dict(oven.work.member.counters)
    wake(oven)
    for _ in range(2):  # in the first window it may be late
        pass_without_rest(stage, 1)
    stage.send("oven", "set", {"mode": "on"})
    stage.steps(5)
    assert "oven" in stage.json("inverter", "settlement")["members"]
    assert oven.work.member.counters["energy"] > before["energy"]
    assert oven.work.member.counters["energy"] == stage.audited().between(None, "oven")


def test_a_process_that_is_stopped_for_an_hour_goes_on_where_it_was(broker: Broker, tmp_path: Path) -> None:
    with Stage(broker.endpoint, small_home(IMPATIENT)) as stage:
        words = command_line(stage.described["oven"], broker.endpoint)
        process = subprocess.Popen(words, cwd=tmp_path, stdin=subprocess.DEVNULL)
        try:
            for name in stage.described.keys() - {"oven"}:
                stage.runtimes[name] = stage.make(name)
                stage.runtimes[name].start()
            stage.wait(lambda: stage.availability("oven") == "online")
            stage.steps(16)
            stage.wait(lambda: (stage.state("oven")["energy"] or 0) > 0)
            process.send_signal(signal.SIGSTOP)
            pass_without_rest(stage, 60)
            assert "oven" in stage.json("inverter", "settlement")["left_out"]
            process.send_signal(signal.SIGCONT)
            for _ in range(2):  # in the first window it may be late
                pass_without_rest(stage, 1)
            stage.send("oven", "set", {"mode": "on"})
            pass_without_rest(stage, 5)
            assert "oven" in stage.json("inverter", "settlement")["members"]
            got = stage.audited().between(None, "oven")
            stage.wait(lambda: round(stage.state("oven")["energy_joules"] * 1000) == got)
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("text", [SMALL, WEATHER], ids=["sun", "sun and weather"])
def test_nobody_is_waited_for_who_waits_for_the_next_window(broker: Broker, text: str) -> None:
    """The sun was away when the window was asked: arrays cannot answer it, although the sun is back before it is settled."""
    with Stage(broker.endpoint, small_home(text)) as stage:
        stage.start()
        stage.steps(5)
        stall(stage.runtimes["geyser"])  # so that the window stays open
        stage.kill("sun")
        end = stage.begin_steps(5)
        stage.wait(lambda: stage.availability("roof") == "offline")
        stage.start("sun")
        stage.sync()
        stage.sync()
        begin = stage.loop.time()
        wake(stage.runtimes["geyser"])
        stage.wait(lambda: stage.settled >= end)
        assert stage.loop.time() - begin < 20, "far less than the patience"
        assert not any("left out" in error["error"] for error in stage.errors("inverter"))
        stage.wait(lambda: stage.availability("roof") == "online")
        stage.sync()
        stage.steps(5)
        assert "roof" in stage.json("inverter", "settlement")["members"]
        stage.audited()


# -- what was said and not heard ---------------------------------------------------------------------------------------


def test_an_inverter_that_dies_between_the_record_and_the_commit_has_settled_nothing(stage: Stage) -> None:
    stage.steps(12)
    inverter = stage.runtimes["inverter"]
    publish = inverter.client.publish
    said: list[str] = []

    def dying(topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:  # noqa: FBT001, FBT002
        if said:
            return
        publish(topic, payload, qos, retain)
        if "/ledger/" in topic:
            said.append(topic)

    inverter.client.publish = dying  # type: ignore[method-assign]
    end = stage.begin_steps(1)
    stage.wait(lambda: said and any(leaf == "ledger" for _, leaf, _ in stage.heard[-3:]))
    assert stage.settled < end, "a record without its settlement is void"
    stage.kill("inverter")
    stage.start("inverter")
    stage.wait(lambda: stage.settled >= end)
    stage.rest()
    stage.steps(LONG - 13)
    assert stage.audited().digest == undisturbed(stage.home, LONG).digest


def test_a_command_to_a_home_that_stands_still_survives_the_death_of_who_took_it(stage: Stage) -> None:
    stage.steps(3)
    stage.send("oven", "set", {"setpoint": 123})
    stage.send("inverter", "set", {"shed_hold": "77 s"})
    stage.kill("oven", "inverter")
    stage.start("oven", "inverter")
    stage.sync()
    assert stage.state("oven")["setpoint"] == 123
    assert stage.state("inverter")["shed_hold"] == 77
    stage.steps(2)
    assert stage.state("oven")["setpoint"] == 123
    stage.audited()


# -- a lost memory -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["battery", "geyser"])
def test_a_device_whose_memory_is_lost_is_taken_as_it_is(
    stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settler, "LOST_AFTER", 0.3)
    monkeypatch.setattr(memory, "MEMORY", 0.3)
    stage.steps(30)
    stage.kill(name)
    stage.send(name, "proposal", b"", retain=True)
    stage.start(name)
    stage.steps(1)
    (error,) = stage.errors("inverter")
    assert f"{name} remembers window 0" in error["error"]
    assert error["about"] == name
    stage.steps(9)
    assert name in stage.json("inverter", "settlement")["members"]
    summary = stage.summary()
    assert summary.auditor.ok, summary.auditor.problems
    if name == "battery":
        assert summary.between(RESET, "battery") + summary.between("battery", RESET) > 0, "its charge was set back by nobody"


# -- the broker --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_a_broker_that_is_away_for_longer_than_the_patience_costs_nothing(kind: BrokerKind, tmp_path: Path) -> None:
    with start_broker(tmp_path, kind=kind, port=0) as broker, Stage(broker.endpoint, small_home(IMPATIENT)) as stage:
        stage.start()
        stage.steps(13)
        stage.when("roof", "proposal", lambda: os.kill(broker.pid, signal.SIGKILL))
        end = stage.begin_steps(LONG - 13)
        stage.wait(lambda: not broker.alive())
        stage.loop.run(timeout=3.0)  # three times the patience
        port, v5_port = broker.endpoint.port, broker.v5_port
        with start_broker(tmp_path, kind=kind, port=port, v5_port=v5_port):
            stage.wait(lambda: stage.spy.subscribed and all(runtime.client.subscribed for runtime in stage.runtimes.values()))
            stage.wait(lambda: stage.settled >= end)
            stage.rest()
            assert stage.audited().digest == undisturbed(stage.home, LONG).digest
            assert stage.errors("inverter") == []
