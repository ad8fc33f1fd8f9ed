"""``virtual-devices run KIND``."""

from __future__ import annotations

from pathlib import Path

import click

from virtual_devices.cli._options import assignment, broker_options, merged
from virtual_devices.cli._options import duration as seconds
from virtual_devices.cli._streams import warn
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.single import host_device


@click.command()
@click.argument("kind")
@click.option("--home", required=True, metavar="NAME", help="The home that the device belongs to.")
@click.option("--name", required=True, metavar="NAME", help="The device's name in it.")
@broker_options
@click.option("--set", "assignments", multiple=True, type=assignment, metavar="SETTING=VALUE", help="A setting; repeatable.")
@click.option("--event", "events", multiple=True, metavar="'TIME SETTING=VALUE…'", help="A change at a simulated time; repeatable.")
@click.option("--metrics", type=click.IntRange(1, 65_535), metavar="PORT", help="Serve Prometheus metrics on this port of loopback.")
@click.option("--fresh", is_flag=True, help="A clock begins a new run instead of going on with the last.")
@click.option("--for", "duration", type=seconds, metavar="DURATION", help="Simulated time after which a clock ends.")
@click.option("--compiled", is_flag=True, help="An inverter dispatches with numba; the results are the same.")
@click.option("--until", metavar="TIME", help="Simulated time at which a clock ends: ISO 8601, or UTC seconds.")
def run(
    kind: str,
    home: str,
    name: str,
    endpoint: Endpoint,
    assignments: tuple[tuple[str, str], ...],
    events: tuple[str, ...],
    metrics: int | None,
    fresh: bool,  # noqa: FBT001 - click passes it by name
    duration: int | None,
    until: str | None,
    compiled: bool,  # noqa: FBT001
) -> None:
    """Host one device of KIND, as a container does; place and time come from its home's clock."""
    host_device(
        kind, home, name, endpoint, settings=merged(assignments), events=events, folder=Path.cwd(), metrics=metrics,
        fresh=fresh, duration=duration, until=until, compiled=compiled,
        say=warn,
    )  # fmt: skip
