"""All homes on this broker, and the way to each of them."""

from __future__ import annotations

from fastapi import Request
from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.console import Console
from virtual_devices.console.parts.frame import framed


def add(console: Console) -> None:
    """Serve ``/`` and ``/homes``."""

    @ui.page("/")
    def start(request: Request) -> None:
        """The only home, or the list of them."""
        visit = console.visit(request)
        with framed(visit, "homes"):
            _listed(console)
        go = ui.timer(0.5, lambda: _enter(console, go))

    @ui.page("/homes")
    def homes(request: Request) -> None:
        with framed(console.visit(request), "homes"):
            _listed(console)


def _enter(console: Console, timer: ui.timer) -> None:
    """Go into the only home, as soon as one is known."""
    if len(console.bus.homes) == 1:
        timer.cancel()
        ui.navigate.to(f"/home/{next(iter(console.bus.homes))}")


def _listed(console: Console) -> None:
    seen = -1

    @ui.refreshable
    def table() -> None:
        with ui.element("section").classes("vd-panel"):
            if not console.bus.homes:
                ui.label(texts.NO_HOMES)
                return
            with ui.element("ul").classes("vd-list"):
                for name in sorted(console.bus.homes):
                    with ui.element("li"):
                        ui.link(name, f"/home/{name}")

    def look() -> None:
        nonlocal seen
        if seen != console.bus.changed:
            seen = console.bus.changed
            table.refresh()

    table()
    ui.timer(1.0, look)
