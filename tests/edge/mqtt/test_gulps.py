"""Acknowledgements are taken out of what was read at once, as paho would take them one by one."""

from __future__ import annotations

import socket

import pytest
from paho.mqtt.client import MQTTMessageInfo
from paho.mqtt.enums import MQTTErrorCode, _ConnectionState

from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.mqtt.paho_socket import GulpingClient, gulping_client


def acknowledgement(number: int) -> bytes:
    return b"\x40\x02" + number.to_bytes(2, "big")


def message(topic: str, payload: bytes) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic.encode() + payload
    return bytes((0x30, len(body))) + body


class Line:
    """A client of paho's at one end of a pair of sockets, and a broker's bytes at the other."""

    def __init__(self) -> None:
        self.ours, self.broker = socket.socketpair()
        self.ours.settimeout(0.0)
        self.client: GulpingClient = gulping_client(Endpoint("127.0.0.1", 1), "gulps")
        self.client._sock = self.ours
        self.client._state = _ConnectionState.MQTT_CS_CONNECTED

    def sent(self, count: int) -> list[MQTTMessageInfo]:
        return [self.client.publish("topic", b"word", 1) for _ in range(count)]

    def hears(self, content: bytes) -> list[tuple[str, bytes, bool]]:
        """What it makes of these bytes."""
        self.broker.send(content)
        self.client._gulp, self.client._taken, self.client._dry = self.client._gulp[self.client._taken :], 0, False
        found = []
        while True:
            taken = self.client.take_message()
            if taken is not None:
                found.append(taken)
            elif self.client.dry or self.client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS or not self.client.buffered:
                return found

    def close(self) -> None:
        self.ours.close()
        self.broker.close()


@pytest.fixture
def line() -> Line:
    return Line()


def test_all_in_one_gulp_between_messages(line: Line) -> None:
    first, second, third = line.sent(3)
    found = line.hears(acknowledgement(first.mid) + message("a", b"1") + acknowledgement(second.mid) + acknowledgement(third.mid) + message("b", b"2"))
    assert found == [("a", b"1", False), ("b", b"2", False)]
    assert all(info.is_published() for info in (first, second, third))
    line.close()


def test_one_that_comes_in_two_pieces_is_pahos(line: Line) -> None:
    first, second = line.sent(2)
    whole = acknowledgement(first.mid) + acknowledgement(second.mid)
    line.hears(whole[:6])
    assert (first.is_published(), second.is_published()) == (True, False)
    line.hears(whole[6:])
    assert second.is_published()
    line.close()


def test_one_of_nothing_that_was_sent_changes_nothing(line: Line) -> None:
    (first,) = line.sent(1)
    assert line.hears(acknowledgement(first.mid + 7) + message("a", b"1")) == [("a", b"1", False)]
    assert not first.is_published()
    line.close()
