"""The plan: its six programs, what they would lead to, and the way to the inverter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect
from playwright.sync_api import TimeoutError as NotInTime

from tests.console_browser.running import HOME, WITHIN, ConsoleProcess, Looked, OnBus, ended, looking, until
from virtual_devices.console.door.auth import Users
from virtual_devices.console.door.roles import PersonRole

pytestmark = pytest.mark.console
LARGEST = 850_000
"""Bytes of the page over the wire, with nothing of it known before: the library that draws charts is most of them."""
SECONDS = 60_000


@pytest.fixture(autouse=True)
def _patient() -> Iterator[None]:
    """The machine may be slow."""
    expect.set_options(timeout=WITHIN * 1000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def planned(chromium: Browser, console: ConsoleProcess, bus: OnBus) -> Iterator[Looked]:
    """The page, of an inverter whose timer is on."""
    before = bus.state("inverter")
    bus.tell("inverter", use_timer=True)
    with looking(chromium) as looked:
        opened(looked, console)
        yield looked
        assert looked.wrong == []
    bus.tell("inverter", **{name: before[name] for name in before if name.startswith(("prog", "use_timer", "grid_charge"))})


def opened(looked: Looked, console: ConsoleProcess) -> None:
    looked.open(f"{console.url}/home/{HOME}/plan")
    looked.page.get_by_role("button", name="Simulate").wait_for()
    looked.page.locator(".vd-plan-guide").wait_for(state="attached")  # it is made by what comes over the page's line to the console


def field(looked: Looked, title: str) -> Locator:
    return looked.page.get_by_label(title, exact=True)


def write(looked: Looked, title: str, text: str) -> None:
    field(looked, title).fill(text)
    field(looked, title).press("Tab")


def why_at(looked: Looked, title: str) -> Locator:
    return field(looked, title).locator("xpath=ancestor::div[contains(@class, 'vd-plan-field')][1]").get_by_role("alert")


def bills(looked: Looked) -> list[str]:
    """Of each plan, as soon as they are there."""
    row = looked.page.get_by_role("row").filter(has=looked.page.get_by_role("rowheader", name="Bill", exact=True))
    expect(row).to_be_visible(timeout=SECONDS)
    return row.get_by_role("cell").all_inner_texts()


def test_six_programs_simulated_applied_and_undone(planned: Looked, bus: OnBus) -> None:
    page = planned.page
    expect(page.get_by_role("rowheader", name=re.compile(r"Program \d"))).to_have_count(6)
    for number in range(1, 7):
        expect(field(planned, f"Program {number} capacity")).to_have_value("100")
        expect(field(planned, f"Program {number} time")).to_be_visible()
    expect(page.locator(".nicegui-echart canvas")).to_be_visible()
    for number in range(1, 7):
        write(planned, f"Program {number} capacity", "30")
    write(planned, "Program 2 power", "3 kW")
    page.get_by_role("button", name="Simulate").click()
    present, this = bills(planned)
    assert present.endswith("ZAR")
    assert float(this.split()[0]) < float(present.split()[0]), "a battery that serves the night buys less"
    expect(page.get_by_text("This plan is better by")).to_be_visible()
    assert bus.state("inverter")["prog1_capacity"] == 100, "nothing is sent before it is applied"
    page.get_by_role("button", name="Apply").click()
    until(lambda: bus.state("inverter")["prog6_capacity"] == 30, "the inverter has it", page)
    state = bus.state("inverter")
    assert [state[f"prog{number}_capacity"] for number in range(1, 7)] == [30] * 6
    assert state["prog2_power"] == 3000
    expect(page.get_by_text("The inverter has this plan.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    until(lambda: bus.state("inverter")["prog2_power"] == 5000, "the inverter has the one before", page)
    assert bus.state("inverter")["prog1_capacity"] == 100
    expect(field(planned, "Program 1 capacity")).to_have_value("100")


def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_sent(planned: Looked, bus: OnBus) -> None:
    page = planned.page
    write(planned, "Program 3 capacity", "130")
    expect(why_at(planned, "Program 3 capacity")).to_contain_text("use 0 to 100 %")
    write(planned, "Program 4 power", "3 kW")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Nothing was sent")).to_be_visible()
    write(planned, "Program 3 capacity", "5")  # a number that may be, and that the inverter refuses beside its other settings
    expect(why_at(planned, "Program 3 capacity")).to_be_hidden()
    page.get_by_role("button", name="Apply").click()
    expect(why_at(planned, "Program 3 capacity")).to_contain_text("below battery_low_capacity")
    page.get_by_role("button", name="Simulate").click()
    expect(why_at(planned, "Program 3 capacity")).to_contain_text("below battery_low_capacity", timeout=SECONDS)
    state = bus.state("inverter")
    assert (state["prog3_capacity"], state["prog4_power"]) == (100, 5000), "all of a plan or nothing"
    page.get_by_role("button", name="As the inverter has it").click()
    expect(field(planned, "Program 3 capacity")).to_have_value("100")


def test_cancelled_and_two_at_once_beside_a_home_that_goes_on(planned: Looked, chromium: Browser, console: ConsoleProcess) -> None:
    with looking(chromium) as other, looking(chromium) as third, looking(chromium) as at_home:
        pages = [planned, other, third]
        opened(other, console)
        opened(third, console)
        for each in pages:
            each.page.get_by_label("How far").click()
            each.page.get_by_role("option", name="7 days").click()
            write(each, "Program 1 capacity", "40")
        for each in pages:
            each.page.get_by_role("button", name="Simulate").click()
            expect(each.page.get_by_role("button", name="Cancel")).to_be_visible()
        at_home.home(console.url)
        clock = at_home.page.locator("text=/\\d\\d:\\d\\d:\\d\\d/").first
        before = clock.inner_text()
        until(lambda: clock.inner_text() != before, "its time goes on meanwhile", at_home.page)
        for each in pages:
            button = each.page.get_by_role("button", name="Cancel")
            with suppress(NotInTime):  # a fast machine may have found it
                button.click(timeout=2000)
                expect(each.page.get_by_text("Cancelled; nothing was changed.")).to_be_visible()
            expect(button).to_be_hidden(timeout=SECONDS)
            expect(each.page.get_by_role("button", name="Simulate")).to_be_enabled()
        assert other.wrong == third.wrong == at_home.wrong == []


def test_the_begin_of_a_program_is_dragged_in_the_chart(planned: Looked) -> None:
    page = planned.page
    write(planned, "Program 5 capacity", "50")
    chart = page.locator(".nicegui-echart")
    chart.scroll_into_view_if_needed()

    def places() -> list[float] | None:
        """Where 16:00 and 18:00 are, from the chart's left and top."""
        script = """(element) => {
            const chart = getElement(Number(element.id.slice(1))).chart, target = chart.getOption().series.find((each) => each.id === "target");
            const points = target ? target.data.slice(1, -1) : [], begin = points.find(([time]) => (time / 60000) % 1440 === 960);
            if (!begin || points.every(([, level]) => level === 100) || !element.querySelector(".vd-plan-guide")) return null;
            const [one, other] = [begin[0], begin[0] + 7200000].map((time) => chart.convertToPixel({ xAxisIndex: 1 }, time));
            return [one, other, chart.convertToPixel({ yAxisIndex: 1 }, 50)];
        }"""
        found: list[float] | None = chart.evaluate(script)
        return found

    found = until(places, "the chart has the program", page)
    box = chart.bounding_box()
    assert found is not None
    assert box is not None
    page.mouse.move(box["x"] + found[0], box["y"] + found[2])
    page.mouse.down()
    page.mouse.move(box["x"] + found[1], box["y"] + found[2], steps=4)
    page.mouse.up()
    expect(field(planned, "Program 5 time")).to_have_value("18:00")


