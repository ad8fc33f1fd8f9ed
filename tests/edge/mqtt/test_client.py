"""The client against real brokers, and against sockets that misbehave in ways no broker does on request."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from paho.mqtt.client import Client as PahoClient

from tests.machine import hold
from virtual_devices.edge.broker.start import Broker, BrokerKind, find_mosquitto, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt import client as mqtt
from virtual_devices.edge.mqtt.client import Client, Endpoint, Will
from virtual_devices.edge.mqtt.outbox import KEPT_OFFLINE
from virtual_devices.kit.errors import BrokerError, ConfigurationError

KINDS: list[BrokerKind] = ["mosquitto", "iotcore"] if find_mosquitto() else ["iotcore"]
SECONDS = 30.0
REFUSAL = b"\x20\x02\x00\x05"  # CONNACK, not authorised
WELCOME = b"\x20\x02\x00\x00"


@pytest.fixture(scope="module", params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), kind=request.param, port=0) as made:
        yield made


@pytest.fixture
def loop() -> Iterator[Loop]:
    with Loop() as made:
        yield made


@dataclass
class Person:
    """A client and all that it was told."""

    loop: Loop
    client: Client = field(init=False)
    heard: list[tuple[str, bytes, bool]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def wait(self, condition: Callable[[], object], seconds: float = SECONDS) -> bool:
        return self.loop.run(until=lambda: bool(condition()), timeout=seconds)

    def flush(self) -> bool:
        return self.loop.complete(self.client.flush(SECONDS))

    def leave(self, *, will_payload: bool = True, grace: float = 2.0) -> None:
        self.loop.complete(self.client.leave(will_payload=will_payload, grace=grace))

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for heard_topic, payload, _ in self.heard if heard_topic == topic]


Meet = Callable[..., Person]


@pytest.fixture
def meet(loop: Loop) -> Iterator[Meet]:
    """Make a client; it is connected unless told otherwise, and leaves at the end of the test."""
    people: list[Person] = []

    def make(
        endpoint: Endpoint, name: str, *topics: tuple[str, int], will: Will | None = None, wait: bool = True
    ) -> Person:
        person = Person(loop)
        person.client = Client(
            loop,
            endpoint,
            name,
            will=will,
            on_message=lambda *message: person.heard.append(message),
            on_connect=lambda: person.events.append("connected"),
            on_disconnect=lambda reason: person.events.append(f"lost: {reason}"),
            on_refused=lambda reason: person.events.append(f"refused: {reason}"),
            on_takeover=lambda count: person.events.append(f"takeover {count}"),
        )
        people.append(person)
        person.client.subscribe(*topics)
        person.client.connect()
        if wait:
            assert person.wait(lambda: person.client.subscribed), person.client.last_error
        return person

    yield make
    for person in people:
        person.leave(grace=0.5)


@pytest.mark.parametrize("qos", [0, 1])
def test_a_message_comes_round(broker: Broker, meet: Meet, qos: int) -> None:
    anna = meet(broker.endpoint, "anna", (f"round/{qos}", qos))
    anna.client.publish(f"round/{qos}", b"there \xff", qos)
    assert anna.wait(lambda: anna.heard)
    assert anna.heard == [(f"round/{qos}", b"there \xff", False)]
    assert isinstance(anna.heard[0][1], bytes)
    assert anna.wait(lambda: anna.client.pending == 0)


def test_order_is_kept(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna", ("order", 1))
    wanted = [b"%d" % number for number in range(500)]
    for payload in wanted:
        anna.client.publish("order", payload, 1)
    assert anna.wait(lambda: len(anna.heard) >= len(wanted))
    assert anna.payloads("order") == wanted


def test_a_retained_message_meets_who_comes_later_until_it_is_cleared(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna")
    anna.client.publish("kept", b"old", 1, retain=True)
    anna.client.publish("kept", b"new", 1, retain=True)
    assert anna.flush()
    berta = meet(broker.endpoint, "berta", ("kept", 1))
    assert berta.wait(lambda: berta.heard)
    assert berta.heard == [("kept", b"new", True)]

    anna.client.publish("kept", b"", 1, retain=True)
    assert anna.flush()
    carla = meet(broker.endpoint, "carla", ("kept", 1), ("marker", 1))
    carla.client.publish("marker", b"", 1)
    assert carla.wait(lambda: carla.payloads("marker"))
    assert carla.payloads("kept") == []


def test_who_unsubscribes_hears_no_more(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna", ("some/#", 1), ("marker", 1))
    anna.client.unsubscribe("some/#")
    anna.client.publish("some/thing", b"unheard", 1)
    anna.client.publish("marker", b"", 1)
    assert anna.wait(lambda: anna.payloads("marker"))
    assert anna.payloads("some/thing") == []


def test_a_subscription_while_connected_holds_at_once(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna")
    anna.client.subscribe(("later/a", 0), ("later/b", 1))
    anna.client.publish("later/a", b"1", 1)
    anna.client.publish("later/b", b"2", 1)
    assert anna.wait(lambda: len(anna.heard) == 2)


@pytest.mark.parametrize("size", [100_000, 1 << 20, mqtt.MAX_MESSAGE_BYTES])
def test_a_long_message_passes_whole(broker: Broker, meet: Meet, size: int) -> None:
    anna = meet(broker.endpoint, "anna", ("long", 1))
    payload = os.urandom(1024) * (size // 1024) + b"end"[: size % 1024]
    anna.client.publish("long", payload, 1)
    anna.client.publish("long", b"after it", 1)
    assert anna.wait(lambda: len(anna.heard) == 2)
    assert anna.payloads("long") == [payload, b"after it"]


def test_a_longer_message_is_refused_in_words(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna")
    with pytest.raises(BrokerError, match="too/long: 4194305 bytes"):
        anna.client.publish("too/long", bytes(mqtt.MAX_MESSAGE_BYTES + 1))


def test_thousands_at_once_arrive_all_and_in_order(broker: Broker, meet: Meet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "_UNACKNOWLEDGED", 300)
    anna = meet(broker.endpoint, "anna", ("many", 1))
    wanted = [b"%d" % number for number in range(2000)]
    for payload in wanted:
        anna.client.publish("many", payload, 1)
    assert anna.client.pending == len(wanted)
    assert anna.flush()
    assert anna.client.pending == 0
    assert anna.wait(lambda: len(anna.heard) >= len(wanted))
    assert anna.payloads("many") == wanted


def test_many_long_ones_at_once_arrive_all(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna")
    berta = meet(broker.endpoint, "berta", ("many/long", 1))
    wanted = [bytes([number]) * (1 << 20) for number in range(14)]
    for payload in wanted:
        anna.client.publish("many/long", payload, 1)
    assert berta.wait(lambda: len(berta.heard) >= len(wanted))
    assert berta.payloads("many/long") == wanted


def test_a_newcomer_hears_every_retained_topic(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna")
    for number in range(600):
        anna.client.publish(f"crowd/{number}/state", b"%d" % number, 1, retain=True)
    assert anna.flush()
    berta = meet(broker.endpoint, "berta", ("crowd/#", 0))
    assert berta.wait(lambda: len(berta.heard) >= 600), len(berta.heard)
    assert sorted(berta.heard) == sorted((f"crowd/{number}/state", b"%d" % number, True) for number in range(600))


def test_fourteen_clients_share_one_loop_in_lock_step(broker: Broker, meet: Meet) -> None:
    devices = [meet(broker.endpoint, f"device{number}", ("step/window", 0)) for number in range(13)]
    clock = meet(broker.endpoint, "clock", ("step/+/done", 0))
    for step in range(1, 21):
        clock.client.publish("step/window", b"%d" % step)
        assert clock.wait(partial(everybody_heard, devices, step))
        for number, device in enumerate(devices):
            device.client.publish(f"step/{number}/done", device.heard[-1][1])
        assert clock.wait(partial(everybody_heard, [clock], step * len(devices)))
    assert {payload for _, payload, _ in clock.heard[-13:]} == {b"20"}


# -- leaving ---------------------------------------------------------------------------------------------------


def test_who_leaves_says_so_and_the_rest_of_its_messages_arrive(broker: Broker, meet: Meet) -> None:
    watcher = meet(broker.endpoint, "watcher", ("leave/#", 1))
    anna = meet(broker.endpoint, "anna", will=Will("leave/availability", b"offline"))
    for number in range(50):
        anna.client.publish("leave/last", b"%d" % number, 1)
    anna.leave()
    assert anna.client.closed
    assert not anna.client.connected
    assert "lost" not in " ".join(anna.events)
    assert watcher.wait(lambda: watcher.payloads("leave/availability"))
    assert watcher.payloads("leave/last") == [b"%d" % number for number in range(50)]
    late = meet(broker.endpoint, "late", ("leave/availability", 1))
    assert late.wait(lambda: late.heard)
    assert late.heard == [("leave/availability", b"offline", True)]


def test_who_leaves_silently_leaves_no_will(broker: Broker, meet: Meet) -> None:
    watcher = meet(broker.endpoint, "watcher", ("silent/#", 1))
    anna = meet(broker.endpoint, "anna", will=Will("silent/availability", b"offline"))
    anna.leave(will_payload=False)
    watcher.client.publish("silent/marker", b"", 1)
    assert watcher.wait(lambda: watcher.payloads("silent/marker"))
    assert not watcher.wait(lambda: watcher.payloads("silent/availability"), 0.1)


def test_leaving_from_a_callback_only_begins_it(broker: Broker, meet: Meet, loop: Loop) -> None:
    anna = meet(broker.endpoint, "anna", will=Will("callback/availability", b"offline"))
    loop.call_soon(anna.client.disconnect)
    assert anna.wait(lambda: anna.client.closed)
    late = meet(broker.endpoint, "late", ("callback/availability", 1))
    assert late.wait(lambda: late.heard)


def test_who_left_can_come_back(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna", ("back", 1))
    anna.leave()
    anna.client.connect()
    assert anna.wait(lambda: anna.client.subscribed)
    anna.client.publish("back", b"again", 1)
    assert anna.wait(lambda: anna.heard)


def test_a_killed_process_leaves_its_will(broker: Broker, meet: Meet) -> None:
    watcher = meet(broker.endpoint, "watcher", ("killed/availability", 1))
    program = (
        "import sys\n"
        "from virtual_devices.edge.loop import Loop\n"
        "from virtual_devices.edge.mqtt.client import Client, Endpoint, Will\n"
        "loop = Loop()\n"
        "will = Will('killed/availability', b'offline')\n"
        "client = Client(loop, Endpoint.parse(sys.argv[1]), 'victim', will=will, on_message=print,\n"
        "    on_connect=lambda: client.publish('killed/availability', b'online', 1, True))\n"
        "client.connect()\n"
        "loop.run(timeout=60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, broker.endpoint.url]) as victim:
        assert watcher.wait(lambda: watcher.heard)
        victim.send_signal(signal.SIGKILL)
        victim.wait(SECONDS)
    assert watcher.wait(lambda: len(watcher.heard) == 2)
    assert watcher.payloads("killed/availability") == [b"online", b"offline"]
    late = meet(broker.endpoint, "late", ("killed/availability", 1))
    assert late.wait(lambda: late.heard)
    assert late.heard == [("killed/availability", b"offline", True)]


# -- losing the connection -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_that_dies_and_returns_finds_everybody_as_before(kind: BrokerKind, meet: Meet, tmp_path: Path) -> None:
    first = start_broker(tmp_path, kind=kind, port=0)
    anna = meet(first.endpoint, "anna", ("news/#", 1))
    berta = meet(first.endpoint, "berta")
    os.kill(first.pid, signal.SIGKILL)
    assert anna.wait(lambda: not anna.client.connected and not berta.client.connected)
    assert berta.wait(lambda: len(berta.events) > 1)
    assert berta.events[:2] == ["connected", "lost: the connection was lost"]
    berta.client.publish("news/asked/again", b"nobody hears this")
    berta.client.publish("news/state", b"old", 1, retain=True)
    berta.client.publish("news/state", b"new", 1, retain=True)
    assert berta.client.dropped == 1
    first.close()
    with start_broker(tmp_path, kind=kind, port=first.endpoint.port, v5_port=first.v5_port):
        assert anna.wait(lambda: anna.client.subscribed and berta.client.subscribed)
        assert berta.flush()
        berta.client.publish("news/end", b"", 1)
        assert anna.wait(lambda: anna.payloads("news/end"))
        assert anna.payloads("news/state") == [b"new"]
        assert anna.payloads("news/asked/again") == []
        assert anna.events.count("connected") == 2
        # the outage was no fight for the name
        assert not any("takeover 2" in event for event in anna.events + berta.events)
        anna.leave()
        berta.leave()


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_lost_connection_has_not_delivered_is_said_again_only_in_its_newest_form(
    kind: BrokerKind, meet: Meet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A counter that was seen must not fall because an older word of it comes late."""
    dial, held = Client._dial, set[Client]()
    monkeypatch.setattr(Client, "_dial", lambda self: self._dial_later() if self in held else dial(self))
    with start_broker(tmp_path, kind=kind, port=0) as broker:
        port, v5_port = broker.endpoint.port, broker.v5_port
        anna = meet(broker.endpoint, "anna")
        hold(broker.pid)  # it takes what comes, and acknowledges nothing
        for number in range(3):
            anna.client.publish("anna/state", b"%d" % number, 1, True)  # noqa: FBT003
            anna.client.publish("anna/event", b"%d" % number, 1)
        anna.loop.run(timeout=0.1)
        held.add(anna.client)
        os.kill(broker.pid, signal.SIGKILL)
        assert anna.wait(lambda: not anna.client.connected)
    with start_broker(tmp_path / "next", kind=kind, port=port, v5_port=v5_port) as broker:
        berta = meet(broker.endpoint, "berta", ("anna/#", 0))
        held.clear()
        assert berta.wait(lambda: len(berta.payloads("anna/event")) == 3)  # what came before them has come too
        assert anna.wait(lambda: anna.client.pending == 0)
        assert berta.payloads("anna/state") == [b"2"]
        assert berta.payloads("anna/event") == [b"0", b"1", b"2"]


