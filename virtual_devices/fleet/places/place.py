"""A place is where devices run: they are started there, ended, and looked at. Which devices there are to be is the fleet's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from virtual_devices.edge.runtime.make import Description, TimeOrder


@dataclass(frozen=True, slots=True)
class There:
    """A device in its place, see ``fleet.Running``."""

    alive: bool
    restarts: int = 0
    since: float | None = None
    memory: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceEars:
    """Who is told what happens in a place.

    time: asked at each start of a clock for what it is to know.  is_over: whether simulated time has come to its end.  vital: a device without which the home cannot be has ended, with the reason.
    changed: a device came, went, or ended by itself.  say: what an owner may want to know, in words.  said: what a device says of itself, with its name.
    """

    time: Callable[[], TimeOrder]
    is_over: Callable[[], bool]
    vital: Callable[[str], None]
    changed: Callable[[], None]
    say: Callable[[str], None]
    said: Callable[[str], None]


class DevicePlace(Protocol):
    """Devices that run together."""

    def start(self, description: Description, *, vital: bool = False) -> None:
        """Start a device that does not run here. One that cannot be started has an ``error`` from then on. vital: without it the home ends."""

    async def end(self, names: Collection[str]) -> None:
        """End some politely, and wait for them; who does not run here is passed over."""

    async def close(self, first: Collection[str]) -> None:
        """End all, and start none again. first: who has to have ended before the others are asked to."""

    def devices(self) -> Mapping[str, There]:
        """Everybody who was started and not ended, by name, also those that have ended by themselves."""
