"""What goes past paho to the kernel is what paho would have written, byte by byte."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.mqtt.paho_socket import GulpingClient, gulping_client

TOPIC = "virtual/home/oven/propösal"
Ends = tuple[GulpingClient, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """A client that takes itself for connected, and the broker's end of its socket."""
    client = gulping_client(Endpoint("127.0.0.1", 1883), "one")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0)
        theirs.settimeout(0)
        client._sock = ours
        client.on_socket_register_write = lambda *_: None  # so that paho waits to be told to write
        yield client, theirs
        client._sock = None


def written(client: GulpingClient, theirs: socket.socket) -> bytes:
    """All that comes out, as fast as it goes."""
    found = bytearray()
    while True:
        client.loop_write()
        try:
            found += theirs.recv(1 << 16)
        except BlockingIOError:
            if not client.want_write():
                return bytes(found)


@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize("size", [0, 1, 90, 97, 98, 99, 127, 128, 16_300, 16_400, 2_100_000, 4_000_000])
def test_it_is_what_paho_writes(ends: Ends, size: int, *, retain: bool) -> None:
    client, theirs = ends
    payload = bytes(number & 255 for number in range(size))
    client.publish(TOPIC, payload, 0, retain)
    expected = written(client, theirs)
    assert len(expected) > size
    assert client.put_message(TOPIC, payload, retain=retain)
    assert client.want_write() is (size > 1_000_000), "what the kernel does not take at once waits"
    assert written(client, theirs) == expected


def test_nothing_overtakes_what_waits(ends: Ends) -> None:
    client, theirs = ends
    client.publish("first", b"1", 0)
    assert not client.put_message("second", b"2", retain=False)
    client.publish("second", b"2", 0)
    said = written(client, theirs)
    assert said.index(b"first") < said.index(b"second")
    assert client.put_message("third", b"3", retain=False)
    assert b"third" in written(client, theirs)


def test_without_a_connection_it_is_paho_s(ends: Ends) -> None:
    client, theirs = ends
    theirs.close()
    assert not client.put_message("lost", b"x", retain=False)
    client._sock = None
    assert not client.put_message("lost", b"x", retain=False)
