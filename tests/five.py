"""A client of somebody else's that speaks MQTT 5, in a thread of its own, and says where it wants answers."""

from __future__ import annotations

import itertools
from typing import Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Endpoint

SECONDS = 10.0
_numbers = itertools.count(1)


class Five:
    """As a context manager it leaves at the end of the block. answers: payload and what the question carried, of each."""

    def __init__(self, endpoint: Endpoint, loop: Loop) -> None:
        self.answers: list[tuple[bytes, bytes | None]] = []
        self._loop = loop
        self.client = paho.Client(CallbackAPIVersion.VERSION2, f"five_{next(_numbers)}", protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_message = lambda _client, _data, message: self.answers.append(
            (bytes(message.payload), getattr(message.properties, "CorrelationData", None))
        )
        self.client.connect(endpoint.host, endpoint.port)
        self.client.loop_start()
        self.client.subscribe("answers/mine", 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def ask(self, topic: str, payload: bytes, correlation: bytes | None = None, answers: str | None = "answers/mine") -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho has left its types out
        if answers is not None:
            properties.ResponseTopic = answers
        if correlation is not None:
            properties.CorrelationData = correlation
        self.client.publish(topic, payload, 1, properties=properties)

    def wait(self, count: int) -> list[tuple[bytes, bytes | None]]:
        assert self._loop.run(until=lambda: len(self.answers) >= count, timeout=SECONDS)
        return self.answers
