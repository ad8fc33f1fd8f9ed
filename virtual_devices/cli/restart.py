"""``virtual-devices restart NAME…``."""

from __future__ import annotations

import click

from virtual_devices.cli._fleet import Where, fleets_options, wishes


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@fleets_options
def restart(names: tuple[str, ...], *, where: Where, as_json: bool) -> None:
    """End devices of a running home and start them again; they go on from where they were."""
    wishes(where, names, lambda fleet, name: fleet.restart(name), as_json=as_json)
