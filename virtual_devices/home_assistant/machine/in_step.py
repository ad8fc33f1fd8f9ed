"""Two clocks in step: that of a home, and that of a Home Assistant in simulated time.

Either keeps to a start and a speed by the machine's clock, so they stay as far apart as they were when they were set going; that is seen
to here. When Home Assistant falls behind, because it does not answer, the home waits for it; then it lives until a little ahead of where Home
Assistant's clock has come meanwhile, at once, stands there, and goes on when that has come there too.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.messages.window import WindowMessage
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.home_assistant.machine.hass import ClockSaid, Hass
from virtual_devices.kit.errors import BrokerError, ProtocolError
from virtual_devices.kit.names import CLOCK

SLACK = 2.0
"""Simulated seconds beside a step that they may be apart."""
PATIENCE = 0.7
"""Wall seconds after which a Home Assistant that does not answer has fallen behind, at the least."""
_PATIENT = 10
"""Looks in a row at which they may be too far apart before they are set going anew: a home that is late catches up by itself."""
_CHANGES = 2.0
"""Wall seconds that Home Assistant takes at most to run at another speed; libfaketime looks once a second."""
_GLANCE = 0.02
"""Wall seconds between two glances at the home's clock, while it is waited for."""
_SETTLES = 30.0
"""Wall seconds within which a home comes to where it is sent."""


class HomeClock:
    """The clock of a home: heard in one thread, read and set in another."""

    def __init__(self, home: str, step: int) -> None:
        self.step = step
        self._topics = Topics(home, CLOCK)
        self._heard: deque[tuple[float, int]] = deque(maxlen=200)
        self._client = paho.Client(CallbackAPIVersion.VERSION2)

    def connect(self, endpoint: Endpoint) -> None:
        """To its broker."""
        self._client.connect(endpoint.host, endpoint.port)
        self._client.loop_start()

    def close(self) -> None:
        """Leave it."""
        self._client.disconnect()
        self._client.loop_stop()

    def hear(self, leaf: str, payload: bytes) -> None:
        """Take a message of the clock."""
        if leaf != "window" or not payload:
            return
        try:
            span = read(WindowMessage, payload).span.to_kit()
        except ProtocolError:
            return
        if not self._heard or span.end > self._heard[-1][1]:
            self._heard.append((time.monotonic(), span.end))

    def set(self, **changes: object) -> None:
        """Command it."""
        self._client.publish(self._topics.command, json.dumps({**changes, "by": "time machine"}), 1)

    @property
    def end(self) -> int | None:
        """Simulated time at which the newest window ends, UTC seconds."""
        return self._heard[-1][1] if self._heard else None

    def end_at(self, wall: float) -> int | None:
        """The same at a moment."""
        return next((end for then, end in reversed(list(self._heard)) if then <= wall), None)


@dataclass(slots=True)
class Kept:
    """How well they were in step.

    apart: the furthest, simulated seconds, beside what asking took; last: the newest, with its sign.  beyond: looks at which it was more than
    ``bound``, a step and ``SLACK``.  looks: all of them.  waits: how often the home has waited; waited: for how many wall seconds.
    """

    apart: float = 0.0
    last: float = 0.0
    beyond: int = 0
    looks: int = 0
    waits: int = 0
    waited: float = 0.0
    speed: float = 0.0
    bound: float = 0.0


class InStep:
    """Sets both going, and keeps looking."""

    def __init__(self, home: HomeClock, hass: Hass, speed: float, over: threading.Event, say: Callable[[str], None]) -> None:
        self._home, self._hass, self._speed, self._over, self._say = home, hass, speed, over, say
        self.kept = Kept(speed=speed, bound=home.step + SLACK)
        self._strikes = 0
        self._lag = 0.0
        """Wall seconds from a command to the home until it goes, as it was the last time."""

    def begin(self) -> None:
        """Set both going together: the home stands, Home Assistant is at speed 1. Raises BrokerError."""
        self._hass.pace(self._speed)
        self._over.wait(_CHANGES)
        self._join()

    def _join(self) -> None:
        """The home, which stands, goes on at the moment in which Home Assistant comes to where it is."""
        self._bring_ahead()
        goes_on = self._home.end
        if self._over.is_set() or goes_on is None:
            return
        said = self._best_of(3)
        wall = said.wall + (goes_on - said.now) / self._speed
        self._over.wait(max(0.0, wall - self._lag - time.monotonic()))
        sent = time.monotonic()
        self._home.set(paused=False)
        while self._home.end == goes_on and time.monotonic() < sent + _SETTLES and not self._over.wait(_GLANCE):
            pass
        self._lag = min(time.monotonic() - sent, _CHANGES)

    def _bring_ahead(self) -> None:
        """The home has to stand where Home Assistant still comes to: it lives the steps until there at once. Raises BrokerError."""
        there, end = self._best_of(3).now, self._home.end
        lead = _CHANGES * self._speed
        if end is None or end >= there + lead:
            return
        steps = math.ceil((there + lead - end) / self._home.step)
        target = end + steps * self._home.step
        self._home.set(paused=True, paused_steps=steps)
        deadline = time.monotonic() + _SETTLES
        while (self._home.end or 0) < target and not self._over.wait(_GLANCE):
            if time.monotonic() > deadline:
                raise BrokerError(f"the home does not come to where Home Assistant is within {_SETTLES:g} s; give it a longer step, or a slower speed")

    def _best_of(self, times: int) -> ClockSaid:
        """What its clock said in the least time. Raises BrokerError."""
        found = [said for _ in range(times) if (said := self._hass.now()) is not None]
        self._hass.refuse_dead()
        if not found:
            raise BrokerError(f"Home Assistant does not answer; the end of its log:\n{self._hass.last_lines()}")
        return min(found, key=lambda said: said.took)

    def look(self) -> None:
        """Compare them; let the home wait where Home Assistant does not answer. Raises BrokerError when it has gone."""
        said = self._hass.now(max(PATIENCE, self.kept.bound / self._speed))
        if said is None:
            self._wait_for_it()
            return
        end = self._home.end_at(said.wall)
        if end is None:
            return
        self.kept.looks += 1
        self.kept.last = said.now - end
        apart = max(0.0, abs(self.kept.last) - said.took / 2 * self._speed)
        self.kept.apart = max(self.kept.apart, apart)
        late = apart > self.kept.bound
        self.kept.beyond += late
        self._strikes = self._strikes + 1 if late else 0
        if self._strikes > _PATIENT:
            self._say(f"Home Assistant and the home are {self.kept.last:+.0f} s apart; the home joins it anew")
            self._strikes = 0
            self._home.set(paused=True)
            self._join()

    def _wait_for_it(self) -> None:
        """The home stands until Home Assistant answers again, and joins it."""
        self._home.set(paused=True)
        since = time.monotonic()
        self.kept.waits += 1
        while not self._over.is_set():
            self._hass.refuse_dead()
            if self._hass.now() is not None:
                break
        if not self._over.is_set():
            self._join()
        self.kept.waited += time.monotonic() - since
