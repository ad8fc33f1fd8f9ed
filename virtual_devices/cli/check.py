"""``virtual-devices check HOME``."""

from __future__ import annotations

import time

import click

from virtual_devices.cli._streams import warn
from virtual_devices.edge.files import read_home
from virtual_devices.kit.rehearsal import rehearse


@click.command()
@click.argument("home", required=False, type=click.Path())
def check(home: str | None) -> None:
    """Say what is wrong with a HOME file (default: examples/cape_town.yaml), with line numbers.

    Exit code 0 when it can be started, 2 when it cannot.
    """
    found, documents = read_home(home, now=int(time.time()))
    rehearsal = rehearse(found, documents)
    for line in rehearsal.warnings():
        warn(f"warning: {line}")
    begin = found.site.calendar.local(found.start).isoformat(sep=" ")
    events = f", {len(found.events)} events" if found.events else ""
    click.echo(f"{found.source}: home {found.name} is fine: {len(found.devices)} devices{events}, starts {begin}")
    for line in rehearsal.notes:
        click.echo(line)
