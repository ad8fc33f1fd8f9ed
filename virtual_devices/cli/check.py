"""``virtual-devices check HOME``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from virtual_devices.cli._options import cautions, chosen, home_argument
from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.members.rehearsal import rehearse


@click.command()
@home_argument
def check(home_file: Path | None) -> None:
    """Say what is wrong with a HOME file (default: the example cape_town), with line numbers.

    Exit code 0 when it can be started, 2 when it cannot.
    """
    found, documents = read_home(chosen(home_file), now=int(time.time()))
    rehearsal = rehearse(found, documents)
    cautions(rehearsal.warnings())
    begin = found.site.calendar.local(found.start).isoformat(sep=" ")
    events = f", {len(found.events)} events" if found.events else ""
    click.echo(f"{found.source}: home {found.name} is fine: {len(found.devices)} devices{events}, starts {begin}")
    for line in rehearsal.notes:
        click.echo(line)
