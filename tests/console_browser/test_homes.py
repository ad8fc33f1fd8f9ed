"""Homes that a console hosts, and the health of one, as a browser has them."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.console_browser.running import WITHIN, ConsoleProcess, Looked, OnBus, ended, looking, started, until
from tests.machine import family, words_of_children
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.messages.topics import Topics

pytestmark = pytest.mark.console
TEXT = """\
home: little
site: {latitude: 52.5, longitude: 13.4, time_zone: Europe/Berlin}
clock: {start: 2026-06-21 11:30, speed: 60}
devices:
  grid: {price: 0.3, currency: EUR}
  inverter: {rated_power: 5 kW}
  battery: {capacity: 5 kWh}
  house: {kind: base_load, priority: 1}
"""
LONG = 3 * WITHIN * 1000
"""Milliseconds in which a home starts on a slow machine."""


class Hosting:
    """A console that hosts homes, on a broker of its own."""

    def __init__(self, folder: Path, bus: OnBus) -> None:
        self.folder, self.bus, self.homes = folder, bus, folder / "homes"
        self.homes.mkdir()
        (self.homes / "little.yaml").write_text(TEXT, encoding="utf-8")
        self.console = ConsoleProcess(folder, bus.endpoint, "--homes", str(self.homes))

    def pid(self, home: str) -> int:
        """Of the process of a home that runs."""
        children = words_of_children(self.console.process.pid)
        return next(pid for pid, words in children.items() if str(self.homes / f"{home}.yaml") in words)


@pytest.fixture(scope="module")
def hosting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosting]:
    folder = tmp_path_factory.mktemp("hosting")
    with start_broker(folder / "broker", port=0) as broker:
        made = Hosting(folder, OnBus(broker.endpoint))
        yield made
        ended(made.console.process)


@pytest.fixture
def page(chromium: Browser, hosting: Hosting) -> Iterator[Page]:
    """The list of homes."""
    with looking(chromium) as looked:
        looked.open(f"{hosting.console.url}/homes")
        row(looked.page, "little").wait_for()
        looked.connected()
        yield looked.page
        assert looked.wrong == []


def row(page: Page, home: str) -> Locator:
    return page.locator(f'[data-home="{home}"]')


def runs(page: Page, home: str) -> None:
    """Start a home if it does not run, and wait until it does."""
    expect(row(page, home)).to_contain_text(re.compile("running|stopped"), timeout=LONG)
    if "stopped" in row(page, home).inner_text():
        row(page, home).get_by_role("button", name="Start").click()
    expect(row(page, home)).to_contain_text("running 60×", timeout=LONG)


def choose(page: Page, home: str, word: str) -> Locator:
    """The dialog behind a word of a home's menu."""
    row(page, home).get_by_role("button", name="More").click()
    page.get_by_role("menu").get_by_text(word).click()
    return page.get_by_role("dialog")


def test_a_home_is_started_stopped_copied_and_the_copy_deleted(page: Page, hosting: Hosting) -> None:
    expect(row(page, "little")).to_contain_text("stopped")
    runs(page, "little")
    little = row(page, "little")
    for words in ("5 of 5", "in order", "EUR", " W"):
        expect(little).to_contain_text(words, timeout=LONG)
    assert little.get_by_role("link", name="little").get_attribute("href") == "/home/little"
    little.get_by_role("button", name="Stop").click()
    expect(little).to_contain_text("stopped", timeout=LONG)
    runs(page, "little")
    dialog = choose(page, "little", "Copy")
    name = dialog.get_by_label("Name of the new home")
    expect(name).to_have_value("little_2")
    name.fill("Little Two")
    dialog.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("no home can be called 'Little Two'")).to_be_visible()
    name.fill("little_two")
    dialog.get_by_role("button", name="Copy").click()
    expect(row(page, "little_two")).to_contain_text("stopped", timeout=LONG)
    expect(dialog).to_be_hidden()
    runs(page, "little_two")
    assert hosting.bus.raw(Topics("little_two", "clock").about)
    dialog = choose(page, "little_two", "Delete")
    delete = dialog.get_by_role("button", name="Delete")
    expect(delete).to_be_disabled()
    dialog.get_by_label("Home", exact=True).fill("little")
    expect(delete).to_be_disabled()
    dialog.get_by_label("Home", exact=True).fill("little_two")
    delete.click()
    expect(row(page, "little_two")).to_have_count(0, timeout=LONG)
    assert hosting.bus.raw(Topics("little_two", "clock").about) == b""
    assert [path.name for path in hosting.homes.glob("*.yaml")] == ["little.yaml"]
    assert len(list((hosting.homes / "trash").iterdir())) == 1


def test_a_home_whose_process_is_killed_is_told(page: Page, hosting: Hosting) -> None:
    runs(page, "little")
    os.kill(hosting.pid("little"), signal.SIGKILL)
    expect(row(page, "little")).to_contain_text("its process ended (killed by SIGKILL)", timeout=LONG)
    expect(row(page, "little")).to_contain_text("stopped", timeout=LONG)
    row(page, "little").get_by_role("link", name="Health").click()
    page.wait_for_url("**/home/little/health")
    expect(page.get_by_role("alert").filter(has_text="little does not run: its process ended (killed by SIGKILL)")).to_be_visible(timeout=LONG)
    expect(page.get_by_role("log")).to_contain_text("the process ended (killed by SIGKILL)", timeout=LONG)


def test_health_shows_books_devices_memory_logs_and_errors(chromium: Browser, hosting: Hosting) -> None:
    (hosting.folder / "apart.yaml").write_text(TEXT.replace("home: little", "home: apart"), encoding="utf-8")
    home = started(["up", "apart.yaml", "--isolate", "--json", "--speed", "60", "--broker", hosting.bus.endpoint.url], hosting.folder, hosting.folder / "apart.log")
    try:
        with looking(chromium) as looked:
            _health(looked, hosting, home.pid)
    finally:
        ended(home)


def _health(looked: Looked, hosting: Hosting, pid: int) -> None:
    page = looked.page
    until(lambda: hosting.bus.raw(Topics("apart", "inverter").settlement), "it settles", within=3 * WITHIN)
    looked.open(f"{hosting.console.url}/home/apart/health")
    main = page.locator(".vd-main")
    expect(main).to_contain_text("No joule was lost or invented", timeout=LONG)
    digest = page.get_by_text("Digest").inner_text().split()[-1]
    assert re.fullmatch("[0-9a-f]{64}", digest)
    house = page.locator('[data-device="house"]')
    expect(house).to_contain_text("well", timeout=LONG)
    expect(house).to_contain_text(re.compile(r"\d+ MiB"), timeout=LONG)
    # who dies is started again, is counted, and it is logged
    os.kill(family(pid)["house"], signal.SIGKILL)
    expect(house.locator("td").nth(4)).to_have_text("1", timeout=LONG)
    expect(house).to_contain_text("well", timeout=LONG)
    page.get_by_role("button", name="Restart house").click()
    expect(page.get_by_text("house is started again")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Read again").click()
    expect(page.get_by_role("log")).to_contain_text("house", timeout=LONG)
    # what is refused
    hosting.bus.ask(lambda session: session.client.publish(Topics("apart", "grid").command, b'{"mode": 7, "nonsense": 1}', 1))
    expect(page.get_by_role("list")).to_contain_text("nonsense", timeout=LONG)
    page.get_by_role("button", name="Log house").click()
    expect(page.get_by_label("Device")).to_have_value("house")
    assert looked.wrong == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
