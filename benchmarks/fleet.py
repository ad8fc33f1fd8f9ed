"""What homes cost while they run: start, processor time, messages, and whether their memory stays flat.

How a home runs and is measured is in running.py. Homes of more than 15 devices are examples/cape_town.yaml with its roofs, battery and loads again and again.

    python -m benchmarks.fleet [--short] [--only memory]
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import orjson

from benchmarks.running import Running, Stretch, free_memory, free_port, home_file, memory
from virtual_devices.cli.table import table
from virtual_devices.edge.broker.start import find_mosquitto
from virtual_devices.edge.runtime import state
from virtual_devices.fleet.up import Options, up
from virtual_devices.kit.home.model import Home

ROOT = Path(__file__).parents[1]
STEP = 60
TEN = 10 * STEP
"""Speed at which windows of one step come ten times per wall second; sixty times as much asks for sixty steps each."""
DAY = 24 * 60
"""Windows, and states of each device, that a day at speed 1 has with steps of a minute."""
HOSTED = {False: "one process", True: "one each"}
EACH = 45.0
"""MB that a process of its own may take, by experience."""
SPARE = 0.7
"""Share of the free memory that a home may be expected to take."""


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
        home, broker_kind="mosquitto", port=free_port(), speed=0.0, duration=days * day * STEP, fresh=True, state=home.parent / "days"
    )  # fmt: skip
    assert up(options, watcher=Days(day), say=print)["audit"]["ok"]


def memory_of_days(folder: Path, days: int, day: int) -> None:
    """What a day after another leaves in memory: of one process that hosts all, and of one process for each device."""
    home = home_file(folder, 15, max_steps=1)
    command = [sys.executable, "-m", "benchmarks.fleet", "--host", str(home), str(days), str(day)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
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
