"""A whole home in one process: the same members as over MQTT, coupled directly, as fast as they go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import DeviceEntry, Home, order
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.ahead import Columns
from virtual_devices.kit.members.conditions import ConditionsMember
from virtual_devices.kit.members.make import make_member
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.members.participant import Participant
from virtual_devices.kit.members.past import PastRows
from virtual_devices.kit.members.settlement import Proposal, Settlement
from virtual_devices.kit.members.settler import Settler
from virtual_devices.kit.members.store import Store
from virtual_devices.kit.members.waiting import Command
from virtual_devices.kit.site import Context
from virtual_devices.kit.window import MAX_STEPS, Span, Window, after_cut

RUN = "house"
"""What its run is called: nobody goes on from it."""
_GROWTH = 8
"""See ``after_cut``. To ask for too much costs little where members keep what they have worked out ahead, and a window of its own costs more."""


def member_of(home: Home, entry: DeviceEntry, documents: Mapping[str, str]) -> Member:
    """The member of one device of a home, before anything has happened."""
    device = entry.device_class(Context(entry.name, home.site, documents))
    events = (Command(event.changes, event.at) for event in home.events if event.device == entry.name)
    return make_member(entry.kind, device, entry.settings, entry.declared, events)


class House:
    """Devices coupled in process.

    documents: text of the files that settings name.  max_steps: longest window.  made: members that were made already.
    listeners: called with every ledger record.  time: end of what is settled, UTC seconds.
    """

    def __init__(
        self,
        home: Home,
        documents: Mapping[str, str] | None = None,
        *,
        max_steps: int = MAX_STEPS,
        made: Mapping[str, Member] | None = None,
    ) -> None:
        self.home = home
        self.time = home.start
        self.seq = 0
        self.listeners: list[Callable[[LedgerRecord], None]] = []
        self._past_listeners: list[Callable[[str, PastRows], None]] = []
        self.max_steps = max_steps
        self.members: dict[str, Member] = {}
        entries = {entry.name: entry for entry in home.devices}
        for name in order(home):
            known = (made or {}).get(name)
            self.members[name] = member_of(home, entries[name], documents or {}) if known is None else known
        settlers = [member for member in self.members.values() if isinstance(member, Settler)]
        if len(settlers) != 1:
            raise ConfigurationError(f"home {home.name}: one inverter is needed, not {len(settlers)}")
        self.settler = settlers[0]
        self.observers = [member for member in self.members.values() if isinstance(member, ConditionsMember)]
        self.participants = [member for member in self.members.values() if isinstance(member, Participant)]
        self.last: Settlement | None = None
        self.proposals: Mapping[str, Proposal] = {}
        """Of the window that was settled last."""
        self._limit = max_steps

    def compile(self) -> None:
        """Dispatch with compiled code. Raises ConfigurationError where numba is not installed."""
        self.settler.compile()

    def tell_past(self, listener: Callable[[str, PastRows], None]) -> None:
        """From now on, call with every device's name and rows of its past when quarters are over. It costs some time: nobody asked, nothing told.

        Who resumes a house asks before that: then the rows go on from those that the running home had begun.
        """
        self._past_listeners.append(listener)
        for member in self.members.values():
            member.tell_past()

    def end_past(self) -> None:
        """Tell of the quarters that are not over as well, as far as they went and as it stands now: nothing follows."""
        for member in self.members.values():
            if member.past is not None:
                member.past.end(member.standing(self.time) if member in self.participants else {})
        self._tell_past()

    def advance(self, until: int, progress: Callable[[int], None] | None = None) -> None:
        """Run to the first step that begins at or after ``until``. progress: told the time after each window."""
        while self.time < until:
            self.step(-(-(until - self.time) // self.home.step))
            if progress is not None:
                progress(self.time)

    def step(self, most: int = MAX_STEPS) -> LedgerRecord:
        """One window of at most ``most`` steps, proposed, settled and committed."""
        span = Span(self.time, self.home.step, max(1, min(most, self._limit)))
        foretold = self.last.foretold if self.last is not None else ()
        self.seq += 1
        window = Window(RUN, self.seq, span, tuple(self.members), self.seq - 1, foretold)
        given: dict[str, Columns] = {}
        for observer in self.observers:
            given[observer.name] = observer.columns(window, self._inputs(observer, given))
        proposals = {
            member.name: member.propose(window, self._inputs(member, given), checkpoint=False)
            for member in self.participants
        }
        settlement, record = self.settler.settle(window, proposals)
        for member in self.participants:
            member.commit(settlement.shares[member.name])
        for observer in self.observers:
            observer.settled(settlement.seq, settlement.span)
        self.last, self.proposals = settlement, proposals
        self.time = settlement.span.end
        self._limit = after_cut(self.max_steps, settlement.span.steps, cut=settlement.cut, growth=_GROWTH)
        for listener in self.listeners:
            listener(record)
        if self._past_listeners:
            self._tell_past()
        return record

    def _tell_past(self) -> None:
        for member in self.members.values():
            for rows in member.take_past():
                for listener in self._past_listeners:
                    listener(member.name, rows)

    def _inputs(self, member: Member, given: Mapping[str, Columns]) -> dict[str, Columns]:
        return {
            setting: given[name]
            for setting, (name, _) in member.partners.items()
            if name in given
        }

    def resume(
        self, settlement: Settlement, proposals: Mapping[str, Proposal], checkpoints: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Go on from where a running home is: its last settlement, newest proposals and its observers' checkpoints.

        Raises ProtocolError when they do not fit together.
        """
        self.settler.resume(settlement)
        for member in self.participants:
            proposal = proposals.get(member.name)
            if proposal is None or proposal.run != settlement.run:
                continue
            shares = (settlement.shares.get(member.name), settlement.owed.get(member.name))
            share = next((share for share in shares if share is not None and share.seq == proposal.seq), None)
            if share is not None:
                member.resume(proposal)
                member.commit(share)
            else:
                member.restore(proposal.checkpoint)
            self.settler.expected[member.name] = member.after
        for observer in self.observers:
            if observer.name in checkpoints:
                observer.restore(checkpoints[observer.name])
        self.seq, self.time, self.last = settlement.seq, settlement.span.end, settlement

    def soc(self) -> dict[str, float]:
        """State of charge (0–1) of each store."""
        return {m.name: m.own_readings()["soc"] / 100 for m in self.participants if isinstance(m, Store)}
