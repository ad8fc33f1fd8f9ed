"""Many homes on one machine: in one process by `virtual-devices host`, beside the same homes by `virtual-devices up` in a process each.

Homes are examples/cape_town.yaml under other names, seeds and places. What is measured, how: see running.py. The broker's share is told apart; it is one for all
in one process, and one each else.

    python -m benchmarks.homes [--homes 20] [--speed 60] [--seconds 60] [--only one | each] [--short]
    python -m benchmarks.homes --homes 500 --speed 1 --seconds 120 --only one
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import yaml

from benchmarks.running import EXAMPLE, cpu, free_port, memory, tree
from virtual_devices.cli.table import table
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint

PATIENCE = 600.0
SETTLED_AFTER = 15.0
"""Wall seconds after the last start in which processes put away what they have loaded."""
HEAD = ("homes", "in", "s to start", "windows/s a home", "% of a core a home", "broker's", "CPU ms a window", "broker's", "MB a home", "broker's")


@dataclass(frozen=True)
class Found:
    """Some wall seconds of all homes. devices, broker: seconds of processor time.  memory, broker_memory: MB."""

    wall: float
    windows: int
    devices: float
    broker: float
    memory: float
    broker_memory: float


def home_files(folder: Path, count: int) -> list[Path]:
    """Variants of the example, each a file."""
    found = []
    for number in range(count):
        home = yaml.safe_load(EXAMPLE.read_text())
        home |= {"home": f"home_{number}", "seed": 1000 + number}
        home["site"] |= {"latitude": -33.0 - number % 50 / 50, "longitude": 18.0 + number // 50 / 10}
        path = folder / f"home_{number}.yaml"
        path.write_text(yaml.safe_dump(home, sort_keys=False))
        found.append(path)
    return found


class Settled:
    """Looks at a broker: the newest window of each home there."""

    def __init__(self, loop: Loop, port: int) -> None:
        self.loop = loop
        self.seqs: dict[str, int] = {}
        self.client = Client(loop, Endpoint("127.0.0.1", port), f"bench_{port}", on_message=self._heard)
        self.client.connect()
        self._topic = Topics("+", "+").settlement

    def _heard(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if payload:
            self.seqs[topic.split("/")[1]] = orjson.loads(payload)["seq"]

    def newest(self, homes: int) -> int:
        """The sum of them, once so many homes have settled one."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.seqs.clear()
            self.client.subscribe((self._topic, 0))
            self.loop.run(until=lambda: len(self.seqs) == homes, timeout=10)
            self.client.unsubscribe(self._topic)
            if len(self.seqs) == homes:
                return sum(self.seqs.values())
            assert time.monotonic() < deadline, f"{len(self.seqs)} of {homes} homes have settled a window"


@contextmanager
def running(commands: list[tuple[list[object], int]], state: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many processes, each with its port; at the end each has to tell that its homes' audits found nothing."""
    processes = []
    try:
        for words, port in commands:
            whole = [sys.executable, "-m", "virtual_devices", *words, "--broker-kind", "mosquitto", "--port", port, "--state", state / str(port), "--json"]
            processes.append(subprocess.Popen([str(word) for word in whole], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
        yield processes
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            said, _ = process.communicate(timeout=PATIENCE)
            told = orjson.loads(said)
            for result in told.get("homes", [told]):
                assert result["audit"]["ok"], result
    finally:
        for process in processes:
            process.kill()
            process.wait()


def measured(commands: list[tuple[list[object], int]], homes: int, seconds: float, state: Path) -> tuple[float, Found]:
    """Wall seconds until all have settled a window, and what some seconds then took."""
    begun = time.monotonic()
    with Loop() as loop, running(commands, state) as processes:
        lookers = [Settled(loop, port) for _, port in commands]
        each = homes // len(commands)
        for looker in lookers:
            looker.newest(each)
        started = time.monotonic() - begun
        loop.run(timeout=SETTLED_AFTER)
        trees = {pid: name for process in processes for pid, name in tree(process.pid).items()}
        windows = sum(looker.newest(each) for looker in lookers)
        begin, before = time.monotonic(), {pid: cpu(pid) for pid in trees}
        loop.run(timeout=seconds)
        wall = time.monotonic() - begin
        used, held = {True: 0.0, False: 0.0}, {True: 0.0, False: 0.0}
        for pid, name in trees.items():
            used[name == "mosquitto"] += cpu(pid) - before[pid]
            held[name == "mosquitto"] += memory(pid)
        windows = sum(looker.newest(each) for looker in lookers) - windows
        for looker in lookers:
            loop.complete(looker.client.leave())
        return started, Found(wall, windows, used[False], used[True], held[False], held[True])


def row(homes: int, hosted: str, started: float, found: Found) -> list[str]:
    share, window = 100 / found.wall / homes, 1000 / found.windows
    return [
        f"{homes}", hosted, f"{started:.0f}", f"{found.windows / found.wall / homes:.2f}", f"{found.devices * share:.2f}", f"{found.broker * share:.2f}",
        f"{found.devices * window:.2f}", f"{found.broker * window:.2f}", f"{found.memory / homes:.1f}", f"{found.broker_memory / homes:.2f}",
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=20)
    parser.add_argument("--speed", type=float, default=60)
    parser.add_argument("--seconds", type=float, default=60, help="of the wall, measured")
    parser.add_argument("--only", choices=("one", "each"), help="in one process, or in a process each")
    parser.add_argument("--short", action="store_true", help="see that it runs")
    options = parser.parse_args()
    homes, seconds = (3, 5.0) if options.short else (options.homes, options.seconds)
    rows, found = [], {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "homes").mkdir()
        files = home_files(folder / "homes", homes)
        cases: dict[str, list[tuple[list[object], int]]] = {
            "one": [(["host", folder / "homes", "--speed", options.speed], free_port())],
            "each": [(["up", file, "--speed", options.speed], free_port()) for file in files],
        }
        for key, commands in cases.items():
            if options.only in (None, key):
                started, found[key] = measured(commands, homes, seconds, folder / key)
                rows.append(row(homes, {"one": "one process", "each": "one each"}[key], started, found[key]))
                print(rows[-1], file=sys.stderr)
    print(table(HEAD, rows))
    if len(found) == len(cases):
        one, each = found["one"], found["each"]
        print(
            f"\none process takes {one.devices / one.windows / (each.devices / each.windows):.2f} of the processor time of a process each, "
            f"{(one.devices + one.broker) / one.windows / ((each.devices + each.broker) / each.windows):.2f} with the brokers', and {one.memory / each.memory:.2f} of the memory"
        )


if __name__ == "__main__":
    main()
