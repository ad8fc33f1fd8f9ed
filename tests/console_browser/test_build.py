"""Building a home in a browser: by dragging, by menus and keys, by touch; what is refused says so where it is, and all of it can be taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.console_browser.running import HOME, WITHIN, ConsoleProcess, Looked, OnBus, ended, looking, serious, until
from tests.console_browser.test_pages import LARGEST
from tests.console_browser.test_people import log_in, verb
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.edge.messages.topics import FLEET, Topics
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.asking import AskedFleet
from virtual_devices.kit.errors import VirtualDevicesError

pytestmark = pytest.mark.console
expect.set_options(timeout=WITHIN * 1000)


def wanted(bus: OnBus) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bus.raw(Topics(HOME, FLEET).wanted))["devices"]
    return found


def wish(bus: OnBus, verb: str, *words: Any) -> None:
    def ask(session: Session) -> None:
        session.loop.complete(getattr(AskedFleet(session, HOME), verb)(*words, "test"))

    bus.ask(ask)


def in_ledger(bus: OnBus, name: str) -> bool:
    """Whether a load had a part in one of the last windows."""
    records = bus.ask(lambda session: session.collect(f"virtual/{HOME}/+/ledger/#"))
    return any(name in read_ledger(payload).demand for payload in records.values() if payload)


def opened(looked: Looked, url: str) -> Looked:
    looked.open(f"{url}/home/{HOME}/build")
    card(looked, "inverter").wait_for()
    looked.connected()
    return looked


def card(looked: Looked, name: str) -> Locator:
    return looked.page.locator(f'.vd-card-row:has([data-act="open"][data-name="{name}"])')


def place(looked: Looked, zone: str) -> Locator:
    return looked.page.locator(f'[data-zone="{zone}"]')


def kind(looked: Looked, name: str) -> Locator:
    return looked.page.locator(f'.vd-kind[data-name="{name}"]')


def on(looked: Looked, zone: str, name: str) -> Locator:
    """A device's card at a place."""
    row = f'> .vd-build-card > .vd-card-row:has([data-act="open"][data-name="{name}"])'
    return looked.page.locator(f'section[data-zone="{zone}"] {row}, article[data-zone="{zone}"] > .vd-zone-circuit {row}')


def menu(looked: Looked, name: str) -> Locator:
    card(looked, name).get_by_role("button", name=f"Menu of {name}").click()
    return shown(looked, name)


def shown(looked: Looked, title: str) -> Locator:
    """The dialog of that title; another one may just be closing."""
    page = looked.page
    dialog = page.get_by_role("dialog").filter(has=page.get_by_role("heading", name=title, exact=True)).last
    expect(dialog).to_be_visible()
    return dialog


def field_of(control: Locator) -> Locator:
    """A control with all that stands at it."""
    return control.locator("xpath=ancestor::div[contains(@class, 'vd-field')][1]")


def undo(looked: Looked) -> None:
    button = looked.page.locator("[data-undo]")
    expect(button).to_be_enabled()
    button.click()


@pytest.fixture
def built(chromium: Browser, console: ConsoleProcess, bus: OnBus) -> Iterator[Looked]:
    """The page; whatever is built on it is gone afterwards."""
    before = wanted(bus)
    with looking(chromium) as made:
        yield opened(made, console.url)
        assert made.wrong == []
    for name in sorted(wanted(bus).keys() - before.keys(), key=lambda name: name == "strip"):
        with suppress(VirtualDevicesError):
            wish(bus, "remove", name)
    assert wanted(bus) == before


