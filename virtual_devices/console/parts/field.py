"""One setting of a device as a control: what it may be comes from its schema, what it is from the device, and why not stands at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.console import PageVisit
from virtual_devices.console.parts.safe import plain
from virtual_devices.kit.errors import VirtualDevicesError


class Field:
    """A switch, a choice, or a line of text in which units are written as people write them.

    schema: of the setting, as the catalogue of kinds has it.  may: whether it can be set; else it is shown only.
    """

    def __init__(self, visit: PageVisit, device: str, name: str, schema: Mapping[str, Any], *, may: bool) -> None:
        self._visit, self._device, self._name, self._may = visit, device, name, may
        self._shown: Any = None
        title, choices = str(schema.get("title") or name), choices_of(schema, [each.name for each in visit.watch.picture.of("carries")])
        self._is_switch = is_switch(schema)
        self._is_choice = bool(choices) and not self._is_switch
        with ui.element("div").classes("vd-field") as element:
            if self._is_switch:
                self._control: Any = ui.switch(title, on_change=self._changed)
            elif choices:
                self._control = ui.select(choices, label=title, on_change=self._changed)
            else:
                self._control = ui.input(title, placeholder=str(schema.get("description") or ""))
                self._control.on("keydown.enter", self._sent).on("blur", self._sent)
                if unit := schema.get("x-unit"):  # not as a text of props, of which parts are obeyed: it comes from the bus
                    self._control.props["suffix"] = plain(str(unit))
            self._why = ui.label().classes("vd-warn").props('role="alert"')
        if about := schema.get("description"):
            with element:
                ui.tooltip(str(about))
        if not may:
            self._control.disable()
        self._why.set_visibility(False)

    def follow(self, value: Any) -> None:
        """Show what the device says, unless somebody is writing."""
        if value == self._shown:
            return
        self._shown = value
        self._control.set_value(self._written(value))

    def _written(self, value: Any) -> Any:
        if self._is_switch:
            return bool(value)
        if self._is_choice:
            return str(value) if value is not None else None
        return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    async def _changed(self) -> None:
        if self._control.value != self._written(self._shown):
            await self._set(self._control.value)

    async def _sent(self) -> None:
        text = str(self._control.value or "").strip()
        if text != self._written(self._shown):
            await self._set(text or None)

    async def _set(self, value: Any) -> None:
        visit = self._visit
        try:
            await visit.console.bus.command(visit.person, visit.home, self._device, {self._name: value})
        except VirtualDevicesError as error:
            self._why.set_text(str(error))
            self._why.set_visibility(True)
            if self._is_switch or self._is_choice:
                self._control.set_value(self._written(self._shown))
            return
        self._why.set_visibility(False)
        ui.notify(texts.TAKEN.format(device=self._device, setting=self._name), type="positive", position="top")


def is_switch(schema: Mapping[str, Any]) -> bool:
    """Whether a setting is on or off."""
    return any(each.get("type") == "boolean" for each in (schema, *schema.get("anyOf", ())))


def choices_of(schema: Mapping[str, Any], circuits: Sequence[str] = ()) -> list[str]:
    """What a setting may be, where that is one of some words; empty for any other. circuits: what a load may hang on in this home."""
    found: list[Any] = next((each["enum"] for each in (schema, *schema.get("anyOf", ())) if "enum" in each), [])
    words = [str(each) for each in found if isinstance(each, str)]
    return [*words, *circuits] if schema.get("x-circuit") else words
