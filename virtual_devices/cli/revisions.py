"""``virtual-devices revisions``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from virtual_devices.cli._fleet import Where, asked, fleet_options
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli.table import table
from virtual_devices.edge.murmur import listed, printable
from virtual_devices.fleet.fleet import Fleet, Revision


@click.command()
@fleet_options
def revisions(*, where: Where, as_json: bool) -> None:
    """What a running home was wanted to be: who changed what, and when; `rollback` goes back to one."""
    with asked(where) as fleet:
        found, now = fleet.ask(_found)
    if as_json:
        rows = [{"revision": each.number, "time": _time(each), "by": each.by, "changes": list(each.changes)} for each in found]
        echo_json(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    shown = [[f"{each.number}{' *' if each.number == now else ''}", _time(each), printable(each.by), listed(each.changes)] for each in found]
    click.echo(table(("revision", "when", "by", "changes"), shown))


async def _found(fleet: Fleet) -> tuple[Sequence[Revision], int]:
    return await fleet.revisions(), fleet.revision


def _time(revision: Revision) -> str:
    return datetime.fromtimestamp(revision.time, UTC).astimezone().isoformat(timespec="seconds")
