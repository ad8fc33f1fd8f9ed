"""``virtual-devices watch``."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import click

from virtual_devices.cli import _watching, _wires
from virtual_devices.cli._options import broker_options, duration, home_option
from virtual_devices.edge.murmur import Murmur
from virtual_devices.edge.visitor.picture import Picture
from virtual_devices.edge.visitor.session import Session
from virtual_devices.edge.visitor.wires import WireFlows
from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from virtual_devices.edge.mqtt.endpoint import Endpoint


@click.command()
@click.argument("devices", nargs=-1, metavar="[DEVICE]...")
@click.option("--for", "seconds", type=duration, metavar="DURATION", help="Wall time to watch; else until Ctrl-C.")
@click.option("--flows", is_flag=True, help="What flows on each wire, of an inverter whose setting flows is on.")
@home_option
@broker_options
def watch(devices: tuple[str, ...], *, seconds: int | None, flows: bool, home: str | None, endpoint: Endpoint) -> None:
    """A running home, live: all of it in a picture, what flows on its wires, or what changes in some DEVICES, line by line."""
    if flows and devices:
        raise click.UsageError("--flows is about all wires; leave it out, or the devices")
    with Session(endpoint) as session:
        name = session.home(home)
        for device in devices:
            session.device(name, device)
        with suppress(KeyboardInterrupt):
            if devices:
                with _watching.told(session, name, devices, Murmur(session.loop, click.echo, burst=200, rate=20, longest=10_000)):
                    session.wait(None, seconds)
            else:
                _show(session, name, seconds, flows=flows)


def _show(session: Session, home: str, seconds: int | None, *, flows: bool) -> None:
    try:
        from virtual_devices.cli._view import LiveView  # noqa: PLC0415 - rich, which the other verbs do without
    except ImportError:
        raise ConfigurationError("the picture needs rich: pip install rich; or name devices to watch") from None
    picture, wires = Picture(home), WireFlows()
    look: dict[str, Any] = {"paint": _wires.painter(wires), "line": _wires.liner(wires)} if flows else {}
    with ExitStack() as stack:
        stack.enter_context(_watching.kept(session, picture))
        if flows:
            stack.enter_context(_watching.tapped(session, home, _watching.teller(picture), wires))
        view = stack.enter_context(LiveView(picture, **look))
        session.on_connection = picture.connection
        view.drive(session.loop)
        session.wait(None, seconds)
