"""The page Answers in a browser: a home's report within the console, of any of its runs, and taken along as a page of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.console_browser.running import HOME, ConsoleProcess, Looked, OnBus, ended, looking, serious
from virtual_devices.answers import simulate
from virtual_devices.console import texts
from virtual_devices.kit.calendar import DAY

pytestmark = pytest.mark.console
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def answering(bus: OnBus, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A console that finds a record of a home that is not on the broker."""
    folder = tmp_path_factory.mktemp("answers")
    (folder / "home").mkdir()
    simulate.run(simulate.load(ROOT / "examples/cape_town.yaml", [], step=900), 10 * DAY, record=folder / "home" / "house.sqlite")
    made = ConsoleProcess(tmp_path_factory.mktemp("answers_console"), bus.endpoint, "--records", str(folder))
    yield made
    ended(made.process)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_report_is_a_page_of_the_console(chromium: Browser, answering: ConsoleProcess, width: int, scheme: Any) -> None:
    with looking(chromium, width, color_scheme=scheme) as looked:
        _shows(looked, answering)
        assert looked.wrong == []
        assert {url.split("/")[2] for url in looked.asked if "://" in url} == {f"127.0.0.1:{answering.port}"}


def _shows(looked: Looked, answering: ConsoleProcess) -> None:
    page = looked.page
    looked.open(f"{answering.url}/home/cape_town/answers")
    expect(page.locator(".vdr .chooser")).to_be_visible()
    assert page.locator(".vdr section").count() == 10
    assert page.locator("template.data").count() == 1
    week = page.locator("svg.week:visible")
    week.hover(position={"x": 200, "y": 60})
    expect(page.locator(".vdr .tip b")).to_have_text(re.compile(r"\w{3} \d+ \w{3} 2026, \d\d:\d\d"))
    expect(page.locator(".vd-nav [aria-current=page]")).to_have_text(texts.PAGES["answers"])
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    later = page.locator(".vdr .chooser button").last
    while later.is_enabled():
        later.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "SELECT"  # not lost with the button
    page.get_by_role("button", name=texts.ANSWERS_AGAIN).click()
    expect(page.locator(".vdr .chooser")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("button", name=texts.ANSWERS_PAGE).click()
    assert taken.value.suggested_filename == "cape_town-report.html"
    assert Path(taken.value.path()).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_home_that_runs_has_answers_while_it_does(looked: Looked, console: ConsoleProcess) -> None:
    looked.open(f"{console.url}/home/{HOME}/answers")
    expect(looked.page.locator(".vdr h2").first).to_have_text("What it came to")


def test_nothing_stands_in_the_way_of_anybody(chromium: Browser, answering: ConsoleProcess, axe: str) -> None:
    with looking(chromium) as looked:
        looked.open(f"{answering.url}/home/cape_town/answers")
        expect(looked.page.locator(".vdr .chooser")).to_be_visible()
        assert serious(looked.page, axe) == []
