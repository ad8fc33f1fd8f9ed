"""What devices do in a window: give conditions, or propose and commit."""

from __future__ import annotations

from typing import Any, cast

from virtual_devices.edge.messages import write
from virtual_devices.edge.proposal_messages import ProposalMessage, proposal_bytes
from virtual_devices.edge.recalling import newer
from virtual_devices.edge.runtime import Runtime, read_once
from virtual_devices.edge.settlement_messages import PartMessage, part_of, settled_of
from virtual_devices.edge.topics import CLOCK, Topics
from virtual_devices.edge.window_messages import Asked, ConditionsMessage, Given, Opened, Settled, given_of
from virtual_devices.kit.ahead import Columns
from virtual_devices.kit.device import Conditions, Partner
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.participants import Observer, Participant

_OTHERS = 8
"""Senders whose settlement is kept until the clock says whose counts."""


class _Dependent(Runtime):
    """Waits, window by window, for the conditions of its partners, and for the settlement of the device that the clock names."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type] # the same parameters, passed on
        self.asked: Asked | None = None
        self.window: Opened | None = None
        """The one that is open: as asked, or following it."""
        self.given: dict[str, Given] = {}
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
            known, self.asked = self.asked, read_once(Asked, payload).or_later(self.asked)
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

    def last_settled(self) -> Settled | None:
        """The newest settlement that was heard."""

    def look(self) -> None:
        """Find out which window is open."""
        self.window = self.asked.following(self.last_settled()) if self.asked is not None else None
        if self.standing_by and self.asked is not None and self.of_this_run(self.asked):
            self.stand_by(self.missing(self.asked))

    def inputs(self, window: Opened) -> dict[str, Columns] | None:
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

    def missing(self, window: Asked) -> list[str]:
        """Partners that this device needs and that take no part in the window.

        One that came back after the clock had asked counts when the open window is settled: online, this device would be
        waited for in a window that it cannot answer.
        """
        there, now = set(window.observers), self.window
        if now is None or self.name not in (*now.members, *now.observers):
            there |= self.returned
        return sorted({name for name, partner in self.partners().values() if partner.required and name not in there})

    def of_this_run(self, window: Asked | Opened | None) -> bool:
        """Whether there is a window of the run that the site names."""
        return self.online and window is not None and self.site is not None and window.run == self.site.run


class ObserverRuntime(_Dependent):
    """Gives conditions once per window, and again when asked again."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self._said: tuple[int, bytes] = (0, b"")
        self._found = b""
        self._settled: Settled | None = None

    @property
    def own_checkpoint(self) -> str:
        return self.topics.conditions

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        return (*super().subscriptions(), (self.topics.conditions, 0))

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        if device == self.name and leaf == "conditions":
            if not self.online:
                self._found = newer(self._found, payload)
                self._go()
        else:
            super().received(device, leaf, payload)

    def settled(self, payload: bytes) -> None:
        self._settled = settled_of(payload)
        self._show()
        self.look()
        self.pursue()
        self._go()

    def last_settled(self) -> Settled | None:
        return self._settled

    def begin(self) -> None:
        assert self.site is not None  # noqa: S101
        assert self.member is not None  # noqa: S101
        payload, self._found = self._found, b""
        found = self.recall(ConditionsMessage, payload)
        self._said = (0, b"")
        if found is not None:
            if self.member.after < found.seq:
                self.member.restore(found.checkpoint)
            if found.values.keys() == cast("Conditions[Any, Any, Any]", self.member.device).fields.keys():
                self._said = found.seq, payload  # another version may have given other conditions
                cast("Observer", self.member).given = found.values
        super().begin()
        self._show()
        self.loop.call_soon(self.pursue)

    def _show(self) -> None:
        """The readings are of the last settled step, as those of all others are."""
        settled, member = self._settled, cast("Observer | None", self.member)
        if settled is None or member is None or self.site is None or settled.run != self.site.run:
            return
        if member.settled(settled.seq, settled.span.to_kit()) and self.online:
            self.publish_effect()

    def known_of_it(self) -> int:
        """Who is an observer of the open window has most likely been one of the last."""
        window = self.asked
        if window is None or self.site is None or window.run != self.site.run or self.name not in window.observers:
            return 0
        return window.last

    def remembered(self) -> int:
        return max(self._seq_of(self._found), self._said[0])

    def commanded(self) -> None:
        if self._said[1]:
            self._said = self._said[0], self.with_commands(self._said[1])
            self.retained()

    def retained(self) -> None:
        if self._said[1]:
            self.client.publish(self.topics.conditions, self._said[1], 0, True)  # noqa: FBT003

    def pursue(self, *, asked: bool = False) -> None:
        window = self.window
        if window is None or not self.of_this_run(window) or self.name not in window.observers:
            return
        if self._said[0] == window.seq:
            if asked:
                self.retained()
            return
        inputs = self.inputs(window)
        if inputs is None:
            return
        member = cast("Observer", self.member)
        values = member.conditions(window.to_kit(), inputs)
        message = {"run": window.run, "seq": window.seq, "values": values, "checkpoint": member.checkpoint()}
        self._said = window.seq, write(message)
        self.retained()
        self.tell_applied()


