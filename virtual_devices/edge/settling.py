"""The inverter on the bus: it gathers proposals, settles, and publishes; the publication is the commit."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from virtual_devices.edge.loop import Timer
from virtual_devices.edge.messages import ProposalMessage, SettlementMessage, WindowMessage, read, write
from virtual_devices.edge.presence import Presence
from virtual_devices.edge.runtime import Runtime, read_once
from virtual_devices.edge.topics import CLOCK, Topics
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.settlement import Proposal, Settlement
from virtual_devices.kit.settler import Settler


class SettlerRuntime(Runtime):
    """Settles each window once, over the proposals of all who are there.

    A member that is offline, or silent for longer than the clock's patience, is left out; a proposal that cannot be is
    answered on the own error topic and not used.
    """

    def __init__(self, *arguments: object, **options: object) -> None:
        self._presence = Presence(str(arguments[2]))
        super().__init__(*arguments, **options)  # type: ignore[arg-type] # the same parameters, passed on
        self.window: WindowMessage | None = None
        self.proposals: dict[str, Proposal] = {}
        self.settlement: bytes = b""
        self._found: Settlement | None = None
        self._asked_at: float | None = None
        self._waiting: Timer | None = None
        self._refused: set[tuple[str, int]] = set()

    @property
    def own_checkpoint(self) -> str:
        return self.topics.settlement

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        every = Topics(self.home, "+")
        window = Topics(self.home, CLOCK).window
        return (window, 0), (every.proposal, 0), (self.topics.settlement, 0), *self._presence.subscriptions()

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        if self._presence.received(device, leaf, payload):
            self._pursue()
        elif leaf == "window" and device == CLOCK and payload:
            self._asked(read_once(WindowMessage, payload))
        elif leaf == "proposal" and payload:
            self._take(device, payload)
        elif leaf == "settlement" and device == self.name and payload and not self.online:
            self._found = read(SettlementMessage, payload).to_kit()
            self.settlement = payload

    def _take(self, device: str, payload: bytes) -> None:
        try:
            proposal = read(ProposalMessage, payload).to_kit(device)
        except ProtocolError as error:
            self.complain(str(error), device)
            return
        if self.online and self.member is not None and self.site is not None and proposal.run == self.site.run:
            next_seq = self.member.after + 1
            if proposal.seq > next_seq:
                self.complain(f"{device}: its proposal is for window {proposal.seq}, but the next one is {next_seq}", device)
                return
        self.proposals[device] = proposal
        self._pursue()

    def begin(self) -> None:
        assert self.site is not None  # noqa: S101
        found, self._found = self._found, None
        if found is not None and found.run == self.site.run:
            member = cast("Settler", self.member)
            if member.after < found.seq:
                member.resume(found)
        else:
            self.settlement = b""
        self.loop.call_soon(self._pursue)

    def retained(self) -> None:
        if self.settlement:
            self.client.publish(self.topics.settlement, self.settlement, 1, True)  # noqa: FBT003

    def _asked(self, window: WindowMessage) -> None:
        new = self.window is None or (self.window.run, self.window.seq) != (window.run, window.seq)
        self.window = window
        if new:
            self._asked_at = self.loop.time()
        elif self.online:
            self.retained()  # asked again: the clock missed the answer, or somebody behind has not found its share
        self._pursue()

    def _pursue(self) -> None:
        window = self.window
        if not self.online or window is None or self.site is None or window.run != self.site.run:
            return
        member = cast("Settler", self.member)
        if window.seq != member.after + 1:
            return
        ready, silent = self._gather(member, window)
        waited = self.loop.time() - (self._asked_at if self._asked_at is not None else self.loop.time())
        patience = self.site.patience
        missing = [name for name in silent if self._presence.online(name)]
        if missing and not (patience and waited >= patience):
            self._look_again(min(1.0, patience - waited) if patience else 1.0)
            return
        if missing:
            self.complain(f"window {window.seq}: left out after {waited:.0f} s of silence: {', '.join(missing)}", "window")
        self._settle(member, window, ready)

    def _gather(self, member: Settler, window: WindowMessage) -> tuple[dict[str, Proposal], list[str]]:
        ready: dict[str, Proposal] = {}
        silent = []
        asked = window.to_kit()
        for name in window.members:
            proposal = self.proposals.get(name)
            try:
                if proposal is not None and member.accepts(proposal, asked):
                    ready[name] = proposal
                    continue
            except ProtocolError as error:
                if (name, window.seq) not in self._refused:
                    self._refused = {(name, window.seq), *(item for item in self._refused if item[1] == window.seq)}
                    self.complain(str(error), name)
            silent.append(name)
        return ready, silent

    def _look_again(self, seconds: float) -> None:
        if self._waiting is None or not self._waiting.pending:
            self._waiting = self.loop.call_later(max(0.05, seconds), self._pursue)

    def _settle(self, member: Settler, window: WindowMessage, ready: dict[str, Proposal]) -> None:
        settlement, record = member.settle(window.to_kit(), ready)
        self.settlement = write(replace(settlement, checkpoint=member.checkpoint()))
        self.retained()
        self.client.publish(self.topics.ledger, write(record), 1)
        self.tell_applied()
        self.publish_state()


