"""What a console takes with browsers on it: python -m benchmarks.console [--pages 10] [--seconds 20] [--speed 60] [--page home]

A home with an embedded or a mosquitto broker, its console and a Chromium (Debian's) run on this machine; what is told is of the console's process alone, as a
share of one core and in resident bytes, with nobody on it and with so many pages open.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from tests.console_browser.running import (
    HOME,
    TEXT,
    ConsoleProcess,
    OnBus,
    chromium_program,
    ended,
    listens,
    looking,
    started,
    until,
)
from tests.machine import free_ports
from virtual_devices.edge.mqtt.endpoint import Endpoint

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 2**20


def _ticks(pid: int) -> int:
    """Of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _told(pid: int, what: str, seconds: float) -> None:
    before, begin = _ticks(pid), time.monotonic()
    time.sleep(seconds)
    share = (_ticks(pid) - before) / TICKS / (time.monotonic() - begin)
    resident = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
    print(f"{what}: {share:.1%} of a core, {resident / MIB:.0f} MiB; load of the machine {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--speed", type=int, default=60)
    parser.add_argument("--page", default="home", choices=["home", "build", "file", "history", "plan", "health"])
    asked = parser.parse_args()
    where = "" if asked.page == "home" else f"/{asked.page}"
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_ports()
        (folder / "seen.yaml").write_text(TEXT.replace("speed: 60", f"speed: {asked.speed}"), encoding="utf-8")
        up = started(["up", "seen.yaml", "--json", "--port", str(port)], folder, folder / "up.log")
        try:
            bus = OnBus(Endpoint("127.0.0.1", port))
            until(lambda: listens(port), "up")
            console = ConsoleProcess(folder, bus.endpoint)
            try:
                pid = console.process.pid
                _told(pid, "nobody", asked.seconds)
                with chromium_program() as browser, looking(browser) as looked:
                    pages = [looked.page, *(looked.page.context.new_page() for _ in range(asked.pages - 1))]
                    for page in pages:
                        page.goto(f"{console.url}/home/{HOME}{where}")
                        page.wait_for_function("window.socket?.connected ?? false")
                    time.sleep(5.0)
                    _told(pid, f"{asked.pages} pages of {asked.page} at {asked.speed}×", asked.seconds)
            finally:
                ended(console.process)
        finally:
            ended(up)


if __name__ == "__main__":
    main()
