"""``virtual-devices describe KIND``."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from virtual_devices.cli._options import chosen
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli._width import filled, paragraphs
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
    click.echo(f"{kind}: {device_class.title}\n\n{paragraphs(about)}\n")
    click.echo(_settings(settings) or "nothing to set")
    if orders:
        rows = [[item.name, item.range, item.description or item.title] for item in orders]
        click.echo(f"\n{table(('order', 'accepts', 'what it does'), rows)}")
    click.echo()
    shown = [[item.name, item.unit or item.type, _remarks(item)] for item in readings]
    click.echo(table(("reading", "unit", "what it is"), shown) if shown else "no readings")
    if home_file is not None:
        said = here or [f"{home_file}: no device of this kind has anything to say"]
        click.echo("\n" + "\n".join(filled(text, further="  ") for text in said))


def _settings(settings: Sequence[SettingField]) -> str:
    """First what people reach for, then details, then how it is called and shown."""
    basic = sorted((item for item in settings if not item.detail and not _shown(item)), key=lambda item: not item.everyday)
    parts = {
        "": basic,
        "Details, which have good defaults\n\n": [item for item in settings if item.detail and not _shown(item)],
        "How it is called and shown\n\n": [item for item in settings if _shown(item)],
    }
    return "\n\n".join(
        title + table(("setting", "accepts", "default", "what it is"), [[item.name, item.range, _default(item), _notes(item)] for item in part])
        for title, part in parts.items()
        if part
    )


def _shown(item: SettingField) -> bool:
    return item.appearance or item.name == "plain_readings"


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
