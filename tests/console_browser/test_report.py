"""A report in a browser: nothing is asked of anybody, hovering tells values, every week can be chosen, and without a script the most telling one stands there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.console_browser.running import Looked, looking
from virtual_devices.answers import simulate
from virtual_devices.answers.report.asking import page_of, see
from virtual_devices.kit.calendar import DAY

pytestmark = pytest.mark.console
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks over a change of clocks in Berlin."""
    folder = tmp_path_factory.mktemp("report")
    home = (ROOT / "examples/cape_town.yaml").read_text(encoding="utf-8").replace("Africa/Johannesburg", "Europe/Berlin")
    (folder / "home.yaml").write_text(home, encoding="utf-8")
    simulate.run(simulate.load(folder / "home.yaml", [], start="2026-03-20", step=900), 18 * DAY, record=folder / "run.sqlite")
    page = folder / "report.html"
    page.write_text(page_of([see(folder / "run.sqlite")], 1_700_000_000.0), encoding="utf-8")
    return page


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["screen", "phone"])
def looked(chromium: Browser, report: Path, request: pytest.FixtureRequest) -> Iterator[Looked]:
    width, scheme = request.param
    with looking(chromium, width, color_scheme=scheme) as found:
        found.open(report.as_uri())
        yield found
        assert found.wrong == []
        assert [url for url in found.asked if not url.startswith(("file:", "data:"))] == []


def _paths(looked: Looked) -> list[str]:
    found: list[str] = looked.page.eval_on_selector_all("svg.week path", "paths => paths.map(path => path.getAttribute('d'))")
    return found


def test_the_script_draws_the_first_week_as_the_server_has_drawn_it(looked: Looked, report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    served = [path for week in re.findall(r'<svg[^>]*class="week".*?</svg>', text, re.DOTALL) for path in re.findall(r'<path[^>]* d="([^"]*)"', week)]
    drawn = _paths(looked)
    assert len(served) == len(drawn) > 10
    for one, other in zip(served, drawn, strict=True):
        assert one.count("M") == other.count("M")
    wide = [(_ends(one), _ends(other)) for one, other in zip(served[: len(served) // 2], drawn, strict=False) if one]
    assert all(abs(a - b) <= 1 for one, other in wide for a, b in zip(one, other, strict=True))


def _ends(path: str) -> tuple[float, float, float]:
    """How far to the right a path goes, how high and how deep."""
    across = [float(x) for x in re.findall(r"[MH](-?[\d.]+)", path)]
    down = [float(y) for y in re.findall(r"(?:V|M-?[\d.]+ )(-?[\d.]+)", path)]
    return max(across), min(down), max(down)


def test_weeks_are_chosen_and_hovering_tells_what_was(looked: Looked) -> None:
    page = looked.page
    select, week = page.locator(".chooser select"), page.locator("svg.week:visible")
    expect(page.locator(".chooser")).to_be_visible()
    assert select.locator("option").count() == 4
    before = _paths(looked)
    select.select_option(label="23 – 29 Mar 2026")
    after = _paths(looked)
    page.get_by_role("button", name="later").click()
    assert before != after or _paths(looked) != before
    page.get_by_role("button", name="earlier").click()
    assert _paths(looked) == after
    expect(week.locator(".days text").first).to_have_text("Mon 23")
    box = week.bounding_box()
    assert box is not None
    data: dict[str, Any] = json.loads(page.locator("template.data").evaluate("data => data.content.textContent"))
    left, right = (float(number) for number in str(week.get_attribute("data-x")).split()[2:])
    wide = float(str(week.get_attribute("viewBox")).split()[2])
    noon = left + (right - left) * (6.5 - 1 / 24) / 7  # of Sunday 29th, an hour after clocks were put forward
    week.hover(position={"x": noon / wide * box["width"] + 1, "y": box["height"] / 3})
    tip = page.locator(".vdr .tip")
    expect(tip).to_be_visible()
    expect(tip.locator("b")).to_have_text(re.compile(r"Sun 29 Mar 2026, 1[12]:\d\d"))
    expect(tip).to_contain_text(re.compile(r"loads\d+\.\d\d kW"))
    assert data["weeks"][1][4] == [[6 * 96 + 8, 3600]]
    page.locator("svg.heat:visible").hover(position={"x": box["width"] / 2, "y": 60})
    expect(tip.locator("b")).to_have_text(re.compile(r"\w{3} \d+ \w{3} 2026, \d\d:00"))


def test_the_map_is_chosen(looked: Looked) -> None:
    page = looked.page
    expect(page.locator("svg.heat:visible")).to_have_attribute("data-name", "load")
    page.locator("label[for=vdr-map-import]").click()
    expect(page.locator("svg.heat:visible")).to_have_attribute("data-name", "import")


def test_nothing_is_wider_than_the_screen(looked: Looked) -> None:
    assert looked.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_without_a_script_it_shows_the_most_telling_week(chromium: Browser, report: Path) -> None:
    with looking(chromium, java_script_enabled=False) as found:
        found.open(report.as_uri())
        expect(found.page.locator(".chooser")).to_be_hidden()
        expect(found.page.locator("svg.week:visible .area.sun")).to_have_attribute("d", re.compile("^M"))
        found.page.locator("label[for=vdr-map-sun]").click()
        expect(found.page.locator("svg.heat:visible")).to_have_attribute("data-name", "sun")


def test_it_prints(chromium: Browser, report: Path) -> None:
    with looking(chromium) as found:
        found.open(report.as_uri())
        assert found.page.pdf(format="A4").startswith(b"%PDF")