def test_what_on_connect_publishes_comes_after_what_waited(broker: Broker, meet: Meet, loop: Loop) -> None:
    watcher = meet(broker.endpoint, "watcher", ("stale/state", 1))
    told: list[str] = []

    def announce() -> None:
        told.append("connected")
        client.publish("stale/state", b"announced", 1, retain=True)

    client = Client(loop, broker.endpoint, "anna", on_message=lambda *_: None, on_connect=announce)
    client.connect()
    client.publish("stale/state", b"stale", 1, retain=True)
    assert watcher.wait(lambda: len(watcher.heard) == 2)
    assert watcher.payloads("stale/state") == [b"stale", b"announced"]

    # and after what was on its way, unacknowledged, when the connection broke
    client.publish("stale/state", b"on its way", 1, retain=True)
    client._wire.shut()  # as if a cable had been pulled and put back
    assert watcher.wait(lambda: len(told) == 2 and client.pending == 0)
    assert watcher.wait(lambda: b"on its way" in watcher.payloads("stale/state"))
    assert watcher.wait(lambda: watcher.payloads("stale/state")[-1] == b"announced")
    loop.complete(client.leave())


def test_two_of_one_name_fight_and_the_newcomer_learns_it(broker: Broker, meet: Meet) -> None:
    first = meet(broker.endpoint, "twin")
    # as if it had lived for long: the connection has settled
    first.client._connected_at -= 60
    second = meet(broker.endpoint, "twin")
    assert second.wait(lambda: "takeover 2" in second.events)
    assert second.client.takeovers == 2
    second.leave(will_payload=False)
    assert first.wait(lambda: first.client.connected)
    assert "takeover 2" not in first.events


