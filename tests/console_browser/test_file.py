"""The home as its file, and a new home: in a browser, with a home that runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console_browser.running import HOME, WITHIN, ConsoleProcess, Looked, OnBus, ended, looking, until
from tests.console_browser.test_people import log_in, verb
from virtual_devices.cli import commands
from virtual_devices.console import texts
from virtual_devices.edge.messages.topics import FLEET, Topics
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.wanted import declared_by

pytestmark = pytest.mark.console
LARGEST = 850_000
"""Bytes of the page over the wire, with nothing of it known before."""


@pytest.fixture
def filed(chromium: Browser, console: ConsoleProcess) -> Iterator[Looked]:
    """The home's file, with its text and revisions."""
    with looking(chromium) as made:
        _opened(made, console)
        yield made
        assert made.wrong == []


def _opened(looked: Looked, console: ConsoleProcess) -> None:
    looked.open(f"{console.url}/home/{HOME}/file")
    expect(looked.page.locator(".cm-content")).to_contain_text(f"home: {HOME}")
    looked.page.locator(".vd-revision").first.wait_for()


def downloaded(page: Page) -> str:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=texts.FILE_DOWNLOAD).click()
    assert waiting.value.suggested_filename.endswith(".yaml")
    return Path(waiting.value.path()).read_text("utf-8")


def put(page: Page, text: str, name: str = "home.yaml") -> None:
    """Open a file in the editor."""
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "application/yaml", "buffer": text.encode()})
    mark = text.splitlines()[0]
    expect(page.locator(".cm-content")).to_contain_text(mark)


def compared(page: Page) -> None:
    page.get_by_role("button", name=texts.FILE_COMPARE).click()


def wanted(bus: OnBus) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads(bus.raw(Topics(HOME, FLEET).wanted))["devices"]
    return found


def test_the_file_is_what_runs_and_says_that_nothing_changes(filed: Looked, bus: OnBus, console: ConsoleProcess) -> None:
    page = filed.page
    text = downloaded(page)
    home = parse(text)
    assert {name: (each.kind, dict(each.settings)) for name, each in declared_by(home).items()} == {
        name: (each["kind"], each["settings"]) for name, each in wanted(bus).items()
    }
    put(page, f"# the same\n{text}")
    compared(page)
    expect(page.get_by_text("nothing is to change")).to_be_visible()
    assert 0 < filed.bytes <= LARGEST
    assert {urlsplit(url).netloc for url in filed.asked if not url.startswith(("data:", "blob:"))} == {f"127.0.0.1:{console.port}"}


