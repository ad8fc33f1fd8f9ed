"""Every benchmark, one after the other, each in a process of its own: what `make bench` prints.

BENCH_DAYS below 365 makes all of them short: good to see that they run, not to quote.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHORT = int(os.environ.get("BENCH_DAYS", "365")) < 365
BENCHMARKS: dict[str, tuple[str, list[str]]] = {
    "starting.py": ("How soon an hour is simulated", ["--times", "2"]),
    "year.py": ("A year in one process, beside its peers", []),
    "dispatch.py": ("The dispatch alone", []),
    "windows.py": ("A home over MQTT", ["--windows", "20"]),
    "lockstep.py": ("Lock-step beside mosaik and HELICS", ["--windows", "30"]),
    "processes.py": ("A device as a process", ["--repeat", "1"]),
    "fleet.py": ("What homes cost while they run", ["--short"]),
    "credentials.py": ("Credentials that come and go", ["--devices", "50"]),
    "record.py": ("What a record costs", ["--windows", "60", "--rounds", "1"]),
    "transport.py": ("The wire alone", ["--rounds", "50"]),
}
"""Script → its heading, and what makes it short."""


def main() -> None:
    failed = []
    for script, (heading, short) in BENCHMARKS.items():
        print(f"\n{heading} (benchmarks/{script})\n", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{script.removesuffix('.py')}", *(short if SHORT else [])]
        if subprocess.run(command, check=False, cwd=ROOT).returncode:
            failed.append(script)
    packages = ", ".join(f"{name} {version(name)}" for name in ("virtual-devices", "pydantic", "paho-mqtt"))
    print(f"\nPython {platform.python_version()}, {packages}; {os.cpu_count()} cores, {platform.machine()}")
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
