"""The devices of a home that is being made, each a form of its kind; made from the catalogue, never per kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nicegui import ui

from virtual_devices.answers.starting.draft import DraftDevice, HomeDraft, first_settings, further_settings
from virtual_devices.console import texts
from virtual_devices.console.parts import symbols
from virtual_devices.console.parts.control import choices_of, is_switch
from virtual_devices.console.parts.safe import plain
from virtual_devices.edge.messages.fleet import KindForm


class DraftDevices:
    """A list that opens to forms. changed: told after each change of the draft."""

    def __init__(self, kinds: Mapping[str, KindForm], changed: Callable[[], None]) -> None:
        self._kinds, self._changed = kinds, changed
        self._draft = HomeDraft()
        self._list = ui.element("div").classes("vd-draft-list")
        with ui.element("div").classes("vd-buttons vd-add"):
            named = {name: f"{form.title} – {form.about}" for name, form in sorted(kinds.items(), key=lambda item: (item[1].group, item[0]))}
            self._kind = ui.select(named, label=texts.MAKE_KIND, with_input=True).classes("vd-grow")
            ui.button(texts.MAKE_ADD, icon=symbols.ADD, on_click=self._add).props("outline")

    def show(self, draft: HomeDraft) -> None:
        """Show another draft."""
        self._draft = draft
        self._list.clear()
        for device in draft.devices:
            self._row(device)

    def _row(self, device: DraftDevice, *, opened: bool = False) -> None:
        form = self._kinds.get(device.kind)
        with self._list, ui.expansion(device.name, caption=_caption(device, form), value=False).classes("vd-draft full-width") as row:
            inside = ui.element("div").classes("vd-draft-form")

        def fill() -> None:
            if row.value and not inside.default_slot.children:
                with inside:
                    self._form(device, form, row)

        row.on_value_change(fill)
        if opened:
            row.open()

    def _form(self, device: DraftDevice, form: KindForm | None, row: ui.expansion) -> None:
        def told() -> None:
            row.props["caption"] = _caption(device, form)
            self._changed()

        def rename(event: Any) -> None:
            name = str(event.value).strip()
            why = texts.MAKE_TAKEN if any(each is not device and each.name == name for each in self._draft.devices) else ""
            called.props["error-message"], called.props["error"] = why, bool(why)
            if not why:
                device.name = name
                row.set_text(plain(name))
                told()

        called = ui.input(texts.MAKE_NAME, value=device.name, on_change=rename)
        if form is not None:
            draft_fields(form, first_settings(form, device.settings), device, told)
            self._rest(form, device, told)
        with ui.element("div").classes("vd-buttons vd-draft-whole"):
            ui.button(texts.MAKE_REMOVE, icon=symbols.DELETE, on_click=lambda: self._remove(device, row)).props("flat")

    def _rest(self, form: KindForm, device: DraftDevice, told: Callable[[], None]) -> None:
        names = further_settings(form, device.settings)
        if not names:
            return
        with ui.expansion(texts.ALL_SETTINGS).classes("full-width vd-draft-whole") as more:
            inside = ui.element("div").classes("vd-draft-form")

        def fill() -> None:
            if more.value and not inside.default_slot.children:
                with inside:
                    draft_fields(form, names, device, told)

        more.on_value_change(fill)

    def _add(self) -> None:
        if self._kind.value in self._kinds:
            self._row(self._draft.add(str(self._kind.value)), opened=True)
            self._kind.set_value(None)
            self._changed()

    def _remove(self, device: DraftDevice, row: ui.expansion) -> None:
        self._draft.devices.remove(device)
        row.delete()
        self._changed()


def draft_fields(form: KindForm, names: Iterable[str], device: DraftDevice, told: Callable[[], None]) -> None:
    """A control for each of some settings."""
    schemas: Mapping[str, Any] = form.settings.get("properties", {})
    for name in names:
        _field(name, schemas[name], device, told)


def _field(name: str, schema: Mapping[str, Any], device: DraftDevice, told: Callable[[], None]) -> None:
    title, default, value = plain(str(schema.get("title") or name)), schema.get("default"), device.settings.get(name)

    def put(event: Any) -> None:
        device.put(name, event.value)
        told()

    with ui.element("div").classes("vd-field") as element:
        if is_switch(schema):
            ui.switch(title, value=value in (True, "on") if value is not None else default is True, on_change=put)
        elif (choices := choices_of(schema)) and (value is None or str(value) in choices):
            ui.select(choices, label=title, value=None if value is None else str(value), clearable=True, on_change=put).props["placeholder"] = _text(default)
        else:
            control = ui.input(title, value=_text(value), on_change=put)
            control.props["placeholder"] = _text(default)
            if unit := schema.get("x-unit"):
                hint = texts.MAKE_UNIT_ELSE if _text(default) else texts.MAKE_UNIT
                control.props["hint"] = plain(hint.format(unit=unit, default=_text(default)))
    if about := schema.get("description"):
        with element:
            ui.tooltip(plain(str(about)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    return plain(f"{value:g}" if isinstance(value, float) else str(value))


def _caption(device: DraftDevice, form: KindForm | None) -> str:
    title = form.title if form is not None else device.kind
    schemas: Mapping[str, Any] = form.settings.get("properties", {}) if form is not None else {}
    titles = {name: str(schema.get("title", name)) for name, schema in schemas.items()}
    return plain(" · ".join(filter(None, (title, device.summary(titles)))))
