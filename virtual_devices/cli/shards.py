"""``virtual-devices shards NAME…``."""

from __future__ import annotations

from pathlib import Path

import click

from virtual_devices.edge.broker.bridge import Centre
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.credentials.shards import make_shards

CAFILE = "/mosquitto/secret/ca.crt"
"""Where a shard's container has the certificate of the authority, unless somebody says otherwise."""


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--centre", required=True, metavar="URL", help="The central broker, as the shards reach it: mqtts://host, or mqtt://host on a private network.")
@click.option("--cafile", metavar="FILE", help=f"Certificate of the authority to trust, as the shards' brokers find it; else {CAFILE}.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="Where the files go.")
def shards(names: tuple[str, ...], centre: str, cafile: str | None, out: Path) -> None:
    """Make the files of brokers that share many homes between them: a bridge for each, and a central broker that hears homes' summaries and nothing else.

    Passwords that are there already are kept.
    """
    endpoint = Endpoint.parse(centre)
    if cafile is not None and not endpoint.tls:
        raise click.UsageError("--cafile is for TLS; write mqtts:// into --centre")
    place = Centre(endpoint.host, endpoint.port, (cafile or CAFILE) if endpoint.tls else None)
    made = make_shards(names, place, out)
    click.echo(f"{made.centre}: mosquitto.conf, passwords and acl of the central broker, {len(made.new)} passwords new")
    for path in made.bridges.values():
        click.echo(f"{path}: add it to the end of that shard's mosquitto.conf")
