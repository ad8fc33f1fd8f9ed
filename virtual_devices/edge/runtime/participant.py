"""Devices that propose in each window and commit their share, on the bus."""

from __future__ import annotations

from dataclasses import replace

from virtual_devices.edge.messages.proposal import ProposalMessage, proposal_bytes
from virtual_devices.edge.messages.retained import newer
from virtual_devices.edge.messages.settlement import SettlementPart, part_of
from virtual_devices.edge.messages.window import Settled
from virtual_devices.edge.runtime.commands import with_pending
from virtual_devices.edge.runtime.foretelling import Foretelling
from virtual_devices.edge.runtime.former_self import FormerSelf
from virtual_devices.edge.runtime.memory import seq_of
from virtual_devices.edge.runtime.past import PastTeller
from virtual_devices.edge.runtime.role import AtWork, Role
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.edge.runtime.window_watch import WindowWatch
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.forms.changes import settings_of
from virtual_devices.kit.members.participant import Participant
from virtual_devices.kit.members.settlement import Proposal


class ParticipantRole(Role[Participant]):
    """Proposes in each window and commits its share; its retained proposal is its checkpoint.

    former: what it was called before; where it has said nothing itself in a run, it goes on from what it said under that name.
    """

    def __init__(self, device: Runtime, former: str = "") -> None:
        self._device = device
        self.own_checkpoint = device.topics.proposal
        self._former = FormerSelf(device.home, former)
        self._watch = WindowWatch(device, self)
        self._past = PastTeller(device)
        self._ahead = Foretelling(device) if device.device_class.ability == "produces" else None
        self._settlement: SettlementPart | None = None
        self._proposal: Proposal | None = None
        """What it has said, and as it was written."""
        self._said = b""
        self._found = b""
        self._announced: dict[str, str] = {}
        """The circuits that Home Assistant was told of."""

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        ahead = self._ahead.subscriptions() if self._ahead is not None else ()
        return (*self._watch.subscriptions(), *self._past.subscriptions(), *ahead, (self.own_checkpoint, 0), *self._former.subscriptions())

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        if leaf == "proposal" and device == self._device.name:
            if self._device.work is None:
                self._found = newer(self._found, payload)
                self._device.go()
        elif leaf == "proposal":
            self._former.hear(device, payload)
        elif leaf == "ahead":
            if self._ahead is not None:
                self._ahead.received(device, payload)
        elif leaf in ("keeps", "missing"):
            self._past.received(device, leaf, payload)
        else:
            self._watch.received(device, leaf, payload)

    # -- beginning ----------------------------------------------------------------------------------------------------

    def _settled_seq(self, run: str) -> int:
        settlement = self._settlement
        return settlement.seq if settlement is not None and settlement.run == run else 0

    def lacks(self, run: str) -> str:
        window = self._watch.asked
        if self._device.work is not None or window is None or window.run != run or self._settled_seq(run) >= window.last:
            return ""
        return f"the settlement of window {window.last} has not come"

    def is_open(self, run: str) -> bool:
        return seq_of(self._found, run) > self._settled_seq(run)

    def known_of_it(self, run: str) -> int:
        settlement = self._settlement
        return settlement.last_share if settlement is not None and settlement.run == run else 0

    def remembered(self, run: str) -> int:
        found, work = seq_of(self._found, run), self._device.work
        if work is None:
            return found
        member: Participant = work.member
        return max(found, member.after, member.proposed.seq if member.proposed is not None else 0)

    def begin(self, work: AtWork[Participant]) -> None:
        member, run = work.member, work.site.run
        found = self._device.memory.recall(ProposalMessage, self._found, run)
        took_over = found is None and member.proposed is None and member.after == 0 and self._former.take_over(member, run)
        if not took_over:
            self._former.forget()
        self._past.begin(member, found.checkpoint if found is not None else None)
        self._proposal, self._said = None, b""
        if found is not None:
            proposal = found.to_kit(self._device.name)
            if member.after < found.seq and member.proposed is None:
                member.resume(proposal)
            self._proposal, self._said = proposal, self._found
        self._found = b""
        self._device.client.unsubscribe(self._former.topic)
        self._watch.watch(work)
        if self._settlement is not None and self._settlement.run == run:
            self._commit(work)  # before the first state: a counter that was seen must not fall
        self._device.loop.call_soon(self.pursue)

    # -- at work ------------------------------------------------------------------------------------------------------

    def settled(self, payload: bytes) -> None:
        device = self._device
        settlement = part_of(payload, device.name)
        if device.site is not None and settlement.run != device.site.run:
            return
        if self._settlement is None or settlement.run != self._settlement.run or settlement.seq > self._settlement.seq:
            self._settlement = settlement
            self._former.settled(payload)
            self._hear_circuits(settlement.circuits)
            self._watch.look()
            if device.work is not None and device.memory.is_behind(settlement.run):
                device.recollect()
            self.pursue()
            device.go()

    @property
    def circuits(self) -> dict[str, str]:
        return self._announced

    def _hear_circuits(self, circuits: dict[str, str]) -> None:
        """The tree of circuits has another form: what a device may hang on is told anew."""
        if circuits != self._announced:
            self._announced = circuits
            if any(item.circuit for item in settings_of(self._device.device_class)):
                self._device.announce_anew()

    def last_settled(self) -> Settled | None:
        return self._settlement

    def pursue(self, *, asked: bool = False) -> None:
        work: AtWork[Participant] | None = self._device.work
        if work is None:
            return
        self._commit(work)
        window = self._watch.window
        if window is None or window.run != work.site.run or self._device.name not in window.members:
            return
        member, said = work.member, self._proposal
        if member.proposed is not None:
            if asked and said is not None and member.proposed.seq == window.seq == said.seq:
                self._repeat()
            return
        settled = self._settled_seq(window.run)
        if settled < window.after or settled >= window.seq:
            return
        inputs = self._watch.inputs(work, window)
        if inputs is None:
            return
        proposal = member.propose(window.to_kit(self._settlement if settled == window.after else None), inputs)
        self._past.tell(work, member.after)  # of a quarter in which it was away until it was over
        self._say(work, proposal)
        self._device.commands.tell_applied(work)
        if self._ahead is not None:
            self._ahead.tell(work, window)

    def _commit(self, work: AtWork[Participant]) -> None:
        member, settlement = work.member, self._settlement
        made = member.proposed
        if made is None or settlement is None or settlement.seq < made.seq:
            return
        share = settlement.share_of(made.seq) or self._former.share_of(made.seq)
        self._former.forget()
        if share is None:  # settled without this device: for it, that time has not passed
            member.void()
            return
        try:
            member.commit(share)
        except ProtocolError as error:
            self._settlement = None  # whatever the inverter says next may be right
            self._device.complain(str(error), "settlement")
            return
        self._past.tell(work, share.seq)
        self._device.publish_effect(work)

    def _say(self, work: AtWork[Participant], proposal: Proposal) -> None:
        self._proposal, self._said = proposal, proposal_bytes(proposal)
        self._repeat()

    def commanded(self, work: AtWork[Participant]) -> None:
        if self._proposal is not None:
            self._say(work, replace(self._proposal, checkpoint=with_pending(self._proposal.checkpoint, work.member)))

    def retained(self, work: AtWork[Participant]) -> None:
        if self._ahead is not None:
            self._ahead.retained()
        self._repeat()

    def _repeat(self) -> None:
        """Its newest word once more."""
        if self._said:
            self._device.client.publish(self.own_checkpoint, self._said, 0, True)  # noqa: FBT003
