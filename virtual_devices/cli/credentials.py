"""``virtual-devices credentials HOME``."""

from __future__ import annotations

import re
import time
from pathlib import Path

import click

from virtual_devices.cli._options import chosen, home_argument
from virtual_devices.edge.broker.settings import Version
from virtual_devices.edge.files.read import read_home
from virtual_devices.fleet.credentials.make import SECURITY_FILE, make

_OLDEST_MAJOR = 2


def _version(text: str) -> Version:
    found = re.fullmatch(r"(\d{1,3})\.(\d{1,3})(\.\d+)?", text.strip())
    if found is None or int(found[1]) < _OLDEST_MAJOR:
        raise click.BadParameter(f"{text[:20]!r} is no version of mosquitto from 2.0 on; write 2.0 or 2.1")
    return int(found[1]), int(found[2])


@click.command()
@home_argument
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="Where the files go.")
@click.option("--mosquitto", "broker", type=_version, metavar="VERSION", help="Also a container's mosquitto.conf for it: 2.0 or 2.1.")
@click.option("--also", multiple=True, metavar="NAME", help="Also for a device of this name, which may join later; may be given several times.")
@click.option("--dynamic", is_flag=True, help="For mosquitto's dynamic security, where devices come and go, in place of an access list.")
def credentials(home_file: Path | None, out: Path, broker: Version | None, also: tuple[str, ...], *, dynamic: bool) -> None:
    """Make passwords and mosquitto's access list for a HOME: each device may write below its own name only.

    Passwords that are there already are kept.
    """
    home, _ = read_home(chosen(home_file), now=int(time.time()))
    made = make(home, out, broker, also=also, dynamic=dynamic)
    click.echo(f"{made.folder}: {SECURITY_FILE if dynamic else 'passwords and acl'} for {len(made.identities)} identities, {len(made.new)} of them new")
    click.echo("each identity's password is in its own file there, readable by you alone")
