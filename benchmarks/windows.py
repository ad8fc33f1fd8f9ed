"""Windows per second of a whole home over MQTT: one process on each broker, and one process per device.

The home is examples/cape_town.yaml as fast as possible, with windows of 1, 60 and 1440 steps; counted from the sixth to
the last settlement, so without starting and stopping. Every run has to end with the ledger that the same time has
without a broker.

    python -m benchmarks.windows [--windows 200]
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from pathlib import Path

from virtual_devices.answers import simulate
from virtual_devices.cli.table import table
from virtual_devices.edge.broker.start import BrokerKind, find_mosquitto
from virtual_devices.fleet.up import Options, up
from virtual_devices.kit.home.model import Home

EXAMPLE = Path(__file__).parents[1] / "examples" / "cape_town.yaml"
STEP = 60
LENGTHS = {1: 1, 60: 59, 1440: 1000}
"""Longest window, and how many steps of it are settled before supply changes somewhere, by experience."""

WARM_UP = 5
"""First windows that do not count: processes are still loading what their first step needs."""


class Settlements:
    """When settlements came, in wall seconds."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def meet(self, home: Home) -> None:
        pass

    def feed(self, _device: str, leaf: str, payload: bytes) -> None:
        if leaf == "settlement" and payload:
            self.times.append(time.perf_counter())

    @property
    def rate(self) -> float:
        times = self.times[WARM_UP:]
        return (len(times) - 1) / (times[-1] - times[0])


def home_file(folder: Path, length: int) -> Path:
    text, found = re.subn(r"^clock: \{", f"clock: {{max_steps: {length}, ", EXAMPLE.read_text(), flags=re.MULTILINE)
    assert found == 1
    path = folder / f"windows_of_{length}.yaml"
    path.write_text(text)
    return path


def measure(folder: Path, home: Path, duration: int, kind: BrokerKind, *, isolate: bool) -> tuple[float, int, str]:
    """Windows and steps per wall second, and the ledger's digest."""
    settlements = Settlements()
    problems: list[str] = []
    options = Options(
        home_file=home, broker_kind=kind, speed=0.0, duration=duration, isolate=isolate, fresh=True, state=folder / kind
    )
    result = up(options, watcher=settlements, say=problems.append)
    assert result["audit"]["ok"], (result["audit"], problems)
    windows = settlements.rate
    return windows, round(windows * result["steps"] / result["windows"]), result["ledger_sha256"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=200, help="about so many windows of each length")
    arguments = parser.parse_args()
    mosquitto: list[tuple[BrokerKind, bool]] = [("mosquitto", False), ("mosquitto", True)]
    cases: list[tuple[BrokerKind, bool]] = [*(mosquitto if find_mosquitto() else [("iotcore", True)]), ("iotcore", False)]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for length, settled in LENGTHS.items():
            home = home_file(folder, length)
            duration = arguments.windows * settled * STEP
            expected = simulate.run(simulate.load(home, []), duration)["ledger_sha256"]
            for kind, isolate in cases:
                windows, steps, digest = measure(folder, home, duration, kind, isolate=isolate)
                assert digest == expected, f"{kind}, windows of {length}: {digest}, without a broker {expected}"
                rows.append([f"{length}", kind, "one per device" if isolate else "one", f"{windows:.0f}", f"{steps:,}"])
    print(table(("steps a window", "broker", "processes", "windows/s", "steps/s"), rows))
    print("every run ended with the ledger that the same time has without a broker")


if __name__ == "__main__":
    main()
