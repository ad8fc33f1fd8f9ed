"""The pages as a browser has them: whole, small, and from nowhere else."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.console_browser.running import HOME, ConsoleProcess, Looked, OnBus, looking, until
from virtual_devices.console.parts.flow.balance import balance
from virtual_devices.console.parts.flow.words import Sayings
from virtual_devices.edge.messages.topics import FLEET
from virtual_devices.edge.visitor.picture import Now, Picture

pytestmark = pytest.mark.console
STEP = timedelta(minutes=1)
LARGEST = 450_000
"""Bytes of a home's page over the wire, with nothing of it known before."""


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_whole_small_and_from_here(chromium: Browser, console: ConsoleProcess, width: int) -> None:
    with looking(chromium, width) as looked:
        looked.home(console.url)
        before = looked.page.locator("text=/\\d\\d:\\d\\d:\\d\\d/").first.inner_text()
        until(lambda: looked.page.locator("text=/\\d\\d:\\d\\d:\\d\\d/").first.inner_text() != before, "the time goes on", looked.page)
        assert 0 < looked.bytes <= LARGEST
        assert looked.page.evaluate("document.documentElement.scrollWidth") <= width
        looked.open(f"{console.url}/homes")
        expect(looked.page.get_by_role("main").get_by_role("link", name=HOME)).to_be_visible()
        assert looked.wrong == []
        assert {urlsplit(url).netloc for url in looked.asked if not url.startswith("data:")} == {f"127.0.0.1:{console.port}"}


def test_the_start_leads_to_the_only_home(chromium: Browser, console: ConsoleProcess) -> None:
    with looking(chromium) as looked:
        looked.open(f"{console.url}/")
        looked.page.wait_for_url(f"**/home/{HOME}")
        looked.card("inverter").wait_for()
        assert looked.wrong == []


def test_it_is_dark_for_who_wants_it_dark(chromium: Browser, console: ConsoleProcess) -> None:
    def brightness(scheme: str) -> int:
        with looking(chromium, color_scheme=scheme) as looked:
            looked.home(console.url)
            colour = looked.page.evaluate("getComputedStyle(document.body).backgroundColor")
            return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))

    assert brightness("dark") < 150
    assert brightness("light") > 600


def test_the_picture_is_what_is_on_the_bus(looked: Looked, bus: OnBus) -> None:
    looked.page.get_by_role("button", name="Pause").click()
    until(lambda: bus.state("clock")["paused"], "paused", looked.page)

    def now() -> Now:
        picture = Picture(HOME)
        picture.devices.update({name: seen for name, seen in bus.ask(lambda session: session.devices(HOME)).items() if name != FLEET})
        return picture.now()

    def shown(names: list[str]) -> list[str]:
        return [looked.card(name).locator(".vd-watts").text_content() or "" for name in names]

    flows = {flow.name: flow for each in [now()] for flow in (*each.sources, *each.stores, *each.grids, *each.loads)}
    assert set(flows) == {"roof", "battery", "grid", "house", "lights", "geyser"}

    def same() -> bool:
        flows.update({flow.name: flow for each in [now()] for flow in (*each.sources, *each.stores, *each.grids, *each.loads)})
        return shown(list(flows)) == [Sayings({}).of_flow(flow)[1] for flow in flows.values()]

    until(lambda: abs(balance(now()).gap) < 1.0, "all have told the last window", looked.page)
    until(same, "the same", looked.page)
    assert any(flow.power for flow in flows.values())
    sun, battery, grid, loss, *loads = (_watts(text) for text in shown(["roof", "battery", "grid", "inverter", "house", "lights", "geyser"]))
    battery, grid = (-size if (flows[name].power or 0.0) < 0 else size for name, size in (("battery", battery), ("grid", grid)))
    assert sun + battery + grid - sum(loads) - loss == pytest.approx(0, abs=5)  # each is rounded to a watt
    looked.page.get_by_role("button", name="Go on").click()
    until(lambda: not bus.state("clock")["paused"], "on its way", looked.page)