def test_an_oven_is_dragged_in_and_rewired(built: Looked, bus: OnBus) -> None:
    kind(built, "smart_switch").drag_to(place(built, "on:essential"))
    expect(on(built, "on:essential", "smart_switch")).to_be_visible()
    kind(built, "oven").drag_to(place(built, "on:smart_switch"))
    expect(on(built, "on:smart_switch", "oven")).to_be_visible()
    expect(card(built, "oven")).to_contain_text(" W")
    assert wanted(bus)["oven"]["settings"] == {"circuit": "smart_switch"}
    assert wanted(bus)["oven"]["live"] is True
    until(lambda: in_ledger(bus, "oven"), "the oven is in the ledger", built.page)
    kind(built, "oven").drag_to(place(built, "on:aux"))
    expect(on(built, "on:aux", "oven_2")).to_be_visible()

    bus.tell("oven", mode="on")
    expect(card(built, "oven").locator(".vd-card-told")).to_contain_text("2000 W")
    expect(card(built, "smart_switch").locator(".vd-card-told")).to_contain_text("2000 W")
    card(built, "oven").drag_to(place(built, "on:non_essential"))
    expect(on(built, "on:non_essential", "oven")).to_be_visible()
    until(lambda: bus.state("oven")["circuit"] == "non_essential", "rewired", built.page)
    expect(card(built, "smart_switch").locator(".vd-card-told")).not_to_contain_text("2000 W")
    built.page.keyboard.press("Control+z")
    expect(on(built, "on:smart_switch", "oven")).to_be_visible()
    until(lambda: bus.state("oven")["circuit"] == "smart_switch", "back", built.page)

    card(built, "smart_switch").drag_to(place(built, "at:bin"))
    expect(card(built, "smart_switch")).to_have_count(0)
    expect(on(built, "on:essential", "oven")).to_be_visible()
    assert wanted(bus)["oven"]["settings"] == {"circuit": "essential"}
    undo(built)
    expect(on(built, "on:smart_switch", "oven")).to_be_visible()
    undo(built)
    undo(built)
    undo(built)
    expect(built.page.locator("[data-undo]")).to_be_disabled()
    assert not {"smart_switch", "oven", "oven_2"} & wanted(bus).keys()


