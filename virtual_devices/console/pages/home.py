"""A home, live: its flow, what it decides and why, and its clock."""

from __future__ import annotations

from fastapi import Request
from nicegui import ui

from virtual_devices.console.console import Console, PageVisit
from virtual_devices.console.parts.cards import FIRST_CARDS, MORE_CARDS
from virtual_devices.console.parts.drawn import FlowCard
from virtual_devices.console.parts.frame import REFRESH, show_home
from virtual_devices.console.parts.sheet import DeviceSheet


def add(console: Console) -> None:
    """Serve ``/home/<name>``."""

    @ui.page("/home/{name}")
    def home(request: Request, name: str) -> None:
        show_home(console, request, name, "home", _shown)


def _shown(visit: PageVisit) -> None:
    watch, seen = visit.watch, -1
    with ui.element("div").classes("vd-home"):
        with ui.element("section").classes("vd-panel") as panel:
            flow = FlowCard(watch)
        with ui.element("section").classes("vd-cards"):
            cards = [make(visit) for make in FIRST_CARDS]
        with ui.element("section").classes("vd-cards vd-below"):
            cards += [make(visit) for make in MORE_CARDS]
    sheet = DeviceSheet(visit)
    panel.on(
        "click", lambda event: sheet.open(str(event.args)),
        js_handler="(event) => { const card = event.target.closest('[data-device]'); if (card) emit(card.dataset.device); }",
    )  # fmt: skip

    def refresh() -> None:
        nonlocal seen
        if seen == watch.version:
            return
        seen = watch.version
        flow.refresh()
        for card in cards:
            card.refresh()
        sheet.refresh()

    refresh()
    ui.timer(REFRESH, refresh)
