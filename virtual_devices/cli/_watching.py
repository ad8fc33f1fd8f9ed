"""Following a running home: a picture that is kept up to date, or what changes in single devices, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from virtual_devices.cli._words import words
from virtual_devices.client.changes import StateNews
from virtual_devices.edge.messages.topics import Topics, split
from virtual_devices.edge.visitor.picture import Picture
from virtual_devices.edge.visitor.session import Session
from virtual_devices.edge.visitor.wires import WireFlows
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.names import CLOCK


@contextmanager
def kept(session: Session, picture: Picture) -> Iterator[None]:
    """Keeps a picture of its home up to date within the block; it is complete at the block's beginning."""
    every = Topics(picture.home, "+")

    def take(topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - a listener
        place = split(topic)
        if place is not None:
            picture.feed(place[1], place[2], payload)

    with session.listening(take, every.about, every.availability, every.state):
        session.sync()
        yield


def teller(picture: Picture) -> str:
    """The inverter that tells flows. Raises ConfigurationError with what to do, where there is none."""
    settlers = picture.of("settles")
    if not settlers:
        raise ConfigurationError(f"home {picture.home} has no inverter, so nobody tells what flows")
    found = next((seen.name for seen in settlers if seen.state.get("flows") is True), None)
    if found is None:
        name = settlers[0].name
        raise ConfigurationError(f"{name} does not tell what flows; switch that on: virtual-devices set {name} flows=on")
    return found


@contextmanager
def tapped(session: Session, home: str, inverter: str, wires: WireFlows) -> Iterator[None]:
    """Keeps the flows that an inverter tells up to date within the block."""

    def take(topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - a listener
        place = split(topic)
        if place is not None:
            wires.feed(place[2], payload, retained=retain)

    flow = Topics(home, inverter).flow
    with session.listening(take, f"{flow}/#", qos=1):  # one filter: the embedded broker keeps the order of messages within each
        yield


@contextmanager
def told(session: Session, home: str, devices: Sequence[str], say: Callable[[str], None]) -> Iterator[None]:
    """Says within the block what changes in some devices, one line a state, beginning with what is."""
    heard = StateNews(home, {*devices, CLOCK})

    def take(topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - a listener
        place = split(topic)
        news = heard.take(place[1], place[2], payload) if place is not None else None
        if news is None or news.device not in devices:
            return
        time = str(heard.devices[CLOCK].state.get("local_time") or "")
        presence = None if news.presence is None else "online" if news.presence else "offline"
        said = presence or ", ".join(f"{name} {words(value)}" for name, value in news.changed.items())
        say(f"{time} {news.device}: {said}".strip())

    filters = [topic for name in sorted(heard.devices) for topic in (Topics(home, name).state, Topics(home, name).availability)]
    with session.listening(take, *filters):
        yield