def test_who_may_look_sees_the_plan_and_can_do_nothing(chromium: Browser, bus: OnBus, tmp_path: Path) -> None:
    Users(tmp_path / "who").grant("seer", PersonRole.LOOK, "a password of this test")
    console = ConsoleProcess(tmp_path, bus.endpoint, "--login", "--state", str(tmp_path / "who"))
    try:
        with looking(chromium) as looked:
            looked.open(f"{console.url}/home/{HOME}/plan")
            looked.page.get_by_label("Name").fill("seer")
            looked.page.get_by_label("Password").fill("a password of this test")
            looked.page.get_by_role("button", name="Log in").click()
            looked.page.wait_for_url(f"**/home/{HOME}")
            looked.open(f"{console.url}/home/{HOME}/plan")
            expect(looked.page.get_by_text("take the role operate")).to_be_visible()
            expect(field(looked, "Program 1 capacity")).to_be_disabled()
            for name in ("Simulate", "Apply", "Undo"):
                expect(looked.page.get_by_role("button", name=name, exact=True)).to_be_hidden()
            assert looked.wrong == []
    finally:
        ended(console.process)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_whole_small_and_from_here(chromium: Browser, console: ConsoleProcess, width: int) -> None:
    with looking(chromium, width) as looked:
        opened(looked, console)
        expect(looked.page.locator(".nicegui-echart canvas")).to_be_visible()
        expect(looked.page.get_by_text(re.compile("A kWh from the grid costs the same at every hour"))).to_be_visible()
        assert 0 < looked.bytes <= LARGEST
        assert looked.page.evaluate("document.documentElement.scrollWidth") <= width
        assert looked.wrong == []
