"""The menus of Build, which are dialogs, for keyboards and for fingers: what can be done with a device, and where a kind may be added."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.console.making.build_steps import BuildStep, added, copied, moved, removed, renamed, switched
from virtual_devices.console.making.building import (
    BuildCard,
    BuildZone,
    circuit_setting,
    needed,
    places_for,
    problems_at,
)
from virtual_devices.console.parts import symbols
from virtual_devices.console.parts.building.builder import Builder
from virtual_devices.console.parts.control import SettingControl
from virtual_devices.edge.messages.fleet import KindForm
from virtual_devices.kit.errors import VirtualDevicesError


class MenuDialog:
    """A dialog with a title and buttons below each other, which one page has."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        with ui.dialog().props("no-refocus") as self.dialog, ui.card().classes("vd-panel vd-sheet vd-menu"):
            self.inside = ui.column().classes("full-width vd-menu-inside")
        self.dialog.on("hide", builder.look_back)

    def begin(self, title: str) -> None:
        """Empty, with another title, and open."""
        self.inside.clear()
        with self.inside, ui.row().classes("full-width items-center no-wrap"):
            with ui.element("h2").classes("vd-sheet-title"):
                ui.label(title)
            ui.space()
            ui.button(icon=symbols.CLOSE, on_click=self.dialog.close).props(f'flat round aria-label="{texts.CLOSE}"')
        self.dialog.open()

    def heading(self, text: str) -> None:
        """Between buttons."""
        with ui.element("h3"):
            ui.label(text)

    def button(self, text: str, act: Callable[[], Any], symbol: str = "") -> ui.button:
        """One thing that can be done."""
        return ui.button(text, on_click=act, icon=symbol or None, color=None).props("flat no-caps align=left").classes("full-width vd-menu-item")


class DeviceMenu(MenuDialog):
    """Of a device. open_settings: shows its settings."""

    def __init__(self, builder: Builder, open_settings: Callable[[str], None]) -> None:
        super().__init__(builder)
        self._open_settings = open_settings

    def open(self, name: str) -> None:
        """A name that is none of this home's opens nothing: it comes from a browser."""
        house, visit = self.builder.house(), self.builder.visit
        card = house.plan().cards.get(name)
        if card is None or not visit.may(PersonRole.OPERATE):
            return
        self.begin(card.name)
        build = visit.may(PersonRole.BUILD) and card.fleet
        with self.inside:
            self.button(texts.MENU_SETTINGS, lambda: self._settings(name), symbols.SETTINGS)
            if card.fleet:
                self._done(texts.SWITCH_OFF if card.on else texts.SWITCH_ON, lambda: switched(self.builder.house(), name, on=not card.on), card, symbols.POWER)
            if build:
                if not card.single:
                    self._done(texts.MENU_COPY, lambda: copied(self.builder.house(), name), card, symbols.COPY)
                if card.ability != "settles":
                    self.button(texts.MENU_RENAME, lambda: self._rename(card), symbols.EDIT)
                    self._done(texts.MENU_REMOVE, lambda: removed(self.builder.house(), name), card, symbols.DELETE)
            self._moves(card, house.plan().zones, allowed=build or card.online)

    def _moves(self, card: BuildCard, zones: Mapping[str, BuildZone], *, allowed: bool) -> None:
        below = {each for each in self.builder.house().names() if card.name in self.builder.house().way_up(each)}
        others = [zone for zone in zones.values() if zone.circuit and card.ability in zone.takes and zone.circuit not in below | {card.name}]
        if allowed and len(others) > 1:
            self.heading(texts.MOVE_TO)
            for zone in others:
                if zone.id != card.zone:
                    self._done(place_name(zone), self._mover(card.name, zone.id), card, "subdirectory_arrow_right")

    def _mover(self, name: str, zone_id: str) -> Callable[[], BuildStep | None]:
        return lambda: moved(self.builder.house(), name, zone_id)

    def _done(self, text: str, make: Callable[[], BuildStep | None], card: BuildCard, symbol: str) -> None:
        async def act() -> None:
            self.dialog.close()
            await self.builder.do(make, card.name, focus=True)

        self.button(text, act, symbol)

    def _settings(self, name: str) -> None:
        self.dialog.close()
        self._open_settings(name)

    def _rename(self, card: BuildCard) -> None:
        self.begin(f"{texts.MENU_RENAME}: {card.name}")
        with self.inside:
            name = ui.input(texts.NEW_NAME, value=card.name).props("autofocus").classes("full-width")
            ui.label(texts.RENAME_HOW).classes("vd-hint")
            why = ui.label().classes("vd-warn").props('role="alert"')

            async def act() -> None:
                try:
                    step = renamed(self.builder.house(), card.name, str(name.value or "").strip())
                    await self.builder.perform(step, focus=True)
                except VirtualDevicesError as error:
                    why.set_text(str(error))
                    return
                self.dialog.close()

            name.on("keydown.enter", act)
            self.button(texts.MENU_RENAME, act, symbols.EDIT)


