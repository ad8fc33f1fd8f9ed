"""The kinds of devices that there are, with all that a form needs to make one: derived from their declarations."""

from __future__ import annotations

import inspect
from typing import Any

from virtual_devices import __version__
from virtual_devices.edge.messages.fleet import FleetKindsMessage, KindForm
from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.forms.changes import Reading, SettingField, orders_of, readings_of, settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.schema import setting_schema
from virtual_devices.kit.names import CLOCK


def every_kind() -> FleetKindsMessage:
    """Every kind that can be loaded here; the clock is nobody's to make, every home has its own."""
    found = []
    for kind, module in catalogue.kinds().items():
        try:
            device_class = catalogue.load(kind)
            if kind != CLOCK:
                found.append(_form(kind, module, device_class))
        except CatalogueError:
            continue  # `kinds` says why
    return FleetKindsMessage(version=__version__, kinds=found)


def _form(kind: str, module: str, device_class: type[AnyDevice]) -> KindForm:
    return KindForm(
        kind=kind,
        title=device_class.title or kind,
        about=(inspect.getdoc(device_class) or "").partition("\n")[0],
        group=module.split(".")[-2],
        icon=device_class.icon,
        ability=device_class.ability,
        settings=_schema(settings_of(device_class)),
        orders={"type": "object", "properties": {item.name: _field(item) for item in orders_of(device_class)}},
        readings={reading.name: _reading(reading) for reading in readings_of(device_class)},
    )


def _schema(items: tuple[SettingField, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [item.name for item in items if item.required],
        "additionalProperties": False,
        "properties": {item.name: _field(item) for item in items},
    }


def _field(item: SettingField) -> dict[str, Any]:
    """A setting's schema, with what a form shows beside: its unit, and whether it may change while the home runs."""
    schema = {**setting_schema(item), "x-live": item.live, "x-everyday": item.everyday}
    if item.unit:
        schema["x-unit"] = item.unit
    if item.circuit:
        schema["x-circuit"] = True
    if item.partner is not None:
        schema["x-partner"] = item.partner.ability
    if item.document:
        schema["x-file"] = True
    return schema


def _reading(reading: Reading) -> dict[str, Any]:
    shown: dict[str, Any] = {"title": reading.title, "type": reading.type}
    if reading.unit:
        shown["unit"] = reading.unit
    if reading.choices:
        shown["choices"] = list(reading.choices)
    return shown
