"""``virtual-devices ha dashboard [HOME]``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from virtual_devices.cli._options import chosen, home_argument
from virtual_devices.cli.home_assistant._link import link_of, link_options
from virtual_devices.cli.home_assistant._printing import out_option, put
from virtual_devices.edge.files.read import read_home
from virtual_devices.home_assistant.shipped.dashboard import dashboard_text, save


@click.command()
@home_argument
@out_option
@link_options
def dashboard(home_file: Path | None, out: Path | None, url: str | None, token_file: Path | None, cafile: Path | None) -> None:
    """A dashboard of Home Assistant for a HOME, as YAML; with --url it is put there."""
    home, _ = read_home(chosen(home_file), now=int(time.time()))
    if url is None:
        put(dashboard_text(home), out)
        return
    with link_of(url, token_file, cafile) as link:
        click.echo(save(link, home))
