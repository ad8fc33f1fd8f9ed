"""``virtual-devices ha energy [HOME]``."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from virtual_devices.cli._options import cautions, chosen, home_argument
from virtual_devices.cli.home_assistant._link import link_of, link_options
from virtual_devices.cli.home_assistant._printing import out_option, put
from virtual_devices.edge.files.read import read_home
from virtual_devices.home_assistant.shipped.energy import save, stored


@click.command()
@home_argument
@out_option
@link_options
def energy(home_file: Path | None, out: Path | None, url: str | None, token_file: Path | None, cafile: Path | None) -> None:
    """The energy dashboard's preferences for a HOME: printed as the file .storage/energy, or with --url added to those of a Home Assistant.

    What is there of other meters stays. Home Assistant makes statistics every five minutes; before the first of them it has complaints, which
    go by themselves.
    """
    home, _ = read_home(chosen(home_file), now=int(time.time()))
    if url is None:
        put(json.dumps(stored(home), indent=2) + "\n", out)
        return
    with link_of(url, token_file, cafile) as link:
        issues = save(link, home)
    cautions(issues)
    click.echo(f"saved; open {url.rstrip('/')}/energy")
