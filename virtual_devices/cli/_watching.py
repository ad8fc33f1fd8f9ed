"""Following a running home: a picture that is kept up to date, or what changes in single devices, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from virtual_devices.cli._words import words
from virtual_devices.edge.messages.topics import Topics, split
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.edge.visitor.picture import Picture
from virtual_devices.edge.visitor.session import Session
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


@contextmanager
def told(session: Session, home: str, devices: Sequence[str], say: Callable[[str], None]) -> Iterator[None]:
    """Says within the block what changes in some devices, one line a state, beginning with what is."""
    seen = {name: DeviceView(home, name) for name in {*devices, CLOCK}}

    def take(topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - a listener
        place = split(topic)
        if place is None:
            return
        device = seen[place[1]]
        before, online = device.state, device.online
        device.hear(place[2], payload)
        if place[1] not in devices:
            return
        time = str(seen[CLOCK].state.get("local_time") or "")
        if place[2] == "availability" and device.online != online:
            say(f"{time} {device.name}: {'online' if device.online else 'offline'}".strip())
        elif place[2] == "state" and (news := changed(before, device.state)):
            say(f"{time} {device.name}: {news}".strip())

    filters = [topic for name in sorted(seen) for topic in (Topics(home, name).state, Topics(home, name).availability)]
    with session.listening(take, *filters):
        yield


def changed(before: dict[str, Any], after: dict[str, Any]) -> str:
    """What is new in a state, in words; joules are left out, where the same stands in kWh."""
    return ", ".join(
        f"{name} {words(value)}"
        for name, value in after.items()
        if before.get(name) != value and not name.endswith("_joules")
    )
