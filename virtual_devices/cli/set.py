"""``virtual-devices set DEVICE setting=value…``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from virtual_devices.cli._many import ManyHomes, ask_many, home_or_many
from virtual_devices.cli._options import COMMAND_LINE, assignment, broker_options, merged
from virtual_devices.cli._words import measured, written
from virtual_devices.client.running_home import RunningHome
from virtual_devices.kit.durations import parts_of

if TYPE_CHECKING:
    from virtual_devices.edge.mqtt.endpoint import Endpoint


@click.command("set")
@click.argument("device")
@click.argument("settings", type=assignment, nargs=-1, required=True, metavar="setting=value...")
@click.option("--at", metavar="TIME", help='Simulated time from which it holds: "2026-06-21 18:00", local unless it says otherwise, "18:00", or "2h" from now.')
@home_or_many
@broker_options
def set_settings(
    device: str, settings: tuple[tuple[str, str], ...], at: str | None, home: str | None, many: ManyHomes | None, endpoint: Endpoint
) -> None:
    """Change settings of a DEVICE of a running home, all of them or none; with --homes or --label of many.

    Units may be written: capacity="5.5 kWh". What a device accepts is in `virtual-devices describe KIND`.
    """
    changes = {name: written(value) for name, value in merged(settings).items()}
    if many is not None:
        ask_many(endpoint, many, lambda running: f"{device}: {', '.join(_set(running, device, changes, at))}")
        return
    with RunningHome(endpoint, home, by=COMMAND_LINE) as running:
        for line in _set(running, device, changes, at):
            click.echo(f"{device}: {line}")


def _set(running: RunningHome, device: str, changes: dict[str, Any], at: str | None) -> list[str]:
    """Set it, and say what holds then."""
    state = running.set(device, changes, at=at)
    if at is not None:
        return [f"takes it {'in' if parts_of(at) else 'at'} {at}"]
    seen = running.get(device)
    return [f"{setting} = {measured(state.get(setting), seen.unit(setting))}" for setting in changes]
