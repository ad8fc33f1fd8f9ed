"""The client against sockets that misbehave in ways no broker does on request."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from paho.mqtt.client import Client as PahoClient

from tests.edge.mqtt.people import SECONDS, Meet
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt import client as mqtt
from virtual_devices.edge.mqtt.client import Client, Endpoint, Will

REFUSAL = b"\x20\x02\x00\x05"  # CONNACK, not authorised


WELCOME = b"\x20\x02\x00\x00"


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
