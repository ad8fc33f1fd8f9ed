"""All homes on this broker: how they are, the way to each of them, and what makes, starts and ends them."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

from fastapi import Request
from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.console import Console, PageVisit
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.console.parts import symbols
from virtual_devices.console.parts.frame import framed
from virtual_devices.console.parts.homes.asked import CopyDialog, DeleteDialog
from virtual_devices.console.parts.homes.homes_table import HomeActions, HomesTable
from virtual_devices.console.parts.homes.plant_strip import PlantStrip
from virtual_devices.console.watching.books import rounds_of
from virtual_devices.console.watching.overview import KEY, HomesOverview
from virtual_devices.console.watching.plant import PLANT, PlantWatch, elsewhere, looked_for
from virtual_devices.edge.visitor.power_plant import plant_of

LOOK = 1.0
"""Wall seconds between two looks at all homes."""
MANY = 8
"""Homes from which on one may want to find one."""


def add(console: Console) -> None:
    """Serve ``/`` and ``/homes``."""

    @ui.page("/")
    def start(request: Request) -> None:
        """The only home, or the list of them."""
        visit = console.visit(request)
        with framed(visit, "homes"):
            HomesPage(visit)
        go = ui.timer(0.5, lambda: _enter(console, go))

    @ui.page("/homes")
    def homes(request: Request) -> None:
        visit = console.visit(request)
        with framed(visit, "homes"):
            HomesPage(visit)


def _enter(console: Console, timer: ui.timer) -> None:
    """Go into the only home, as soon as one is known; who makes homes here wants to see that there is a list."""
    if console.keeper is None and len(console.bus.homes) == 1:
        timer.cancel()
        ui.navigate.to(f"/home/{next(iter(console.bus.homes))}")


class HomesPage:
    """What stands on the page."""

    def __init__(self, visit: PageVisit) -> None:
        self._visit, bus = visit, visit.console.bus
        self._overview = bus.attend(KEY, HomesOverview)
        self._plant = bus.attend(PLANT, PlantWatch)
        ui.context.client.on_delete(lambda: bus.leave(KEY))
        ui.context.client.on_delete(lambda: bus.leave(PLANT))
        self._stored: frozenset[str] = frozenset()
        self._ended: Mapping[str, str] = {}
        self._doing: dict[str, str] = {}
        keeps, builds = visit.console.keeper is not None, visit.may(PersonRole.BUILD)
        with ui.element("section").classes("vd-panel"):
            with ui.element("div").classes("vd-bar"):
                with ui.element("h2"):
                    ui.label(texts.PAGES["homes"])
                ui.space()
                ui.button(texts.MAKE_LINK, icon=symbols.ADD, on_click=lambda: ui.navigate.to("/new")).props("outline")
                self._find = ui.input(texts.FILTER_HOMES, on_change=self._show).props("dense outlined clearable")
            self._none = ui.label(texts.NO_HOMES)
            self._strip = PlantStrip(self._visit.numbers)
            self._table = HomesTable(HomeActions(start=self._start, stop=self._stop, copy=self._copy, delete=self._delete, keeps=keeps, builds=builds), self._visit.numbers)
            if builds and not keeps:
                ui.label(texts.NO_KEEPER).classes("vd-soft q-mt-md")
        if keeps and builds:
            self._copying, self._deleting = CopyDialog(self._do_copy), DeleteDialog(self._do_delete)
        self._show()
        ui.timer(LOOK, self._look)
        ui.timer(LOOK, self._audit)  # apart: a broker may take its time to tell a ledger

    async def _look(self) -> None:
        console = self._visit.console
        if console.keeper is not None:
            self._stored, self._ended = frozenset(await console.keeper.stored()), await console.keeper.ended()
        self._show()

    async def _audit(self) -> None:
        bus = self._visit.console.bus
        await rounds_of(self._overview).turn(bus, self._overview.rows(bus.homes))

    def _show(self) -> None:
        here, told = self._visit.console.bus.homes | self._stored, self._plant.told
        names = here | told.keys()
        self._none.set_visibility(not names)
        self._table.table.set_visibility(bool(names))
        self._find.set_visibility(len(names) > MANY)
        rows = {row.name: row for row in self._overview.rows(here)} | {name: elsewhere(name, told[name]) for name in names - here}
        found = looked_for(str(self._find.value or "").strip().lower(), names, told)
        self._strip.show(plant_of(told[name] for name in sorted(found & told.keys())))
        self._table.show(rows, rounds_of(self._overview).done, self._stored, self._ended, self._doing, found)

    # -- what is done --------------------------------------------------------------------------------------------------

    async def _done(self, home: str, doing: str, action: Coroutine[Any, Any, str]) -> bool:
        """Do something with a home that may take a while, and tell what came of it; whether it was done."""
        said: list[str] = []

        async def kept() -> None:
            said.append(await action)

        self._doing[home] = doing
        self._show()
        try:
            done = await self._visit.told(kept())
        finally:
            self._doing.pop(home, None)
            await self._look()
        for text in said:
            ui.notify(text, type="positive", position="top", multi_line=True)
        return done

    async def _stop(self, home: str) -> None:
        async def stopped() -> str:
            await self._visit.console.bus.wish(self._visit.person, home, "down")
            return texts.STOPPED.format(home=home)

        await self._done(home, texts.HOME_STOPS, stopped())

    async def _start(self, home: str) -> None:
        if (keeper := self._visit.console.keeper) is not None:
            await self._done(home, texts.HOME_STARTS, keeper.start(self._visit.person, home))

    def _copy(self, home: str) -> None:
        self._copying.open(home, frozenset(self._visit.console.bus.homes | self._stored))

    def _delete(self, home: str) -> None:
        self._deleting.open(home)

    async def _do_copy(self, home: str, new: str) -> bool:
        keeper = self._visit.console.keeper
        return keeper is not None and await self._done(home, "", keeper.copy(self._visit.person, home, new))

    async def _do_delete(self, home: str, records: bool) -> bool:  # noqa: FBT001 - a callback's argument
        keeper = self._visit.console.keeper
        return keeper is not None and await self._done(home, "", keeper.delete(self._visit.person, home, records=records))
