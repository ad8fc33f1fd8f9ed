"""A home and its consoles as processes of their own, and Debian's Chromium on the console's pages."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

from tests.machine import free_port
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.visitor.session import Session

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
WITHIN = 30.0
"""Wall seconds that anything may take; the machine may be slow."""
HOME = "seen"
TEXT = """\
home: seen
site: {latitude: -33.92, longitude: 18.42, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 11:30, speed: 60}
seed: 7
devices:
  sun: {}
  weather: {}
  roof: {kind: pv_array, capacity: 3 kW, surface_tilt: 25, surface_azimuth: 0}
  battery: {capacity: 10 kWh, charge_limit: 5 kW, discharge_limit: 5 kW, start_soc: 60 %}
  grid: {price: 3.84, currency: ZAR}
  inverter: {rated_power: 5 kW}
  house: {kind: base_load, priority: 1}
  lights: {priority: 2, rated_power: 60 W, mode: "on"}
  geyser: {circuit: non_essential, priority: 9, mode: schedule, schedule: "11:00-15:00"}
"""
Found = TypeVar("Found")


def until(condition: Callable[[], Found], what: str, page: Page | None = None, within: float = WITHIN) -> Found:
    """Wait until something holds. page: one whose events are to be heard meanwhile: Playwright hears none while nobody asks it."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, f"after {within:g} s: not {what}"
        if page is None:
            time.sleep(0.1)
        else:
            page.wait_for_timeout(100)
    return found


class OnBus:
    """What is on a broker, and words to it. Asked in a thread of its own: Playwright has a loop in ours."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._thread = ThreadPoolExecutor(1)

    def ask(self, question: Callable[[Session], Found]) -> Found:
        """What a session answers."""

        def asked() -> Found:
            with Session(self.endpoint, patience=WITHIN) as session:
                return question(session)

        return self._thread.submit(asked).result(3 * WITHIN)

    def state(self, device: str) -> dict[str, Any]:
        return self.ask(lambda session: dict(session.device(HOME, device).state))

    def tell(self, device: str, **changes: Any) -> None:
        self.ask(lambda session: session.command(HOME, device, changes))

    def raw(self, topic: str) -> bytes:
        """What is retained there; nothing where nothing is."""
        return self.ask(lambda session: session.collect(topic)).get(topic, b"")

    def publish(self, device: str, **leaves: bytes) -> None:
        """Say something retained in a device's name, as anybody on the broker can."""

        def say(session: Session) -> None:
            for leaf, payload in leaves.items():
                session.client.publish(Topics(HOME, device).at(leaf), payload, 1, retain=True)
            session.sync()

        self.ask(say)


def started(words: list[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """A process whose words are in a file. It shall not know of pytest: NiceGUI packs nothing there."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "virtual_devices", *words], stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=folder,
            env=own | {"XDG_STATE_HOME": str(folder / "state")},
        )  # fmt: skip


def listens(port: int) -> bool:
    """Whether a broker is there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def ended(process: subprocess.Popen[bytes]) -> None:
    """End it as Ctrl-C does, and make sure."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(WITHIN)
    finally:
        process.kill()
        process.wait()


class ConsoleProcess:
    """A console on a port of loopback. words: options beside."""

    def __init__(self, folder: Path, endpoint: Endpoint, *words: str, port: int | None = None) -> None:
        self.folder, self.port = folder, port or free_port()
        self.url, self.log = f"http://127.0.0.1:{self.port}", folder / f"console-{self.port}.log"
        self._words = ["console", "--port", str(self.port), "--broker", endpoint.url, *words]
        self.start()

    def start(self) -> None:
        said = len(self.said())
        self.process = started(self._words, self.folder, self.log)

        def runs() -> bool:
            assert self.process.poll() is None, self.said()
            return "console: http" in self.said()[said:]

        until(runs, "started")

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def password(self) -> str:
        """Of the first user, which it says once."""
        found = re.search(r"with the password (\S+);", self.said())
        assert found is not None, self.said()
        return found.group(1)


@dataclass
class Looked:
    """A page, and what went wrong on it. bytes: over the wire."""

    page: Page
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    bytes: int = 0

    def card(self, device: str) -> Any:
        """A device's card in the drawing that is shown."""
        return self.page.locator(f'.vd-flow [data-device="{device}"]:visible')

    def open(self, url: str) -> None:
        self.page.goto(url, timeout=WITHIN * 1000)

    def connected(self) -> None:
        """Wait for the page's line to the console: what is clicked before goes nowhere."""
        self.page.wait_for_function("window.socket?.connected === true")

    def home(self, url: str) -> None:
        """Open the home's page, and wait for its cards and for the page's line to the console."""
        self.open(f"{url}/home/{HOME}")
        self.card("inverter").wait_for()
        self.connected()


def watched(context: BrowserContext) -> Looked:
    """A new page that is listened to."""
    page = context.new_page()

    def dismissed(dialog: Dialog) -> None:
        looked.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.set_default_timeout(WITHIN * 1000)
    looked = Looked(page)
    page.on("console", lambda message: looked.wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: looked.wrong.append(str(error)))
    page.on("requestfailed", lambda request: looked.wrong.append(f"{request.url}: {request.failure}"))
    page.on("dialog", dismissed)
    page.on("request", lambda request: looked.asked.append(request.url))
    page.on("websocket", lambda opened: looked.asked.append(opened.url))
    line = context.new_cdp_session(page)
    line.send("Network.enable")

    def loaded(event: dict[str, Any]) -> None:
        looked.bytes += int(event["encodedDataLength"])

    line.on("Network.loadingFinished", loaded)
    return looked


@contextmanager
def chromium_program() -> Iterator[Browser]:
    """Debian's Chromium; the test is skipped where there is none."""
    if PROGRAM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def looking(browser: Browser, width: int = 1280, height: int = 900, **how: Any) -> Iterator[Looked]:
    """A page of a browser with nothing in it."""
    context = browser.new_context(viewport={"width": width, "height": height}, **how)
    try:
        yield watched(context)
    finally:
        context.close()


def serious(page: Page, axe: str) -> list[str]:
    """What axe-core finds on a page that is serious, and stays: parts of a page come one after the other."""
    page.evaluate(axe)
    for _ in range(5):
        found = _found(page)
        if not found:
            break
        page.wait_for_timeout(1000)
    return found


def _found(page: Page) -> list[str]:
    found: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{each['id']}: {each['help']}: " + "; ".join(f"{node['html'][:160]} ({node['failureSummary']})" for node in each["nodes"][:5])
        for each in found["violations"]
        if each["impact"] in ("serious", "critical") and not _is_editor(each)
    ]


def _is_editor(violation: dict[str, Any]) -> bool:
    """CodeMirror's text scrolls, and is reached by Tab because it can be written in, which axe-core does not count."""
    return violation["id"] == "scrollable-region-focusable" and all('class="cm-scroller"' in node["html"] for node in violation["nodes"])
