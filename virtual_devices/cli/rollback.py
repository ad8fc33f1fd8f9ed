"""``virtual-devices rollback REVISION``."""

from __future__ import annotations

import click

from virtual_devices.cli._fleet import Where, fleet_options, wish
from virtual_devices.cli._options import COMMAND_LINE


@click.command()
@click.argument("revision", type=click.IntRange(min=1))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@fleet_options
def rollback(revision: int, *, dry_run: bool, where: Where, as_json: bool) -> None:
    """Make a running home again what it was wanted to be at a REVISION, see `revisions`."""
    wish(where, lambda fleet: fleet.ask(lambda there: there.rollback(revision, COMMAND_LINE, dry_run=dry_run)), as_json=as_json)
