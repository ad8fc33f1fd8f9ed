"""``virtual-devices apply HOME``."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from virtual_devices.cli._fleet import LOCAL, Where, fleet_options, wish
from virtual_devices.cli._options import COMMAND_LINE, chosen, home_argument
from virtual_devices.edge.files.read import read_home
from virtual_devices.fleet.fleet import Fleet, Outcome
from virtual_devices.kit.home.wanted import declared_by


@click.command()
@home_argument
@click.option("--dry-run", is_flag=True, help="Only say what would change, as `diff` does.")
@click.option("--keep", is_flag=True, help="Leave what was changed while it ran: only take over what HOME says otherwise than before.")
@fleet_options
def apply(home_file: Path | None, *, dry_run: bool, keep: bool, where: Where, as_json: bool) -> None:
    """Make a running home what the file HOME declares, with the fewest changes; done twice, it changes nothing.

    Devices that came live are removed, those that were removed come back; what is switched off stays so.
    """
    apply_file(home_file, dry_run=dry_run, keep=keep, where=where, as_json=as_json)


def apply_file(home_file: Path | None, *, dry_run: bool, keep: bool, where: Where, as_json: bool) -> None:
    """Read the file, ask, and say what came of it."""
    home, documents = read_home(chosen(home_file), now=int(time.time()))

    def make(fleet: Fleet) -> Coroutine[Any, Any, Outcome]:
        if where.place == LOCAL:
            return fleet.apply(declared_by(home), COMMAND_LINE, prune=not keep, dry_run=dry_run)
        there: Any = fleet  # a cluster keeps the file itself, its events, and the files that it names
        found: Coroutine[Any, Any, Outcome] = there.apply_home(home, documents, COMMAND_LINE, prune=not keep, dry_run=dry_run)
        return found

    wish(replace(where, home=where.home or home.name), lambda fleet: fleet.ask(make), as_json=as_json)
