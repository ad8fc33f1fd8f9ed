"""Whom a window of a home waits for. Heard only while time stands still: all that devices propose is much to hear."""

from __future__ import annotations

from collections.abc import Callable

from virtual_devices.edge.messages.retained import json_object, place
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.names import CLOCK

_ANSWERS = ("proposal", "conditions")


class Latecomers:
    """Hears the window and what its members say to it."""

    def __init__(self, subscribe: Callable[[str], None], home: str) -> None:
        self._home = home
        self._window = b""
        self._places: dict[str, tuple[str | None, int]] = {}
        subscribe(Topics(home, CLOCK).window)
        for leaf in _ANSWERS:
            subscribe(Topics(home, "+").at(leaf))

    def hear(self, home: str, device: str, leaf: str, payload: bytes) -> None:
        """Take a message of the home."""
        if home != self._home:
            return
        if (device, leaf) == (CLOCK, "window"):
            self._window = payload
        elif leaf in _ANSWERS and (device in self._places or len(self._places) < 2 * MAX_DEVICES):
            self._places[device] = place(payload)

    def names(self) -> list[str]:
        """Members of the present window that have not answered it, by name; the one that settles where all have."""
        window, now = json_object(self._window), place(self._window)
        asked = [name for key in ("members", "observers") for name in _names(window.get(key))]
        late = sorted({name for name in asked if not self._has_answered(name, now)})
        settler = window.get("settler")
        return late or ([settler] if isinstance(settler, str) and settler else [])

    def _has_answered(self, name: str, now: tuple[str | None, int]) -> bool:
        run, seq = self._places.get(name, (None, -1))
        return run == now[0] and seq >= now[1]


def _names(value: object) -> list[str]:
    return [name for name in value if isinstance(name, str)][: 2 * MAX_DEVICES] if isinstance(value, list) else []
