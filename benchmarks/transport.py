"""What a window costs on the wire: lock-step rounds of one clock and thirteen devices, in one loop.

In a round the clock publishes one message that every device hears, and each device answers with one that the clock
hears: 1 + 13 publishes, 26 deliveries. The next round begins when the last answer has come. Rounds of the
configurations are interleaved, so that whatever else the machine does meets all of them alike; the ratios are what
to look at.

    python -m benchmarks.transport [--rounds 300] [--bytes 600]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from virtual_devices.edge.broker.start import Broker, BrokerKind, find_mosquitto, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client

DEVICES = 13
BATCHES = 10


@dataclass
class Home:
    """One clock and its devices on one broker with one QoS."""

    broker: Broker
    qos: int
    loop: Loop
    size: int
    answers: int = 0
    rounds: int = 0
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        topic = f"bench/{self.qos}/{id(self)}"
        self.topic = topic
        self.payload = bytes(self.size)
        self.clock = Client(self.loop, self.broker.endpoint, f"clock{self.qos}", on_message=self._count)
        self.clock.subscribe((f"{topic}/+/proposal", self.qos))
        self.devices = [self._device(number) for number in range(DEVICES)]
        for client in [self.clock, *self.devices]:
            client.connect()
        ready = self.loop.run(until=lambda: all(c.connected for c in [self.clock, *self.devices]), timeout=10)
        assert ready, self.clock.last_error
        self.batch(5)
        self.wall.clear()
        self.processor.clear()

    def _device(self, number: int) -> Client:
        def answer(_topic: str, _payload: bytes, _retain: bool) -> None:  # noqa: FBT001
            client.publish(f"{self.topic}/{number}/proposal", self.payload, self.qos, retain=True)

        client = Client(self.loop, self.broker.endpoint, f"device{self.qos}_{number}", on_message=answer)
        client.subscribe((f"{self.topic}/window", self.qos))
        return client

    def _count(self, *_: object) -> None:
        self.answers += 1

    def batch(self, rounds: int) -> None:
        wall, processor = time.perf_counter(), time.process_time()
        for _ in range(rounds):
            self.rounds += 1
            self.clock.publish(f"{self.topic}/window", self.payload, self.qos)
            done = self.loop.run(until=lambda: self.answers >= self.rounds * DEVICES, timeout=10)
            assert done, "a round was lost"
        self.wall.append((time.perf_counter() - wall) / rounds)
        self.processor.append((time.process_time() - processor) / rounds)

    def close(self) -> None:
        for client in [self.clock, *self.devices]:
            self.loop.complete(client.leave())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300, help="rounds of each configuration")
    parser.add_argument("--bytes", type=int, default=600, help="length of every message")
    arguments = parser.parse_args()
    kinds: list[BrokerKind] = ["mosquitto", "iotcore"] if find_mosquitto() else ["iotcore"]
    with tempfile.TemporaryDirectory() as folder, Loop() as loop:
        brokers = [start_broker(Path(folder), kind=kind, port=0) for kind in kinds]
        homes = [Home(broker, qos, loop, arguments.bytes) for broker in brokers for qos in (0, 1)]
        for _ in range(BATCHES):
            for home in homes:
                home.batch(max(1, arguments.rounds // BATCHES))
        rows = [(home, sorted(home.wall)[BATCHES // 2], sorted(home.processor)[BATCHES // 2]) for home in homes]
        for home in homes:
            home.close()
        for broker in brokers:
            broker.close()
    best = min(wall for _, wall, _ in rows)
    print(f"{'broker':<12}{'QoS':>4}{'rounds/s':>10}{'ms/round':>10}{'our CPU ms':>12}{'ratio':>8}")
    for home, wall, processor in rows:
        print(
            f"{home.broker.name:<12}{home.qos:>4}{1 / wall:>10.0f}{wall * 1e3:>10.2f}{processor * 1e3:>12.2f}"
            f"{wall / best:>8.2f}"
        )


if __name__ == "__main__":
    main()
