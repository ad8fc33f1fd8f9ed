"""``virtual-devices ps``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from virtual_devices.cli._options import broker_options, home_option, json_option
from virtual_devices.cli.table import table
from virtual_devices.edge.session import Session
from virtual_devices.edge.view import summary_of

if TYPE_CHECKING:
    from virtual_devices.edge.endpoint import Endpoint
    from virtual_devices.edge.seen import Seen


@click.command()
@json_option
@home_option
@broker_options
def ps(*, as_json: bool, home: str | None, endpoint: Endpoint) -> None:
    """The devices of a running home, who of them is there, and what they do."""
    with Session(endpoint) as session:
        name = session.home(home)
        devices = session.devices(name)
    if as_json:
        click.echo(json.dumps({"home": name, "devices": [_row(seen) for seen in devices.values()]}, indent=2, ensure_ascii=False))
        return
    click.echo(f"home {name} on {endpoint.url}")
    rows = [[seen.name, seen.kind, "online" if seen.online else "offline", summary_of(seen)] for seen in devices.values()]
    click.echo(table(("device", "kind", "", "state"), rows))


def _row(seen: Seen) -> dict[str, str | bool]:
    return {
        "device": seen.name,
        "kind": seen.kind,
        "ability": seen.ability,
        "online": seen.online,
        "state": summary_of(seen),
    }
