"""A visitor to a broker: real devices on the visitor's own loop, and scripted ones that misbehave."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from tests.machine import BROKER_KINDS
from virtual_devices.cli._watching import kept, told
from virtual_devices.client.simulated_time import make_steps
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.messages.base import AboutMessage, ErrorMessage, write
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime.make import Description, make_runtime
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.edge.visitor.labels import labels
from virtual_devices.edge.visitor.picture import Picture
from virtual_devices.edge.visitor.session import Session
from virtual_devices.kit.errors import BrokerError, ConfigurationError, SettingError
from virtual_devices.kit.home.catalogue import load

START = 1_782_057_600  # 2026-06-21 18:00 in Cape Town
SITE = {
    "latitude": -33.9, "longitude": 18.4, "altitude": 25, "time_zone": "Africa/Johannesburg", "seed": 1, "start": START,
    "step": 60, "speed": 60, "paused": True,
}  # fmt: skip


@pytest.fixture(params=BROKER_KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with start_broker(tmp_path, kind=request.param, port=0) as made:
        yield made


@pytest.fixture
def session(broker: Broker) -> Iterator[Session]:
    with Session(broker.endpoint) as made:
        yield made


Start = Callable[..., Runtime]


@pytest.fixture
def start(session: Session, broker: Broker) -> Iterator[Start]:
    """Start a real device on the visitor's loop, and wait until it is online."""
    running: list[Runtime] = []

    def make(name: str, kind: str = "", home: str = "cape", **settings: object) -> Runtime:
        complete = load(kind or name).settings_type.model_validate(settings)
        runtime = make_runtime(session.loop, broker.endpoint, Description(home, name, kind or name, complete, settings), fresh=name == "clock")
        running.append(runtime)
        runtime.start()
        assert session.wait(lambda: runtime.online, 10)
        assert session.loop.complete(runtime.client.flush(10))
        return runtime

    yield make
    for runtime in reversed(running):
        runtime.stop()
        session.loop.complete(runtime.client.leave())


@pytest.fixture
def home(start: Start) -> None:
    start("clock", **SITE)
    start("grid")
    start("inverter")
    start("oven", schedule="18:00-19:00")


