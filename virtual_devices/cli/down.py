"""``virtual-devices down``."""

from __future__ import annotations

import click

from virtual_devices.cli._fleet import LOCAL, Where, fleet_options, wish
from virtual_devices.cli._options import COMMAND_LINE
from virtual_devices.kit.errors import ConfigurationError


@click.command()
@click.option("--purge", is_flag=True, help="On Kubernetes: remove the namespace, with all that it keeps.")
@fleet_options
def down(*, purge: bool, where: Where, as_json: bool) -> None:
    """Stop a running home; nothing is lost, and the next `up` goes on from there."""
    if purge:
        _purge(where)
        return
    wish(where, lambda fleet: fleet.ask(lambda there: there.down(COMMAND_LINE)), as_json=as_json)


def _purge(where: Where) -> None:
    if where.place == LOCAL or where.home is None:
        raise ConfigurationError("what shall be purged? name a cluster with --place, and the home with --home; on a broker that is `virtual-devices forget`")
    from virtual_devices.fleet.kubernetes.cluster import cluster_of, context_of  # noqa: PLC0415 - only a cluster needs the client
    from virtual_devices.fleet.kubernetes.installing import take_down  # noqa: PLC0415

    click.echo(take_down(cluster_of(context_of(where.place)), where.home))
