"""``virtual-devices get DEVICE``."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from virtual_devices.cli._options import COMMAND_LINE, broker_options, home_option, json_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli._words import words
from virtual_devices.cli.table import table
from virtual_devices.client.running_home import RunningHome
from virtual_devices.edge.murmur import printable, shortened

if TYPE_CHECKING:
    from virtual_devices.edge.mqtt.endpoint import Endpoint
    from virtual_devices.edge.visitor.labels import Labels

_CURRENCY = re.compile(r"[A-Z]{3}(/|$)")
"""Begins a unit that Home Assistant is told, but that no setting accepts: its currency is fixed."""
_MOST, _LONGEST = 500, 300
"""Values that are listed, and characters of each: what stands in a state is its device's word."""


@click.command()
@click.argument("device")
@json_option
@home_option
@broker_options
def get(device: str, *, as_json: bool, home: str | None, endpoint: Endpoint) -> None:
    """Settings and readings of a DEVICE of a running home; `set` takes a setting's value as it is shown here."""
    with RunningHome(endpoint, home, by=COMMAND_LINE) as running:
        seen = running.last_told(device)
    state = seen.values
    if as_json:
        about = {"home": seen.home, "device": seen.name, "kind": seen.kind, "ability": seen.ability, "online": seen.online}
        echo_json(json.dumps({**about, "state": state}, indent=2, ensure_ascii=False))
        return
    click.echo(f"{seen.name}: {seen.kind} of home {seen.home}, {'online' if seen.online else 'offline'}")
    if state:
        rows = [_row(name, value, seen.labels.get(name)) for name, value in islice(state.items(), _MOST)]
        click.echo(table(("name", "value", "what it is"), sorted(rows, key=lambda row: row[2] == "")))
        if len(state) > _MOST:
            click.echo(f"and {len(state) - _MOST} more")


def _row(name: str, value: Any, label: Labels | None) -> list[str]:
    """Name, value and what it is. A setting has all its digits."""
    name = printable(shortened(name, _LONGEST))
    if label is None:
        return [name, shortened(words(value, exact=True), _LONGEST), ""]
    text = shortened(words(value, exact=label.setting), _LONGEST)
    if not label.unit or value is None:
        return [name, text, label.words]
    if label.setting and _CURRENCY.match(label.unit):
        return [name, text, f"{label.words}, in {label.unit}"]
    return [name, f"{text} {label.unit}", label.words]
