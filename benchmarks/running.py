"""A home that runs as `virtual-devices up` runs it, over a mosquitto of its own, and what its processes take.

Processor time is that of the home's whole tree of processes (utime and stime in /proc/PID/stat), the broker's apart and in the sum;
memory is the proportional set size, so that pages which processes share count once. A settlement's seq, asked for before and after,
says how many windows there were; messages are counted by a subscriber of `#`, in stretches of their own.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson
import yaml

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.names import CLOCK

EXAMPLE = Path(__file__).parents[1] / "examples" / "cape_town.yaml"
FIXED = ("sun", "weather", "grid", "inverter")
"""Devices that a home has once, the clock beside."""
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 180.0


# -- homes -------------------------------------------------------------------------------------------------------------


def home_file(folder: Path, devices: int, **clock: int) -> Path:
    """The example with so many devices; clock: more settings of it."""
    home = yaml.safe_load(EXAMPLE.read_text())
    home["clock"] |= clock
    known = home["devices"]
    again = cycle([name for name in known if name not in FIXED])
    for number in range(devices - len(known) - 1):
        name = next(again)
        known[f"{name}_{number}"] = {"kind": name, **known[name]}
    times = max(1.0, devices / 15)  # the connection grows with what hangs on it
    known["inverter"] |= {"rated_power": round(min(5000 * times, 100_000)), "max_solar_power": round(min(20_000 * times, 100_000))}
    known["grid"] |= {"import_limit": round(13_800 * times), "export_limit": round(3500 * times)}
    home.pop("events", None)
    path = folder / f"devices_{devices}{''.join(f'_{value}' for value in clock.values())}.yaml"
    path.write_text(yaml.safe_dump(home, sort_keys=False))
    return path


# -- processes ---------------------------------------------------------------------------------------------------------


def tree(pid: int) -> dict[int, str]:
    """A process and all its descendants: pid → the program's name."""
    names, children = {}, dict[int, list[int]]()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            head, _, rest = folder.joinpath("stat").read_text().rpartition(")")
        except OSError:
            continue  # it has just ended
        names[int(folder.name)] = head.partition("(")[2]
        children.setdefault(int(rest.split()[1]), []).append(int(folder.name))
    found, open_ = {}, [pid]
    while open_:
        one = open_.pop()
        found[one] = names[one]
        open_ += children.get(one, [])
    return found


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def exact_cpu(pids: Iterable[int]) -> float:
    """Seconds of processor time that processes have used, as the scheduler counts it: to the microsecond, not in ticks."""
    used = 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # it has just ended
                used += int(thread.read_text().split()[0])
    return used / 1e9


def memory(pid: int) -> float:
    """MB of a process; what several share is divided among them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def free_memory() -> float:
    """MB that new processes may take."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) / 1024


# -- a home that runs --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """Some wall seconds of a home. devices, broker: seconds of processor time."""

    wall: float
    windows: int
    devices: float
    broker: float

    @property
    def rate(self) -> float:
        return self.windows / self.wall

    def share(self, seconds: float) -> float:
        """Per cent of one core."""
        return 100 * seconds / self.wall

    def per_window(self, seconds: float) -> float:
        """Milliseconds."""
        return 1000 * seconds / self.windows


class Running:
    """A home under `virtual-devices up`.

    started: wall seconds until the first settled window.  started_cpu: and processor time of all its processes until then.
    """

    def __init__(self, home: Path, *, speed: float, isolate: bool) -> None:
        self.name = yaml.safe_load(home.read_text())["home"]
        self.settled, self.counted = 0, Counter[str]()
        self._folder = tempfile.TemporaryDirectory()
        port = free_port()
        command = [
            sys.executable, "-m", "virtual_devices", "up", home, "--broker-kind", "mosquitto", "--port", port, "--speed", speed,
            "--state", self._folder.name, "--fresh", "--json", *(["--isolate"] if isolate else []),
        ]  # fmt: skip
        self.begun = time.monotonic()
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.loop = Loop()
        self.client = Client(self.loop, Endpoint("127.0.0.1", port), "bench", on_message=self._heard)
        self._topic = Topics(self.name, "+").settlement
        self.client.subscribe((self._topic, 0))
        try:
            self._connect(port)
            self._until(lambda: self.settled > 0)
        except BaseException:
            self.process.terminate()
            raise
        self.started = time.monotonic() - self.begun
        self.started_cpu = sum(cpu(pid) for pid in tree(self.process.pid))
        self.client.unsubscribe(self._topic)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: object, _where: TracebackType | None) -> None:
        self.loop.complete(self.client.leave())
        self.loop.close()
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=PATIENCE)
        self._folder.cleanup()
        if kind is None:
            assert orjson.loads(said)["audit"]["ok"], said.decode()

    def _connect(self, port: int) -> None:
        """Be there as soon as the broker is, without the pauses of a client that tries again."""
        while not _accepts(port):
            assert self.process.poll() is None, f"the home ended with exit code {self.process.returncode}"
            assert time.monotonic() - self.begun < PATIENCE, "no broker"
            time.sleep(0.01)
        self.client.connect()

    def _until(self, condition: Callable[[], bool]) -> None:
        assert self.loop.run(until=condition, timeout=PATIENCE), f"{self.name}: nothing came within {PATIENCE:g} s"

    def _heard(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if not retain:
            self.counted[topic.rpartition("/")[2]] += 1
        if topic.endswith("/settlement") and payload:
            self.settled = orjson.loads(payload)["seq"]

    def windows(self) -> int:
        """Settled so far."""
        self.settled = 0
        self.client.subscribe((self._topic, 0))
        self._until(lambda: self.settled > 0)
        self.client.unsubscribe(self._topic)
        return self.settled

    def set_clock(self, settle: float = 2.0, **settings: float) -> None:
        """Change the clock's settings, and let the home find its pace."""
        self.client.publish(Topics(self.name, CLOCK).command, orjson.dumps(settings), 1)
        self.loop.run(timeout=settle)

    def stretch(self, seconds: float) -> Stretch:
        """Let it run, and see what it took."""
        processes = tree(self.process.pid)
        windows, begin, before = self.windows(), time.monotonic(), {pid: cpu(pid) for pid in processes}
        self.loop.run(timeout=seconds)
        after, end = {pid: cpu(pid) for pid in processes}, time.monotonic()
        used = {True: 0.0, False: 0.0}
        for pid, name in processes.items():
            used[name == "mosquitto"] += after[pid] - before[pid]
        return Stretch(end - begin, self.windows() - windows, used[False], used[True])

    def messages(self, seconds: float) -> dict[str, float]:
        """How many were published per wall second, by the last word of the topic."""
        self.counted.clear()
        self.client.subscribe(("#", 0))
        begin = time.monotonic()
        self.loop.run(timeout=seconds)
        wall = time.monotonic() - begin
        self.client.unsubscribe("#")
        return {leaf: count / wall for leaf, count in self.counted.items()}

    def memory(self) -> dict[int, float]:
        """MB of every process but the broker."""
        return {pid: memory(pid) for pid, name in tree(self.process.pid).items() if name != "mosquitto"}


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except OSError:
        return False
    return True
