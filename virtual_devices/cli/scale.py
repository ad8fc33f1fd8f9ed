"""``virtual-devices scale NAME 0|1``."""

from __future__ import annotations

import click

from virtual_devices.cli._fleet import Where, fleet_options, wish


@click.command()
@click.argument("name")
@click.argument("replicas", type=click.IntRange(0, 1))
@fleet_options
def scale(name: str, replicas: int, *, where: Where, as_json: bool) -> None:
    """How many of a device are to run: 1, or 0, which switches it off."""
    wish(where, lambda fleet: fleet.scale(name, replicas), as_json=as_json)