@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_that_dies_again_and_again_is_no_fight_for_the_name(kind: BrokerKind, meet: Meet, tmp_path: Path) -> None:
    broker = start_broker(tmp_path, kind=kind, port=0)
    try:
        anna = meet(broker.endpoint, "anna")
        for _ in range(3):
            anna.client._backoff = 2.0  # as after some attempts: the broker is back long before the next one
            os.kill(broker.pid, signal.SIGKILL)
            assert anna.wait(lambda: not anna.client.connected)
            anna.loop.run(until=lambda: anna.client.takeovers == 0, timeout=0.2)
            broker.close()
            broker = start_broker(tmp_path, kind=kind, port=broker.endpoint.port, v5_port=broker.v5_port)
            assert anna.wait(lambda: anna.client.subscribed)
        assert not any("takeover 2" in event for event in anna.events), anna.events
    finally:
        broker.close()


def test_what_was_published_before_the_connection_arrives_with_it(broker: Broker, meet: Meet, loop: Loop) -> None:
    watcher = meet(broker.endpoint, "watcher", ("early/#", 1))
    client = Client(loop, broker.endpoint, "anna", on_message=lambda *_: None)
    for number in range(3):
        client.publish("early/event", b"%d" % number, 1)
        client.publish("early/state", b"%d" % number, 1, retain=True)
    client.connect()
    assert watcher.wait(lambda: client.connected)
    assert loop.complete(client.flush(SECONDS))
    loop.complete(client.leave())
    assert watcher.wait(lambda: len(watcher.heard) == 4)
    assert watcher.heard == [
        *[("early/event", b"%d" % number, False) for number in range(3)],
        ("early/state", b"2", False),
    ]


