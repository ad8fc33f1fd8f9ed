"""``virtual-devices fleet``."""

from __future__ import annotations

from pathlib import Path

import click

from virtual_devices.cli._options import broker_options
from virtual_devices.cli._streams import warn
from virtual_devices.edge.mqtt.endpoint import Endpoint


@click.command()
@click.option("--home", required=True, metavar="NAME", help="The home whose fleet it is.")
@click.option("--namespace", metavar="NAME", help="Its namespace; else called like the home.")
@click.option("--context", metavar="NAME", help="The cluster; else the one in which this is a pod, or the present one.")
@click.option("--health", type=click.Path(path_type=Path), metavar="FILE", help="Touch this file while all is well, for a probe.")
@broker_options
def fleet(home: str, namespace: str | None, context: str | None, health: Path | None, endpoint: Endpoint) -> None:
    """Be the fleet of a home on Kubernetes, as its pod is: see to it that what is wanted runs, and be asked on the bus."""
    from virtual_devices.fleet.kubernetes.cluster import cluster_of  # noqa: PLC0415 - only who is a fleet needs the client
    from virtual_devices.fleet.kubernetes.host_fleet import host_fleet  # noqa: PLC0415

    host_fleet(cluster_of(context), home, namespace, endpoint, health=health, say=warn)
