"""``virtual-devices logs [NAME]``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from virtual_devices.cli._fleet import LOCAL, Where, asked, place_option
from virtual_devices.cli._options import broker_options, home_option
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.murmur import printable
from virtual_devices.fleet.keeping.places import homes_folder, state_folder
from virtual_devices.fleet.logs import logs_of
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.names import is_name


@click.command()
@click.argument("name", required=False)
@click.option("--lines", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many at most, the newest.")
@click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER", help="The home's state folder, as for `up`.")
@place_option
@home_option
@broker_options
def logs(name: str | None, *, lines: int, state: Path | None, place: str, home: str | None, endpoint: Endpoint) -> None:
    """What a home, or its device NAME, has said; also of one that is stopped, where it ran on this machine."""
    found: Sequence[str]
    if place == LOCAL:
        found = logs_of(state or state_folder(home or _only_home())).read(name, lines)
    else:
        with asked(Where(place, home, endpoint)) as fleet:
            found = fleet.ask(lambda there: there.logs(name, lines))
    for line in found:
        click.echo(printable(line))


def _only_home() -> str:
    """The home of this user, where he has just one. Raises ConfigurationError that names what there is."""
    folder = homes_folder()
    homes = sorted(path.name for path in folder.iterdir() if path.is_dir() and is_name(path.name)) if folder.is_dir() else []
    there = f"; there are: {', '.join(homes)}" if homes else ""
    if len(homes) != 1:
        raise ConfigurationError(f"whose logs? name the home with --home{there}")
    return homes[0]
