"""``virtual-devices get DEVICE``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import click

from virtual_devices.cli._options import broker_options, home_option, json_option
from virtual_devices.cli.table import table
from virtual_devices.edge.faces import Labels, labels
from virtual_devices.edge.session import Session
from virtual_devices.edge.words import words

if TYPE_CHECKING:
    from virtual_devices.edge.endpoint import Endpoint

_CURRENCY = re.compile(r"[A-Z]{3}(/|$)")
"""Begins a unit that Home Assistant is told, but that no setting accepts: its currency is fixed."""


@click.command()
@click.argument("device")
@json_option
@home_option
@broker_options
def get(device: str, *, as_json: bool, home: str | None, endpoint: Endpoint) -> None:
    """Settings and readings of a DEVICE of a running home; `set` takes a setting's value as it is shown here."""
    with Session(endpoint) as session:
        seen = session.device(session.home(home), device)
        known = labels(session, seen)
    if as_json:
        about = {"home": seen.home, "device": seen.name, "kind": seen.kind, "ability": seen.ability, "online": seen.online}
        click.echo(json.dumps({**about, "state": seen.state}, indent=2, ensure_ascii=False))
        return
    click.echo(f"{seen.name}: {seen.kind} of home {seen.home}, {'online' if seen.online else 'offline'}")
    if seen.state:
        rows = [_row(name, value, known.get(name)) for name, value in seen.state.items()]
        click.echo(table(("name", "value", "what it is"), sorted(rows, key=lambda row: row[2] == "")))


def _row(name: str, value: Any, label: Labels | None) -> list[str]:
    """Name, value and what it is. A setting has all its digits."""
    if label is None:
        return [name, words(value, exact=True), ""]
    text = words(value, exact=label.setting)
    if not label.unit or value is None:
        return [name, text, label.words]
    if label.setting and _CURRENCY.match(label.unit):
        return [name, text, f"{label.words}, in {label.unit}"]
    return [name, f"{text} {label.unit}", label.words]
