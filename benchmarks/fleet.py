"""What homes cost while they run: start, processor time, messages, and whether their memory stays flat.

A home runs as `virtual-devices up` runs it, over a mosquitto of its own, in processes apart from this one. Processor time
is that of the home's whole tree of processes (utime and stime in /proc/PID/stat), the broker's apart and in the sum; memory
is the proportional set size, so that pages which processes share count once. A settlement's seq, asked for before and after,
says how many windows there were; messages are counted by a subscriber of `#`, in stretches of their own.

Homes of more than 15 devices are examples/cape_town.yaml with its roofs, battery and loads again and again.

    python benchmarks/fleet.py [--short] [--only memory]
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Self

import orjson
import yaml

from virtual_devices.cli.table import table
from virtual_devices.edge.broker.start import find_mosquitto
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime import state
from virtual_devices.fleet.up import Options, up
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.names import CLOCK

EXAMPLE = Path(__file__).parents[1] / "examples" / "cape_town.yaml"
FIXED = ("sun", "weather", "grid", "inverter")
"""Devices that a home has once, the clock beside."""
STEP = 60
TEN = 10 * STEP
"""Speed at which windows of one step come ten times per wall second; sixty times as much asks for sixty steps each."""
DAY = 24 * 60
"""Windows, and states of each device, that a day at speed 1 has with steps of a minute."""
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 180.0
HOSTED = {False: "one process", True: "one each"}
EACH = 45.0
"""MB that a process of its own may take, by experience."""
SPARE = 0.7
"""Share of the free memory that a home may be expected to take."""


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
        port = _free_port()
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except OSError:
        return False
    return True


# -- tables ------------------------------------------------------------------------------------------------------------


def shares(folder: Path, seconds: float, repeat: int) -> None:
    """Fifteen devices at ten windows per second, and how soon they are there."""
    rows, starts = [], []
    home = home_file(folder, 15)
    for isolate in (False, True):
        begun = []
        for turn in range(repeat):
            with Running(home, speed=TEN, isolate=isolate) as running:
                begun.append((running.started, running.started_cpu))
                if turn + 1 < repeat:
                    continue
                for steps in (1, 60):
                    running.set_clock(speed=TEN * steps)
                    found = [running.stretch(seconds) for _ in range(repeat)]
                    rows.append([HOSTED[isolate], f"{steps}", *_share_cells(found)])
        starts.append([HOSTED[isolate], *(f"{median(item):.1f}" for item in zip(*begun, strict=True)), f"{max(begun)[0]:.1f}"])
    print(table(("15 devices in", "wall s to the first settled window", "CPU s", "wall s at most"), starts) + "\n")
    head = ("15 devices in", "steps asked", "windows/s", "% of a core", "of it broker", "from–to", "% at 10 windows/s")
    print(table(head, rows))


def _share_cells(found: list[Stretch]) -> list[str]:
    whole = [one.share(one.devices + one.broker) for one in found]
    broker, rate = median(one.share(one.broker) for one in found), median(one.rate for one in found)
    each = median(one.per_window(one.devices + one.broker) for one in found)  # ms a window are % of a core at ten per second
    return [
        f"{rate:.1f}", f"{median(whole):.1f}", f"{broker:.1f}", f"{min(whole):.1f}–{max(whole):.1f}", f"{each:.1f}"
    ]  # fmt: skip


def growth(folder: Path, cases: Sequence[tuple[int, bool]], seconds: float) -> None:
    """What more devices cost. cases: how many, and whether each is a process."""
    rows = []
    for devices, isolate in cases:
        needed, there = devices * EACH if isolate else 0.0, SPARE * free_memory()
        if needed > there:
            rows.append([f"{devices}", HOSTED[isolate], f"not run: about {needed:.0f} MB, {there:.0f} to be had", *[""] * 8])
            continue
        with Running(home_file(folder, devices, max_steps=1), speed=TEN, isolate=isolate) as running:
            steady = running.stretch(seconds)
            running.set_clock(speed=0)
            fast, held = running.stretch(seconds), sum(running.memory().values())
            both = fast.per_window(fast.devices + fast.broker)
            rows.append([
                f"{devices}", HOSTED[isolate], f"{running.started:.1f}", f"{running.started_cpu:.1f}", f"{held:.0f}",
                f"{steady.rate:.1f}", f"{steady.share(steady.devices + steady.broker):.0f}", f"{fast.rate:.0f}", f"{both:.2f}",
                f"{fast.per_window(fast.broker):.2f}", f"{both / devices:.3f}",
            ])  # fmt: skip
    head = (
        "devices", "in", "s to start", "CPU s", "MB", "windows/s at 600×", "% of a core", "windows/s at most", "CPU ms per window",
        "of it broker", "per device",
    )  # fmt: skip
    print(table(head, rows))


def messages(folder: Path, sizes: Sequence[int], speeds: Sequence[int], seconds: float) -> None:
    """What is published, by speed."""
    rows = []
    for devices in sizes:
        with Running(home_file(folder, devices), speed=60, isolate=False) as running:
            for speed in speeds:
                running.set_clock(speed=speed)
                windows = 2 * STEP / speed if speed else 0.0
                found = running.messages(max(seconds, windows))
                cells = [f"{found.get(leaf, 0.0):.2f}" for leaf in ("window", "proposal", "settlement", "state")]
                rows.append([f"{devices}", f"{speed}×" if speed else "max", f"{sum(found.values()):.2f}", *cells])
    head = ("devices", "speed", "messages/s", "windows", "proposals", "settlements", "states")
    print(table(head, rows))


# -- a day's memory ----------------------------------------------------------------------------------------------------


class Days:
    """Watches a home in this process: what it holds after each day's worth of windows."""

    def __init__(self, day: int) -> None:
        self.day, self.settled, self.states = day, 0, 0

    def meet(self, home: Home) -> None:
        pass

    def feed(self, _device: str, leaf: str, payload: bytes) -> None:
        self.states += leaf == "state"
        if leaf == "settlement" and payload:
            self.settled += 1
            if self.settled % self.day == 0:
                gc.collect()
                found = {"windows": self.settled, "states": self.states, "objects": len(gc.get_objects()), "memory": memory(os.getpid())}
                print(orjson.dumps(found).decode(), flush=True)


