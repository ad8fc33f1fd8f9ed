"""Waiting until a device is there, or has gone."""

from __future__ import annotations

from virtual_devices.client.hearing import HomeHearing
from virtual_devices.client.line import BrokerLine
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.fleet.asking import PATIENCE
from virtual_devices.kit.errors import BrokerError


class PresenceHearing(HomeHearing):
    """Hears whether a device is there."""

    def __init__(self, line: BrokerLine, home: str, device: str) -> None:
        self.online = False
        super().__init__(line, Topics(home, device).availability)

    def take(self, _device: str, _leaf: str, payload: bytes) -> None:
        self.online = payload == b"online"


def await_presence(line: BrokerLine, home: str, device: str, *, online: bool) -> None:
    """Wait until a device is there (online) or has gone, as long as a fleet may take. Raises BrokerError, in words, where it does not."""
    with PresenceHearing(line, home, device) as heard:
        if not heard.wait(lambda: heard.online == online, PATIENCE):
            what = "is started, but has not come online" if online else "is switched off, but still says that it is online"
            raise BrokerError(f"device {device} of home {home} {what} within {PATIENCE:g} s; see why with `virtual-devices logs {device}`")
