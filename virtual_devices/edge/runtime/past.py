"""What a device tells of its past on the bus, and tells again to a host or a record that was away."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from virtual_devices.edge.messages.base import MissingMessage, read
from virtual_devices.edge.messages.past import past_bytes
from virtual_devices.edge.messages.topics import KEEPS_PAST, Topics
from virtual_devices.edge.runtime.askers import Askers
from virtual_devices.edge.runtime.role import AtWork
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.member import Member

_REPEATED = 400
_REPEATED_BYTES = 1 << 20
"""Messages that are kept to be told again."""


class PastTeller:
    """Tells the rows of a device as they are over; the device's next checkpoint, which begins behind them, follows on the same connection.

    It tells nothing until somebody says that he keeps them, and then for as long as it lives, also while he is away.
    """

    def __init__(self, device: Runtime) -> None:
        self._device = device
        self._wanted = False
        self._told: deque[tuple[str, int, bytes]] = deque()
        self._told_bytes = 0
        self._askers = Askers()

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        """Topic filters to subscribe to."""
        every = Topics(self._device.home, "+")
        return (every.keeps, 0), (every.missing, 0)

    def begin(self, member: Member, checkpoint: Mapping[str, Any] | None) -> None:
        """The member is new, and may be about to go on from a checkpoint: one that has a past goes on with it."""
        if self._wanted or "past" in (checkpoint or {}):
            member.tell_past()

    def received(self, who: str, leaf: str, payload: bytes) -> None:
        """A word of somebody who keeps the past."""
        if leaf == "missing":
            self._missing(who, payload)
        elif leaf == "keeps" and payload == KEEPS_PAST:
            self._wanted = True
            if self._device.work is not None:
                self._device.work.member.tell_past()

    def tell(self, work: AtWork[Member], seq: int) -> None:
        """Tell what is over since the last time. seq: the last window that it has steps of."""
        for rows in work.member.take_past():
            payload = past_bytes(work.site.run, seq, rows)
            self._keep(work.site.run, seq, payload)
            self._say(payload)

    def _missing(self, who: str, payload: bytes) -> None:
        """Somebody lacks something; he asks once a second. Of a broken message the inverter complains, once for all who hear it."""
        try:
            missing = read(MissingMessage, payload)
        except ProtocolError:
            return
        if missing.past and self._askers.heeds(who, self._device.loop.time()):
            for run, seq, told in list(self._told):
                if run == missing.run and seq > missing.after:
                    self._say(told)

    def _say(self, payload: bytes) -> None:
        self._device.client.publish(self._device.topics.past, payload, 1)

    def _keep(self, run: str, seq: int, payload: bytes) -> None:
        self._told.append((run, seq, payload))
        self._told_bytes += len(payload)
        while len(self._told) > _REPEATED or (self._told_bytes > _REPEATED_BYTES and len(self._told) > 1):
            self._told_bytes -= len(self._told.popleft()[2])
