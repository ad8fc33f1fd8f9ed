"""``virtual-devices kinds``."""

from __future__ import annotations

import json

import click

from virtual_devices.cli.table import table
from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.home import catalogue


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def kinds(*, as_json: bool) -> None:
    """The kinds of devices there are."""
    rows = [_row(kind, module) for kind, module in catalogue.kinds().items()]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        click.echo(table(("kind", "what it is", "ability", "module"), [list(row.values()) for row in rows], spare=1))


def _row(kind: str, module: str) -> dict[str, str]:
    try:
        device_class = catalogue.load(kind)
    except CatalogueError as error:
        return {"kind": kind, "title": f"cannot be loaded: {error}", "ability": "", "module": module}
    return {"kind": kind, "title": device_class.title, "ability": device_class.ability, "module": module}