def _watts(text: str) -> float:
    return float(text.removeprefix("loses ").removesuffix(" W"))


def _time(bus: OnBus) -> datetime:
    return datetime.fromisoformat(bus.state("clock")["time"])


def test_the_clock_obeys(looked: Looked, bus: OnBus) -> None:
    page = looked.page
    page.get_by_role("button", name="600×", exact=True).click()
    until(lambda: bus.state("clock")["speed"] == 600, "600×", page)
    expect(page.get_by_role("button", name="600×", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="60×", exact=True).click()
    until(lambda: bus.state("clock")["speed"] == 60, "60×", page)
    page.get_by_role("button", name="Pause").click()
    until(lambda: bus.state("clock")["paused"], "paused", page)
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    before = _time(bus)
    page.get_by_role("button", name="One step").click()
    until(lambda: _time(bus) - before == STEP, "one step later", page)
    page.get_by_role("button", name="Go on").click()
    until(lambda: _time(bus) - before > 2 * STEP, "on its way", page)


def test_pulling_the_grid(looked: Looked, bus: OnBus) -> None:
    page = looked.page
    page.get_by_role("button", name="Pull the grid").click()
    until(lambda: bus.state("grid")["main_switch"] is False, "pulled", page)
    expect(page.locator(".vd-flow:visible .vd-line.grid.cut").first).to_be_attached()
    until(lambda: "off" in (looked.card("grid").get_attribute("class") or "").split(), "its card is off", page)
    page.get_by_role("button", name="Connect the grid").click()
    until(lambda: bus.state("grid")["main_switch"] is True, "connected", page)
    expect(page.locator(".vd-flow:visible .vd-line.grid.cut")).to_have_count(0)


def test_two_browsers_agree(looked: Looked, chromium: Browser, console: ConsoleProcess) -> None:
    with looking(chromium, 390) as other:
        other.home(console.url)
        looked.page.get_by_role("button", name="Pause").click()
        expect(looked.page.get_by_role("button", name="Go on")).to_be_visible()
        expect(other.page.get_by_role("button", name="Go on")).to_be_visible(timeout=1000)
        other.page.get_by_role("button", name="Go on").click()
        expect(other.page.get_by_role("button", name="Pause")).to_be_visible()
        expect(looked.page.get_by_role("button", name="Pause")).to_be_visible(timeout=1000)
        assert other.wrong == []


def test_what_strangers_write_stays_text(looked: Looked, bus: OnBus) -> None:
    script = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    about = {"kind": "lights", "ability": "consumes", "title": script, "version": script}
    bus.publish(
        "forged", about=json.dumps(about).encode(), availability=b"online",
        state=json.dumps({"power": 5.0, "mode": script, "circuit": script, "decision_text": script, "supplied": script}).encode(),
    )  # fmt: skip
    try:
        card = looked.card("forged")
        expect(card).to_be_visible()
        assert script in (card.locator("title").text_content() or "")
        card.click()
        expect(looked.page.get_by_role("dialog")).to_contain_text("forged")
        looked.page.get_by_role("dialog").get_by_text("Readings").click()
        assert looked.page.locator("img").count() == 0
        assert "alert(2)" not in "".join(looked.page.locator("script").all_text_contents())
    finally:
        bus.publish("forged", about=b"", availability=b"", state=b"")


@pytest.mark.parametrize(("locale", "point"), [("de-DE", ","), ("en-US", ".")])
def test_numbers_are_written_as_the_browser_does(chromium: Browser, console: ConsoleProcess, locale: str, point: str) -> None:
    with looking(chromium, locale=locale) as looked:
        looked.home(console.url)
        expect(looked.page.locator(".vd-row", has_text="kWh").first).to_contain_text(re.compile(rf"\d\{point}\d kWh"))
        assert looked.wrong == []
