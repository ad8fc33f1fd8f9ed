"""``virtual-devices credentials HOME``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from virtual_devices.edge.files import read_home
from virtual_devices.fleet.credentials import make


@click.command()
@click.argument("home_file", metavar="[HOME]", required=False, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="Where the files go.")
def credentials(home_file: Path | None, out: Path) -> None:
    """Make passwords and mosquitto's access list for a HOME: each device may write below its own name only.

    Passwords that are there already are kept.
    """
    home, _ = read_home(home_file, now=int(time.time()))
    made = make(home, out)
    click.echo(f"{made.folder}: passwords and acl for {len(made.identities)} identities, {len(made.new)} of them new")
    click.echo("each identity's password is in its own file there, readable by you alone")
