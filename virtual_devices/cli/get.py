"""``virtual-devices get DEVICE``."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from virtual_devices.cli._options import broker_options, home_option, json_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli.table import table
from virtual_devices.edge.faces import Labels, labels
from virtual_devices.edge.murmur import printable, shortened
from virtual_devices.edge.session import Session

if TYPE_CHECKING:
    from virtual_devices.edge.endpoint import Endpoint

_MOST, _LONGEST = 500, 300
"""Values that are listed, and characters of each: what stands in a state is its device's word."""


@click.command()
@click.argument("device")
@json_option
@home_option
@broker_options
def get(device: str, *, as_json: bool, home: str | None, endpoint: Endpoint) -> None:
    """Settings and readings of a DEVICE of a running home."""
    with Session(endpoint) as session:
        seen = session.device(session.home(home), device)
        known = labels(session, seen)
    if as_json:
        about = {"home": seen.home, "device": seen.name, "kind": seen.kind, "ability": seen.ability, "online": seen.online}
        echo_json(json.dumps({**about, "state": seen.state}, indent=2, ensure_ascii=False))
        return
    click.echo(f"{seen.name}: {seen.kind} of home {seen.home}, {'online' if seen.online else 'offline'}")
    if seen.state:
        rows = [_row(name, value, known.get(name)) for name, value in islice(seen.state.items(), _MOST)]
        click.echo(table(("name", "value", "what it is"), sorted(rows, key=lambda row: row[2] == "")))
        if len(seen.state) > _MOST:
            click.echo(f"and {len(seen.state) - _MOST} more")


def _row(name: str, value: Any, label: Labels | None) -> list[str]:
    unit = f" {label.unit}" if label is not None and label.unit and value is not None else ""
    return [printable(shortened(name, _LONGEST)), printable(shortened(_text(value), _LONGEST)) + unit, "" if label is None else label.words]


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
