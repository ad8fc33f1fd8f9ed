"""The inverter on the bus: it gathers proposals, settles, and publishes; the publication is the commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from virtual_devices.edge.loop import Timer
from virtual_devices.edge.messages.base import MissingMessage, read
from virtual_devices.edge.messages.ledger import ledger_bytes
from virtual_devices.edge.messages.proposal import offered
from virtual_devices.edge.messages.retained import newer
from virtual_devices.edge.messages.settlement import SettlementMessage, settlement_bytes
from virtual_devices.edge.messages.topics import FLEET, PLACES, Topics
from virtual_devices.edge.messages.window import OpenWindow, WindowHead
from virtual_devices.edge.runtime.commands import with_pending
from virtual_devices.edge.runtime.flow_teller import FlowTeller
from virtual_devices.edge.runtime.foretelling import HeardSun
from virtual_devices.edge.runtime.memory import seq_of
from virtual_devices.edge.runtime.presence import MOST, Presence
from virtual_devices.edge.runtime.quarter_teller import QuarterTeller
from virtual_devices.edge.runtime.role import AtWork, Role
from virtual_devices.edge.runtime.runtime import Runtime, read_once
from virtual_devices.edge.runtime.told_ledgers import ToldLedger, ToldLedgers
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.aggregates import Aggregates
from virtual_devices.kit.members.settlement import Proposal, Settlement
from virtual_devices.kit.members.settler import Settler
from virtual_devices.kit.names import CLOCK
from virtual_devices.kit.window import Window

RETURNS = 5.0
"""Wall seconds after an inverter has taken up a run again for which it waits for members of a window that are not there: whoever started
it may be starting them too."""
LOST_AFTER = 5.0
"""Wall seconds after which a device that has forgotten what was settled with it is taken as it is."""
FORGIVEN_EVERY = 100
"""Windows after which one silence of a device that answers again is forgotten."""


class SettlerRole(Role[Settler]):
    """Settles each window once, over the proposals of all who are there.

    A member that is offline is left out, but for a few seconds after a restart; one that is silent for longer than the clock's patience too, and from then on
    nobody waits for it until it speaks. A proposal that cannot be is answered on the own error topic and not used.
    """

    def __init__(self, device: Runtime) -> None:
        self._device = device
        self.own_checkpoint = device.topics.settlement
        self._presence = Presence(device.home)
        self._asked: WindowHead | None = None
        self._window: OpenWindow | None = None
        """The one that is open: as asked, or following it."""
        self._settled: Settlement | None = None
        self._proposals: dict[str, Proposal] = {}
        self._awaited: set[str] = set()
        """Members of the window that have said nothing to it yet."""
        self._settlement: Settlement | None = None
        """What it has said, and as it was written."""
        self._said = b""
        self._found = b""
        self._asked_at: float | None = None
        self._waiting: Timer | None = None
        self._refused: set[tuple[str, int]] = set()
        self._given_up: dict[str, bool] = {}
        """Whom nobody waits for any more; True: for proposals that cannot be, not for silence."""
        self._times_given_up: dict[str, int] = {}
        """How often a device was waited for in vain."""
        self._behind: dict[str, float] = {}
        """Since when (loop time) a device says that it knows less than was settled with it."""
        self._ledgers = ToldLedgers()
        self._flows = FlowTeller(device.client, device.topics)
        self._quarters = QuarterTeller(device.client, device.topics)
        self._sun = HeardSun()
        self._isolated: dict[str, str] = {}
        """Who has no way up to a port, and why, as it was complained of."""
        self._stands_aside = False
        self._took_up_at: float | None = None
        """When (loop time) it went on with a run of before; None: it has not."""

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        every = Topics(self._device.home, "+")
        window = Topics(self._device.home, CLOCK).window
        return (
            (window, 0), (every.proposal, 0), (self.own_checkpoint, 0), (self._device.topics.flow, 0), (every.missing, 0), (every.ahead, 0),
            *self._presence.subscriptions(),
        )  # fmt: skip

    @property
    def _settles(self) -> bool:
        """Whether the clock goes by this device's settlements; until it has spoken, and where it names nobody, it does."""
        return self._asked is None or self._asked.settler in (None, self._device.name)

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        if leaf == "availability" and payload == b"online":
            self._given_up.pop(device, None)
            if device == FLEET:
                self._quarters.repeat()  # it may have come since that was said
        if leaf == "about" and not payload:
            self._may_be_gone(device)
        if self._presence.received(device, leaf, payload):
            self._pursue()
        elif leaf == "window" and device == CLOCK and payload:
            self._hear_window(read_once(WindowHead, payload))
        elif leaf == "proposal" and payload:
            self._take(device, payload)
        elif leaf == "ahead":
            self._sun.received(device, payload)
        elif leaf == "missing" and self._presence.keeps_books(device):
            self._repeat_records(device, payload)
        elif device == self._device.name:
            self._hear_own(leaf, payload)

    def _hear_own(self, leaf: str, payload: bytes) -> None:
        if leaf == "flow":
            self._flows.heard(payload)
        elif leaf == "settlement" and self._device.work is None:
            self._found = newer(self._found, payload)
            self._device.go()

    def _repeat_records(self, device: str, payload: bytes) -> None:
        if self._ledgers.askers.heeds(device, self._device.loop.time()):  # it asks once a second
            missing = read(MissingMessage, payload)
            if not missing.past:
                self._publish_records(self._ledgers.behind(missing.run, missing.after))

    def _may_be_gone(self, device: str) -> None:
        """What a device is was cleared: while it is not there, that means that it is no longer one of the home's."""
        if self._device.work is not None and not self._presence.online(device):
            self._device.work.member.forget(device)
            self._proposals.pop(device, None)

    def _take(self, device: str, payload: bytes) -> None:
        try:
            proposal = offered(payload, device)
        except ProtocolError as error:
            self._device.complain(str(error), device)
            return
        work = self._device.work
        if work is not None and proposal.run == work.site.run:
            next_seq = work.member.after + 1
            if proposal.seq >= work.member.after and not self._given_up.get(device, True):
                del self._given_up[device]  # it has been silent, and speaks again
            if proposal.seq > next_seq:
                self._device.complain(f"{device}: its proposal is for window {proposal.seq}, but the next one is {next_seq}", device)
                return
        if device not in self._proposals and len(self._proposals) >= MOST:
            return
        self._proposals[device] = proposal
        if self._window is not None and proposal.seq == self._window.seq:
            self._awaited.discard(device)
        self._pursue()

    # -- beginning ----------------------------------------------------------------------------------------------------

    def lacks(self, run: str) -> str:
        """The clock goes on from a settlement only; without the last one no window can be settled."""
        asked = self._asked
        if asked is None or asked.run != run or not self._settles or asked.last <= self.remembered(run):
            return ""
        return f"the clock goes on from window {asked.last}, but the last settlement here is of window {self.remembered(run)}"

    def remembered(self, run: str) -> int:
        work = self._device.work
        return max(seq_of(self._found, run), work.member.after if work is not None else 0)

    def begin(self, work: AtWork[Settler]) -> None:
        found = self._device.memory.recall(SettlementMessage, self._found, work.site.run)
        self._settlement, self._said = None, b""
        work.member.aggregates = Aggregates()
        if found is not None:
            settlement = found.to_kit()
            if work.member.after < found.seq:
                work.member.resume(settlement)
                self._settled = settlement
                self._flows.take_up(settlement, work.member.packets)
                self._open_next()
            self._settlement, self._said = settlement, self._found
            self._took_up_at = self._device.loop.time()
        self._found = b""
        self._device.loop.call_soon(self._pursue)

    # -- what it has said ---------------------------------------------------------------------------------------------

    def commanded(self, work: AtWork[Settler]) -> None:
        if self._settlement is not None:
            self._write(replace(self._settlement, checkpoint=with_pending(self._settlement.checkpoint, work.member)))
            self.retained(work)

    def _write(self, settlement: Settlement) -> None:
        self._settlement, self._said = settlement, settlement_bytes(settlement)

    def retained(self, work: AtWork[Settler]) -> None:
        if self._said:
            self._device.client.publish(self.own_checkpoint, self._said, 1, True)  # noqa: FBT003

    def connected(self) -> None:
        if self._asked_at is not None:
            self._asked_at = self._device.loop.time()  # while the broker was away nobody was silent
        self._behind.clear()
        self._flows.repeat()

    def healed(self) -> None:
        self._flows.repeat()
        self._quarters.repeat()
        self._publish_records(self._ledgers.last(PLACES))

    def _publish_records(self, records: Iterable[ToldLedger]) -> None:
        for _, seq, ledger in records:
            self._device.client.publish(self._device.topics.ledger_of(seq), ledger, 1, True)  # noqa: FBT003

    # -- windows ------------------------------------------------------------------------------------------------------

    def _hear_window(self, asked: WindowHead) -> None:
        device = self._device
        self._asked = asked = asked.or_later(self._asked)
        if self._settles == self._stands_aside:
            self._stands_aside = not self._settles
            if self._stands_aside:
                device.complain(f"the clock goes by the settlements of {asked.settler}; this device settles nothing", "window")
        if device.work is not None and self.lacks(device.work.site.run):
            device.recollect()
        device.go()
        work = device.work
        if not self._open_next() and work is not None and (self._window is not None or asked.last < work.member.after):
            self.retained(work)  # asked again: the clock missed the answer, or somebody behind has not found its share
        self._pursue()

    def _open_next(self) -> bool:
        """Find out which window is open; whether it is another one than before."""
        window = self._asked.following(self._settled) if self._asked is not None else None
        before, self._window = self._window, window
        if window is None or (before is not None and (before.run, before.seq) == (window.run, window.seq)):
            return False
        self._asked_at = self._device.loop.time()
        said = {name for name, proposal in self._proposals.items() if proposal.seq == window.seq}
        self._awaited = set(window.members) - said
        return True

    def _pursue(self) -> None:
        window = self._window
        work: AtWork[Settler] | None = self._device.work
        if work is None or window is None or window.run != work.site.run or not self._settles:
            return
        member, patience = work.member, work.site.patience
        if window.seq != member.after + 1 or not self._device.client.connected:
            return
        waited = self._device.loop.time() - (self._asked_at if self._asked_at is not None else self._device.loop.time())
        if self._is_patient(self._awaited, waited, patience):
            return  # most proposals find it so: it should cost them little
        ready, silent = self._gather(member, window)
        missing = [name for name in silent if self._is_waited_for(name)]
        if self._is_patient(missing, waited, patience):
            return
        if missing:
            for name in missing:
                self._times_given_up[name] = self._times_given_up.get(name, 0) + 1
            self._given_up.update({name: (name, window.seq) in self._refused for name in missing})
            self._device.complain(
                f"window {window.seq}: left out after {waited:.0f} s of silence, until they speak: {', '.join(missing)}", "window"
            )
        self._settle(work, window, ready)

    def _is_patient(self, names: Iterable[str], waited: float, patience: float) -> bool:
        """Whether one of them is still waited for; then it is looked again in time.

        Whoever was given up before is waited for half as long each time: who speaks and falls silent in turns must not hold up time.
        """
        there = [name for name in names if self._is_waited_for(name)]
        left = max((patience / 2.0 ** self._times_given_up.get(name, 0) - waited for name in there), default=0.0)
        if there and (left > 0 or not patience):
            self._look_again(min(1.0, left) if patience else 1.0)
            return True
        return False

    def _is_waited_for(self, name: str) -> bool:
        return name not in self._given_up and (self._presence.online(name) or self._may_return())

    def _may_return(self) -> bool:
        return self._took_up_at is not None and self._device.loop.time() - self._took_up_at < RETURNS

    def _gather(self, member: Settler, window: OpenWindow) -> tuple[dict[str, Proposal], list[str]]:
        ready: dict[str, Proposal] = {}
        silent = []
        asked = window.to_kit()
        for name in window.members:
            proposal = self._proposals.get(name)
            try:
                if proposal is not None and (member.accepts(proposal, asked) or self._has_forgotten(member, proposal, asked)):
                    ready[name] = proposal
                    self._given_up.pop(name, None)
                    self._behind.pop(name, None)
                    continue
            except ProtocolError as error:
                if (name, window.seq) not in self._refused:
                    self._refused = {(name, window.seq), *(item for item in self._refused if item[1] == window.seq)}
                    self._device.complain(str(error), name)
            silent.append(name)
        return ready, silent

    def _has_forgotten(self, member: Settler, proposal: Proposal, window: Window) -> bool:
        """Whether a device's state is older than what was settled with it, and stays so: then it is taken as it is."""
        name, known = proposal.name, member.expected.get(proposal.name, 0)
        if (proposal.run, proposal.seq) != (window.run, window.seq) or proposal.after >= known:
            return False
        since = self._behind.setdefault(name, self._device.loop.time())
        if self._device.loop.time() - since < LOST_AFTER:
            return False
        self._device.complain(
            f"{name} remembers window {proposal.after}, but window {known} was settled with it: its memory was lost. It is taken as "
            "it is; what a store has too little or too much is booked to reset",
            name,
        )
        member.take_as_it_is(proposal)
        return True

    def _look_again(self, seconds: float) -> None:
        if self._waiting is None or not self._waiting.pending:
            self._waiting = self._device.loop.call_later(max(0.05, seconds), self._pursue)

    def _settle(self, work: AtWork[Settler], window: OpenWindow, ready: dict[str, Proposal]) -> None:
        member, device = work.member, self._device
        if self._times_given_up and window.seq % FORGIVEN_EVERY == 0:
            self._times_given_up = {name: times - (name in ready) for name, times in self._times_given_up.items() if times > (name in ready)}
        settlement, record = member.settle(window.to_kit(), ready)
        self._write(replace(settlement, checkpoint=member.checkpoint()))
        self._ledgers.keep(record.run, record.seq, ledger := ledger_bytes(record))
        device.client.publish(device.topics.ledger_of(record.seq), ledger, 1, True)  # noqa: FBT003
        self.retained(work)  # after the record: the commit confirms it
        self._flows.tell(settlement, member.packets)
        self._quarters.tell(record, member, ready)
        device.commands.tell_applied(work)
        member.sun.hear(self._sun.of(window.run, (name for name, proposal in ready.items() if proposal.offer.ability == "produces")))
        device.publish_effect(work)
        for name, reason in settlement.isolated.items():
            if self._isolated.get(name) != reason:
                device.complain(f"{name}: {reason}; until then it has no power", name)
        self._isolated = settlement.isolated
        self._settled = settlement
        self._open_next()
        device.loop.call_soon(self._pursue)  # maybe nobody has to be waited for
