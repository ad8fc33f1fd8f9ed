"""What somebody wishes of a home's fleet, and waits for: devices come, go, and are switched."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from virtual_devices.fleet.fleet import Fleet, Outcome

T = TypeVar("T")


class FleetWishes(ABC):
    """Wishes of one home's fleet; each gives back what came of it, in words and line by line.

    All raise BrokerError where there is no fleet or it is silent, ConfigurationError with its own words where it refuses; nothing has changed then.
    """

    def __init__(self, by: str) -> None:
        self._by = by

    @abstractmethod
    def ask(self, make: Callable[[Fleet], Coroutine[Any, Any, T]]) -> T:
        """Ask the fleet for something, and wait for its answer."""

    def spawn(self, kind: str, name: str | None = None, settings: Mapping[str, Any] | None = None) -> Outcome:
        """One more device of a kind; without a name it is called after its kind. It stays, over restarts too, until it is removed."""
        return self.ask(lambda fleet: fleet.spawn(kind, name, settings or {}, self._by))

    def remove(self, name: str) -> Outcome:
        """Remove a device, with all that it left on the broker."""
        return self.ask(lambda fleet: fleet.remove(name, self._by))

    def on(self, name: str) -> Outcome:
        """Switch a device on: it goes on from where it was."""
        return self.scale(name, 1)

    def off(self, name: str) -> Outcome:
        """Switch a device off, as if it were pulled out: its need is gone from the next window."""
        return self.scale(name, 0)

    def scale(self, name: str, replicas: int) -> Outcome:
        """How many of a device are to run: 1 or 0."""
        return self.ask(lambda fleet: fleet.scale(name, replicas, self._by))

    def restart(self, name: str) -> Outcome:
        """End a device and start it again; it goes on from where it was."""
        return self.ask(lambda fleet: fleet.restart(name, self._by))
