"""``virtual-devices off NAME…``."""

from __future__ import annotations

import click

from virtual_devices.cli._fleet import Where, fleets_options, wishes


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@fleets_options
def off(names: tuple[str, ...], *, where: Where, as_json: bool) -> None:
    """Switch devices of a running home off, as scaling to zero does: their need is gone from the next window."""
    wishes(where, names, lambda fleet, name: fleet.off(name), as_json=as_json)
