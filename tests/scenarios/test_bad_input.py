"""Rubbish, lies and floods against a running home: answered where the sender sees it, bounded, and without effect."""

from __future__ import annotations

import random
import resource

import orjson
import pytest

from tests.stage import PLUGS, SMALL, Stage, small_home, undisturbed
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.runtime.runtime import Runtime

LONG = 40


COMMANDS: list[tuple[str, bytes]] = [
    ("set", b""),
    ("set", b"{"),
    ("set", b"[]"),
    ("set", b"null"),
    ("set", b"\xff\xfe\x00"),
    ("set", b'{"setpoint": NaN}'),
    ("set", b'{"setpoint": Infinity}'),
    ("set", b'{"setpoint": 1e999}'),
    ("set", b'{"setpoint": "200 kWh"}'),
    ("set", b'{"setpoint": 99999}'),
    ("set", b'{"setpoint": []}'),
    ("set", b'{"setpoint": 200, "at": 1e30}'),
    ("set", b'{"setpoint": 200, "at": "yesterday"}'),
    ("set", b'{"setpoint": 200, "at": 0}'),
    ("set", b'{"no_such_setting": 1}'),
    ("set", b'{"' + b"a" * 5000 + b'": 1}'),
    ("set", b"[" * 60_000),
    ("set", b'{"setpoint": ' + b"1" * 60_000 + b"}"),
    ("set", b"x" * 1_000_000),
    ("set/setpoint", b"nan"),
    ("set/setpoint", b"inf"),
    ("set/setpoint", b"-1e400"),
    ("set/setpoint", b"\x00"),
    ("set/setpoint", b"\xff"),
    ("set/mode", b"sideways"),
    ("set/", b"1"),
    ("set/../mode", b"on"),
    ("set/" + "x" * 1000, b"1"),
]


@pytest.mark.parametrize(("leaf", "payload"), COMMANDS, ids=range(len(COMMANDS)))
def test_a_wrong_command_is_answered_once_and_changes_nothing(stage: Stage, leaf: str, payload: bytes) -> None:
    stage.steps(2)
    before = stage.state("oven")
    stage.send("oven", leaf, payload)
    errors = stage.errors("oven")
    assert len(errors) == (0 if "/" in leaf.removeprefix("set/") else 1), errors
    assert all(error["about"] == stage.topic("oven", leaf)[:300] for error in errors)
    assert all("\n" not in error["error"] for error in errors)
    if errors:
        stage.wait(lambda: stage.state("oven")["last_error"])  # it is in the state within a second
    after = stage.state("oven")
    if errors:
        assert (after.pop("last_error") or "")[:100] == errors[0]["error"][:100]
        assert after.pop("last_error_time")
    assert after == {key: value for key, value in before.items() if key in after}
    stage.steps(3)
    assert stage.audited().digest == undisturbed(stage.home, 5).digest


ORDERS: list[tuple[str, bytes]] = [
    ("set/relay", b"sideways"),
    ("set/relay", b""),
    ("set/relay", b"\xff"),
    ("set/toggle", b"maybe"),
    ("set/reset", b"7"),
    ("set/countdown", b"-1"),
    ("set/countdown", b"nan"),
    ("set/countdown", b"8 d"),
    ("set/timer_1", b"25:00 on"),
    ("set/circuit", b"NO NAME"),
    ("set", b'{"relay": []}'),
    ("set", b'{"relay": "on", "max_power": -1}'),
    ("set", b'{"toggle": true, "at": 0}'),
    ("set", b'{"toggle": true, "no_such_order": true}'),
]


def test_wrong_orders_are_answered_once_and_turn_nothing(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(PLUGS)) as stage:
        stage.start()
        stage.steps(2)
        for number, (leaf, payload) in enumerate(ORDERS, 1):
            stage.send("plug", leaf, payload)
            assert len(stage.errors("plug")) == number, (leaf, payload, stage.errors("plug"))
        assert stage.all("plug", "applied") == []
        stage.steps(LONG - 2)
        assert stage.audited().digest == undisturbed(stage.home, LONG).digest
        assert stage.state("kitchen")["energy"] > 0


@pytest.mark.parametrize("text", [SMALL, PLUGS], ids=["small", "plugs"])
def test_rubbish_retained_on_every_topic_before_the_start_stops_nobody(broker: Broker, text: str) -> None:
    home = small_home(text)
    with Stage(broker.endpoint, home) as stage:
        for device in (*stage.described, "ghost", "NOT A NAME"):
            for leaf in ("about", "availability", "state", "proposal", "conditions", "site", "window", "settlement", "ledger", "set"):
                stage.spy.publish(f"virtual/{home.name}/{device}/{leaf}", b"\x00{rubbish", 1, retain=True)
        stage.loop.complete(stage.spy.flush(10))
        stage.heard.clear()
        stage.start()
        stage.steps(5)
        assert stage.audited().digest == undisturbed(home, 5).digest
        assert all(len(stage.errors(name)) < 2 * len(stage.described) + 9 for name in stage.described)
        assert not stage.fatal


