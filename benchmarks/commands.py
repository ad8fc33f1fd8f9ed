"""How soon a command shows: from the command until the device's state shows the power that it changed.

    python -m benchmarks.commands [--times 20]

A home of six devices over mosquitto, begun at 1× and at 60×, its step left open; the oven is switched on and off at moments
spread over a step.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import override, starting_now

HOME = """\
home: quick
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: now}
devices: {sun: {}, grid: {}, inverter: {}, oven: {mode: off}, tv: {}}
"""
PAUSES = 0.37
"""Wall seconds by which each command comes later within a step than the one before."""


class Stopwatch:
    """Switches the oven, again and again, and takes the time until its power shows it."""

    def __init__(self, endpoint: Endpoint, loop: Loop, times: int) -> None:
        self.loop, self.times = loop, times
        self.found: list[float] = []
        self._on, self._since = False, 0.0
        self._topics = Topics("quick", "oven")
        self._client = Client(loop, endpoint, "stopwatch", on_message=self._hear)
        self._client.subscribe((self._topics.state, 0))
        self._client.connect()
        loop.call_later(3.0, self._switch)

    def _switch(self) -> None:
        self._on, self._since = not self._on, time.monotonic()
        self._client.publish(self._topics.command, orjson.dumps({"mode": "on" if self._on else "off"}), 1)

    def _hear(self, _topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        power = orjson.loads(payload).get("power")
        if not self._since or power is None or bool(power) != self._on:
            return
        self.found.append(time.monotonic() - self._since)
        self._since = 0.0
        if len(self.found) < self.times:
            self.loop.call_later(PAUSES * (1 + len(self.found) % 7), self._switch)
        else:
            self.loop.stop()


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def measured(speed: float, times: int) -> list[float]:
    with folder() as where, start_broker(where / "broker", port=0) as broker, Loop() as loop:
        now = int(time.time())
        home = override(starting_now(parse(HOME, now=now), now), {"clock": {"speed": speed}})
        host = HomeHost(loop, HostOptions(home, {}, broker.endpoint, where / "home", start_now=True))
        watch = Stopwatch(broker.endpoint, loop, times)
        loop.complete(host.run())
        return watch.found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=20)
    times = parser.parse_args().times
    for speed in (1.0, 60.0):
        found = measured(speed, times)
        print(f"{speed:g}×: {len(found)} commands, mean {statistics.mean(found):.2f} s, longest {max(found):.2f} s")


if __name__ == "__main__":
    main()
