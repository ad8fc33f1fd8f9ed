"""What a device costs as a process of its own: memory, processor time until it is online, and what it imports.

One process of each kind is started by `virtual-devices run`, exactly as a container starts it, beside a broker and a
clock's retained site. It counts as started when its retained availability says online.

    python -m benchmarks.processes [--repeat 3]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from virtual_devices.cli.table import table
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import SiteMessage, write
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.names import CLOCK

HOME = "bench"
HEAVY = ("numpy", "pandas", "scipy", "pvlib")
PATIENCE = 30.0
TICKS = os.sysconf("SC_CLK_TCK")
SITE = SiteMessage(
    run="bench", home=HOME, latitude=-33.92, longitude=18.42, altitude=25.0, time_zone="Africa/Johannesburg", seed=1,
    step=60, start=1_782_000_000, patience=60.0,
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One process. memory: MB resident.  cpu, wall: seconds until online.  heavy: packages that it loaded."""

    memory: float
    cpu: float
    wall: float
    heavy: tuple[str, ...]


class Bench:
    """A broker, and a client that sees who is online."""

    def __init__(self, loop: Loop, endpoint: Endpoint) -> None:
        self.loop, self.endpoint = loop, endpoint
        self.online: set[str] = set()
        self.client = Client(loop, endpoint, "bench", on_message=self._heard)
        self.client.subscribe((Topics(HOME, "+").availability, 1))
        self.client.connect()
        assert loop.run(until=lambda: self.client.connected, timeout=PATIENCE), self.client.last_error
        self.client.publish(Topics(HOME, CLOCK).site, write(SITE), 1, True)  # noqa: FBT003

    def _heard(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        name = topic.split("/")[2]
        (self.online.add if payload == b"online" else self.online.discard)(name)

    def measure(self, kind: str) -> Run:
        name = CLOCK if kind == CLOCK else f"{kind}_1"
        command = [sys.executable, "-m", "virtual_devices", "run", kind, "--home", HOME, "--name", name]
        begin = time.monotonic()
        process = subprocess.Popen(
            [*command, "--broker", self.endpoint.url], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            started = self.loop.run(until=lambda: name in self.online or process.poll() is not None, timeout=PATIENCE)
            assert started, f"{kind} is not online after {PATIENCE:g} s"
            assert process.poll() is None, f"{kind} ended with exit code {process.returncode}"
            wall = time.monotonic() - begin
            folder = Path(f"/proc/{process.pid}")
            fields = folder.joinpath("stat").read_text().rpartition(")")[2].split()
            cpu = (int(fields[11]) + int(fields[12])) / TICKS
            status = dict(line.split(":", 1) for line in folder.joinpath("status").read_text().splitlines())
            maps = folder.joinpath("maps").read_text()
            heavy = tuple(package for package in HEAVY if f"/{package}/" in maps)
            return Run(int(status["VmRSS"].split()[0]) / 1024, cpu, wall, heavy)
        finally:
            process.terminate()
            process.wait(PATIENCE)
            self.loop.run(until=lambda: name not in self.online, timeout=PATIENCE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3, help="processes of each kind; medians are shown")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder, Loop() as loop, start_broker(Path(folder), port=0) as broker:
        bench = Bench(loop, broker.endpoint)
        for kind in catalogue.kinds():
            if kind == CLOCK:
                continue  # it would take the site's place
            runs = [bench.measure(kind) for _ in range(arguments.repeat)]
            memory, cpu, wall = median(run.memory for run in runs), median(run.cpu for run in runs), median(run.wall for run in runs)
            rows.append([kind, f"{memory:.0f}", f"{cpu:.2f}", f"{wall:.2f}", ", ".join(runs[0].heavy)])
        loop.complete(bench.client.leave())
    print(table(("a process of kind", "MB RSS", "CPU s to start", "wall s to start", "loads"), rows))


if __name__ == "__main__":
    main()
