"""What ``up`` shows while a home runs: the live picture, plain lines without a terminal, next to nothing with ``--json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from virtual_devices.cli._streams import warn
from virtual_devices.cli._view import LiveView
from virtual_devices.client.address import DEFAULT_BROKER
from virtual_devices.edge.visitor.picture import Picture

if TYPE_CHECKING:
    from virtual_devices.edge.loop import Loop
    from virtual_devices.fleet.up import Start
    from virtual_devices.kit.home.model import Home


class Screen:
    """The picture of one home, from the moment it is known until ``close``."""

    def __init__(self) -> None:
        self._picture: Picture | None = None
        self._view: LiveView | None = None

    def meet(self, home: Home) -> None:
        """The home that will be shown."""
        self._picture = Picture(home.name, [entry.name for entry in home.devices])

    def feed(self, device: str, leaf: str, payload: bytes) -> None:
        """A message of the home."""
        if self._picture is not None:
            self._picture.feed(device, leaf, payload)

    def started(self, loop: Loop, started: Start, console: str = "") -> None:
        """Begin to show it. console: the address of its page; empty: there is none."""
        if self._picture is None:
            return
        self._view = LiveView(self._picture, footer(started, console), steadfast=True)
        self._view.__enter__()
        self._view.drive(loop)

    def say(self, text: str) -> None:
        """A line above the picture."""
        if self._view is not None:
            self._view.say(text)
        else:
            warn(text)

    def close(self) -> None:
        """Leave the last picture standing."""
        if self._view is not None:
            self._view.__exit__()
            self._view = None


def footer(started: Start, console: str = "") -> list[str]:
    """How to connect, and what to do next."""
    endpoint = started.endpoint
    where = "" if endpoint.url == DEFAULT_BROKER else f" --broker {endpoint.url}"
    lines = [f"in a browser: {console}"] if console else []
    lines.append(f"MQTT {endpoint.host}:{endpoint.port} ({started.broker}), topics virtual/{started.home.name}/#")
    if started.password_file is not None:
        where += f" --password-file {started.password_file}"
        lines.append(f"user {endpoint.username}, password in {started.password_file}")
    if started.v5_port is not None:
        lines.append(f"Home Assistant: add the MQTT integration, broker {endpoint.host}, port {started.v5_port}")
    else:
        lines.append("Home Assistant: its devices appear by themselves where it uses this broker")
    lines.append(f"in another terminal: virtual-devices ps{where}" + ("" if where else ", or watch, get, set, clock"))
    if started.resumed:
        lines.append("it goes on where it stopped; --fresh starts afresh")
    return lines
