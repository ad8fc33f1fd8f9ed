"""A device of a running home as its client sees it, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from virtual_devices.edge.faces.sensors import TIME
from virtual_devices.edge.messages.fleet import RunningForm
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.edge.visitor.fleet_view import FleetView
from virtual_devices.edge.visitor.labels import Labels, labels, labels_of_all
from virtual_devices.edge.visitor.session import Session
from virtual_devices.kit.errors import ConfigurationError, suggestion

LATEST = 2.0
"""Wall seconds that a device may take to tell its values: it does so every second while time goes on, and when it is asked."""


@dataclass(frozen=True, slots=True)
class RunningDevice:
    """A device of a running home.

    seen: its own words.  labels: what its values are called and measured in, by name.  life: how its fleet sees it; None where no fleet says.
    off: its fleet has switched it off.
    """

    seen: DeviceView
    labels: Mapping[str, Labels] = field(default_factory=dict, repr=False)
    life: RunningForm | None = None
    off: bool = False

    @property
    def name(self) -> str:
        """As the home calls it."""
        return self.seen.name

    @property
    def home(self) -> str:
        """The home's name."""
        return self.seen.home

    @property
    def kind(self) -> str:
        """Such as ``oven``; a question mark where it never said."""
        return self.seen.kind

    @property
    def ability(self) -> str:
        """What it can, such as ``consumes``; nothing where it never said."""
        return self.seen.ability

    @property
    def online(self) -> bool:
        """Whether it is there."""
        return self.seen.online

    @property
    def time(self) -> datetime | None:
        """Simulated time of its values, UTC; None before it has told any."""
        text = self.seen.state.get(TIME)
        try:
            return datetime.fromisoformat(text) if isinstance(text, str) else None
        except ValueError:
            return None

    @property
    def values(self) -> dict[str, Any]:
        """All that it tells, by name: settings, readings, and what has neither title nor unit, such as settings of its start. None: not known."""
        return dict(self.seen.state)

    @property
    def settings(self) -> dict[str, Any]:
        """What can be set while it runs, in the unit of ``unit``."""
        return {name: value for name, value in self.seen.state.items() if name in self.labels and self.labels[name].setting}

    @property
    def readings(self) -> dict[str, Any]:
        """What it measures and counts, in the unit of ``unit``; None before its first settled step."""
        return {name: value for name, value in self.seen.state.items() if name in self.labels and not self.labels[name].setting}

    def unit(self, name: str) -> str:
        """What a value is measured in, such as ``W``; empty where it has no unit."""
        return self.labels[name].unit if name in self.labels else ""

    def title(self, name: str) -> str:
        """What a value is called, such as ``Rated power``; its name where it has no title."""
        return self.labels[name].title if name in self.labels else name

    def __getitem__(self, name: str) -> Any:
        """A setting or reading. Raises ConfigurationError with a suggestion for one that it does not tell."""
        if name not in self.seen.state:
            raise ConfigurationError(f"{self.name} tells no {name!r}{suggestion(name, sorted(self.seen.state)[:1000])}")
        return self.seen.state[name]


def look(session: Session, home: str, *, labelled: bool) -> dict[str, RunningDevice]:
    """All devices of a home by name, as they and their fleet say. labelled: with titles and units. Raises BrokerError."""
    found, fleet = session.devices(home), FleetView(session, home)
    known = labels_of_all(session, found.values()) if labelled else {}
    return {name: RunningDevice(seen, known.get(name, {}), fleet.running.get(name), name in fleet.off) for name, seen in found.items()}


def look_at(session: Session, home: str, name: str) -> RunningDevice:
    """One device by its retained words, with titles and units. Raises BrokerError, ConfigurationError where there is none of this name."""
    seen = session.device(home, name)
    return RunningDevice(seen, labels(session, seen))


def look_anew(session: Session, home: str, name: str, since: datetime | None) -> RunningDevice:
    """The same, but it is asked for its values as they are now. since: simulated time of which they should be, or later.

    Who does not answer within ``LATEST`` is taken by what he said last. Raises BrokerError, ConfigurationError where there is none of this name.
    """
    found = look_at(session, home, name)
    topics, answered = Topics(home, name), False

    def hear(topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - a listener
        nonlocal answered
        leaf = topic.removeprefix(topics.at(""))
        found.seen.hear(leaf, payload)
        answered = answered or (leaf == "state" and not retain)

    def done() -> bool:
        late = since is not None and found.time is not None and found.time < since
        return not found.online or (answered and not late)

    with session.listening(hear, topics.state, topics.availability):
        session.sync()
        session.client.publish(topics.at("get"), b"")
        session.wait(done, LATEST)
    return found
