"""``virtual-devices clock``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from virtual_devices.cli._many import ManyHomes, ask_many, home_or_many
from virtual_devices.cli._now import clock_words
from virtual_devices.cli._options import COMMAND_LINE, broker_options
from virtual_devices.client.running_home import RunningHome

if TYPE_CHECKING:
    from virtual_devices.edge.mqtt.endpoint import Endpoint


@click.command()
@click.option("--speed", type=click.FloatRange(min=0), help="Simulated seconds per second; 0: as fast as possible.")
@click.option("--max", "fastest", is_flag=True, help="As fast as possible.")
@click.option("--pause", is_flag=True, help="Stand still.")
@click.option("--resume", is_flag=True, help="Go on.")
@click.option("--step", "steps", type=click.IntRange(min=1), is_flag=False, flag_value=1, metavar="[N]", help="Pause, and make N steps (1).")
@home_or_many
@broker_options
def clock(
    *, speed: float | None, fastest: bool, pause: bool, resume: bool, steps: int | None, home: str | None, many: ManyHomes | None, endpoint: Endpoint
) -> None:
    """The time of a running home, or with --homes or --label of many: show it, or make it faster, slower, stand still or go step by step."""
    if speed is not None and fastest:
        raise click.UsageError("--speed and --max exclude each other")
    if pause + resume + (steps is not None) > 1:
        raise click.UsageError("--pause, --resume and --step exclude each other")

    def told(running: RunningHome) -> str:
        now = running.clock(speed="max" if fastest else speed, paused=pause if pause or resume else None, steps=steps)
        return clock_words(now.values) or "no time yet"

    if many is not None:
        ask_many(endpoint, many, told)
        return
    with RunningHome(endpoint, home, by=COMMAND_LINE) as running:
        click.echo(f"{running.name}: {told(running)}")
