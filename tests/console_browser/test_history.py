"""The page History in a browser: a home's record as it grows, looked at more closely, asked about, and taken along."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.console_browser.running import HOME, ConsoleProcess, Looked, OnBus, ended, looking, serious, until
from tests.record.recorded import home, settled, write
from virtual_devices.console import texts
from virtual_devices.kit.calendar import DAY, calendar
from virtual_devices.record.store.happenings import COMMAND, Happening
from virtual_devices.record.store.writer import RecordWriter

pytestmark = pytest.mark.console
LARGEST = 850_000
"""Bytes of a page with charts over the wire, with nothing of it known before."""
PAST = "berlin"
START = home("2026-06-21").start
SHOWN = "() => getElement(document.querySelector('.vd-past-chart').id.slice(1)).chart.getOption()"
"""What the chart shows, as it knows itself."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with a record of five days, in which somebody changed something."""
    folder = tmp_path_factory.mktemp("past") / "home"
    folder.mkdir()
    path = write(folder / "long.sqlite", settled(home("2026-06-21"), 5 * DAY), zone="Europe/Berlin", step=300)
    path.rename(folder / "house.sqlite")
    writer = RecordWriter(folder / "house.sqlite", PAST, "house", {})
    writer.happened(Happening(START + 4 * DAY + 9 * 3600, "inverter", COMMAND, {"changes": {"battery_low_capacity": 35}, "by": "anna (console)"}))
    writer.happened(Happening(START + 4 * DAY + 10 * 3600, "oven", COMMAND, {"changes": {"mode": "<img src=x onerror=alert(1)>"}, "by": "mallory"}))
    writer.write()
    writer.close()
    return folder.parent


@pytest.fixture(scope="module")
def past(bus: OnBus, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A console that finds it."""
    made = ConsoleProcess(tmp_path_factory.mktemp("past_console"), bus.endpoint, "--records", str(folder))
    yield made
    ended(made.process)


def opened(looked: Looked, url: str, name: str) -> Locator:
    looked.open(f"{url}/home/{name}/history")
    chart = looked.page.locator(".vd-past-chart").first
    chart.locator("canvas").wait_for()
    until(lambda: points(looked.page), "the chart has points", looked.page)
    return chart


def points(page: Page) -> int:
    """How many its first curve has."""
    return int(page.evaluate(f"() => {{ const shown = ({SHOWN})(); return shown.series?.[0]?.data?.length ?? 0; }}"))


def bounds(page: Page) -> tuple[int, int]:
    """What it shows: UTC seconds, as if the home's clocks showed UTC."""
    start, end = page.evaluate(f"() => {{ const shown = ({SHOWN})(); return [shown.xAxis[0].min, shown.xAxis[0].max]; }}")
    return start // 1000, end // 1000


def at(page: Page, chart: Locator, wall: int) -> None:
    """Click the chart where a time is."""
    x, y = page.evaluate(
        "(time) => { const chart = getElement(document.querySelector('.vd-past-chart').id.slice(1)).chart;"
        " return chart.convertToPixel({ gridIndex: 0 }, [time * 1000, 0]); }", wall,
    )  # fmt: skip
    box = chart.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + y - 20)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_home_that_runs_tells_its_past(chromium: Browser, console: ConsoleProcess, bus: OnBus, width: int) -> None:
    with looking(chromium, width) as looked:
        opened(looked, console.url, HOME)
        assert 0 < looked.bytes <= LARGEST
        assert looked.page.evaluate("document.documentElement.scrollWidth") <= width
        bus.tell("lights", priority=3)
        bus.tell("lights", priority=2)
        expect(looked.page.get_by_role("cell", name="priority = 2, by").first).to_be_visible()  # it follows
        assert looked.wrong == []


def test_looking_more_closely(chromium: Browser, past: ConsoleProcess) -> None:
    with looking(chromium) as looked:
        page = looked.page
        chart = opened(looked, past.url, PAST)
        assert bounds(page)[1] - bounds(page)[0] == DAY
        page.get_by_role("button", name="All", exact=True).click()
        until(lambda: bounds(page)[1] - bounds(page)[0] == 5 * DAY, "all of it", page)
        expect(page.get_by_role("button", name="All", exact=True)).to_have_attribute("aria-pressed", "true")
        by_hour = points(page)
        assert by_hour <= 5 * 24 + 2
        page.evaluate("() => getElement(document.querySelector('.vd-past-chart').id.slice(1)).chart.dispatchAction({ type: 'dataZoom', start: 40, end: 60 })")
        until(lambda: bounds(page)[1] - bounds(page)[0] == DAY, "a day of it", page)
        until(lambda: points(page) in (97, 98), "by quarters of an hour", page)
        box = chart.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 400, box["y"] + 150)
        page.keyboard.down("Control")
        for _ in range(30):  # until step by step
            page.mouse.wheel(0, -400)
        page.keyboard.up("Control")
        until(lambda: 900 <= bounds(page)[1] - bounds(page)[0] < DAY / 2, "closer", page)
        page.get_by_role("button", name="Zoom out").click()
        page.get_by_role("button", name="Day", exact=True).click()
        until(lambda: bounds(page)[1] - bounds(page)[0] == DAY, "a day", page)
        before = bounds(page)
        page.get_by_role("button", name="Earlier").click()
        until(lambda: bounds(page)[1] == before[0], "the day before", page)
        page.get_by_label("Date").fill("2026-06-22")
        until(lambda: bounds(page)[0] == START + 2 * 3600 + DAY, "that day", page)
        assert looked.wrong == []


