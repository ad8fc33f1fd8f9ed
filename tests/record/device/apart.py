"""A record in a process of its own, as a container runs it, beside the devices of a stage."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.records import records
from tests.stage import RUNNING, Stage, small_home
from virtual_devices.edge.ledger.audit import Audit
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.describe import command_line
from virtual_devices.kit.home.model import Home
from virtual_devices.record.reading.audit import audit_record

RECORDED = RUNNING.replace("speed: max", "speed: max, max_steps: 2, books: record") + "  record: {}\n"


def recorded_home(name: str = "", text: str = RECORDED) -> Home:
    return small_home(text, name)


def run_record(endpoint: Endpoint, home: Home, folder: Path, name: str = "record") -> subprocess.Popen[str]:
    """Started with the file in a folder."""
    stage_less = descriptions_of(home)[name]
    words = [*command_line(stage_less, endpoint), "--set", f"folder={folder}"]
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True)


def descriptions_of(home: Home):  # type: ignore[no-untyped-def]
    from virtual_devices.fleet.describe import descriptions

    return descriptions(home, {})


@contextmanager
def record_apart(endpoint: Endpoint, home: Home, folder: Path, name: str = "record") -> Iterator[subprocess.Popen[str]]:
    """One that is ended when the block is over."""
    process = run_record(endpoint, home, folder, name)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def killed(process: subprocess.Popen[str]) -> None:
    """SIGKILL, and gone."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)


def devices(stage: Stage) -> list[str]:
    """All but the record."""
    return [name for name in stage.described if name != "record"]


def booked(stage: Stage, name: str = "record") -> int:
    """Seq up to which a record says that it has written."""
    return int(stage.json(name, "booked")["seq"]) if stage.last.get((name, "booked")) else 0


def only_record(folder: Path) -> Path:
    """The file of the only run."""
    (path,) = records(folder)
    return path


def audit_of(folder: Path) -> Audit:
    return audit_record(only_record(folder))


def rest(seconds: float, stage: Stage) -> None:
    """Let wall time pass while the home goes on."""
    until = time.monotonic() + seconds
    stage.wait(lambda: time.monotonic() > until)
