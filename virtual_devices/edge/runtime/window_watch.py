"""How a device follows its home's windows: what was asked, which one is open, and what its partners have given for it."""

from __future__ import annotations

from typing import Protocol

from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.messages.window import ConditionColumns, OpenWindow, Settled, WindowHead, given_of
from virtual_devices.edge.runtime.role import AtWork
from virtual_devices.edge.runtime.runtime import Runtime, read_once
from virtual_devices.kit.members.ahead import Columns
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.names import CLOCK

_OTHERS = 8
"""Senders whose settlement is kept until the clock says whose counts."""


class Follower(Protocol):
    """A role that does something in each window."""

    def settled(self, payload: bytes) -> None:
        """A settlement that counts."""

    def last_settled(self) -> Settled | None:
        """The newest settlement that was heard."""

    def pursue(self, *, asked: bool = False) -> None:
        """Go as far as what has arrived allows. asked: the clock has just asked."""


class WindowWatch:
    """Waits, window by window, for the conditions of its partners, and for the settlement of the device that the clock names.

    asked: the clock's last word.  window: the one that is open, as asked, or following it.
    """

    def __init__(self, device: Runtime, role: Follower) -> None:
        self._device, self._role = device, role
        self.asked: WindowHead | None = None
        self.window: OpenWindow | None = None
        self._given: dict[str, ConditionColumns] = {}
        self._watched: set[str] = set()
        self._returned: set[str] = set()
        """Partners that have come online since the clock asked last."""
        self._others: dict[str, bytes] = {}
        """Settlements of senders that do not settle, as far as is known yet: which of them does the clock may say later."""

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        """Topic filters to subscribe to."""
        home = self._device.home
        return (Topics(home, CLOCK).window, 0), (Topics(home, "+").settlement, 0)

    def watch(self, work: AtWork[Member]) -> None:
        """Subscribe to the conditions of the partners that are named."""
        named = {name for name, _ in work.member.partners.values()}
        for name in sorted(named - self._watched):
            topics = Topics(self._device.home, name)
            self._device.client.subscribe((topics.conditions, 0), (topics.availability, 0))
        self._watched |= named

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        """A message of its home. Raises ProtocolError for a broken one."""
        if not payload:
            return
        if leaf == "settlement":
            self._hear_settlement(device, payload)
        elif leaf == "window" and device == CLOCK:
            self._hear_window(read_once(WindowHead, payload))
        elif leaf == "availability" and device in self._watched:
            if payload == b"online" and self._device.words.standing_by and self.asked is not None:
                self._returned.add(device)
                self._stand_by(self.asked)  # before the next window, so that it is in it
        elif leaf == "conditions" and device in self._watched:
            self._given[device] = given_of(payload)
            self._role.pursue()

    def _hear_window(self, heard: WindowHead) -> None:
        known, self.asked = self.asked, heard.or_later(self.asked)
        asked = self.asked
        if known is None or known.settler != asked.settler:
            self._hear_others(asked.settler)
        if known is None or (known.run, known.seq) != (asked.run, asked.seq):
            self._returned.clear()
        self.look()
        work = self._device.work
        if work is not None and asked.run == work.site.run:
            self._stand_by(asked)
        self._role.pursue(asked=True)
        self._device.go()

    def _hear_settlement(self, device: str, payload: bytes) -> None:
        asked = self.asked
        if asked is not None and asked.settler in (None, device):
            self._role.settled(payload)
        elif device in self._others or len(self._others) < _OTHERS:
            self._others[device] = payload

    def _hear_others(self, settler: str | None) -> None:
        """What was heard before it was known whose word counts."""
        others, self._others = self._others, {}
        for device, payload in others.items():
            if settler in (None, device):
                self._role.settled(payload)

    def look(self) -> None:
        """Find out which window is open."""
        asked, work = self.asked, self._device.work
        if asked is None:
            return
        self.window = asked.following(self._role.last_settled())
        if self._device.words.standing_by and work is not None and asked.run == work.site.run:
            self._stand_by(asked)

    def inputs(self, work: AtWork[Member], window: OpenWindow) -> dict[str, Columns] | None:
        """Conditions by setting, or None while a partner that takes part has not spoken, or one is missing."""
        found = {}
        for setting, (name, partner) in work.member.partners.items():
            if name not in window.observers:
                if partner.required:
                    return None
                continue
            message = self._given.get(name)
            if message is None or message.run != window.run or message.seq != window.seq:
                return None
            if lacking := set(partner.fields) - message.values.keys():
                self._device.complain(f"the conditions of {name} lack {', '.join(sorted(lacking))}; run one version everywhere", name)
                return None
            found[setting] = message.values
        return found

    def _stand_by(self, asked: WindowHead) -> None:
        """Be offline while a partner that this device needs takes no part in the window.

        One that came back after the clock had asked counts when the open window is settled: online, this device would be
        waited for in a window that it cannot answer.
        """
        work, now = self._device.work, self.window
        if work is None:
            return
        there = set(asked.observers)
        if now is None or self._device.name not in (*now.members, *now.observers):
            there |= self._returned
        missing = {name for name, partner in work.member.partners.values() if partner.required and name not in there}
        self._device.stand_by(sorted(missing))