def comes_true(session: Session, condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Ask again and again, while the devices on the loop go on in between."""
    deadline = session.loop.time() + seconds
    while not condition():
        if session.loop.time() > deadline:
            return False
    return True


class Scripted:
    """A client that claims to be a device and answers commands as a test tells it."""

    def __init__(self, session: Session, endpoint: Endpoint, name: str, answer: Callable[[Scripted, bytes], None]) -> None:
        self.topics = Topics("cape", name)
        self.client = Client(
            session.loop, endpoint, f"scripted_{name}", on_message=lambda _topic, payload, _retain: answer(self, payload)
        )
        self.client.subscribe((self.topics.command, 1))
        self.client.connect()
        assert session.wait(lambda: self.client.connected, 10)
        about = AboutMessage(kind="oven", ability="consumes", title="Oven", version="0")
        self.client.publish(self.topics.about, write(about), 1, retain=True)
        self.client.publish(self.topics.availability, b"online", 1, retain=True)
        self.client.publish(self.topics.state, b'{"setpoint":200.0}', 1, retain=True)
        assert session.loop.complete(self.client.flush(10))

    def state(self, **values: object) -> None:
        self.client.publish(self.topics.state, orjson.dumps(values), 1, retain=True)

    def error(self, text: str, about: str) -> None:
        self.client.publish(self.topics.error, write(ErrorMessage(error=text, about=about)), 1)


# -- the broker ---------------------------------------------------------------------------------------------------------


def test_no_broker_is_said_at_once_with_the_remedy() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = Endpoint("127.0.0.1", probe.getsockname()[1])
    with pytest.raises(BrokerError, match=r"virtual-devices up.*--broker"), Session(endpoint):
        pass


def test_a_broker_that_says_nothing_is_not_waited_for_for_ever() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = Endpoint("127.0.0.1", silent.getsockname()[1])
        with pytest.raises(BrokerError, match="says nothing"), Session(endpoint, patience=0.2):
            pass


def test_a_broker_that_refuses_says_how_to_mend_it() -> None:
    with socket.socket() as listening, socket.socket():
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        session = Session(Endpoint("127.0.0.1", listening.getsockname()[1]), patience=5)

        def greet() -> None:
            connection, _ = listening.accept()
            connection.recv(1000)
            connection.sendall(b"\x20\x02\x00\x05")  # not authorised
            session.loop.call_later(5, connection.close)

        session.loop.add_reader(listening, greet)
        with pytest.raises(BrokerError, match="--password-file"), session:
            pass


def test_everything_retained_is_collected_however_much_it_is(session: Session, broker: Broker) -> None:
    writer = Client(session.loop, broker.endpoint, "writer", on_message=lambda *_: None)
    writer.connect()
    assert session.wait(lambda: writer.connected, 10)
    for number in range(500):
        writer.publish(f"virtual/cape/d{number}/state", b"x" * 2000, 1, retain=True)
    writer.publish("virtual/town/d1/state", b"x", 1, retain=True)
    assert session.loop.complete(writer.flush(20))
    assert len(session.collect("virtual/cape/+/state")) == 500
    assert list(session.collect("virtual/town/#")) == ["virtual/town/d1/state"]
    writer.publish("virtual/cape/d7/state", b"", 1, retain=True)
    assert session.loop.complete(writer.flush(10))
    assert len(session.collect("virtual/cape/+/state")) == 499
    session.loop.complete(writer.leave())


# -- looking ------------------------------------------------------------------------------------------------------------


def test_the_only_home_is_meant_and_of_several_one_is_asked_for(session: Session, start: Start) -> None:
    with pytest.raises(BrokerError, match=r"no home on .*virtual-devices up"):
        session.home()
    start("clock", home="cape", **SITE)
    assert session.home() == "cape"
    start("clock", home="cape_town", **SITE)
    assert session.homes() == ["cape", "cape_town"]
    with pytest.raises(ConfigurationError, match=r"cape, cape_town.*--home"):
        session.home()
    assert session.home("cape_town") == "cape_town"
    with pytest.raises(ConfigurationError, match="did you mean 'cape'"):
        session.home("capo")


def test_devices_are_seen_with_kind_presence_and_state(session: Session, home: None) -> None:
    devices = session.devices("cape")
    assert [(seen.name, seen.kind, seen.ability, seen.online) for seen in devices.values()] == [
        ("clock", "clock", "ticks", True),
        ("grid", "grid", "connects", True),
        ("inverter", "inverter", "settles", True),
        ("oven", "oven", "consumes", True),
    ]
    assert devices["oven"].state["setpoint"] == 200
    with pytest.raises(ConfigurationError, match="did you mean 'oven'"):
        session.device("cape", "ovn")


def test_labels_come_from_the_device_itself(session: Session, home: None) -> None:
    found = labels(session, session.device("cape", "oven"))
    assert (found["setpoint"].unit, found["setpoint"].setting) == ("°C", True)
    assert (found["power"].unit, found["power"].setting) == ("W", False)


# -- commanding ---------------------------------------------------------------------------------------------------------


def test_a_command_is_answered_with_the_new_state(session: Session, home: None) -> None:
    state = session.command("cape", "oven", {"setpoint": "180", "mode": "OFF"})
    assert (state["setpoint"], state["mode"]) == (180, "off")
    assert session.device("cape", "oven").state["setpoint"] == 180


def test_values_in_other_units_are_shown_in_the_devices_own(session: Session, home: None) -> None:
    assert session.command("cape", "oven", {"rated_power": "2.5 kW"})["rated_power"] == 2500


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"setpoint": "9000"}, "out of range"), ({"nope": "1"}, "no setting 'nope'"), ({"setpoint": 180, "mode": "x"}, "mode")],
)
def test_a_refusal_comes_in_the_devices_words_and_changes_nothing(
    session: Session, home: None, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingError, match=words):
        session.command("cape", "oven", changes)
    assert session.device("cape", "oven").state["setpoint"] == 200


def test_a_timed_command_holds_from_its_time(session: Session, home: None) -> None:
    state = session.command("cape", "oven", {"setpoint": 150}, "2026-06-21 18:02")
    assert state["setpoint"] == 200
    make_steps(session, "cape", 2, "test")
    assert session.device("cape", "oven").state["setpoint"] == 200
    make_steps(session, "cape", 1, "test")
    assert comes_true(session, lambda: session.device("cape", "oven").state["setpoint"] == 150)
    with pytest.raises(SettingError, match="'teatime' is no"):
        session.command("cape", "oven", {"setpoint": 150}, "teatime")


def test_who_sends_a_command_is_said_with_it(session: Session, home: None) -> None:
    said: list[bytes] = []
    with session.listening(lambda _topic, payload, _retain: said.append(payload), "virtual/cape/clock/applied"):
        session.command("cape", "clock", {"max_steps": 30}, by="command line")
        session.command("cape", "clock", {"max_steps": 20})
        assert session.wait(lambda: len(said) == 2, 5)
    assert [orjson.loads(payload).get("by") for payload in said] == ["command line", None]


def test_steps_are_waited_for(session: Session, home: None) -> None:
    assert make_steps(session, "cape", 1, "test")["local_time"] == "2026-06-21 18:01:00"
    state = make_steps(session, "cape", 4, "test")
    assert (state["local_time"], state["paused"], state["paused_steps"]) == ("2026-06-21 18:05:00", True, 0)


def test_speed_and_pause(session: Session, home: None) -> None:
    assert session.command("cape", "clock", {"speed": 0})["speed"] == 0
    state = session.command("cape", "clock", {"paused": False, "paused_steps": 0})
    assert state["paused"] is False
    assert comes_true(session, lambda: (session.device("cape", "clock").state["windows"] or 0) > 3)
    assert session.command("cape", "clock", {"paused": True, "paused_steps": 0})["paused"] is True


def test_an_offline_device_is_not_sent_to(session: Session, start: Start, home: None) -> None:
    television = start("tv")
    television.stop()
    session.loop.complete(television.client.leave())
    with pytest.raises(BrokerError, match="tv of home cape is offline"):
        session.command("cape", "tv", {"mode": "on"})


def test_a_silent_device_is_given_up(broker: Broker) -> None:
    with Session(broker.endpoint, patience=0.6) as session:
        scripted = Scripted(session, broker.endpoint, "mute", lambda *_: None)
        with pytest.raises(BrokerError, match=r"did not answer within 0.6 s"):
            session.command("cape", "mute", {"setpoint": 1})
        session.loop.complete(scripted.client.leave())


def test_what_it_said_before_is_no_answer_and_neither_is_an_error_about_something_else(session: Session, broker: Broker) -> None:
    def answer(scripted: Scripted, _payload: bytes) -> None:
        scripted.error("window 3: somebody is silent", "window")
        scripted.state(setpoint=170.0)

    scripted = Scripted(session, broker.endpoint, "oven", answer)
    assert session.command("cape", "oven", {"setpoint": "170"}) == {"setpoint": 170.0}
    session.loop.complete(scripted.client.leave())


def test_a_refusal_after_an_unrelated_state_is_still_a_refusal(session: Session, broker: Broker) -> None:
    def answer(scripted: Scripted, _payload: bytes) -> None:
        scripted.state(setpoint=200.0, power=5)  # the state of the second, sent before the command was looked at
        session.loop.call_later(0.2, lambda: scripted.error("too hot", scripted.topics.command))

    scripted = Scripted(session, broker.endpoint, "oven", answer)
    with pytest.raises(SettingError, match="too hot"):
        session.command("cape", "oven", {"setpoint": "299"})
    session.loop.complete(scripted.client.leave())


def test_going_offline_instead_of_an_answer_is_said(session: Session, broker: Broker) -> None:
    def answer(scripted: Scripted, _payload: bytes) -> None:
        scripted.client.publish(scripted.topics.availability, b"offline", 1, retain=True)

    scripted = Scripted(session, broker.endpoint, "oven", answer)
    with pytest.raises(BrokerError, match="went offline"):
        session.command("cape", "oven", {"setpoint": 1})
    session.loop.complete(scripted.client.leave())


# -- following ----------------------------------------------------------------------------------------------------------


def test_a_picture_is_complete_at_once_and_kept(session: Session, home: None) -> None:
    picture = Picture("cape")
    with kept(session, picture):
        assert picture.now().devices == 4
        make_steps(session, "cape", 2, "test")
        assert session.wait(lambda: picture.now().load == 2000, 5)


def test_changes_are_told_line_by_line(session: Session, home: None) -> None:
    lines: list[str] = []
    with told(session, "cape", ["oven"], lines.append):
        session.sync()
        assert "oven: online" in lines[0] or "oven: online" in lines[1]
        lines.clear()
        session.command("cape", "oven", {"setpoint": 180})
        assert lines == ["2026-06-21 18:00:00 oven: setpoint 180"]
