"""What devices do in a window: give conditions, or propose and commit."""

from __future__ import annotations

from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.messages.window import ConditionColumns, OpenWindow, SettlementHead, WindowHead, given_of
from virtual_devices.edge.runtime.runtime import Runtime, read_once
from virtual_devices.kit.members.ahead import Columns
from virtual_devices.kit.names import CLOCK
from virtual_devices.kit.settings import Partner

_OTHERS = 8
"""Senders whose settlement is kept until the clock says whose counts."""


class Dependent(Runtime):
    """Waits, window by window, for the conditions of its partners, and for the settlement of the device that the clock names."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type] # the same parameters, passed on
        self.asked: WindowHead | None = None
        self.window: OpenWindow | None = None
        """The one that is open: as asked, or following it."""
        self.given: dict[str, ConditionColumns] = {}
        self.watched: set[str] = set()
        self.returned: set[str] = set()
        """Partners that have come online since the clock asked last."""
        self._others: dict[str, bytes] = {}
        """Settlements of senders that do not settle, as far as is known yet: which of them does the clock may say later."""

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        return (Topics(self.home, CLOCK).window, 0), (Topics(self.home, "+").settlement, 0)

    def begin(self) -> None:
        self.watch()

    def partners(self) -> dict[str, tuple[str, Partner]]:
        """Setting → (name of the partner, what it is for), as from the next window on."""
        assert self.member is not None  # noqa: S101
        return self.member.partners

    def watch(self) -> None:
        """Subscribe to the conditions of the partners that are named."""
        assert self.member is not None  # noqa: S101
        named = {name for name, _ in self.partners().values()}
        for name in sorted(named - self.watched):
            self.client.subscribe((Topics(self.home, name).conditions, 0), (Topics(self.home, name).availability, 0))
        self.watched |= named

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        if not payload:
            return
        if leaf == "settlement":
            self._hear_settlement(device, payload)
        elif leaf == "window" and device == CLOCK:
            known, self.asked = self.asked, read_once(WindowHead, payload).or_later(self.asked)
            if known is None or known.settler != self.asked.settler:
                self._hear_others(self.asked.settler)
            if known is None or (known.run, known.seq) != (self.asked.run, self.asked.seq):
                self.returned.clear()
            self.look()
            if self.of_this_run(self.asked):
                self.stand_by(self.missing(self.asked))
            self.pursue(asked=True)
            self._go()
        elif leaf == "availability" and device in self.watched:
            if payload == b"online" and self.standing_by and self.asked is not None:
                self.returned.add(device)
                self.stand_by(self.missing(self.asked))  # before the next window, so that it is in it
        elif leaf == "conditions" and device in self.watched:
            self.given[device] = given_of(payload)
            self.pursue()

    def _hear_settlement(self, device: str, payload: bytes) -> None:
        asked = self.asked
        if asked is not None and asked.settler in (None, device):
            self.settled(payload)
        elif device in self._others or len(self._others) < _OTHERS:
            self._others[device] = payload

    def _hear_others(self, settler: str | None) -> None:
        """What was heard before it was known whose word counts."""
        others, self._others = self._others, {}
        for device, payload in others.items():
            if settler in (None, device):
                self.settled(payload)

    def settled(self, payload: bytes) -> None:
        """A settlement that counts."""

    def pursue(self, *, asked: bool = False) -> None:
        """Go as far as what has arrived allows. asked: the clock has just asked."""

    def last_settled(self) -> SettlementHead | None:
        """The newest settlement that was heard."""

    def look(self) -> None:
        """Find out which window is open."""
        self.window = self.asked.following(self.last_settled()) if self.asked is not None else None
        if self.standing_by and self.asked is not None and self.of_this_run(self.asked):
            self.stand_by(self.missing(self.asked))

    def inputs(self, window: OpenWindow) -> dict[str, Columns] | None:
        """Conditions by setting, or None while a partner that takes part has not spoken, or one is missing."""
        found = {}
        for setting, (name, partner) in self.partners().items():
            if name not in window.observers:
                if partner.required:
                    return None
                continue
            message = self.given.get(name)
            if message is None or message.run != window.run or message.seq != window.seq:
                return None
            if lacking := set(partner.fields) - message.values.keys():
                self.complain(f"the conditions of {name} lack {', '.join(sorted(lacking))}; run one version everywhere", name)
                return None
            found[setting] = message.values
        return found

    def missing(self, window: WindowHead) -> list[str]:
        """Partners that this device needs and that take no part in the window.

        One that came back after the clock had asked counts when the open window is settled: online, this device would be
        waited for in a window that it cannot answer.
        """
        there, now = set(window.observers), self.window
        if now is None or self.name not in (*now.members, *now.observers):
            there |= self.returned
        return sorted({name for name, partner in self.partners().values() if partner.required and name not in there})

    def of_this_run(self, window: WindowHead | OpenWindow | None) -> bool:
        """Whether there is a window of the run that the site names."""
        return self.online and window is not None and self.site is not None and window.run == self.site.run