def test_nobody_fights_where_nobody_listens(loop: Loop, meet: Meet) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    anna = meet(Endpoint("127.0.0.1", port), "anna", wait=False)
    assert anna.wait(lambda: anna.client.last_error)
    assert f"mqtt://127.0.0.1:{port}" in str(anna.client.last_error)
    assert anna.events == []
    assert anna.client.takeovers == 0


def test_without_a_connection_the_oldest_events_make_room(loop: Loop) -> None:
    client = Client(loop, Endpoint("127.0.0.1", 1), "anna", on_message=lambda *_: None)
    for number in range(KEPT_OFFLINE + 5):
        client.publish("event", b"%d" % number, 1)
        client.publish("state", b"%d" % number, 1, retain=True)
    assert client.pending == KEPT_OFFLINE + 1
    assert client.dropped == 5


# -- a server that does as it is told -----------------------------------------------------------------------------


class Puppet:
    """A listening socket on the loop: answers every CONNECT with the given bytes and notes the attempts."""

    def __init__(self, loop: Loop, answer: bytes, *, then_close: bool = False) -> None:
        self.attempts = 0
        self.received = bytearray()
        self._loop = loop
        self._answer = answer
        self._then_close = then_close
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = Endpoint("127.0.0.1", self._listener.getsockname()[1])
        loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        self.attempts += 1
        connection, _ = self._listener.accept()
        self._open.append(connection)
        self._loop.add_reader(connection, lambda: self._read(connection))

    def _read(self, connection: socket.socket) -> None:
        data = connection.recv(65536)
        self.received += data
        if data[:1] == b"\x10" and self._answer:
            connection.send(self._answer)
        if not data or self._then_close:
            self._loop.remove_reader(connection)
            connection.close()

    def send(self, data: bytes) -> None:
        self._open[-1].sendall(data)

    def close(self) -> None:
        for sock in [self._listener, *self._open]:
            if sock.fileno() >= 0:
                self._loop.remove_reader(sock)
                sock.close()


