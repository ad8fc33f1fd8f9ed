"""``virtual-devices describe KIND``."""

from __future__ import annotations

import inspect
import json
from typing import Any

import click

from virtual_devices.cli._streams import echo_json
from virtual_devices.cli.table import table
from virtual_devices.kit.forms.changes import Reading, SettingField, number_text, orders_of, readings_of, settings_of
from virtual_devices.kit.home import catalogue


@click.command()
@click.argument("kind")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def describe(kind: str, *, as_json: bool) -> None:
    """Settings and readings of a KIND of device, with ranges, units and defaults."""
    device_class = catalogue.load(kind)
    settings, orders, readings = settings_of(device_class), orders_of(device_class), readings_of(device_class)
    about = inspect.getdoc(device_class) or ""
    if as_json:
        description = {
            "kind": kind,
            "title": device_class.title,
            "ability": device_class.ability,
            "about": about,
            "settings": [_setting(item) for item in settings],
            **({"orders": [_setting(item) for item in orders]} if orders else {}),
            "readings": [_reading(item) for item in readings],
        }
        echo_json(json.dumps(description, indent=2, ensure_ascii=False))
        return
    click.echo(f"{kind}: {device_class.title}\n\n{about}\n")
    rows = [[item.name, item.range, _default(item), _notes(item)] for item in settings]
    click.echo(table(("setting", "accepts", "default", "what it is"), rows) if rows else "nothing to set")
    if orders:
        rows = [[item.name, item.range, item.description or item.title] for item in orders]
        click.echo(f"\n{table(('order', 'accepts', 'what it does'), rows)}")
    click.echo()
    shown = [[item.name, item.unit or item.type, _remarks(item)] for item in readings]
    click.echo(table(("reading", "unit", "what it is"), shown) if shown else "no readings")


def _default(item: SettingField) -> str:
    if item.required:
        return "(required)"
    if item.default is None:
        return "none"
    if isinstance(item.default, bool):
        return str(item.default).lower()
    if isinstance(item.default, (int, float)):
        return f"{number_text(item.default)} {item.unit}".rstrip()
    return str(item.default)


def _notes(item: SettingField) -> str:
    notes = [item.description or item.title]
    if item.partner:
        notes.append("names a device" + ("" if item.partner.required else ", may be absent"))
    if item.document:
        notes.append("names a file")
    if not item.live:
        notes.append("fixed while it runs")
    return "; ".join(notes)


def _remarks(item: Reading) -> str:
    notes = [item.title]
    notes += [" | ".join(item.choices)] if item.choices else []
    notes += ["since midnight"] if item.day else ["since the month began"] if item.month else []
    notes += ["detail"] if item.detail else []
    return "; ".join(notes)


def _setting(item: SettingField) -> dict[str, Any]:
    return {
        "name": item.name,
        "title": item.title,
        "description": item.description,
        "type": item.type,
        "unit": item.unit,
        "units": [name for name, _ in item.quantity.units] if item.quantity else [],
        "minimum": item.minimum,
        "maximum": item.maximum,
        "choices": list(item.choices),
        "default": item.default,
        "required": item.required,
        "live": item.live,
        "partner": item.partner.ability if item.partner else None,
        "document": item.document,
    }


def _reading(item: Reading) -> dict[str, Any]:
    return {
        "name": item.name,
        "title": item.title,
        "type": item.type,
        "unit": item.unit,
        "detail": item.detail,
        "day": item.day,
        "month": item.month,
        "choices": list(item.choices),
    }
