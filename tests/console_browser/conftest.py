"""One home, one console without a login and one Chromium for all of these tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.console_browser.running import (
    HOME,
    TEXT,
    WITHIN,
    ConsoleProcess,
    Looked,
    OnBus,
    chromium_program,
    ended,
    looking,
    started,
    until,
)
from tests.machine import free_ports
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.errors import VirtualDevicesError

expect.set_options(timeout=WITHIN * 1000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with chromium_program() as browser:
        yield browser


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of the home."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="session")
def up(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[bytes], OnBus]]:
    """A home that runs, and its bus."""
    folder, port = tmp_path_factory.mktemp("up"), free_ports()
    (folder / "seen.yaml").write_text(TEXT, encoding="utf-8")
    log = folder / "up.log"
    process = started(["up", "seen.yaml", "--json", "--port", str(port), "--state", str(kept)], folder, log)
    bus = OnBus(Endpoint("127.0.0.1", port))

    def runs() -> bool:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        with suppress(VirtualDevicesError):
            return "power" in bus.state("house")
        return False

    try:
        until(runs, f"{HOME} runs")
        yield process, bus
    finally:
        ended(process)


@pytest.fixture(scope="session")
def bus(up: tuple[subprocess.Popen[bytes], OnBus]) -> OnBus:
    return up[1]


@pytest.fixture(scope="session")
def console(bus: OnBus, kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    made = ConsoleProcess(tmp_path_factory.mktemp("console"), bus.endpoint, "--records", str(kept))
    yield made
    ended(made.process)


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that finds what stands in the way of people who cannot see or point well."""
    named = os.environ.get("VIRTUAL_DEVICES_AXE")
    if not named:
        pytest.skip("VIRTUAL_DEVICES_AXE names no axe.min.js: npm install axe-core")
    return Path(named).read_text(encoding="utf-8")


@pytest.fixture
def looked(chromium: Browser, console: ConsoleProcess) -> Iterator[Looked]:
    """The home's page."""
    with looking(chromium) as made:
        made.home(console.url)
        yield made
        assert made.wrong == []
