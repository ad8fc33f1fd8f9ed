"""Devices that propose in each window and commit their share, on the bus."""

from __future__ import annotations

from typing import cast

from virtual_devices.edge.messages.proposal import ProposalMessage, proposal_bytes
from virtual_devices.edge.messages.retained import newer
from virtual_devices.edge.messages.settlement import SettlementPart, part_of
from virtual_devices.edge.messages.window import SettlementHead
from virtual_devices.edge.runtime.dependent import Dependent
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.participant import Participant


class ParticipantRuntime(Dependent):
    """Proposes in each window and commits its share; its retained proposal is its checkpoint."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.settlement: SettlementPart | None = None
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

    def last_settled(self) -> SettlementHead | None:
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
