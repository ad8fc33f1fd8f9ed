"""What is around every page: where one is, who one is, and whether the broker is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files

from fastapi import Request
from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.console import Console, PageVisit

FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#009e73" stroke-width="2">'
    '<path d="M3 11L12 3L21 11V21H3Z"/><path d="M13 8L9 14H15L11 19"/></svg>'
)
STYLES = ("page.css", "flow/flow.css", "building/build.css", "file/file.css", "homes/homes.css", "plan/plan.css", "past/past.css")
SCRIPTS = ("page.js", "flow/flow.js", "building/build.js", "plan/plan.js", "past/past.js")
"""Files in ``parts/``, each small, which every page has."""
OF_HOME = {"home": "", "build": "/build", "file": "/file", "history": "/history", "answers": "/answers", "plan": "/plan", "health": "/health"}
"""Pages of one home, by their names: where each is below the home's."""
REFRESH = 0.2
"""Wall seconds between two looks at whether something has changed."""


def dress() -> None:
    """Give all pages their style and the few functions that they call; once, before the first."""
    parts = files("virtual_devices.console.parts")
    for name in STYLES:
        ui.add_css((parts / name).read_text(encoding="utf-8"), shared=True)
    for name in SCRIPTS:
        ui.add_body_html(f"<script>{(parts / name).read_text(encoding='utf-8')}</script>", shared=True)


@contextmanager
def framed(visit: PageVisit, page: str) -> Iterator[None]:
    """The page within is called so in ``texts.PAGES``."""
    bus, role = visit.console.bus, visit.console.bus.who.role_of(visit.person)
    ui.page_title(f"{texts.PAGES[page]} – {visit.home or texts.TITLE}")
    with ui.header().classes("vd-header"):
        ui.label(visit.home or texts.TITLE).classes("vd-title")
        with ui.element("nav").props('aria-label="Pages"').classes("vd-nav"):
            of_home = {name: f"/home/{visit.home}{where}" for name, where in OF_HOME.items()} if visit.home else {}
            for name, where in {**of_home, "homes": "/homes"}.items():
                link = ui.link(texts.PAGES[name], where).classes("vd-link")
                if name == page:
                    link.props('aria-current="page"')
        ui.space()
        ui.label(texts.SIGNED_IN.format(name=visit.person.name, role=role.value if role is not None else "–")).classes("vd-who")
        if visit.person.via == "login":
            prefix = ui.context.client.request.headers.get("x-forwarded-prefix", "")  # the gate lets only its own through
            with ui.element("form").props(f'method="post" action="{prefix}/logout"'):
                ui.button(texts.LOG_OUT).props('type="submit" flat dense')
    gone = ui.label(texts.NO_BROKER).classes("vd-gone").props('role="alert"')
    gone.set_visibility(not bus.client.connected)
    with ui.element("div").classes("vd-main"):
        yield
    ui.timer(1.0, lambda: gone.set_visibility(not bus.client.connected))


def show_home(console: Console, request: Request, name: str, page: str, build: Callable[[PageVisit], object], *, known: bool = False) -> None:
    """A page of one home; where there is none of this name it says so, until there is. known: it is kept somewhere, also while it is not on the broker."""
    if name in console.bus.homes or known:
        visit = console.visit(request, name)
        with framed(visit, page):
            build(visit)
        return
    with framed(console.visit(request), "homes"), ui.element("section").classes("vd-panel"):
        ui.label(texts.NOT_THERE)
    ui.timer(1.0, lambda: ui.navigate.reload() if name in console.bus.homes else None)
