"""A client and all that it was told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client

SECONDS = 30.0


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