def test_a_flood_of_commands_is_answered_a_few_times_and_leaves_the_last_word(stage: Stage) -> None:
    stage.steps(2)
    stage.heard.clear()
    count = 20_000
    for number in range(count):
        stage.spy.publish(stage.topic("oven", "set/setpoint"), b"%d" % (100 + number % 100) if number % 2 else b"rubbish", 1)
    stage.steps(5)
    stage.loop.complete(stage.spy.flush(60))
    stage.wait(lambda: stage.state("oven")["setpoint"] == 100 + (count - 1) % 100, 60)
    assert len(stage.all("oven", "state")) < 400
    stage.wait(lambda: any("more like these" in error["error"] for error in stage.errors("oven")))  # said a second later
    assert len(stage.errors("oven")) < 400
    work = stage.runtimes["oven"].work
    assert work is not None
    assert len(work.member.pending) <= 1
    stage.steps(2)
    stage.audited()


def test_a_flood_of_orders_while_time_stands_still_is_taken(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(PLUGS)) as stage:
        stage.start()
        stage.steps(2)
        stage.heard.clear()
        for number in range(3_001):
            stage.spy.publish(stage.topic("plug", "set/toggle"), b"ON", 1)
            stage.spy.publish(stage.topic("plug", "set/countdown"), b"%d" % (5000 + number % 100), 1)
        stage.loop.complete(stage.spy.flush(60))
        stage.sync()
        assert stage.errors("plug") == []
        for _ in range(3):  # a broker may still hand out the last of them
            stage.steps(1)
            stage.rest()
        assert stage.state("plug")["relay"] is False, "an odd number of toggles"
        stage.audited()


def test_forged_devices_beyond_number_are_not_seen(stage: Stage) -> None:
    about = orjson.dumps({"kind": "oven", "ability": "guesses", "title": "x", "version": "1"})
    for number in range(3000):
        stage.spy.publish(f"virtual/{stage.home.name}/ghost{number}/about", about)
        stage.spy.publish(f"virtual/{stage.home.name}/ghost{number}/availability", b"online")
    stage.sync()
    stage.steps(5)
    assert stage.audited().digest == undisturbed(stage.home, 5).digest
    presence = stage.runtimes["clock"].role._presence  # type: ignore[attr-defined]
    assert len(presence._ability.keys() | presence._online) <= 500


def test_a_fault_in_one_device_is_said_and_ends_nobody(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Runtime, payload: bytes) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(Runtime, "_hear_site", broken)
        stage.send("clock", "site", b"{}")
    assert all("ZeroDivisionError" in stage.errors(name)[-1]["error"] for name in ("oven", "inverter"))
    stage.steps(3)
    stage.audited()


def fuzz(stage: Stage, count: int, seed: int) -> None:
    """Mutations of real messages, and noise, on topics on which nobody is impersonated."""
    chance = random.Random(seed)  # noqa: S311 - it has to be the same again
    real = [payload for _, _, payload in stage.heard if payload] or [b"{}"]
    names = [*stage.described, "ghost", "../up", "$SYS"]
    for number in range(count):
        payload = bytearray(chance.choice(real))
        for _ in range(chance.randrange(1, 6)):
            payload[chance.randrange(len(payload))] = chance.randrange(256)
        body = bytes(payload) if chance.random() < 0.7 else chance.randbytes(chance.randrange(200))
        leaf = chance.choice(["set", "set/mode", "set/setpoint", "set/relay", "set/toggle", "set/x/y", "sync2", "nonsense", "applied", "error"])
        stage.spy.publish(f"virtual/{stage.home.name}/{chance.choice(names)}/{leaf}", body, 0, chance.random() < 0.05)
        if number % 500 == 499:
            stage.loop.complete(stage.spy.flush(30))
            stage.sync()


@pytest.mark.parametrize("text", [SMALL, PLUGS], ids=["small", "plugs"])
def test_noise_changes_nothing(broker: Broker, text: str) -> None:
    with Stage(broker.endpoint, small_home(text)) as stage:
        stage.start()
        stage.steps(3)
        fuzz(stage, 2_000, seed=3)
        stage.steps(LONG - 3)
        assert stage.audited().digest == undisturbed(stage.home, LONG).digest
        assert not stage.fatal


@pytest.mark.heavy
def test_a_hundred_thousand_messages_of_noise_leave_no_trace(stage: Stage) -> None:
    stage.steps(3)
    for part in range(10):
        fuzz(stage, 10_000, seed=part)
        stage.heard.clear()
        stage.steps(1)
        if part == 4:
            half = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - half
    assert grown < 30_000, f"{grown} kB more after the second half"
    stage.steps(LONG - 13)
    assert stage.audited().digest == undisturbed(stage.home, LONG).digest