def test_a_moment_tells_why(chromium: Browser, past: ConsoleProcess) -> None:
    with looking(chromium) as looked:
        page = looked.page
        chart = opened(looked, past.url, PAST)
        wall = START + 4 * DAY + 12 * 3600
        at(page, chart, wall + calendar("Europe/Berlin").offset(wall))
        panel = page.locator("section", has=page.get_by_role("heading", name=texts.AT_A_MOMENT))
        expect(panel.get_by_text("Given in the step from 1", exact=False)).to_be_visible()
        expect(panel.get_by_role("row", name="inverter.battery_low_capacity")).to_contain_text("35")
        expect(panel.get_by_role("row", name="inverter.battery_low_capacity")).to_contain_text("anna (console), 2026-06-25 09:00:00")
        panel.get_by_label("Moment").fill("2026-06-25T08:30:00")
        panel.get_by_role("button", name="Why?").click()
        expect(panel.get_by_text("2026-06-25 08:30:00 (Europe/Berlin)", exact=False)).to_be_visible()
        expect(panel.get_by_role("row", name="inverter.battery_low_capacity")).to_have_count(0)
        panel.get_by_label("Moment").fill("2031-01-01T00:00:00")
        panel.get_by_role("button", name="Why?").click()
        expect(panel.get_by_role("alert")).to_contain_text("nothing is recorded at 2031-01-01 00:00")
        listed = page.locator("section", has=page.get_by_role("heading", name=texts.WHAT_HAPPENED))
        row = listed.get_by_role("row").filter(has_text="mallory")
        expect(row).to_contain_text("<img src=x onerror=alert(1)>")
        button = row.get_by_role("button")
        button.focus()
        page.keyboard.press("Enter")
        expect(panel.get_by_text("2026-06-25 10:00:00 (Europe/Berlin)", exact=False)).to_be_visible()
        listed.get_by_role("checkbox", name=texts.HAPPENED[COMMAND]).click()
        expect(listed.get_by_text(texts.NOTHING_HAPPENED)).to_be_visible()
        assert looked.wrong == []


def test_what_is_shown_is_taken_along(chromium: Browser, past: ConsoleProcess, folder: Path, tmp_path: Path) -> None:
    with looking(chromium) as looked:
        opened(looked, past.url, PAST)
        with looked.page.expect_download() as waited:
            looked.page.get_by_role("button", name=texts.CSV).click()
        waited.value.save_as(tmp_path / "it.csv")
        assert waited.value.suggested_filename == "berlin-2026-06-25-15min.csv"
        words = ["history", str(folder / "home" / "house.sqlite"), "--day", "2026-06-25", "--every", "15min", "--csv", "-"]
        done = subprocess.run([sys.executable, "-m", "virtual_devices", *words], capture_output=True, check=True)
        assert (tmp_path / "it.csv").read_bytes() == done.stdout
        assert len(done.stdout.splitlines()) == 97
        assert looked.wrong == []


def test_the_verb_tells_the_same(chromium: Browser, past: ConsoleProcess, folder: Path) -> None:
    words = ["why", str(folder / "home" / "house.sqlite"), "2026-06-25 12:00", "--json"]
    done = subprocess.run([sys.executable, "-m", "virtual_devices", *words], capture_output=True, check=True)
    power = json.loads(done.stdout)["flows"]["power_w"]["load_served"]
    with looking(chromium) as looked:
        opened(looked, past.url, PAST)
        looked.page.get_by_label("Moment").fill("2026-06-25T12:00:00")
        looked.page.get_by_role("button", name="Why?").click()
        words_of_it = f"loads {power / 1000:.2f} kW" if power >= 1000 else f"loads {power:.0f} W"
        expect(looked.page.get_by_text(words_of_it, exact=False)).to_be_visible()


def test_a_home_without_a_record_says_how_to_get_one(chromium: Browser, past: ConsoleProcess) -> None:
    with looking(chromium) as looked:
        looked.open(f"{past.url}/home/{HOME}/history")
        expect(looked.page.get_by_text(texts.NO_RECORD)).to_be_visible()
        expect(looked.page.get_by_text("--records", exact=False)).to_be_visible()
        looked.open(f"{past.url}/home/nobody/history")
        expect(looked.page.get_by_text(texts.NOT_THERE)).to_be_visible()
        assert looked.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_in_the_way_of_who_cannot_see(chromium: Browser, past: ConsoleProcess, axe: str, scheme: str) -> None:
    """With all of it filled; an empty page is looked at with the others."""
    with looking(chromium, color_scheme=scheme) as looked:
        opened(looked, past.url, PAST)
        looked.page.get_by_label("Moment").fill("2026-06-25T12:00:00")
        looked.page.get_by_role("button", name="Why?").click()
        expect(looked.page.get_by_role("row", name="inverter.battery_low_capacity")).to_be_visible()
        assert serious(looked.page, axe) == []
