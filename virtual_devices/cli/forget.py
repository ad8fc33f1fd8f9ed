"""``virtual-devices forget HOME``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from virtual_devices.cli._options import broker_options
from virtual_devices.cli._streams import warn
from virtual_devices.edge.murmur import listed
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet import forgetting

if TYPE_CHECKING:
    from virtual_devices.edge.mqtt.endpoint import Endpoint


@click.command()
@click.argument("home")
@click.option("--force", is_flag=True, help="Also while devices are online; those announce themselves again.")
@broker_options
def forget(home: str, *, force: bool, endpoint: Endpoint) -> None:
    """Clear all that a HOME has left on a broker, and so in Home Assistant.

    It cannot be undone: the present run of the home ends with it.
    """
    with Session(endpoint) as session:
        done = forgetting.forget(session, home, force=force)
    click.echo(f"home {done.home}: cleared {done.topics} topics of {len(done.devices)} devices on {endpoint.url}")
    if done.online:
        warn(f"still online: {listed(done.online)}; stop them and say it again")
