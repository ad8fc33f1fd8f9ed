"""Whoever listens to what is announced to Home Assistant."""

from __future__ import annotations

from tests.stage import Stage
from virtual_devices.edge.mqtt.client import Client


class Listener:
    """What is retained on a broker for who comes now."""

    def __init__(self, stage: Stage) -> None:
        self.heard: dict[str, bytes] = {}
        self.client = Client(stage.loop, stage.endpoint, "listener", on_message=self._hear)
        self.client.subscribe((f"virtual/{stage.home.name}/#", 0), ("homeassistant/device/#", 0), ("listener/mark", 0))
        self.client.connect()
        stage.wait(lambda: self.client.subscribed)
        self.client.publish("listener/mark", b"1")
        stage.wait(lambda: "listener/mark" in self.heard)

    def _hear(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        self.heard[topic] = payload
