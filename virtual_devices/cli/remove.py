"""``virtual-devices remove NAME``."""

from __future__ import annotations

import click

from virtual_devices.cli._fleet import Where, fleet_options, wishes


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@fleet_options
def remove(names: tuple[str, ...], *, where: Where, as_json: bool) -> None:
    """Remove devices from a running home, with all that they left on the broker.

    One that stands in the home file comes back when its declaration there changes, or with `apply`.
    """
    wishes(where, names, lambda fleet, name: fleet.remove(name), as_json=as_json)