def test_the_same_by_keyboard(built: Looked, bus: OnBus) -> None:
    page = built.page
    page.get_by_role("button", name="Add TV to …").focus()
    page.keyboard.press("Enter")
    dialog = shown(built, "Add TV to …")
    dialog.get_by_role("button", name="Aux").focus()
    page.keyboard.press("Enter")
    expect(on(built, "on:aux", "tv")).to_be_visible()
    button = card(built, "tv").get_by_role("button", name="Menu of tv")
    expect(button).to_be_focused()
    expect(card(built, "tv")).to_contain_text(" W")
    page.keyboard.press("Enter")
    shown(built, "tv").get_by_role("button", name="Essential", exact=True).focus()
    page.keyboard.press("Enter")
    expect(on(built, "on:essential", "tv")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    menu(built, "tv").get_by_role("button", name="Copy").click()
    expect(on(built, "on:essential", "tv_2")).to_be_visible()
    assert wanted(bus)["tv_2"]["settings"] == {"circuit": "essential"}
    menu(built, "tv_2").get_by_role("button", name="Rename").click()
    dialog = shown(built, "Rename: tv_2")
    dialog.get_by_label("New name").fill("Big TV")
    dialog.get_by_label("New name").press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("lower case")
    dialog.get_by_label("New name").fill("telly")
    dialog.get_by_label("New name").press("Enter")
    expect(on(built, "on:essential", "telly")).to_be_visible()
    assert wanted(bus)["telly"] == {"kind": "tv", "settings": {"circuit": "essential", "former_name": "tv_2"}, "replicas": 1, "live": True}
    assert "tv_2" not in wanted(bus)
    menu(built, "tv").get_by_role("button", name="Switch off").click()
    until(lambda: wanted(bus)["tv"]["replicas"] == 0, "switched off", page)
    menu(built, "tv").get_by_role("button", name="Remove").click()
    expect(card(built, "tv")).to_have_count(0)
    undo(built)
    until(lambda: wanted(bus).get("tv", {}).get("replicas") == 0, "there again, and switched off", page)
    expect(card(built, "tv")).to_contain_text("off")


def test_by_touch(chromium: Browser, console: ConsoleProcess, bus: OnBus, built: Looked) -> None:
    with looking(chromium, 390, 800, has_touch=True, is_mobile=True) as phone:
        opened(phone, console.url)
        expect(kind(phone, "geyser")).to_be_hidden()
        phone.page.get_by_role("button", name="Add a device").tap()
        phone.page.get_by_role("button", name="Add Geyser to …").tap()
        shown(phone, "Add Geyser to …").get_by_role("button", name="Essential", exact=True).tap()
        expect(on(phone, "on:essential", "geyser_2")).to_be_visible()
        expect(on(built, "on:essential", "geyser_2")).to_be_visible()  # whoever else looks sees it too
        expect(card(phone, "geyser_2")).to_contain_text(" W")
        card(phone, "geyser_2").get_by_role("button", name="Menu of geyser_2").tap()
        shown(phone, "geyser_2").get_by_role("button", name="Non-essential").tap()
        expect(on(phone, "on:non_essential", "geyser_2")).to_be_visible()
        width = phone.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, "nothing stands out at the side"
        assert phone.wrong == []


def test_wrong_settings_are_refused_at_their_fields(built: Looked, bus: OnBus) -> None:
    page = built.page
    page.get_by_role("button", name="Add Lights to …").click()
    dialog = shown(built, "Add Lights to …")
    dialog.get_by_text("Name and settings").click()
    power = dialog.get_by_label("Rated power")
    power.fill("99 MW")
    dialog.get_by_role("button", name="Aux").click()
    alert = dialog.get_by_role("alert").filter(visible=True)
    expect(alert).to_have_count(1)
    expect(field_of(power).get_by_role("alert")).to_have_text("'99 MW' is out of range; use 0 to 5000 W")
    power.fill("120 W")
    dialog.get_by_label("Name", exact=True).first.fill("porch")
    dialog.get_by_role("button", name="Aux").click()
    expect(on(built, "on:aux", "porch")).to_be_visible()
    assert wanted(bus)["porch"]["settings"] == {"circuit": "aux", "rated_power": 120}

    card(built, "porch").get_by_role("button", name="Settings of porch").click()
    sheet = shown(built, "porch")
    sheet.get_by_text("Set up").click()
    icon = sheet.get_by_label("Icon", exact=True)
    icon.fill("stove")
    icon.press("Enter")
    field = field_of(icon)
    expect(field.get_by_role("alert")).to_be_visible()
    icon.fill("mdi:lamp")
    icon.press("Enter")
    until(lambda: wanted(bus)["porch"]["settings"].get("icon") == "mdi:lamp", "declared", page)
    expect(field.get_by_role("alert")).to_be_hidden()
    field.get_by_role("button", name="Reset: Icon").click()
    until(lambda: "icon" not in wanted(bus)["porch"]["settings"], "by default again", page)
    expect(sheet.get_by_text("not connected")).to_be_hidden()

    sheet.get_by_text("All settings").click()
    power = sheet.get_by_role("textbox", name="Rated power")
    power.fill("80 W")
    power.press("Enter")
    until(lambda: bus.state("porch")["rated_power"] == 80, "set", page)
    field = field_of(power)
    expect(field).to_contain_text("declared: 120 W")
    field.get_by_role("button", name="Reset: Rated power").click()
    until(lambda: bus.state("porch")["rated_power"] == 120, "as declared", page)


def test_a_refusal_says_why_where_it_is(built: Looked, bus: OnBus) -> None:
    kind(built, "grid").drag_to(place(built, "at:grid"))
    expect(place(built, "at:grid").get_by_role("alert")).to_contain_text("a second grid connection")
    assert "grid_2" not in wanted(bus)
    kind(built, "pv_array").drag_to(place(built, "at:roof"))  # whatever is done next takes the refusal away
    expect(on(built, "at:roof", "pv_array")).to_be_visible()
    expect(place(built, "at:grid").get_by_role("alert")).to_have_count(0)
    kind(built, "battery").drag_to(place(built, "at:roof"))
    kind(built, "battery").drag_to(place(built, "at:dc_bus"))
    expect(on(built, "at:dc_bus", "battery_2")).to_be_visible()
    expect(on(built, "at:roof", "battery_2")).to_have_count(0)


def test_who_may_look_has_no_handles(chromium: Browser, bus: OnBus, tmp_path: Path) -> None:
    folder = tmp_path / "who"
    guarded = ConsoleProcess(tmp_path, bus.endpoint, "--login", "--state", str(folder))
    try:
        for name, role in (("seer", "look"), ("doer", "operate")):
            password = verb("grant", name, role, "--state", folder).rpartition("password: ")[2]
            with looking(chromium) as looked:
                log_in(looked, guarded, name, password)
                looked.page.wait_for_url(f"**/home/{HOME}")
                opened(looked, guarded.url)
                assert looked.page.locator(".vd-palette, [data-zone='at:bin'], [data-removable]").count() == 0
                handles = looked.page.locator("[draggable=true], [data-zone], [data-act=menu], [data-undo]")
                assert (handles.count() == 0) == (role == "look")
    finally:
        ended(guarded.process)


def test_a_script_in_a_title_stays_text(built: Looked, bus: OnBus) -> None:
    script = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    about = {"kind": "strange", "ability": "consumes", "title": script, "version": script}
    state = json.dumps({"power": 5.0, "circuit": "essential", "supplied": script}).encode()
    kinds = bus.raw(Topics(HOME, FLEET).kinds)
    setting = {"title": script, "type": "string", "description": script, "x-unit": script, "default": script}
    odd = {
        "kind": "odd", "title": script, "about": script, "group": "loads", "icon": script, "ability": "consumes",
        "settings": {"properties": {"odd": setting}, "required": ["odd"]}, "orders": {}, "readings": {},
    }  # fmt: skip
    said = json.loads(kinds)
    said["kinds"].append(odd)
    bus.publish("forged", about=json.dumps(about).encode(), availability=b"online", state=state)
    bus.publish(FLEET, kinds=json.dumps(said).encode())
    try:
        expect(on(built, "on:essential", "forged")).to_contain_text(script)
        menu(built, "forged").get_by_role("button", name="Settings").click()
        expect(shown(built, "forged")).to_contain_text("strange")
        built.page.keyboard.press("Escape")
        kind(built, "odd").drag_to(place(built, "on:aux"))  # which it cannot be without a setting: so that is asked first
        dialog = shown(built, f"Add {script} to …")
        dialog.get_by_role("button", name="Aux").click()
        expect(dialog.get_by_role("alert").filter(visible=True)).to_contain_text("odd")
        assert built.page.locator("img").count() == 0
        assert "alert(2)" not in "".join(built.page.locator("script").all_text_contents())
    finally:
        bus.publish(FLEET, kinds=kinds)
        bus.publish("forged", about=b"", availability=b"", state=b"")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_small_and_fits(chromium: Browser, console: ConsoleProcess, width: int) -> None:
    with looking(chromium, width) as looked:
        opened(looked, console.url)
        assert 0 < looked.bytes <= LARGEST
        assert looked.page.evaluate("document.documentElement.scrollWidth") <= width
        assert looked.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_off_can_still_be_read(chromium: Browser, console: ConsoleProcess, bus: OnBus, axe: str, scheme: str) -> None:
    wish(bus, "scale", "lights", 0)
    try:
        with looking(chromium, color_scheme=scheme) as looked:
            opened(looked, console.url)
            expect(card(looked, "lights")).to_contain_text("off")
            assert serious(looked.page, axe) == []
    finally:
        wish(bus, "scale", "lights", 1)
