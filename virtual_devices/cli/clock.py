"""``virtual-devices clock``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from virtual_devices.cli._now import clock_words
from virtual_devices.cli._options import COMMAND_LINE, broker_options, home_option
from virtual_devices.edge.visitor.session import Session
from virtual_devices.kit.names import CLOCK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from virtual_devices.edge.mqtt.endpoint import Endpoint


@click.command()
@click.option("--speed", type=click.FloatRange(min=0), help="Simulated seconds per second; 0: as fast as possible.")
@click.option("--max", "fastest", is_flag=True, help="As fast as possible.")
@click.option("--pause", is_flag=True, help="Stand still.")
@click.option("--resume", is_flag=True, help="Go on.")
@click.option("--step", "steps", type=click.IntRange(min=1), is_flag=False, flag_value=1, metavar="[N]", help="Pause, and make N steps (1).")
@home_option
@broker_options
def clock(
    *, speed: float | None, fastest: bool, pause: bool, resume: bool, steps: int | None, home: str | None, endpoint: Endpoint
) -> None:
    """The time of a running home: show it, or make it faster, slower, stand still or go step by step."""
    if speed is not None and fastest:
        raise click.UsageError("--speed and --max exclude each other")
    if pause + resume + (steps is not None) > 1:
        raise click.UsageError("--pause, --resume and --step exclude each other")
    with Session(endpoint) as session:
        name = session.home(home)
        state = session.device(name, CLOCK).state
        if speed is not None or fastest:
            state = session.command(name, CLOCK, {"speed": 0 if speed is None else speed}, by=COMMAND_LINE)
        if pause or resume:
            state = session.command(name, CLOCK, {"paused": pause, "paused_steps": 0}, by=COMMAND_LINE)
        if steps is not None:
            state = make_steps(session, name, steps)
    click.echo(f"{name}: {clock_words(state) or 'no time yet'}")


def make_steps(session: Session, home: str, steps: int) -> dict[str, Any]:
    """Pause, and make so many steps; the clock's state when they are made, or when the patience is over."""
    before = session.device(home, CLOCK).state.get("time")

    def made(state: Mapping[str, Any]) -> bool:
        return state.get("paused_steps") == 0 and state.get("time") != before

    return session.command(home, CLOCK, {"paused": True, "paused_steps": steps}, by=COMMAND_LINE, done=made)