class AddMenu(MenuDialog):
    """Of a kind: where to add one, and how it is called and set from the beginning."""

    def open(self, kind: str, zone_id: str = "") -> None:
        """zone_id: where it was dropped; empty to choose."""
        house = self.builder.house()
        form = house.kinds.get(kind)
        if form is None or not self.builder.visit.may(PersonRole.BUILD):
            return
        places = [zone for zone in places_for(house.plan(), form.ability) if not zone_id or zone.id == zone_id]
        self.begin(texts.ADD_TO.format(title=form.title))
        with self.inside:
            ui.label(form.about.replace("``", "")).classes("vd-soft")
            why = ui.label().classes("vd-warn").props('role="alert"')
            schemas: Mapping[str, Any] = form.settings.get("properties", {})
            must = needed(form)
            if must:
                ui.label(texts.NEEDS).classes("vd-soft")
            fields = {name: _field(name, schemas[name]) for name in must if name in schemas}
            for zone in places:
                self.button(place_name(zone), self._adder(form, zone, fields, why), symbols.ADD)
            with ui.expansion(texts.NAME_AND_SETTINGS, value=bool(zone_id)).classes("full-width"):
                fields |= self._more(form, house.free(kind), must)

    def _more(self, form: KindForm, free: str, must: list[str]) -> dict[str, SettingControl]:
        """The name, and everything that may be set."""
        left_out = {*must, circuit_setting(form), "former_name"}
        found = {"": _field("", {"title": texts.NAME_FIELD, "description": texts.NAME_FREE.format(name=free)})}
        schemas: Mapping[str, Any] = form.settings.get("properties", {})
        for name, schema in sorted(schemas.items(), key=lambda pair: not pair[1].get("x-live")):
            if name not in left_out:
                found[name] = _field(name, schema)
                found[name].show(schema.get("default"))
        return found

    def _adder(self, form: KindForm, zone: BuildZone, fields: dict[str, SettingControl], why: ui.label) -> Callable[[], Any]:
        async def act() -> None:
            schemas: Mapping[str, Any] = form.settings.get("properties", {})
            why.set_text("")
            for field in fields.values():
                field.why("")
            given = {name: field.value for name, field in fields.items() if name and field.input.value != field.written(schemas[name].get("default"))}
            try:
                step = added(self.builder.house(), form.kind, zone.id, str((fields[""].value if "" in fields else None) or ""), given)
                await self.builder.perform(step, focus=True)
            except VirtualDevicesError as error:
                at, rest = problems_at(str(error), {**schemas, **({"name": {}} if "" in fields and str(error).startswith("name: ") else {})})
                for name, text in at.items():
                    shown = fields.get("" if str(error).startswith("name: ") else name)
                    if shown is None:
                        rest = "; ".join(filter(None, (rest, f"{name}: {text}")))
                    else:
                        shown.why(text)
                why.set_text(rest)
                return
            self.dialog.close()

        return act


def _field(name: str, schema: Mapping[str, Any]) -> SettingControl:
    with ui.element("div").classes("vd-field"):
        return SettingControl(name, schema)


def place_name(zone: BuildZone) -> str:
    """As people call it."""
    return texts.PLACES.get(zone.id, zone.circuit)