@pytest.fixture
def puppet(loop: Loop) -> Iterator[Callable[..., Puppet]]:
    made: list[Puppet] = []

    def make(answer: bytes, *, then_close: bool = False) -> Puppet:
        made.append(Puppet(loop, answer, then_close=then_close))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_refusal_is_told_and_not_repeated_in_a_storm(puppet: Callable[..., Puppet], meet: Meet) -> None:
    server = puppet(REFUSAL, then_close=True)
    anna = meet(server.endpoint, "anna", wait=False)
    assert anna.wait(lambda: anna.events)
    assert anna.events == [f"refused: {server.endpoint.url} refused 'anna': Not authorized"]
    assert not anna.wait(lambda: server.attempts > 1, 0.5)
    assert not anna.client.connected


def test_a_server_that_never_answers_is_given_up_and_tried_again(
    puppet: Callable[..., Puppet], meet: Meet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "GREETING_TIMEOUT", 0.05)
    server = puppet(b"")
    anna = meet(server.endpoint, "anna", wait=False)
    assert anna.wait(lambda: server.attempts == 3)
    assert anna.events == []


def test_attempts_become_rarer_while_the_connection_keeps_breaking(puppet: Callable[..., Puppet], meet: Meet) -> None:
    server = puppet(WELCOME, then_close=True)
    anna = meet(server.endpoint, "anna", wait=False)
    # 0.1 + 0.2 + 0.4 s: three attempts in the first 0.3 s, not thirty
    assert anna.wait(lambda: "takeover 3" in anna.events)
    assert server.attempts == 3
    assert not anna.wait(lambda: server.attempts > 3, 0.1)


def test_a_message_in_pieces_is_put_together(puppet: Callable[..., Puppet], meet: Meet, loop: Loop) -> None:
    server = puppet(WELCOME)
    anna = meet(server.endpoint, "anna")
    packets = b"\x30\x06\x00\x01aabc" + b"\x30\x05\x00\x01bde"
    for index in range(len(packets)):
        server.send(packets[index : index + 1])
        loop.run(timeout=0.001)
    server.send(packets * 3)
    assert anna.wait(lambda: len(anna.heard) == 8)
    assert anna.heard == [("a", b"abc", False), ("b", b"de", False)] * 4


