"""A device's state on the bus: settings and readings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from virtual_devices.edge.faces import sensors
from virtual_devices.edge.faces.plain_readings import PlainReadings
from virtual_devices.edge.faces.shown import Shown
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import write
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.murmur import Bucket
from virtual_devices.edge.runtime.last_error import LastError
from virtual_devices.edge.runtime.role import AtWork, Role
from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.forms.changes import PENDING, readings_of, settings_json, settings_of
from virtual_devices.kit.members.waiting import waiting_shown

STATE_EVERY = 1.0
"""Wall seconds between two states of a device, at least."""
MOST_PENDING = 10
"""Changes of settings that wait for their time and are shown, the first of them."""
ANSWERS = (10, 5.0)
"""States that are told at once because somebody asks, and how many per wall second after that."""


class StatePublisher:
    """Publishes the state, at most once in ``STATE_EVERY`` unless somebody has to see it at once.

    due: called when one that was put off is to be published.  told: told the values of each.
    """

    def __init__(
        self,
        loop: Loop,
        client: Client,
        topics: Topics,
        device_class: type[AnyDevice],
        role: Role[Any],
        last_error: LastError,
        *,
        due: Callable[[], None],
        told: Callable[[Mapping[str, Any]], None] | None,
    ) -> None:
        self._loop, self._client, self._topics = loop, client, topics
        self._role, self._last_error, self._call_when_due, self._told = role, last_error, due, told
        self._readings = readings_of(device_class)
        self._unknown = dict.fromkeys(reading.name for reading in self._readings)  # null: Home Assistant's unknown, not a missing key
        self._of_days, self._of_months = any(each.day for each in self._readings), any(each.month for each in self._readings)
        self._shows_pending = PENDING in self._readings
        self._unsaid = frozenset(item.name for item in settings_of(device_class) if item.appearance)
        self._set_to: tuple[Any, dict[str, Any]] = (None, {})
        """Settings, and what is said of them while they are the same."""
        self._plain = PlainReadings(loop, client, topics, self._readings)
        self._shown = Shown(loop, client, topics, self._readings)
        self._due: Timer | None = None
        self._at = -STATE_EVERY
        self._answers = Bucket(*ANSWERS)

    def publish(self, work: AtWork[Any], *, now: bool = False, everything: bool = False) -> None:
        """Publish the state, at once or when a wall second has passed since the last time. everything: plain readings that are the same too."""
        wait = self._at + STATE_EVERY - self._loop.time()
        if now or wait <= 0:
            if self._due is not None:
                self._due.cancel()
                self._due = None
            self._at = self._loop.time()
            values = self.values(work)
            told = {sensors.TIME: _iso(work.member.time if work.member.time is not None else work.site.start), **values}
            self._client.publish(self._topics.state, write(told), 1, True)  # noqa: FBT003
            self._shown.tell(values, everything=everything)
            if work.member.settings.plain_readings:
                self._plain.tell(values, everything=everything)
            if self._told is not None:
                self._told(values)
        elif self._due is None:
            self._due = self._loop.call_later(wait, self._is_due)

    def answer(self, work: AtWork[Any]) -> None:
        """Publish it for somebody who asks: at once, for a flood of them when it is due."""
        self.publish(work, now=self._answers.take(self._loop.time()))

    def _is_due(self) -> None:
        self._due = None
        self._call_when_due()

    def stop(self) -> None:
        """Say no reading again."""
        self._plain.stop()
        self._shown.stop()

    def values(self, work: AtWork[Any]) -> dict[str, Any]:
        """Settings and readings, flat; a reading is null before the first settled step."""
        member, unknown = work.member, self._unknown
        settings = member.future()
        if self._set_to[0] is not settings:
            self._set_to = settings, {name: value for name, value in settings_json(settings).items() if name not in self._unsaid}
        set_to = self._set_to[1]
        else_to = member.device.in_force(settings, member.time or work.site.start)
        if else_to:
            set_to = set_to | {name: value for name, value in else_to.items() if set_to[name] is None}
        if self._shows_pending:
            unknown = unknown | {PENDING.name: waiting_shown(member.pending, MOST_PENDING)}
        values = {**unknown, **set_to, **member.readings(), **self._last_error.tell(), **self._role.shown(work)}
        time = member.time - 1 if member.time is not None else work.site.start
        local = member.device.site.calendar
        if self._of_days:
            values[sensors.DAY_START] = _iso(local.midnight(time))
        if self._of_months:
            values[sensors.MONTH_START] = _iso(member.device.month_start(member.settings, time))
        return values


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()
