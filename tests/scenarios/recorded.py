"""Homes with a record, in the process of the others or in one of its own, as a container runs it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.records import records
from tests.stage import RUNNING, SMALL, Stage, small_home
from virtual_devices.edge.ledger.audit import Audit
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.describe import command_line, descriptions
from virtual_devices.kit.home.model import Home
from virtual_devices.record.reading.audit import audit_record

STANDING = SMALL.replace("speed: max", "speed: max, max_steps: 1, books: record") + "  record: {}\n"
"""Time stands still in it unless a test lets it go on."""
RECORDED = RUNNING.replace("speed: max", "speed: max, max_steps: 2, books: record") + "  record: {}\n"


def recorded_home(text: str = RECORDED, name: str = "") -> Home:
    return small_home(text, name)


def run_record(endpoint: Endpoint, home: Home, folder: Path) -> subprocess.Popen[str]:
    """A record that writes into a folder."""
    words = command_line(descriptions(home, {})["record"], endpoint)
    return subprocess.Popen([*words, "--set", f"folder={folder}"], stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str]) -> str:
    """End it politely; what it said."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=20)[1]


@contextmanager
def record_apart(endpoint: Endpoint, home: Home, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """One that is ended when the block is over."""
    process = run_record(endpoint, home, folder)
    try:
        yield process
    finally:
        end(process)


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=20)


def others(stage: Stage) -> list[str]:
    """All devices but the record."""
    return [name for name in stage.described if name != "record"]


def booked(stage: Stage, name: str = "record") -> int:
    """Seq up to which a record says that it has written; 0 where it has said nothing."""
    return int(stage.json(name, "booked")["seq"]) if stage.last.get((name, "booked")) else 0


def settled(stage: Stage) -> int:
    """Seq of the last settlement that was heard."""
    return int(stage.json("inverter", "settlement")["seq"]) if stage.last.get(("inverter", "settlement")) else 0


def waiting_for(stage: Stage) -> list[str]:
    return list(getattr(stage.runtimes["clock"].role, "waiting_for"))  # noqa: B009 - only a clock has it


def only_record(folder: Path) -> Path:
    """The file of the only run."""
    (path,) = records(folder)
    return path


def audit_of(folder: Path) -> Audit:
    return audit_record(only_record(folder))


def let_pass(stage: Stage, seconds: float) -> None:
    """Let wall time pass while the home goes on."""
    until = time.monotonic() + seconds
    stage.wait(lambda: time.monotonic() > until)


def stand_still(stage: Stage) -> None:
    """Let a home finish its window, and stand."""
    stage.send("clock", "set", {"paused": True})
    stage.rest()
