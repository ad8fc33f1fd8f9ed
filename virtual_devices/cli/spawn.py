"""``virtual-devices spawn KIND [NAME]``."""

from __future__ import annotations

import click

from virtual_devices.cli._fleet import Where, fleet_options, wish
from virtual_devices.cli._options import assignment, merged
from virtual_devices.cli._words import written


@click.command()
@click.argument("kind")
@click.argument("name", required=False)
@click.option("--set", "assignments", multiple=True, type=assignment, metavar="SETTING=VALUE", help="A setting; repeatable.")
@fleet_options
def spawn(kind: str, name: str | None, assignments: tuple[tuple[str, str], ...], *, where: Where, as_json: bool) -> None:
    """One more device of KIND in a running home; without a NAME it is called after its kind.

    It stays, over restarts too, until it is removed. `virtual-devices describe KIND` lists its settings.
    """
    settings = {setting: written(value) for setting, value in merged(assignments).items()}
    wish(where, lambda fleet: fleet.spawn(kind, name, settings), as_json=as_json)
