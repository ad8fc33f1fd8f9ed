"""``virtual-devices ps``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from virtual_devices.cli._now import summary_of
from virtual_devices.cli._options import broker_options, home_option, json_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli.table import table
from virtual_devices.edge.murmur import printable, shortened
from virtual_devices.edge.visitor.session import Session
from virtual_devices.kit.home.model import MAX_DEVICES

if TYPE_CHECKING:
    from virtual_devices.edge.mqtt.endpoint import Endpoint
    from virtual_devices.edge.visitor.device_view import DeviceView

_MOST, _LONGEST = 2 * MAX_DEVICES, 200


@click.command()
@json_option
@home_option
@broker_options
def ps(*, as_json: bool, home: str | None, endpoint: Endpoint) -> None:
    """The devices of a running home, who of them is there, and what they do."""
    with Session(endpoint) as session:
        name = session.home(home)
        found = session.devices(name)
    devices = sorted(found.values(), key=lambda seen: seen.about is None)[:_MOST]  # a name that says nothing of itself comes last
    more = len(found) - len(devices)
    if as_json:
        listed = {"home": name, "devices": [_row(seen) for seen in devices], **({"more": more} if more else {})}
        echo_json(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    click.echo(f"home {name} on {endpoint.url}")
    rows = [[seen.name, seen.kind, "online" if seen.online else "offline", _words(seen)] for seen in devices]
    click.echo(table(("device", "kind", "", "state"), rows))
    if more:
        click.echo(f"and {more} more names that are no devices of a home: it has {MAX_DEVICES} at most")


def _row(seen: DeviceView) -> dict[str, str | bool]:
    return {
        "device": seen.name,
        "kind": seen.kind,
        "ability": shortened(seen.ability, _LONGEST),
        "online": seen.online,
        "state": _words(seen),
    }


def _words(seen: DeviceView) -> str:
    return printable(shortened(summary_of(seen), _LONGEST))
