"""The inverter on the bus: it gathers proposals, settles, and publishes; the publication is the commit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from virtual_devices.edge.loop import Timer
from virtual_devices.edge.messages.base import MissingMessage, read
from virtual_devices.edge.messages.ledger import ledger_bytes
from virtual_devices.edge.messages.proposal import ProposalHead
from virtual_devices.edge.messages.retained import newer
from virtual_devices.edge.messages.settlement import SettlementMessage, settlement_bytes
from virtual_devices.edge.messages.topics import HOST, PLACES, Topics
from virtual_devices.edge.messages.window import OpenWindow, WindowHead
from virtual_devices.edge.murmur import Bucket
from virtual_devices.edge.runtime.presence import MOST, Presence
from virtual_devices.edge.runtime.runtime import Runtime, read_once
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.settlement import Proposal, Settlement
from virtual_devices.kit.members.settler import Settler
from virtual_devices.kit.names import CLOCK
from virtual_devices.kit.window import Window

LOST_AFTER = 5.0
"""Wall seconds after which a device that has forgotten what was settled with it is taken as it is."""
FORGIVEN_EVERY = 100
"""Windows after which one silence of a device that answers again is forgotten."""
_REPEATED = 256
_REPEATED_BYTES = 8 << 20
"""Ledger records that are kept to be told again to a host that was away."""


class SettlerRuntime(Runtime):
    """Settles each window once, over the proposals of all who are there.

    A member that is offline is left out; one that is silent for longer than the clock's patience too, and from then on
    nobody waits for it until it speaks. A proposal that cannot be is answered on the own error topic and not used.
    """

    def __init__(self, *arguments: object, **options: object) -> None:
        self._presence = Presence(str(arguments[2]))
        super().__init__(*arguments, **options)  # type: ignore[arg-type] # the same parameters, passed on
        self.asked: WindowHead | None = None
        self.window: OpenWindow | None = None
        """The one that is open: as asked, or following it."""
        self._settled: Settlement | None = None
        self.proposals: dict[str, Proposal] = {}
        self._awaited: set[str] = set()
        """Members of the window that have said nothing to it yet."""
        self.settlement: bytes = b""
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
        self._ledgers: deque[tuple[str, int, bytes]] = deque()
        self._ledgers_bytes = 0
        self._repeats = Bucket(5, 1.0)
        self._stands_aside = False

    @property
    def own_checkpoint(self) -> str:
        return self.topics.settlement

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        every = Topics(self.home, "+")
        window = Topics(self.home, CLOCK).window
        missing = Topics(self.home, HOST).missing
        return (
            (window, 0), (every.proposal, 0), (self.topics.settlement, 0), (missing, 0), *self._presence.subscriptions()
        )  # fmt: skip

    @property
    def settles(self) -> bool:
        """Whether the clock goes by this device's settlements; until it has spoken, and where it names nobody, it does."""
        return self.asked is None or self.asked.settler in (None, self.name)

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        if leaf == "availability" and payload == b"online":
            self._given_up.pop(device, None)
        if self._presence.received(device, leaf, payload):
            self._pursue()
        elif leaf == "window" and device == CLOCK and payload:
            self._asked(read_once(WindowHead, payload))
        elif leaf == "proposal" and payload:
            self._take(device, payload)
        elif leaf == "missing" and device == HOST:
            if self._repeats.take(self.loop.time()):  # it asks once a second
                self._repeat(read(MissingMessage, payload))
        elif leaf == "settlement" and device == self.name and not self.online:
            self._found = newer(self._found, payload)
            self._go()

    def _take(self, device: str, payload: bytes) -> None:
        try:
            proposal = read(ProposalHead, payload).to_kit(device)
        except ProtocolError as error:
            self.complain(str(error), device)
            return
        if self.online and self.member is not None and self.site is not None and proposal.run == self.site.run:
            next_seq = self.member.after + 1
            if proposal.seq >= self.member.after and not self._given_up.get(device, True):
                del self._given_up[device]  # it has been silent, and speaks again
            if proposal.seq > next_seq:
                self.complain(f"{device}: its proposal is for window {proposal.seq}, but the next one is {next_seq}", device)
                return
        if device not in self.proposals and len(self.proposals) >= MOST:
            return
        self.proposals[device] = proposal
        if self.window is not None and proposal.seq == self.window.seq:
            self._awaited.discard(device)
        self._pursue()

    def begin(self) -> None:
        assert self.site is not None  # noqa: S101
        payload, self._found = self._found, b""
        found = self.recall(SettlementMessage, payload)
        self.settlement = b""
        if found is not None:
            member = cast("Settler", self.member)
            if member.after < found.seq:
                kit = found.to_kit()
                member.resume(kit)
                self._settled = kit
                self._open_next()
            self.settlement = payload
        self.loop.call_soon(self._pursue)

    def lacks(self) -> str:
        """The clock goes on from a settlement only; without the last one no window can be settled."""
        asked, site = self.asked, self.site
        if asked is None or site is None or asked.run != site.run or not self.settles or asked.last <= self.remembered():
            return ""
        return f"the clock goes on from window {asked.last}, but the last settlement here is of window {self.remembered()}"

    def remembered(self) -> int:
        return max(self._seq_of(self._found), self.member.after if self.member is not None else 0)

    def commanded(self) -> None:
        if self.settlement:
            self.settlement = self.with_commands(self.settlement)
            self.retained()

    def retained(self) -> None:
        if self.settlement:
            self.client.publish(self.topics.settlement, self.settlement, 1, True)  # noqa: FBT003

    def _connected(self) -> None:
        super()._connected()
        if self._asked_at is not None:
            self._asked_at = self.loop.time()  # while the broker was away nobody was silent
        self._behind.clear()

    def _heal(self) -> None:
        super()._heal()
        for _, seq, ledger in list(self._ledgers)[-PLACES:] if self.online and self.client.connected else []:
            self.client.publish(self.topics.ledger_of(seq), ledger, 1, True)  # noqa: FBT003

    def _repeat(self, missing: MissingMessage) -> None:
        for run, seq, ledger in self._ledgers:
            if run == missing.run and seq > missing.after:
                self.client.publish(self.topics.ledger_of(seq), ledger, 1, True)  # noqa: FBT003

    def _asked(self, asked: WindowHead) -> None:
        self.asked = asked = asked.or_later(self.asked)
        if self.settles == self._stands_aside:
            self._stands_aside = not self.settles
            if self._stands_aside:
                self.complain(f"the clock goes by the settlements of {asked.settler}; this device settles nothing", "window")
        if self.online and self.lacks():
            self.recollect()
        self._go()
        member = self.member
        if not self._open_next() and self.online and member is not None and (self.window is not None or asked.last < member.after):
            self.retained()  # asked again: the clock missed the answer, or somebody behind has not found its share
        self._pursue()

    def _open_next(self) -> bool:
        """Find out which window is open; whether it is another one than before."""
        window = self.asked.following(self._settled) if self.asked is not None else None
        before, self.window = self.window, window
        if window is None or (before is not None and (before.run, before.seq) == (window.run, window.seq)):
            return False
        self._asked_at = self.loop.time()
        said = {name for name, proposal in self.proposals.items() if proposal.seq == window.seq}
        self._awaited = set(window.members) - said
        return True

    def _pursue(self) -> None:
        window = self.window
        if not self.online or window is None or self.site is None or window.run != self.site.run or not self.settles:
            return
        member = cast("Settler", self.member)
        if window.seq != member.after + 1 or not self.client.connected:
            return
        waited = self.loop.time() - (self._asked_at if self._asked_at is not None else self.loop.time())
        if self._is_patient(self._awaited, waited):
            return  # most proposals find it so: it should cost them little
        ready, silent = self._gather(member, window)
        missing = [name for name in silent if self._is_waited_for(name)]
        if self._is_patient(missing, waited):
            return
        if missing:
            for name in missing:
                self._times_given_up[name] = self._times_given_up.get(name, 0) + 1
            self._given_up.update({name: (name, window.seq) in self._refused for name in missing})
            self.complain(
                f"window {window.seq}: left out after {waited:.0f} s of silence, until they speak: {', '.join(missing)}", "window"
            )
        self._settle(member, window, ready)

    def _is_patient(self, names: Iterable[str], waited: float) -> bool:
        """Whether one of them is still waited for; then it is looked again in time.

        Whoever was given up before is waited for half as long each time: who speaks and falls silent in turns must not hold up time.
        """
        assert self.site is not None  # noqa: S101
        patience = self.site.patience
        there = [name for name in names if self._is_waited_for(name)]
        left = max((patience / 2.0 ** self._times_given_up.get(name, 0) - waited for name in there), default=0.0)
        if there and (left > 0 or not patience):
            self._look_again(min(1.0, left) if patience else 1.0)
            return True
        return False

    def _is_waited_for(self, name: str) -> bool:
        return self._presence.online(name) and name not in self._given_up

    def _gather(self, member: Settler, window: OpenWindow) -> tuple[dict[str, Proposal], list[str]]:
        ready: dict[str, Proposal] = {}
        silent = []
        asked = window.to_kit()
        for name in window.members:
            proposal = self.proposals.get(name)
            try:
                if proposal is not None and (member.accepts(proposal, asked) or self._has_forgotten(member, proposal, asked)):
                    ready[name] = proposal
                    self._given_up.pop(name, None)
                    self._behind.pop(name, None)
                    continue
            except ProtocolError as error:
                if (name, window.seq) not in self._refused:
                    self._refused = {(name, window.seq), *(item for item in self._refused if item[1] == window.seq)}
                    self.complain(str(error), name)
            silent.append(name)
        return ready, silent

    def _has_forgotten(self, member: Settler, proposal: Proposal, window: Window) -> bool:
        """Whether a device's state is older than what was settled with it, and stays so: then it is taken as it is."""
        name, known = proposal.name, member.expected.get(proposal.name, 0)
        if (proposal.run, proposal.seq) != (window.run, window.seq) or proposal.after >= known:
            return False
        since = self._behind.setdefault(name, self.loop.time())
        if self.loop.time() - since < LOST_AFTER:
            return False
        self.complain(
            f"{name} remembers window {proposal.after}, but window {known} was settled with it: its memory was lost. It is taken as "
            "it is; what a store has too little or too much is booked to reset",
            name,
        )
        member.take_as_it_is(proposal)
        return True

    def _look_again(self, seconds: float) -> None:
        if self._waiting is None or not self._waiting.pending:
            self._waiting = self.loop.call_later(max(0.05, seconds), self._pursue)

    def _settle(self, member: Settler, window: OpenWindow, ready: dict[str, Proposal]) -> None:
        if self._times_given_up and window.seq % FORGIVEN_EVERY == 0:
            self._times_given_up = {name: times - (name in ready) for name, times in self._times_given_up.items() if times > (name in ready)}
        settlement, record = member.settle(window.to_kit(), ready)
        self.settlement = settlement_bytes(replace(settlement, checkpoint=member.checkpoint()))
        ledger = ledger_bytes(record)
        self._ledgers.append((record.run, record.seq, ledger))
        self._ledgers_bytes += len(ledger)
        while len(self._ledgers) > _REPEATED or (self._ledgers_bytes > _REPEATED_BYTES and len(self._ledgers) > 1):
            self._ledgers_bytes -= len(self._ledgers.popleft()[2])
        self.client.publish(self.topics.ledger_of(record.seq), ledger, 1, True)  # noqa: FBT003
        self.retained()  # after the record: the commit confirms it
        self.tell_applied()
        self.publish_effect()
        self._settled = settlement
        self._open_next()
        self.loop.call_soon(self._pursue)  # maybe nobody has to be waited for
