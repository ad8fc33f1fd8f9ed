"""A device on the bus: commands and their refusals, announcements, one name for one process, and a broker that forgets."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.edge.runtime.listener import Listener
from tests.stage import SMALL, START, STEP, WEATHER, Stage, small_home, undisturbed
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.faces import discovery
from virtual_devices.edge.messages.base import write
from virtual_devices.edge.messages.topics import HA_STATUS
from virtual_devices.edge.mqtt import client as mqtt
from virtual_devices.edge.mqtt.client import TAKEOVER_SPAN, Client
from virtual_devices.edge.runtime.participant import ParticipantRole


@pytest.fixture(scope="module")
def shared(broker: Broker) -> Iterator[Stage]:
    """A home that stands still, for commands that change no time."""
    with Stage(broker.endpoint) as made:
        made.start()
        yield made


def since(stage: Stage, name: str, leaf: str, count: int) -> list[Any]:
    return stage.all(name, leaf)[count:]


def without_error(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name not in ("last_error", "last_error_time")}


# -- commands ----------------------------------------------------------------------------------------------------------


def test_several_settings_in_one_command(shared: Stage) -> None:
    states = len(shared.all("oven", "state"))
    shared.send("oven", "set", {"mode": "on", "setpoint": 180, "rated_power": "1.5 kW"})
    (state,) = since(shared, "oven", "state", states)
    assert (state["mode"], state["setpoint"], state["rated_power"]) == ("on", 180, 1500)


@pytest.mark.parametrize(
    ("setting", "payload", "value"),
    [("setpoint", b"215.5", 215.5), ("mode", b"off", "off"), ("mode", b" Schedule ", "schedule"), ("priority", b"3", 3)],
)
def test_one_raw_value(shared: Stage, setting: str, payload: bytes, value: object) -> None:
    shared.send("oven", f"set/{setting}", payload)
    assert shared.state("oven")[setting] == value


# -- asking ------------------------------------------------------------------------------------------------------------


def test_who_asks_is_told_the_state_at_once(shared: Stage) -> None:
    before = shared.state("oven")
    states = len(shared.all("oven", "state"))
    shared.send("oven", "get", b"")
    (state,) = since(shared, "oven", "state", states)
    assert without_error(state) == without_error(before)


def test_a_flood_of_questions_is_no_flood_of_states(shared: Stage) -> None:
    states = len(shared.all("oven", "state"))
    for _ in range(300):
        shared.spy.publish(shared.topic("oven", "get"), b"", 1)
    shared.send("oven", "get", b"")
    assert 1 <= len(shared.all("oven", "state")) - states <= 40


@pytest.mark.parametrize(("payload", "value"), [(b"OFF", False), (b"ON", True), (b"off", False), (b"true", True)])
def test_a_switch_of_home_assistant(shared: Stage, payload: bytes, value: bool) -> None:  # noqa: FBT001
    shared.send("inverter", "set/solar_export", payload)
    assert shared.state("inverter")["solar_export"] is value


def test_the_state_says_when_day_and_month_began(shared: Stage) -> None:
    state = shared.state("grid")
    assert (state["day_start"], state["month_start"]) == ("2026-06-20T22:00:00+00:00", "2026-05-31T22:00:00+00:00")
    assert "month_start" not in shared.state("inverter")


REFUSED: list[tuple[str, str, bytes, tuple[str, ...]]] = [
    ("out of range", "set", b'{"setpoint": 999}', ("setpoint", "999", "30 to 300 °C")),
    ("raw out of range", "set/setpoint", b"-5", ("setpoint", "30 to 300 °C")),
    ("one of two is wrong", "set", b'{"mode": "on", "setpoint": 5}', ("setpoint", "30 to 300 °C")),
    ("another unit", "set/rated_power", b"2 km", ("rated_power", "W")),
    ("no such choice", "set/mode", b"onn", ("mode", "on")),
    ("misspelt", "set", b'{"setpiont": 100}', ("setpiont", "did you mean", "setpoint")),
    ("misspelt raw", "set/setpiont", b"100", ("setpiont", "setpoint")),
    ("no name at all", "set/", b"1", ("no setting",)),
    ("empty", "set", b"", ("empty", "set/<setting>")),
    ("an empty number", "set/setpoint", b"", ("setpoint", "an empty text", "30 to 300 °C")),
    ("an empty choice", "set/mode", b"", ("mode", "an empty text", "none of its choices")),
    ("an empty name that nobody has", "set/colour", b"", ("no setting", "colour")),
    ("not JSON", "set", b"on", ("the payload",)),
    ("a list", "set", b"[1, 2]", ("message",)),
    ("half", "set", b'{"mode": "on"', ("the payload",)),
    ("NaN", "set", b'{"setpoint": NaN}', ("setpoint",)),
    ("raw NaN", "set/setpoint", b"nan", ("setpoint",)),
    ("infinite", "set", b'{"setpoint": 1e999}', ("setpoint",)),
    ("a map", "set", b'{"setpoint": {"value": 3}}', ("setpoint", "list or a map")),
    ("true is no number", "set", b'{"setpoint": true}', ("setpoint", "no number")),
    ("null", "set", b'{"setpoint": null}', ("setpoint",)),
    ("nothing to set", "set", b"{}", ("names no setting",)),
    ("only a time", "set", b'{"at": 1782030000}', ("names no setting",)),
    ("not text", "set/mode", b"\xff\xfe", ("not text",)),
    ("a time that is none", "set", b'{"mode": "on", "at": "soon"}', ("soon",)),
    ("a time with a fraction", "set", b'{"mode": "on", "at": 1782030000.5}', ("at",)),
    ("too long", "set", b'{"schedule": "' + b" " * 70_000 + b'"}', ("too long",)),
    ("far too deep", "set", b'{"mode":' * 5000, ("the payload",)),
]


@pytest.mark.parametrize(("leaf", "payload", "words"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_refused_is_told_once_and_changes_nothing(
    shared: Stage, leaf: str, payload: bytes, words: tuple[str, ...]
) -> None:
    shared.send("oven", "set", {"mode": "schedule", "setpoint": 200, "rated_power": 2000})
    before, errors, states = shared.state("oven"), len(shared.errors("oven")), len(shared.all("oven", "state"))
    shared.send("oven", leaf, payload)
    (error,) = since(shared, "oven", "error", errors)
    for word in words:
        assert word in error["error"]
    assert "\n" not in error["error"]
    assert error["about"] == shared.topic("oven", leaf)
    assert without_error(shared.state("oven")) == without_error(before)
    said = since(shared, "oven", "state", states)
    if len(payload) <= 65_536:
        (state,) = said
        assert without_error(state) == without_error(before), "whoever sent it sees what still holds"
        assert state["last_error"] == error["error"][:255], "and why"


def test_a_retained_command_is_refused(shared: Stage) -> None:
    before, errors = shared.state("oven"), len(shared.errors("oven"))
    shared.spy.publish(shared.topic("oven", "set/setpoint"), b"150", 1, retain=True)
    shared.sync()
    shared.sync()
    if shared.state("oven")["setpoint"] != 150:
        pytest.fail("a subscriber that is there gets it as any other")
    shared.send("oven", "set/setpoint", str(before["setpoint"]).encode())
    shared.kill("oven")
    shared.start("oven")
    shared.sync()
    (error,) = since(shared, "oven", "error", errors)
    assert "retain" in error["error"]
    assert error["about"] == shared.topic("oven", "set/setpoint")
    for _ in range(2):
        shared.reconnect("oven")
    assert len(since(shared, "oven", "error", errors)) == 1, "said once, not at every connection"
    assert shared.state("oven")["setpoint"] == 200
    shared.spy.publish(shared.topic("oven", "set/setpoint"), b"", 1, retain=True)
    shared.sync()
    assert shared.state("oven")["setpoint"] == 200, "what it was declared: no proposal has kept another"


@pytest.mark.parametrize(("leaf", "payload"), [("set/priority", b"5"), ("set", b'{"priority": 5, "rated_power": "2 kW"}')])
def test_a_retained_command_that_says_what_holds_is_not_even_mentioned(shared: Stage, leaf: str, payload: bytes) -> None:
    before, errors = shared.state("oven"), len(shared.errors("oven"))
    shared.send("oven", leaf, payload, retain=True)
    shared.reconnect("oven")
    shared.send("oven", leaf, b"", retain=True)
    assert len(shared.errors("oven")) == errors
    changed = {"rated_power": 0, "last_error": None, "last_error_time": None}
    assert {**shared.state("oven"), **changed} == {**before, **changed}


def test_what_is_fixed_while_a_home_runs_is_refused(shared: Stage) -> None:
    for name, setting, value in (("battery", "start_soc", "10"), ("clock", "step", "10"), ("roof", "sun", "moon")):
        before = shared.state(name)
        shared.send(name, f"set/{setting}", value.encode())
        error = shared.errors(name)[-1]["error"]
        assert "fixed" in error
        assert setting in error
        assert shared.state(name)[setting] == before[setting]


def test_a_command_is_echoed_at_once_and_in_force_from_the_next_window(stage: Stage) -> None:
    stage.steps(2)
    stage.send("oven", "set", {"mode": "on"})
    assert stage.state("oven")["mode"] == "on"
    assert stage.state("oven")["power"] == 0
    assert stage.all("oven", "applied") == []
    stage.steps(1)
    assert stage.all("oven", "applied") == [{"changes": {"mode": "on"}, "time": START + 2 * STEP}]
    assert stage.state("oven")["power"] == 2000
    stage.audited()


def test_commands_before_a_window_add_up(stage: Stage) -> None:
    for setpoint in (100, 110, 120):
        stage.send("oven", "set/setpoint", str(setpoint).encode())
    stage.send("oven", "set/mode", b"on")
    stage.steps(1)
    assert stage.all("oven", "applied") == [{"changes": {"setpoint": 120, "mode": "on"}, "time": START}]


def test_applied_says_by_whom_where_he_said_so(stage: Stage) -> None:
    stage.steps(1)
    stage.send("oven", "set", {"setpoint": 150, "mode": "on", "by": "anna"})
    stage.send("oven", "set/mode", b"off")
    stage.send("geyser", "set", {"mode": "on", "by": None})
    stage.send("geyser", "set", {"setpoint": 61, "at": START + 3 * STEP, "by": "evcc"})
    stage.kill("geyser")
    stage.start("geyser")
    stage.steps(5)
    assert stage.all("oven", "applied") == [
        {"changes": {"setpoint": 150}, "time": START + STEP, "by": "anna"}, {"changes": {"mode": "off"}, "time": START + STEP},
    ]  # fmt: skip
    assert stage.all("geyser", "applied") == [
        {"changes": {"mode": "on"}, "time": START + STEP}, {"changes": {"setpoint": 61}, "time": START + 3 * STEP, "by": "evcc"},
    ]  # fmt: skip
    stage.send("clock", "set", {"max_steps": 2, "by": "Node-RED"})
    assert stage.all("clock", "applied")[-1]["by"] == "Node-RED"
    stage.audited()


def test_an_event_of_the_home_file_is_by_the_home_file(broker: Broker) -> None:
    text = SMALL + 'events:\n  - {at: "2026-06-21 08:32", device: oven, set: {setpoint: 190}}\n'
    with Stage(broker.endpoint, small_home(text)) as stage:
        stage.start()
        stage.steps(3)
        assert stage.all("oven", "applied") == [{"changes": {"setpoint": 190}, "time": START + 2 * STEP, "by": "home file"}]


@pytest.mark.parametrize("by", [b'""', b"7", b"[]", b'"a\\u0007b"', b'"' + b"x" * 65 + b'"'])
def test_a_sender_that_is_no_word_is_refused(shared: Stage, by: bytes) -> None:
    before = shared.state("oven")
    shared.send("oven", "set", b'{"setpoint": 99, "by": ' + by + b"}")
    assert "by" in shared.errors("oven")[-1]["error"]
    assert without_error(shared.state("oven")) == without_error(before)


@pytest.mark.parametrize("at", [START + 7 * STEP, "2026-06-21 08:37", "2026-06-21T06:37:00+00:00", START + 6 * STEP + 1])
def test_a_command_may_name_its_time(stage: Stage, at: int | str) -> None:
    stage.send("geyser", "set", {"mode": "on", "at": at})
    assert stage.state("geyser")["mode"] == "schedule"
    stage.steps(12)
    assert stage.all("geyser", "applied") == [{"changes": {"mode": "on"}, "time": START + 7 * STEP}]
    assert stage.state("geyser")["mode"] == "on"
    stage.audited()


def test_a_timed_command_survives_a_restart(stage: Stage) -> None:
    stage.send("oven", "set", {"mode": "off", "at": START + 15 * STEP})
    stage.steps(5)
    stage.kill("oven")
    stage.start("oven")
    stage.steps(15)
    assert stage.state("oven")["mode"] == "off"
    assert stage.all("oven", "applied")[-1] == {"changes": {"mode": "off"}, "time": START + 15 * STEP}
    stage.audited()


@pytest.mark.parametrize(
    ("name", "leaf", "change"),
    [
        ("oven", "proposal", {"setpoint": 150}),
        ("battery", "proposal", {"temp_ambient": 21}),
        ("grid", "proposal", {"outages": "10:00-11:00"}),
        ("roof", "proposal", {"albedo": 0.3}),
        ("weather", "conditions", {"mean_temp_air": 9}),
        ("inverter", "settlement", {"reserve": 30}),
    ],
)
def test_a_command_that_waits_is_put_into_what_was_said_and_changes_nothing_else_of_it(
    broker: Broker, name: str, leaf: str, change: dict[str, object]
) -> None:
    with Stage(broker.endpoint, small_home(WEATHER)) as stage:
        stage.start()
        stage.steps(3)
        for hour in (1, 2):
            before = stage.last[name, leaf]
            stage.send(name, "set", {**change, "at": START + hour * 3600})
            after, expected = stage.last[name, leaf], orjson.loads(before)
            pending = orjson.loads(after)["checkpoint"]["pending"]
            assert len(pending) == hour
            expected["checkpoint"]["pending"] = pending
            assert after == orjson.dumps(expected), "byte for byte"
            stage.kill(name)
            stage.start(name)  # the second time it puts it into what it finds of its own
            assert stage.last[name, leaf] == after


def test_time_that_is_proposed_cannot_be_commanded_any_more(stage: Stage) -> None:
    stage.steps(2)
    known, slow = stage.json("clock", "window")["seq"], stage.runtimes["battery"].role
    assert isinstance(slow, ParticipantRole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slow, "pursue", lambda **_: None)  # nothing is settled meanwhile
        stage.begin_steps(10)
        stage.wait(lambda: known < stage.json("clock", "window")["seq"] == stage.json("oven", "proposal")["seq"])
        command_what_is_proposed(stage)
    slow.pursue()
    stage.wait(lambda: stage.settled == START + 12 * STEP)
    stage.rest()
    assert stage.audited().digest == undisturbed(stage.home, 12).digest


def command_what_is_proposed(stage: Stage) -> None:
    stage.send("oven", "set", {"mode": "off", "at": START + 5 * STEP})
    assert "already proposed" in stage.errors("oven")[-1]["error"]
    stage.send("oven", "set", {"mode": "off", "at": START + STEP})
    assert len(stage.errors("oven")) == 2


def test_a_device_without_a_clock_says_so(broker: Broker) -> None:
    words: list[str] = []
    with Stage(broker.endpoint) as stage:
        stage.runtimes["oven"] = stage.make("oven", log=words.append)
        stage.runtimes["oven"].start()
        stage.wait(lambda: ("oven", "about") in stage.last)
        stage.send("oven", "set/mode", b"on")
        assert "waits for its home's clock" in stage.errors("oven")[0]["error"]
        assert ("oven", "availability") not in stage.last
        stage.wait(lambda: words, 10)
        assert words == [f"oven: it waits, offline, for the clock of home {stage.home.name}"]
        stage.start("clock")
        stage.wait(lambda: stage.availability("oven") == "online")


def test_a_weather_command_is_in_force_from_the_next_window(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(WEATHER)) as stage:
        stage.start()
        stage.send("weather", "set", {"mean_temp_air": -10, "temp_swing": 0})
        stage.steps(1)
        assert stage.state("weather")["temp_air"] == -10
        assert stage.all("weather", "applied")[0]["time"] == START


# -- announcements -----------------------------------------------------------------------------------------------------


def test_everything_is_announced_again_when_home_assistant_is_back(stage: Stage) -> None:
    found: dict[str, int] = {}
    ear = Listener(stage)
    ear.heard.clear()

    def count(topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        found[topic] = found.get(topic, 0) + 1

    second = Client(stage.loop, stage.endpoint, "second_listener", on_message=count)
    second.subscribe((f"virtual/{stage.home.name}/+/availability", 0), (f"virtual/{stage.home.name}/+/state", 0))
    second.subscribe(("homeassistant/device/+/config", 0), (HA_STATUS, 0))
    second.connect()
    wanted = {discovery.topic(stage.home.name, name) for name in stage.described}
    wanted |= {stage.topic(name, leaf) for name in stage.described for leaf in ("availability", "state")}
    stage.wait(lambda: wanted <= found.keys())
    found.clear()
    stage.spy.publish(HA_STATUS, b"offline")
    stage.spy.publish(HA_STATUS, b"online")
    stage.wait(lambda: wanted <= found.keys(), 5)
    assert {found[topic] for topic in wanted} == {1}
    for client in (ear.client, second):
        stage.loop.complete(client.leave())


# -- one name, one process ---------------------------------------------------------------------------------------------


def test_of_two_processes_with_one_name_the_newcomer_stays_away_and_says_so(stage: Stage, tmp_path: Path) -> None:
    oven = stage.runtimes["oven"]
    oven.client._connected_at -= TAKEOVER_SPAN  # it has been there for longer than a fight lasts
    oven.client._settled()
    log = tmp_path / "said"
    with log.open("wb") as said:
        other = subprocess.Popen(
            [sys.executable, "-m", "virtual_devices", "run", "oven", "--home", stage.home.name, "--name", "oven",
             "--broker", stage.endpoint.url],
            stderr=said, stdout=said, cwd=tmp_path,
        )  # fmt: skip
        try:
            stage.wait(lambda: b"another client connects" in log.read_bytes())
            stage.wait(lambda: oven.client.connected and stage.availability("oven") == "online")
            assert "choose another name" in log.read_text()
            assert stage.fatal == []
            stage.steps(3)
            assert stage.audited().digest == undisturbed(stage.home, 3).digest
        finally:
            other.terminate()
            other.wait(10)


@pytest.mark.parametrize("name", ["oven", "inverter", "clock"])
def test_connects_with_a_devices_id_cost_it_a_pause_and_never_the_home(
    stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "TAKEOVER_PAUSE", 0.2)
    stage.steps(2)
    for number in range(12):
        thief = Client(stage.loop, stage.endpoint, stage.runtimes[name].client.client_id, on_message=lambda *_: None)
        thief.connect()
        stage.loop.run(until=lambda thief=thief: thief.connected or thief.takeovers, timeout=5)  # type: ignore[misc] # one for each turn
        assert stage.fatal == [], number
        stage.loop.complete(thief.leave())
    stage.wait(lambda: stage.runtimes[name].client.connected and stage.availability(name) == "online")
    stage.steps(3)
    stage.audited()
    assert stage.fatal == []


# -- a broker that forgets ---------------------------------------------------------------------------------------------


def test_what_arrives_while_it_leaves_does_not_bring_it_back(stage: Stage) -> None:
    oven = stage.runtimes["oven"]
    stage.wait(lambda: oven.online)
    oven.stop()
    assert oven.site is not None
    oven._hear_site(write(oven.site.model_copy(update={"run": "another"})))
    oven._all_heard()
    stage.sync()
    assert stage.availability("oven") == "offline"
    assert not oven.online
