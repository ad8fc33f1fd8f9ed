"""What Home Assistant shows of a device: its state without small moves, so that a recorder which keeps each change lasts.

A number that moved by no more than a hundredth, or than its quantity's least, waits two minutes, as does what only grows. One that moved further is
told at once; where it goes on moving, five times in a row and then every half minute. A setting, a switch or a word that changes is told at once, and
with it every number that moved further: after a command, an outage, a trip. All times are on the wall, whatever the speed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from virtual_devices.edge.messages.base import write
from virtual_devices.edge.murmur import Bucket
from virtual_devices.kit.quantities import EXPECTED_ENERGY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from virtual_devices.edge.loop import Loop, Timer
    from virtual_devices.edge.messages.topics import Topics
    from virtual_devices.edge.mqtt.client import Client
    from virtual_devices.kit.forms.changes import Reading

HELD = 120.0
"""Wall seconds after which a small move is told, and what only grows."""
RUNNING = 60.0
"""Wall seconds between two words of what changes all the time, as a clock does."""
IN_A_ROW, AGAIN = 5, 30.0
"""Moves of a number that are told at once, and wall seconds between those that follow."""
SMALL = 0.01
"""Part of a number by which it moves little."""
COUNTDOWN = "minutes"
COUNTED = 600.0
"""Wall seconds after which a countdown is told that is hours away; in its last hour it is as often as what runs."""
NEARER = 0.25
"""Part of a countdown after which it is told at once: so that at any speed it is near the truth where it matters."""
_LAST_HOUR = 60
LEAST = {
    "power": 5, "irradiance": 5, "temperature": 1, "soc": 0.5, "percent": 5, "voltage": 1, "current": 0.2, "angle": 1, "wind_speed": 0.3,
    "stored_energy": 0.05, "expected_energy": 0.01, "frequency": 0.05,
}  # fmt: skip
"""Moves that are little, whatever the number is; in the quantity's unit."""
_GROWING = ("total", "total_increasing")


class Shown:
    """Publishes what is shown, with every state that has something new to show, and what was held back when it is due."""

    def __init__(self, loop: Loop, client: Client, topics: Topics, readings: Sequence[Reading]) -> None:
        self._loop, self._client, self._topics = loop, client, topics
        self._calm = {reading.name: reading for reading in readings if reading.running or reading.type in ("instant", "list") or _is_calm(reading)}
        self._counting = frozenset(name for name, reading in self._calm.items() if _counts_down(reading))
        self._words = frozenset(name for name, reading in self._calm.items() if reading.type != "number" and not reading.running)
        self._least = {
            name: LEAST.get(reading.quantity.name, 0) if reading.quantity else 0
            for name, reading in self._calm.items() if reading.type == "number" and not reading.running and not _grows(reading)
        }  # fmt: skip
        """Numbers that can move far: neither running nor growing."""
        self._moves = {name: Bucket(IN_A_ROW, 1 / AGAIN) for name in self._calm}
        self._values: Mapping[str, Any] = {}
        self._told: dict[str, Any] = {}
        self._since: dict[str, float] = {}
        self._due: Timer | None = None

    def tell(self, values: Mapping[str, Any], *, everything: bool = False) -> None:
        """Publish what there is to show of a state, in which every reading has a value, or everything."""
        self._values, now, told = values, self._loop.time(), self._told
        changed = [name for name, value in values.items() if value != told.get(name)]
        held = [name for name in changed if name in self._calm]
        sudden = {name for name in changed if name not in self._calm or (values[name] is None) is not (told.get(name) is None)}
        if everything or not told:
            fresh = set(values)
        elif sudden:
            fresh = sudden | {name for name in held if name in self._words or self._is_far(name)}
        else:
            fresh = {name for name in held if self._is_due_now(name, now)}
            if not fresh.isdisjoint(self._counting):  # they stand beside each other
                fresh.update(name for name in held if name in self._counting)
        if fresh:
            told.update((name, values[name]) for name in fresh)
            self._since |= dict.fromkeys(fresh, now)
            self._client.publish(self._topics.face, write({name: self._rounded(name, value) for name, value in told.items()}), 1, True)  # noqa: FBT003
        self._wait([name for name in held if name not in fresh], now)

    def stop(self) -> None:
        """Tell nothing more."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _is_due_now(self, name: str, now: float) -> bool:
        if now - self._since[name] >= self._hold(name):
            return True
        return self._is_far(name) and (name in self._counting or self._moves[name].take(now))

    def _is_far(self, name: str) -> bool:
        """Whether a number moved further than little."""
        least = self._least.get(name)
        before, value = self._told.get(name), self._values[name]
        if least is None or before is None or value is None:
            return False
        if name in self._counting:
            return bool(abs(value - before) >= max(1, NEARER * before))
        return bool(abs(value - before) > max(SMALL * abs(before), least))

    def _hold(self, name: str) -> float:
        """Wall seconds for which a small move of it is held back."""
        if name in self._counting:
            return COUNTED if (self._told[name] or 0) > _LAST_HOUR else RUNNING
        return RUNNING if self._calm[name].running else HELD

    def _wait(self, held: Sequence[str], now: float) -> None:
        """Look again when the first of what is held back is due."""
        self.stop()
        if held:
            due = min(self._since[name] + (AGAIN if self._is_far(name) else self._hold(name)) for name in held)
            self._due = self._loop.call_later(max(0.0, due - now), self._is_due)

    def _is_due(self) -> None:
        self._due = None
        if self._client.connected and not self._client.leaving:
            self.tell(self._values)

    def _rounded(self, name: str, value: Any) -> Any:
        reading = self._calm.get(name)
        return round(value, reading.quantity.digits) if reading and reading.quantity and isinstance(value, float) else value


def _grows(reading: Reading) -> bool:
    return reading.quantity is not None and reading.quantity.state_class in _GROWING


def _counts_down(reading: Reading) -> bool:
    return reading.quantity is not None and reading.quantity.name == COUNTDOWN


def _is_calm(reading: Reading) -> bool:
    """Whether it is a number of something that moves; a price stands until it changes."""
    return reading.type == "number" and reading.quantity is not None and (reading.quantity.state_class is not None or reading.quantity == EXPECTED_ENERGY)