def test_a_changed_setting_is_compared_applied_and_rolled_back(filed: Looked, bus: OnBus) -> None:
    page, before = filed.page, bus.state("house")["priority"]
    text = downloaded(page)
    assert page.get_by_role("button", name=texts.FILE_APPLY).is_disabled()
    changed = re.sub(rf"(?m)^(  house:\n(?:    .*\n)*?    priority: ){before}$", r"\g<1>3", text)
    assert changed != text
    put(page, f"# another\n{changed}")
    compared(page)
    expect(page.get_by_text(f"house: priority {before} → 3")).to_be_visible()
    assert bus.state("house")["priority"] == before
    page.get_by_role("button", name=texts.FILE_APPLY).click()
    expect(page.get_by_text("1 device is changed")).to_be_visible()
    until(lambda: bus.state("house")["priority"] == 3, "the device has it", page)
    expect(page.locator(".cm-content")).not_to_contain_text("# another")  # as it runs now
    expect(page.get_by_text(texts.FILE_RUNS_OTHERWISE)).to_be_hidden()
    # and back: shown first, then done
    revision = json.loads(bus.raw(Topics(HOME, FLEET).wanted))["revision"]
    page.get_by_role("button", name=texts.FILE_BACK_TO.format(revision=revision - 1), exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_text([f"house: priority 3 → {before}"])
    assert bus.state("house")["priority"] == 3
    dialog.get_by_role("button", name=texts.FILE_BACK, exact=True).click()
    until(lambda: bus.state("house")["priority"] == before, "back", page)
    expect(dialog).to_be_hidden()


def test_a_wrong_file_is_told_with_its_line_and_changes_nothing(filed: Looked, bus: OnBus) -> None:
    page, before = filed.page, wanted(bus)
    text = downloaded(page)
    wrong = "# wrong\n" + text.replace("\n  lights:\n", "\n  lights:\n    prioritie: 3\n", 1)
    line = wrong[: wrong.index("prioritie")].count("\n") + 1
    put(page, wrong)
    compared(page)
    expect(page.get_by_text("there is no such setting; did you mean 'priority'?")).to_be_visible()
    expect(page.get_by_role("button", name=texts.FILE_LINE_COLUMN.format(line=line, column=5))).to_be_visible()
    expect(page.locator(".cm-line.vd-wrong-line")).to_contain_text("prioritie: 3")
    expect(page.locator(".vd-wrong-word")).to_have_text("prioritie")
    assert page.get_by_role("button", name=texts.FILE_APPLY).is_disabled()
    put(page, "# a tag\nhome: seen\nseed: !!python/object/apply:os.system [id]\n")
    compared(page)
    expect(page.get_by_text("is not understood here; leave it out")).to_be_visible()
    put(page, "# files\n" + text.replace("\n  house:\n", "\n  house:\n    file: nowhere.csv\n", 1))
    compared(page)
    expect(page.get_by_text("there is no such file")).to_be_visible()  # the fleet's words: it reads files where it runs
    page.locator("input[type=file]").set_input_files({"name": "big.yaml", "mimeType": "application/yaml", "buffer": b"x" * ((1 << 20) + 1)})
    expect(page.get_by_text("larger than 1 MiB", exact=False).first).to_be_visible()
    assert wanted(bus) == before


def test_a_home_that_is_changed_meanwhile_is_not_overwritten(filed: Looked, bus: OnBus) -> None:
    page = filed.page
    text = downloaded(page)
    put(page, f"# another\n{text.replace('rated_power: 60 W', 'rated_power: 70 W')}")
    compared(page)
    expect(page.get_by_text("lights: rated_power 60.0 → 70.0")).to_be_visible()
    wish = {"verb": "off", "name": "geyser", "id": "meanwhile", "by": "anna"}
    bus.ask(lambda session: session.client.publish(Topics(HOME, FLEET).request, json.dumps(wish).encode(), 1))
    expect(page.get_by_text(texts.FILE_RUNS_OTHERWISE)).to_be_visible()
    page.get_by_role("button", name=texts.FILE_APPLY).click()
    expect(page.get_by_text(texts.FILE_CHANGED_MEANWHILE)).to_be_visible()
    assert bus.state("lights")["rated_power"] == 60
    page.get_by_role("button", name=texts.FILE_AS_IT_RUNS).click()
    expect(page.locator(".cm-content")).to_contain_text("no file says: geyser")
    back = {"verb": "on", "name": "geyser", "id": "back", "by": "anna"}
    bus.ask(lambda session: session.client.publish(Topics(HOME, FLEET).request, json.dumps(back).encode(), 1))
    expect(page.locator(".cm-content")).not_to_contain_text("no file says: geyser")


def test_who_may_look_reads_and_downloads(chromium: Browser, bus: OnBus, tmp_path: Path) -> None:
    console = ConsoleProcess(tmp_path, bus.endpoint, "--login", "--state", str(tmp_path / "who"))
    try:
        password = verb("grant", "seer", "look", "--state", tmp_path / "who").rpartition("password: ")[2]
        with looking(chromium) as looked:
            log_in(looked, console, "seer", password)
            looked.page.wait_for_url(f"**/home/{HOME}")
            _opened(looked, console)
            page = looked.page
            assert declared_by(parse(downloaded(page))).keys() == wanted(bus).keys()
            expect(page.get_by_text(texts.FILE_LOOK_ONLY)).to_be_visible()
            for name in (texts.FILE_UPLOAD, texts.FILE_COMPARE, texts.FILE_APPLY, texts.FILE_BACK):
                expect(page.get_by_role("button", name=name)).to_have_count(0)
            expect(page.locator("input[type=file]")).to_have_count(0)
            assert looked.wrong == []
    finally:
        ended(console.process)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_new_home_from_a_form(chromium: Browser, console: ConsoleProcess, tmp_path: Path, width: int) -> None:
    with looking(chromium, width) as looked:
        page = looked.page
        looked.open(f"{console.url}/new")
        expect(page.locator(".cm-content")).to_contain_text("home: my_home")
        page.get_by_label(texts.MAKE_HOME_NAME).fill("hill_house")
        row = page.locator(".vd-draft", has_text="roof_north")
        row.get_by_text("roof_north").click()
        row.get_by_label("Capacity", exact=True).fill("4.4 kW")
        expect(row).to_contain_text("capacity 4.4 kW")
        page.get_by_label(texts.MAKE_KIND).click()
        page.get_by_role("option", name="Geyser").click()
        page.get_by_role("button", name=texts.MAKE_ADD, exact=True).click()
        expect(page.locator(".vd-draft", has_text="geyser_2")).to_be_visible()
        page.get_by_role("button", name=texts.MAKE_CHECK).click()
        expect(page.get_by_text("home hill_house is fine: 16 devices")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert 0 < looked.bytes <= LARGEST
        file = tmp_path / "hill_house.yaml"
        file.write_text(downloaded(page), "utf-8")
        home = parse(file.read_text("utf-8"), now=1_790_000_000)
        assert home.entry("roof_north").declared["capacity"] == 4400
        commands.main(["check", str(file)], standalone_mode=False)
        # what cannot be is told at its line
        row.get_by_label("Capacity", exact=True).fill("lots")
        page.get_by_role("button", name=texts.MAKE_CHECK).click()
        expect(page.locator(".vd-wrong-word")).to_be_visible()
        expect(page.get_by_text(re.compile("^device roof_north: setting 'capacity'"))).to_be_visible()
        assert looked.wrong == []


@pytest.mark.parametrize("width", [390, 1280])
def test_a_new_home_from_a_few_answers(chromium: Browser, console: ConsoleProcess, tmp_path: Path, width: int) -> None:
    with looking(chromium, width) as looked:
        page = looked.page
        looked.open(f"{console.url}/new")
        expect(page.locator(".cm-content")).to_contain_text("home: my_home")
        page.get_by_text(texts.MAKE_ANSWERS).click()
        page.get_by_label("Place").fill("Brisbane")
        page.get_by_label("Panels").fill("12 x 450")
        page.get_by_role("button", name=texts.MAKE_BY_ANSWERS).click()
        expect(page.get_by_text("did you mean 12 × 450 W?")).to_be_visible()  # at its field, and the home is as it was
        expect(page.locator(".cm-content")).to_contain_text("latitude: -33.92")
        page.get_by_label("Panels").fill("12 x 450 W north and 4 × 450 W west")
        page.get_by_role("button", name=texts.MAKE_BY_ANSWERS).click()
        expect(page.locator(".cm-content")).to_contain_text("latitude: -27.47")
        expect(page.locator(".vd-draft", has_text="roof_west")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        file = tmp_path / "brisbane.yaml"
        file.write_text(downloaded(page), "utf-8")
        home = parse(file.read_text("utf-8"), now=1_790_000_000)
        assert home.entry("roof_west").declared["capacity"] == 1800
        assert "# 4 × 450 W" in file.read_text("utf-8")
        # a preset is an example too
        page.get_by_label(texts.MAKE_BEGIN_WITH).click()
        page.get_by_role("option", name="cabin").click()
        expect(page.locator(".vd-draft", has_text="grid")).to_have_count(0)
        if picture := os.environ.get("VIRTUAL_DEVICES_PICTURE"):
            page.screenshot(path=f"{picture}-{width}.png", full_page=True)
        assert looked.wrong == []


def test_a_new_home_is_started(chromium: Browser, bus: OnBus, tmp_path: Path) -> None:
    console = ConsoleProcess(tmp_path, bus.endpoint, "--homes", str(tmp_path / "homes"))
    try:
        with looking(chromium) as looked:
            page = looked.page
            looked.open(f"{console.url}/new")
            expect(page.locator(".cm-content")).to_contain_text("home: my_home")
            page.get_by_label(texts.MAKE_HOME_NAME).fill(HOME)
            page.get_by_role("button", name=texts.MAKE_START).click()
            expect(page.locator(".vd-changes .vd-warn")).to_contain_text(HOME)  # there is one already
            page.get_by_label(texts.MAKE_HOME_NAME).fill("hill_house")
            page.get_by_role("button", name=texts.MAKE_START).click()
            page.wait_for_url("**/home/hill_house", timeout=3 * WITHIN * 1000)
            looked.card("roof_north").wait_for()
            assert looked.wrong == []
    finally:
        ended(console.process)
        words = [sys.executable, "-m", "virtual_devices", "forget", "hill_house", "--force", "--broker", bus.endpoint.url]
        subprocess.run(words, check=False, capture_output=True)  # where it was not started there is nothing to forget
