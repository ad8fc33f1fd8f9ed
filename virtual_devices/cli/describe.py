"""``virtual-devices describe KIND``."""

from __future__ import annotations

import inspect
import json
import time
from pathlib import Path
from typing import Any

import click

from virtual_devices.cli._options import chosen
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli.table import table
from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.forms.changes import Reading, SettingField, number_text, orders_of, readings_of, settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.members.rehearsal import rehearse


@click.command()
@click.argument("kind")
@click.argument("home_file", metavar="[HOME]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def describe(kind: str, home_file: Path | None, *, as_json: bool) -> None:
    """Settings and readings of a KIND of device, with ranges, units and defaults; of a HOME, what its devices of that kind make of it."""
    device_class = catalogue.load(kind)
    settings, orders, readings = settings_of(device_class), orders_of(device_class), readings_of(device_class)
    here = [] if home_file is None else _in_home(kind, home_file)
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
            **({"in_home": here} if home_file is not None else {}),
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
    if home_file is not None:
        click.echo("\n" + "\n".join(here or [f"{home_file}: no device of this kind has anything to say"]))


def _in_home(kind: str, home_file: Path) -> list[str]:
    """What the devices of a kind say of themselves in a home, and what they warn of; one line each."""
    home, documents = read_home(chosen(home_file), now=int(time.time()))
    members = rehearse(home, documents).members
    found = []
    for entry in home.devices:
        if entry.kind == kind:
            device = members[entry.name].device
            found += [f"{entry.name}: {note}" for note in device.notes(entry.settings, home.start)]
            found += [f"{entry.name}: {text}" for text in device.warnings(entry.settings, home.start, home.step)]
    return found


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
