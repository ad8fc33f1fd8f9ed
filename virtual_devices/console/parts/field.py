"""One setting of a device: what it is now, what was declared, how it is changed, the way back, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.making.build_steps import BuildStep, DeviceOrder, declared
from virtual_devices.console.making.building import problems_at
from virtual_devices.console.parts.building.builder import Builder
from virtual_devices.console.parts.control import SettingControl
from virtual_devices.kit.errors import VirtualDevicesError


class Field:
    """A control that follows the device. A setting that cannot change while the device runs is declared anew, which starts the device anew.

    schema: of the setting, as the catalogue of kinds has it.  may: whether it can be set; else it is shown only.
    """

    def __init__(self, builder: Builder, device: str, name: str, schema: Mapping[str, Any], *, may: bool) -> None:
        self._builder, self._device, self._name, self._schema, self._may = builder, device, name, schema, may
        self._live = bool(schema.get("x-live"))
        self._shown: Any = None
        self._sending: list[Any] = []
        circuits = [each.name for each in builder.visit.watch.picture.of("carries") if each.name != device]
        with ui.element("div").classes("vd-field"):
            self._control = SettingControl(name, schema, circuits, self._changed)
            with ui.element("div").classes("vd-declared") as self._aside:
                self._declared = ui.label().classes("vd-soft")
                self._back = ui.button(texts.RESET, on_click=self._reset).props("flat dense")
        self._back.props["aria-label"] = f"{texts.RESET}: {schema.get('title') or name}"
        self._aside.set_visibility(False)
        if not may:
            self._control.input.disable()
            self._back.set_visibility(False)

    def refresh(self) -> None:
        """Show what the device says, unless somebody is writing."""
        house = self._builder.house()
        word = house.settled(self._device, self._name)
        value = house.value(self._device, self._name) if self._live else word
        said, default = self._name in house.declared(self._device), self._schema.get("default")
        differs = value != word if self._live else said and word != default
        differs = differs and self._device in house.wanted  # what a guest was declared as nobody here knows
        self._aside.set_visibility(differs)
        if differs:
            back = word if self._live else default
            text = texts.DECLARED if self._live and said else texts.BY_DEFAULT
            self._declared.set_text(text.format(value=self._words(back)))
        if value != self._shown:
            self._shown = value
            self._control.show(value)

    def _words(self, value: Any) -> str:
        if value is None or value == "":
            return "–"
        text = (texts.YES if value else texts.NO) if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
        unit = self._schema.get("x-unit")
        return f"{text} {unit}" if unit else text

    async def _changed(self) -> None:
        """Somebody has chosen or written something; what is shown of the device comes here too, and changes nothing."""
        value = self._control.value
        if self._control.input.value != self._control.written(self._shown):
            await self._set(value)

    async def _reset(self) -> None:
        house = self._builder.house()
        await self._set(house.settled(self._device, self._name) if self._live else None)

    async def _set(self, value: Any) -> None:
        if value in self._sending or not self._may:  # Enter, and then the loss of the keyboard
            return
        self._sending.append(value)
        try:
            await self._builder.perform(self._step(value))
        except VirtualDevicesError as error:
            at, rest = ({}, "") if self._live else problems_at(str(error), {self._name: self._schema})
            self._control.why(at.get(self._name) or rest or str(error))
            if self._control.is_switch or self._control.is_choice:
                self._control.show(self._shown)
            return
        finally:
            self._sending.remove(value)
        self._control.why("")
        ui.notify(texts.TAKEN.format(device=self._device, setting=self._name), type="positive", position="top")

    def _step(self, value: Any) -> BuildStep:
        house = self._builder.house()
        if not self._live:
            return declared(house, self._device, {self._name: value})
        words, before = f"{self._device}: {self._name} set", house.value(self._device, self._name)
        order, back = DeviceOrder(self._device, {self._name: value}), DeviceOrder(self._device, {self._name: before})
        return BuildStep(words, (order,), (back,), device=self._device)
