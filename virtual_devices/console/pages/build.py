"""Build: the house of a home, and the kinds that it may have; what is dragged, or chosen in menus, is done at once and can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from nicegui import events, ui

from virtual_devices.console import texts
from virtual_devices.console.console import Console, PageVisit
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.console.making.build_steps import added, moved
from virtual_devices.console.making.building import BIN, needed
from virtual_devices.console.parts import symbols
from virtual_devices.console.parts.building.builder import Builder
from virtual_devices.console.parts.building.house import HouseView
from virtual_devices.console.parts.building.menus import AddMenu, DeviceMenu
from virtual_devices.console.parts.building.palette import Palette
from virtual_devices.console.parts.frame import REFRESH, show_home
from virtual_devices.console.parts.sheet import DeviceSheet
from virtual_devices.kit.names import is_name

_ACT = "(event) => { const button = event.target.closest('[data-act]'); if (button) emit(button.dataset.act, button.dataset.name); }"
_DROP = "(event) => emit(event.detail.what, event.detail.name, event.detail.zone)"


def add(console: Console) -> None:
    """Serve ``/home/<name>/build``."""

    @ui.page("/home/{name}/build")
    def build(request: Request, name: str) -> None:
        show_home(console, request, name, "build", BuildPage)


class BuildPage:
    """One page in one browser."""

    def __init__(self, visit: PageVisit) -> None:
        self._visit, self._seen = visit, (-1, -1)
        self._builder = builder = Builder(visit)
        may_build, may_operate = visit.may(PersonRole.BUILD), visit.may(PersonRole.OPERATE)
        with ui.element("div").classes("vd-build") as root:
            if may_build:
                root.classes("vd-with-palette")
                self._palette = Palette()
            with ui.element("section").classes("vd-panel vd-plan"):
                with ui.element("div").classes("vd-build-bar"):
                    with ui.element("h2"):
                        ui.label(texts.HOUSE)
                    self._said = ui.label().classes("vd-said").props('role="status" aria-live="polite"')
                    if may_operate:
                        self._undo = ui.button(texts.UNDO, icon=symbols.UNDO, on_click=builder.take_back).props('outline data-undo="1"')
                    if may_build:
                        with ui.element("div").classes("vd-bin") as bin_:
                            ui.icon(symbols.DELETE)
                            ui.label(texts.BIN)
                        bin_.props["data-zone"], bin_.props["title"] = BIN, texts.BIN_HOW
                self._no_fleet = ui.label(texts.NO_FLEET).classes("vd-warn")
                self._refused = ui.label().classes("vd-warn vd-refused").props('role="alert"')
                self._house = HouseView(builder)
        self._sheet = DeviceSheet(visit, builder)
        self._device_menu, self._add_menu = DeviceMenu(builder, self._sheet.open), AddMenu(builder)
        root.on("click", self._acted, js_handler=_ACT)
        root.on("vddrop", self._dropped, js_handler=_DROP)
        root.on("vddrag", lambda event: self._hold(held=event.args is True), js_handler="(event) => emit(event.detail)")
        self._refresh()
        ui.timer(REFRESH, self._refresh)

    def _refresh(self) -> None:
        seen = self._visit.watch.version, self._builder.changed
        if seen == self._seen:
            return
        self._seen = seen
        watch, builder = self._visit.watch, self._builder
        if self._visit.may(PersonRole.BUILD) and hasattr(self, "_palette"):
            self._palette.refresh(watch.kinds)
        self._no_fleet.set_visibility(not watch.kinds)
        self._said.set_text(builder.said)
        self._house.refresh()
        refused = builder.refused
        self._refused.set_text(refused[1] if refused is not None and refused[0] not in self._house.places else "")
        if hasattr(self, "_undo"):
            words = texts.UNDOES.format(what=builder.undo.words) if builder.undo.words else texts.NOTHING_TO_UNDO
            self._undo.props["title"] = self._undo.props["aria-label"] = words
            self._undo.set_enabled(bool(builder.undo.done))
            self._undo.update()
        self._sheet.refresh()

    def _hold(self, *, held: bool) -> None:
        """Somebody has begun to drag, or ended; what has changed meanwhile is shown then."""
        self._house.hold(held=held)
        self._seen = (-1, -1)

    def _acted(self, event: events.GenericEventArguments) -> None:
        act, name = _words(event.args, 2)
        if act == "open":
            self._sheet.open(name)
        elif act == "menu" and is_name(name):
            self._device_menu.open(name)
        elif act == "add" and name in self._visit.watch.kinds:
            self._add_menu.open(name)

    async def _dropped(self, event: events.GenericEventArguments) -> None:
        """Something was dropped at a place; what a browser says of it is looked up, and checked where it is done."""
        self._hold(held=False)
        what, name, zone = _words(event.args, 3)
        form = self._visit.watch.kinds.get(name)
        if what == "kind" and form is not None and zone != BIN:
            if needed(form):
                self._add_menu.open(name, zone)
            else:
                await self._builder.do(lambda: added(self._builder.house(), name, zone), zone)
        elif what == "device" and is_name(name):
            await self._builder.do(lambda: moved(self._builder.house(), name, zone), name if zone == BIN else zone)


def _words(args: Any, count: int) -> Sequence[str]:
    """What a browser says: so many words, empty where it says something else."""
    words = args if isinstance(args, list) else [args]
    return [each if isinstance(each, str) else "" for each in (*words, *[""] * count)][:count]
