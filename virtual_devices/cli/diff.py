"""``virtual-devices diff HOME``."""

from __future__ import annotations

from pathlib import Path

import click

from virtual_devices.cli._fleet import Where, fleet_options
from virtual_devices.cli._options import home_argument
from virtual_devices.cli.apply import apply_file


@click.command()
@home_argument
@click.option("--keep", is_flag=True, help="As for `apply`.")
@fleet_options
def diff(home_file: Path | None, *, keep: bool, where: Where, as_json: bool) -> None:
    """What `apply HOME` would change in a running home."""
    apply_file(home_file, dry_run=True, keep=keep, where=where, as_json=as_json)
