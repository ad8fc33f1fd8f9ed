"""A device of a running home as its client sees it, at one moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
        return _time_of(self.seen)

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
    seen, fleet = session.device(home, name), FleetView(session, home)
    return RunningDevice(seen, labels(session, seen), fleet.running.get(name), name in fleet.off)


def told_anew(session: Session, devices: Collection[DeviceView], since: datetime | None) -> None:
    """Ask devices of one home for their values, and take them in. since: simulated time of which they should be, or later.

    Who does not answer within ``LATEST`` is taken by what he said last. Raises BrokerError where the broker is silent.
    """
    found = {Topics(each.home, each.name): each for each in devices if each.online}
    places = {topic: topics for topics in found for topic in (topics.state, topics.availability)}
    answered: set[Topics] = set()

    def hear(topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - a listener
        topics = places[topic]
        found[topics].hear(topic.removeprefix(topics.at("")), payload)
        if topic == topics.state and not retain:
            answered.add(topics)

    def done() -> bool:
        return all(not each.online or (topics in answered and not _is_before(_time_of(each), since)) for topics, each in found.items())

    with session.listening(hear, *places):
        session.sync()
        for topics in found:
            session.client.publish(topics.at("get"), b"")
        session.wait(done, LATEST)


def _time_of(seen: DeviceView) -> datetime | None:
    text = seen.state.get(TIME)
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _is_before(time: datetime | None, since: datetime | None) -> bool:
    return time is not None and since is not None and time < since
