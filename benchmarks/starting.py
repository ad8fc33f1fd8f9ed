"""How soon an hour of a home is there: processor time of `simulate --for 1h`, from nothing, beside what its libraries take to import.

    python -m benchmarks.starting [--times 7]

Each in a process of its own, by turns, with bytecode; of each the best. Processor time, since others on the machine do not add to it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

PROGRAMS: dict[str, list[str]] = {
    "simulate cape_town --for 1h": ["-m", "virtual_devices", "simulate", "cape_town", "--for", "1h"],
    "--help": ["-m", "virtual_devices", "--help"],
    "python alone": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import pandas": ["-c", "import pandas"],
    "import pvlib": ["-c", "import pvlib"],
}
"""What is run → Python's arguments."""
BESIDE = "import pvlib"


def processor_time(arguments: list[str]) -> float:
    """Seconds of user and system of one process, with what it started."""
    before = os.times()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=7)
    times = parser.parse_args().times
    for arguments in PROGRAMS.values():
        processor_time(arguments)  # writes the bytecode
    found: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(times):
        for name, arguments in PROGRAMS.items():
            found[name].append(processor_time(arguments))
    beside = min(found[BESIDE])
    for name, seconds in found.items():
        print(f"{name:<28} {min(seconds):5.2f} s, {min(seconds) / beside:4.2f} of {BESIDE}")


if __name__ == "__main__":
    main()