def test_an_exception_of_the_owner_leaves_through_run_and_breaks_nothing(
    puppet: Callable[..., Puppet], loop: Loop
) -> None:
    server = puppet(WELCOME)
    heard: list[str] = []

    def fail(topic: str, _payload: bytes, _retain: bool) -> None:  # noqa: FBT001
        heard.append(topic)
        if topic == "a":
            raise LookupError("the owner's own")

    client = Client(loop, server.endpoint, "anna", on_message=fail)
    client.connect()
    assert loop.run(until=lambda: client.connected, timeout=SECONDS)
    server.send((b"\x30\x06\x00\x01aabc" + b"\x30\x05\x00\x01bde") * 2)
    for count in (1, 3):
        with pytest.raises(LookupError, match="own"):
            loop.run(timeout=SECONDS)
        assert len(heard) == count
    assert loop.run(until=lambda: len(heard) == 4, timeout=SECONDS)
    assert heard == ["a", "b", "a", "b"]
    assert client.connected
    loop.complete(client.leave())


def test_leaving_does_not_wait_forever_for_a_server_that_went_silent(
    puppet: Callable[..., Puppet], meet: Meet, loop: Loop
) -> None:
    server = puppet(WELCOME)
    anna = meet(server.endpoint, "anna", will=Will("availability", b"offline"))
    began = loop.time()
    anna.leave(grace=0.1)
    assert anna.client.closed
    assert 0.1 <= loop.time() - began < 1
    assert anna.wait(lambda: server.received.endswith(b"\xe0\x00"))  # DISCONNECT
    assert b"offline" in server.received


def test_the_socket_is_read_in_gulps(puppet: Callable[..., Puppet], meet: Meet) -> None:
    """Paho's private method is still the one that is overridden: a burst costs a few system calls, not four each."""
    server = puppet(WELCOME)
    anna = meet(server.endpoint, "anna")
    calls: list[int] = []
    receive = PahoClient._sock_recv

    def count(self: PahoClient, size: int) -> bytes:
        calls.append(size)
        return receive(self, size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("paho.mqtt.client.Client._sock_recv", count)
        server.send(b"\x30\x06\x00\x01aabc" * 500)
        assert anna.wait(lambda: len(anna.heard) == 500)
    assert 1 <= len(calls) < 20


# -- TLS ----------------------------------------------------------------------------------------------------------


def test_files_that_are_not_there_are_an_error_in_words(loop: Loop, tmp_path: Path) -> None:
    endpoint = Endpoint.parse("mqtts://localhost").with_tls(cafile=str(tmp_path / "none.pem"))
    with pytest.raises(ConfigurationError, match=r"mqtts://localhost:8883.*cafile"):
        Client(loop, endpoint, "anna", on_message=lambda *_: None)


def everybody_heard(people: list[Person], messages: int) -> bool:
    return all(len(person.heard) == messages for person in people)


OPENSSL, MOSQUITTO = shutil.which("openssl"), find_mosquitto()

if OPENSSL and MOSQUITTO:

    @pytest.fixture
    def secure_endpoint(tmp_path: Path) -> Iterator[Endpoint]:
        """A mosquitto that speaks TLS; the endpoint trusts its certificate."""
        assert OPENSSL
        assert MOSQUITTO
        certificate, key, config = (tmp_path / name for name in ("certificate.pem", "key.pem", "mosquitto.conf"))
        request = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run([*request, *names], check=True, capture_output=True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        config.write_text(
            f"listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\nallow_anonymous true\n"
            + ("user root\n" if os.geteuid() == 0 else "")
        )
        with subprocess.Popen([MOSQUITTO, "-c", str(config)], stderr=subprocess.DEVNULL) as process:
            yield Endpoint.parse(f"mqtts://localhost:{port}").with_tls(cafile=str(certificate))
            process.terminate()
            process.wait(SECONDS)

    def test_over_tls_everything_arrives_whole_and_in_order(secure_endpoint: Endpoint, meet: Meet) -> None:
        anna = meet(secure_endpoint, "anna", ("secret/#", 0))
        long = os.urandom(3_000_000)
        wanted = [long, *(b"%d" % number for number in range(500))]
        for payload in wanted:
            anna.client.publish("secret/message", payload, 1)
        assert anna.wait(lambda: len(anna.heard) >= len(wanted))
        assert anna.payloads("secret/message") == wanted

    def test_a_certificate_that_nobody_vouches_for_is_refused(secure_endpoint: Endpoint, meet: Meet) -> None:
        meet(secure_endpoint, "anna")
        stranger = meet(dataclasses.replace(secure_endpoint, cafile=None), "berta", wait=False)
        assert stranger.wait(lambda: stranger.events)
        assert "is not trusted: self-signed certificate" in stranger.events[0]
        assert not stranger.client.connected
