"""All pages as one application."""

from __future__ import annotations

from fastapi import FastAPI
from nicegui import ui

from virtual_devices.console.bus import Bus
from virtual_devices.console.console import Console
from virtual_devices.console.hosting.keeper import HomesKeeper
from virtual_devices.console.pages import answers, build, file, health, history, home, homes, new, plan
from virtual_devices.console.parts.frame import FAVICON, dress
from virtual_devices.console.past.records import HomeRecords
from virtual_devices.console.texts import TITLE

PAGES = (home, build, file, new, history, answers, plan, health, homes)


def site(bus: Bus, records: HomeRecords, keeper: HomesKeeper | None = None) -> FastAPI:
    """The application."""
    console = Console(bus, records, keeper)
    dress()
    for page in PAGES:
        page.add(console)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    ui.run_with(
        app, title=TITLE, favicon=FAVICON, dark=None, tailwind=False, show_welcome_message=False, reconnect_timeout=10.0,
        binding_refresh_interval=None,
    )  # fmt: skip
    return app
