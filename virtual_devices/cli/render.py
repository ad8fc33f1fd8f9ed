"""``virtual-devices render HOME``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from virtual_devices.cli._cluster import rendering_of, rendering_options
from virtual_devices.cli._options import Credentials, chosen, credential_options, endpoint_of, home_argument


@click.command()
@home_argument
@click.option("--secrets", is_flag=True, help="With the passwords too, new ones at each call; without them the cluster has to have them.")
@click.option("--broker", metavar="URL", help="Your own broker, mqtt://user@host, for credentials that are shared.")
@click.option("--metrics", type=click.IntRange(1, 65_535), metavar="PORT", help="Every pod serves Prometheus metrics on this port, and namespaces with the label virtual-devices/may-scrape may fetch them.")
@rendering_options
@credential_options
def render(home_file: Path | None, *, secrets: bool, broker: str | None, metrics: int | None, chosen_rendering: dict[str, Any], credentials: Credentials) -> None:
    """A HOME as objects of Kubernetes, YAML for kubectl and GitOps: what `up --place kubernetes` makes there."""
    from virtual_devices.edge.files.read import read_home  # noqa: PLC0415 - after the options are known to be right
    from virtual_devices.fleet.kubernetes.objects import render as rendering  # noqa: PLC0415

    endpoint = endpoint_of(broker, credentials) if broker is not None else None
    options = rendering_of(chosen_rendering if metrics is None else {**chosen_rendering, "metrics": metrics}, endpoint)
    home, documents = read_home(chosen(home_file), now=int(time.time()))
    wanted = rendering.as_filed(home)
    objects = rendering.render(home, documents, wanted, options)
    if secrets:
        known = {options.user: str(endpoint.password)} if endpoint is not None and options.user is not None and endpoint.password else {}
        made = rendering.secrets(home, wanted, options, rendering.passwords_of(home, options, known))
        objects = [*objects[:1], *made, *objects[1:]]
    click.echo(rendering.as_yaml(objects), nl=False)