def host_days(home: Path, days: int, day: int) -> None:
    """In a process of its own: a home as fast as possible, yet with a state of each device in every window."""
    state.STATE_EVERY = 0.0
    options = Options(
        home, broker_kind="mosquitto", port=_free_port(), speed=0.0, duration=days * day * STEP, fresh=True, state=home.parent / "days"
    )  # fmt: skip
    assert up(options, watcher=Days(day), say=print)["audit"]["ok"]


def memory_of_days(folder: Path, days: int, day: int) -> None:
    """What a day after another leaves in memory: of one process that hosts all, and of one process for each device."""
    home = home_file(folder, 15, max_steps=1)
    command = [sys.executable, __file__, "--host", str(home), str(days), str(day)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows, first = [], dict[int, float]()
    with Running(home, speed=0, isolate=True) as running:
        for line in said.splitlines():
            one = orjson.loads(line)
            while running.windows() < one["windows"]:
                running.loop.run(timeout=0.2)
            held = running.memory()
            first = first or held
            grown = max(held[pid] - first[pid] for pid in first)
            rows.append([
                f"{one['windows']:,}", f"{one['states']:,}", f"{one['memory']:.1f}", f"{one['objects']:,}", f"{sum(held.values()):.0f}",
                f"{grown:.1f}",
            ])  # fmt: skip
    head = ("windows", "states", "one process, MB", "objects", "one each, MB", "most that one grew, MB")
    print(table(head, rows))


# -- all ---------------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="see that it runs")
    parser.add_argument("--only", choices=("shares", "growth", "messages", "memory"), help="one table")
    parser.add_argument("--host", nargs=3, metavar=("HOME", "DAYS", "WINDOWS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.host:
        home, days, day = options.host
        host_days(Path(home), int(days), int(day))
        return
    assert find_mosquitto(), "mosquitto is not installed"
    short = options.short
    cases = [(15, False), (50, False)] if short else [(devices, isolate) for devices in (15, 50, 150) for isolate in (False, True)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables: dict[str, tuple[str, Callable[[], None]]] = {
            "shares": ("Ten windows per second", lambda: shares(folder, 3 if short else 10, 1 if short else 3)),
            "growth": ("More devices, windows of one step", lambda: growth(folder, cases, 2 if short else 10)),
            "messages": (
                "Messages published per wall second, by a subscriber of #",
                lambda: messages(folder, (15,) if short else (15, 150), (60, 0) if short else (1, 60, 600, 0), 2 if short else 10),
            ),
            "memory": (
                f"Memory: {DAY:,} windows, and as many states of each device, are a day at speed 1 with steps of a minute",
                lambda: memory_of_days(folder, 2 if short else 4, DAY // 12 if short else DAY),
            ),
        }  # fmt: skip
        for key, (heading, show) in tables.items():
            if options.only in (None, key):
                print(f"{heading}\n", flush=True)
                show()
                print(flush=True)


if __name__ == "__main__":
    main()
