"""``virtual-devices run KIND``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from virtual_devices.cli._options import assignment, broker_options, merged, metrics_option
from virtual_devices.cli._options import duration as seconds
from virtual_devices.cli._streams import warn
from virtual_devices.edge.metrics.address import MetricsAddress
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.described import DescribedDevice, event_of, read_described
from virtual_devices.fleet.single import host_device
from virtual_devices.kit.errors import ConfigurationError


@click.command()
@click.argument("kind", required=False)
@click.option("--home", metavar="NAME", help="The home that the device belongs to.")
@click.option("--name", metavar="NAME", help="The device's name in it.")
@click.option(
    "--description", type=click.Path(path_type=Path), metavar="FILE",
    help="JSON file with home, name, kind, settings and events of the device; the files that its settings name lie beside it. Other options win over it.",
)  # fmt: skip
@broker_options
@click.option("--set", "assignments", multiple=True, type=assignment, metavar="SETTING=VALUE", help="A setting; repeatable.")
@click.option("--event", "events", multiple=True, metavar="'TIME SETTING=VALUE…'", help="A change at a simulated time; repeatable.")
@click.option(
    "--health", type=click.Path(path_type=Path), metavar="FILE",
    help="Touch this file each second in which the device is well, for a probe: find FILE -newermt '-30 sec' | grep -q .",
)  # fmt: skip
@metrics_option
@click.option("--fresh", is_flag=True, help="A clock begins a new run instead of going on with the last.")
@click.option("--alone", is_flag=True, help="A clock that finds no run at its broker begins one at once: no host keeps one that may have been forgotten.")
@click.option("--for", "duration", type=seconds, metavar="DURATION", help="Simulated time after which a clock ends.")
@click.option("--compiled", is_flag=True, help="An inverter dispatches with numba; the results are the same.")
@click.option("--until", metavar="TIME", help="Simulated time at which a clock ends: ISO 8601, or UTC seconds.")
def run(
    kind: str | None,
    home: str | None,
    name: str | None,
    description: Path | None,
    endpoint: Endpoint,
    assignments: tuple[tuple[str, str], ...],
    events: tuple[str, ...],
    health: Path | None,
    metrics: MetricsAddress | None,
    fresh: bool,  # noqa: FBT001 - click passes it by name
    alone: bool,  # noqa: FBT001
    duration: int | None,
    until: str | None,
    compiled: bool,  # noqa: FBT001
) -> None:
    """Host one device of KIND, as a container does; place and time come from its home's clock."""
    described = read_described(description) if description is not None else DescribedDevice("", "", "")
    wanted = replace(
        described, home=home or described.home, name=name or described.name, kind=kind or described.kind,
        settings={**described.settings, **merged(assignments)}, events=tuple(map(event_of, events)) or described.events,
    )  # fmt: skip
    for word, given, option in (("kind", wanted.kind, "as the first word"), ("home", wanted.home, "with --home"), ("name", wanted.name, "with --name")):
        if not given:
            raise ConfigurationError(f"of which {word}? Give it {option}, or a file that says it with --description")
    host_device(
        wanted, endpoint, metrics=metrics, fresh=fresh, alone=alone, duration=duration, until=until, compiled=compiled, health=health, say=warn
    )
