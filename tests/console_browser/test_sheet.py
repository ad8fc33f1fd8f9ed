"""A device's sheet: opened by hand or key, what is told there, and what is refused there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.console_browser.running import HOME, Looked, OnBus, until
from virtual_devices.edge.messages.topics import FLEET, Topics

pytestmark = pytest.mark.console


def sheet_of(looked: Looked, device: str, *, key: str | None = None) -> Locator:
    card = looked.card(device)
    if key is None:
        card.click()
    else:
        card.focus()
        looked.page.keyboard.press(key)
    sheet = looked.page.get_by_role("dialog")
    expect(sheet.locator("h2")).to_have_text(device)
    return sheet


def replicas(bus: OnBus, device: str) -> int:
    wanted: dict[str, Any] = json.loads(bus.raw(Topics(HOME, FLEET).wanted))
    return int(wanted["devices"][device]["replicas"])


def test_a_mode_reaches_the_device(looked: Looked, bus: OnBus) -> None:
    sheet = sheet_of(looked, "lights", key="Enter")
    before = bus.state("lights")["mode"]
    sheet.get_by_label("Mode").first.click()
    looked.page.get_by_role("option", name="off", exact=True).click()
    until(lambda: bus.state("lights")["mode"] == "off", "off", looked.page)
    bus.tell("lights", mode=before)


def test_a_wrong_value_is_refused_at_its_field(looked: Looked, bus: OnBus) -> None:
    sheet = sheet_of(looked, "lights")
    before = bus.state("lights")["priority"]
    field = sheet.get_by_label("Priority").first
    if not field.is_visible():
        sheet.get_by_text("All settings").click()
    field.fill("99")
    field.press("Enter")
    why = field.locator("xpath=ancestor::div[contains(@class, 'vd-field')][1]").get_by_role("alert")
    expect(why).to_be_visible()
    assert "priority" in why.inner_text()
    assert bus.state("lights")["priority"] == before


def test_switched_off_and_on_again(looked: Looked, bus: OnBus) -> None:
    sheet = sheet_of(looked, "lights")
    sheet.get_by_role("button", name="Switch off").click()
    until(lambda: replicas(bus, "lights") == 0, "no lights wanted", looked.page)
    until(lambda: "away" in (looked.card("lights").get_attribute("class") or "").split(), "its card is away", looked.page)
    sheet.get_by_role("button", name="Switch on").click()
    until(lambda: replicas(bus, "lights") == 1, "lights wanted", looked.page)
    until(lambda: "away" not in (looked.card("lights").get_attribute("class") or "").split(), "its card is back", looked.page)
