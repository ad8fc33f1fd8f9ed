"""All about one device: on or off, what it may be told, what it says. Made from the catalogue of kinds on the bus, never per kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.console import PageVisit
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.console.making.build_steps import switched
from virtual_devices.console.numbers import LocalNumbers
from virtual_devices.console.parts import symbols
from virtual_devices.console.parts.building.builder import Builder
from virtual_devices.console.parts.control import choices_of
from virtual_devices.console.parts.field import Field
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.kit.names import is_name

_DIGITS = 3


class DeviceSheet:
    """A dialog that one page has, for whichever device is chosen. builder: of a page that can take back what is done here."""

    def __init__(self, visit: PageVisit, builder: Builder | None = None) -> None:
        self._visit, self._builder = visit, builder or Builder(visit)
        self._name = ""
        self._fields: dict[str, Field] = {}
        self._readings: dict[str, ui.label] = {}
        with ui.dialog() as self._dialog, ui.card().classes("vd-panel vd-sheet"):
            self._inside = ui.column().classes("full-width")

    def open(self, name: str) -> None:
        """Show a device; a name that is none of this home's shows nothing: it comes from a browser."""
        seen = self._visit.watch.picture.devices.get(name) if is_name(name) else None
        if seen is None:
            return
        self._name, self._fields, self._readings = name, {}, {}
        self._inside.clear()
        with self._inside:
            self._build(seen)
        self.refresh()
        self._dialog.open()

    def refresh(self) -> None:
        """Follow the device."""
        seen = self._visit.watch.picture.devices.get(self._name)
        if seen is None or not self._name:
            return
        self._state.set_text("" if seen.online else texts.DEVICE_OFF if self._is_off else texts.DEVICE_AWAY)
        self._running.set_text(texts.SWITCH_ON if self._is_off else texts.SWITCH_OFF)
        for field in self._fields.values():
            field.refresh()
        for name, label in self._readings.items():
            label.set_text(_words(seen.state.get(name), self._form_of(seen).get(name, {}), self._visit.numbers))

    @property
    def _is_off(self) -> bool:
        wanted = self._visit.watch.wanted.get(self._name)
        return wanted is not None and wanted.replicas == 0

    def _build(self, seen: DeviceView) -> None:
        watch, may = self._visit.watch, self._visit.may(PersonRole.OPERATE)
        form = watch.kinds.get(seen.kind)
        with ui.row().classes("full-width items-center no-wrap vd-sheet-head"):
            with ui.element("h2").classes("vd-sheet-title"):
                ui.label(seen.name)
            ui.label(form.title if form is not None else seen.kind).classes("vd-soft")
            self._state = ui.label().classes("vd-warn")
            ui.space()
            self._running = ui.button(texts.SWITCH_OFF, on_click=self._switch).props("outline")
            self._running.set_visibility(may and self._name in watch.wanted and watch.fleet_online)
            ui.button(icon=symbols.CLOSE, on_click=self._dialog.close).props(f'flat round aria-label="{texts.CLOSE}"')
        if form is None:
            ui.label(texts.NO_KINDS).classes("vd-soft")
            return
        settings: Mapping[str, Any] = form.settings.get("properties", {})
        live = {name: schema for name, schema in settings.items() if schema.get("x-live")}
        everyday = {name: schema for name, schema in live.items() if schema.get("x-everyday") or choices_of(schema)}
        self._make_fields(everyday, may=may)
        with ui.expansion(texts.READINGS, value=not everyday).classes("full-width"):
            for name, reading in form.readings.items():
                with ui.element("div").classes("vd-row"):
                    ui.label(str(reading.get("title", name)))
                    self._readings[name] = ui.label()
        with ui.expansion(texts.ALL_SETTINGS).classes("full-width"):
            self._make_fields({name: schema for name, schema in live.items() if name not in everyday}, may=may)
        fixed = {name: schema for name, schema in settings.items() if name not in live and name != "former_name"}
        if self._name in watch.wanted and fixed:
            with ui.expansion(texts.SET_UP).classes("full-width"):
                ui.label(texts.STARTS_ANEW).classes("vd-soft")
                self._make_fields(fixed, may=self._visit.may(PersonRole.BUILD))

    def _make_fields(self, schemas: Mapping[str, Any], *, may: bool) -> None:
        for name, schema in schemas.items():
            self._fields[name] = Field(self._builder, self._name, name, schema, may=may)

    def _form_of(self, seen: DeviceView) -> Mapping[str, Any]:
        form = self._visit.watch.kinds.get(seen.kind)
        return form.readings if form is not None else {}

    async def _switch(self) -> None:
        await self._visit.told(self._builder.perform(switched(self._builder.house(), self._name, on=self._is_off)))
        self.refresh()


def _words(value: Any, reading: Mapping[str, Any], numbers: LocalNumbers) -> str:
    """A reading as people read it."""
    if value is None or value == []:
        return "–"
    if isinstance(value, bool):
        return texts.YES if value else texts.NO
    text = numbers.plain(value, _DIGITS) if isinstance(value, float) else str(value)
    unit = reading.get("unit")
    return f"{text} {unit}" if unit else text