class ParticipantRuntime(_Dependent):
    """Proposes in each window and commits its share; its retained proposal is its checkpoint."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.settlement: PartMessage | None = None
        self.proposal: tuple[int, bytes] = (0, b"")
        self._found = b""

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        return (*super().subscriptions(), (self.topics.proposal, 0))

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        if leaf == "proposal" and device == self.name:
            if not self.online:
                self._found = newer(self._found, payload)
                self._go()
        else:
            super().received(device, leaf, payload)

    def begin(self) -> None:
        assert self.site is not None  # noqa: S101
        payload, self._found = self._found, b""
        found = self.recall(ProposalMessage, payload)
        self.proposal = (0, b"")
        if found is not None:
            member = cast("Participant", self.member)
            if member.after < found.seq and member.proposed is None:
                member.resume(found.to_kit(self.name))
            self.proposal = (found.seq, payload)
        super().begin()
        if self.settlement is not None and self.settlement.run == self.site.run:
            self._commit()  # before the first state: a counter that was seen must not fall
        self.loop.call_soon(self.pursue)

    def lacks(self) -> str:
        window, site, settlement = self.asked, self.site, self.settlement
        if self.online or window is None or site is None or window.run != site.run:
            return ""
        settled = settlement.seq if settlement is not None and settlement.run == site.run else 0
        return f"the settlement of window {window.last} has not come" if settled < window.last else ""

    def is_open(self) -> bool:
        settlement = self.settlement
        settled = settlement.seq if settlement is not None and self.site is not None and settlement.run == self.site.run else 0
        return self._seq_of(self._found) > settled

    def known_of_it(self) -> int:
        settlement = self.settlement
        if settlement is None or self.site is None or settlement.run != self.site.run:
            return 0
        return settlement.last_share

    def remembered(self) -> int:
        found = self._seq_of(self._found)
        member = cast("Participant | None", self.member)
        if member is None:
            return found
        return max(found, member.after, member.proposed.seq if member.proposed is not None else 0)

    def commanded(self) -> None:
        if self.proposal[1]:
            self.proposal = self.proposal[0], self.with_commands(self.proposal[1])
            self.retained()

    def retained(self) -> None:
        if self.proposal[1]:
            self.client.publish(self.topics.proposal, self.proposal[1], 0, True)  # noqa: FBT003

    def settled(self, payload: bytes) -> None:
        settlement = part_of(payload, self.name)
        if self.site is not None and settlement.run != self.site.run:
            return
        if self.settlement is None or settlement.run != self.settlement.run or settlement.seq > self.settlement.seq:
            self.settlement = settlement
            self.look()
            if self.online and self.is_behind:
                self.recollect()
            self.pursue()
            self._go()

    def last_settled(self) -> Settled | None:
        return self.settlement

    def pursue(self, *, asked: bool = False) -> None:
        if not self.online:
            return
        self._commit()
        window = self.window
        if window is None or not self.of_this_run(window) or self.name not in window.members:
            return
        member = cast("Participant", self.member)
        settled = self.settlement.seq if self.settlement is not None and self.settlement.run == window.run else 0
        if member.proposed is not None:
            if asked and member.proposed.seq == window.seq and self.proposal[0] == window.seq:
                self.retained()
            return
        if settled < window.after or settled >= window.seq:
            return
        inputs = self.inputs(window)
        if inputs is None:
            return
        known = self.settlement if settled == window.after else None
        proposal = member.propose(window.to_kit(known), inputs)
        self.proposal = window.seq, proposal_bytes(proposal)
        self.retained()
        self.tell_applied()

    def _commit(self) -> None:
        member, settlement = cast("Participant", self.member), self.settlement
        made = member.proposed
        if made is None or settlement is None or settlement.seq < made.seq:
            return
        share = settlement.share_of(made.seq)
        if share is None:  # settled without this device: for it, that time has not passed
            member.void()
            return
        try:
            member.commit(share)
        except ProtocolError as error:
            self.settlement = None  # whatever the inverter says next may be right
            self.complain(str(error), "settlement")
            return
        self.publish_effect()
