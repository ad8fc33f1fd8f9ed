"""What changes in a running home, value by value, as it is heard."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from virtual_devices.client.hearing import HomeHearing
from virtual_devices.client.line import BrokerLine
from virtual_devices.client.running_device import told_anew
from virtual_devices.client.simulated_time import seconds_of
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.edge.visitor.session import Session
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import BrokerError, ConfigurationError, suggestion
from virtual_devices.kit.names import is_name

ONLINE = "online"
"""What a change of a device's presence is called."""
MOST_KEPT = 10_000
"""Changes that wait for somebody who reads them; older ones are lost, and counted."""
_JOULES = "_joules"


@dataclass(frozen=True, slots=True)
class DeviceNews:
    """What a message of a device has changed. presence: whether it is there now, where that is what has changed.  changed: new values by name; joules are left out, where the same stands in kWh."""

    device: str
    presence: bool | None
    before: dict[str, Any]
    changed: dict[str, Any]


class StateNews:
    """Compares what devices say with what they said before. devices: views of them, by name; with ``anybody`` others are taken in as they come."""

    def __init__(self, home: str, devices: Collection[str], *, anybody: bool = False) -> None:
        self.home, self._anybody = home, anybody
        self.devices = {name: DeviceView(home, name) for name in devices}

    def take(self, name: str, leaf: str, payload: bytes) -> DeviceNews | None:
        """What is new in a message; None where nothing is."""
        if name not in self.devices:
            if not (self._anybody and is_name(name)):
                return None
            self.devices[name] = DeviceView(self.home, name)
        seen = self.devices[name]
        before, online = seen.state, seen.online
        seen.hear(leaf, payload)
        presence = seen.online if leaf == "availability" and seen.online != online else None
        changed = {key: value for key, value in seen.state.items() if before.get(key) != value and not key.endswith(_JOULES)} if leaf == "state" else {}
        return DeviceNews(name, presence, before, changed) if presence is not None or changed else None


def _watched(session: Session, home: str, device: str | None) -> list[DeviceView]:
    return list(session.devices(home).values()) if device is None else [session.device(home, device)]


def _begin(session: Session, views: list[DeviceView], name: str | None, since: datetime | None) -> None:
    """What is there now. Raises ConfigurationError for a name that none of them tells, where all have told anything."""
    told_anew(session, views, since)
    known = {key for view in views for key in view.state}
    if name is not None and name != ONLINE and name not in known and views and all(view.state for view in views):
        raise ConfigurationError(f"{views[0].name if len(views) == 1 else 'no device'} tells {'no ' if len(views) == 1 else ''}{name!r}{suggestion(name, sorted(known)[:1000])}")


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a device is another now.

    time: simulated, in the home's zone; None where the device has not said it.  name: of the setting or reading, or ``online``.
    """

    time: datetime | None
    device: str
    name: str
    before: Any
    value: Any


class Changes(HomeHearing, Iterator[Change]):
    """Changes from now on, oldest first, as an iterator that waits for the next; it ends when its time is over, or when it is closed.

    since: simulated time of which what is there at the beginning should be.  lost: changes that came while nobody read, and are gone.  Raises BrokerError while iterating where the connection is lost, or the
    device that is watched is removed.
    """

    def __init__(
        self, line: BrokerLine, home: str, zone: str, device: str | None, name: str | None, *, since: datetime | None, timeout: float | None
    ) -> None:
        self.lost = 0
        self.owner: object = None
        """Whoever leaves the broker when nobody needs him any more: not as long as these are read."""
        self._zone, self._name = zone, name
        self._news_of = StateNews(home, [device] if device is not None else [], anybody=device is None)
        self._waiting: deque[Change] = deque()
        self._begun = self._ended = self._removed = False
        self._watched = None if device is None else f"device {device} of home {home}"
        topics = Topics(home, device or "+")
        super().__init__(line, topics.state, topics.availability)
        try:
            line.do(lambda session: _begin(session, _watched(session, home, device), name, since))
        except BaseException:
            self.close()
            raise
        self._begun = True  # what was there is no change
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def take(self, device: str, leaf: str, payload: bytes) -> None:
        news = self._news_of.take(device, leaf, payload)
        if self._begun and leaf == "availability" and not payload and self._watched is not None:
            self._removed = True  # not switched off, after which it may come again: its words are cleared
        if news is None or not self._begun:
            return
        if news.presence is not None:
            self._keep(Change(self._time(device), device, ONLINE, not news.presence, news.presence))
        if news.before:  # who has just come has changed nothing
            for name, value in news.changed.items():
                self._keep(Change(self._time(device), device, name, news.before.get(name), value))

    def _time(self, device: str) -> datetime | None:
        seconds = seconds_of(self._news_of.devices[device].state)
        return None if seconds is None else calendar(self._zone).local(seconds)

    def _keep(self, change: Change) -> None:
        if change.name != self._name and (self._name is not None or change.name == "time"):
            return
        if len(self._waiting) == MOST_KEPT:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(change)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Change:
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        if not self._ended and self.wait(lambda: bool(self._waiting) or self._ended or self._removed, left) and self._waiting:
            return self._waiting.popleft()
        removed = self._removed and not self._ended
        self.close()
        if removed:
            raise BrokerError(f"{self._watched} was removed meanwhile, and tells nothing any more")
        raise StopIteration

    def close(self) -> None:
        """End it; who waits for the next change gets none."""
        self._ended = True
        self._nudge()
        super().close()
