"""A record on the bus: it hears its home, writes what is settled, and says up to where it has.

One record owns what the home goes on from. Where a host keeps the home that is the host's own, and a record device has books only. Without
a host it is the one that the clock's ``books`` names: it writes that set in the transaction of its window, and reminds a broker that has
forgotten.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from virtual_devices.edge.loop import Timer
from virtual_devices.edge.messages.base import BookedMessage, write
from virtual_devices.edge.messages.topics import HOST, LEDGER, Topics
from virtual_devices.edge.runtime.role import AtWork, Role
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.record import RecordMember
from virtual_devices.kit.names import CLOCK
from virtual_devices.record.device.owner import Owner
from virtual_devices.record.device.readings import readings_of_file
from virtual_devices.record.device.vain import Vain
from virtual_devices.record.files.runs import Runs
from virtual_devices.record.keeping.books import Books
from virtual_devices.record.keeping.gate import Gate
from virtual_devices.record.keeping.home_memory import HomeMemory
from virtual_devices.record.keeping.keeper import Keeper
from virtual_devices.record.keeping.moments import LONGEST_WAIT
from virtual_devices.record.store.kept import LEAVES

AT_ONCE = 32
"""Windows that are written in one transaction, or as many as are settled within ``WITHIN`` wall seconds."""
WITHIN = 0.05
LOOK_EVERY = 1.0
"""Wall seconds between two looks at what is still to come."""
STUCK_AFTER = 2 * LONGEST_WAIT
"""Wall seconds after which windows are written without a set that the home could go on from."""


class RecordRole(Role[RecordMember]):
    """Writes what is settled in its home.

    folder: of its records, one for each run.  whole_for: simulated seconds for which windows are kept whole.
    """

    def __init__(self, device: Runtime, folder: Path, whole_for: int) -> None:
        self._device = device
        self.own_checkpoint = device.topics.booked
        self._gate = Gate(None)
        runs = Runs(folder, device.home, whole_for=whole_for)
        self._keeper = Keeper(device.loop, runs, self._is_booked, lambda text: device.complain(text, device.name), self._written)
        self._memory = HomeMemory(
            device.loop, device.client, device.home, device.name, self._keeper, self._take_in, self._gate, self._refused
        )
        self._memory.keeps = False
        self._books = Books(
            device.loop, self._memory, None, lambda text: device.complain(text, "ledger"), lambda text: device.complain(text, "ledger"),
            self._booked, self._lacks,
        )  # fmt: skip
        self._owner = Owner(device.loop, device.name)
        self._vain = Vain(device.loop)
        self._said: tuple[str, int] | None = None
        """Run and seq as they were said last."""
        self._words: deque[bytes] = deque(maxlen=64)
        """The last of them, as they were written."""
        self._passed = 0
        """Seq up to which nobody has any more what is not written."""
        self._stuck_since: float | None = None
        """Since when (loop time) there are windows that no set goes with."""
        self._waiting = 0
        self._due: Timer | None = None
        self._next_look: Timer | None = None
        self._has_looked = self._has_left = False

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        every = Topics(self._device.home, "+")
        return (every.ledger, 0), (every.past, 1), (every.flow, 0), (every.error, 0), (every.applied, 0), *((every.at(leaf), 0) for leaf in LEAVES)

    # -- what is heard ------------------------------------------------------------------------------------------------

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        if self._has_left:
            return
        if device == HOST and leaf != "error":
            if leaf == "availability":
                self._owner.hear_host(payload)
                self._memory.keeps = self._has_looked and self._owns
            return
        own = leaf == "booked" and device == self._device.name
        if own and self._device.work is not None and payload not in self._words:  # its own come back, some behind the newest
            self._device.words.heal()
        if self._passes_by(device, leaf):
            self._memory.pass_by(device, leaf)
            return
        self._memory.hear(device, leaf, payload)
        if device == CLOCK and leaf == "state":
            self._memory.know([*self._awaited(), self._gate.settler or CLOCK])

    def _passes_by(self, device: str, leaf: str) -> bool:
        """Most of what is said is of no use to who has books only: of proposals those of a grid tell of outages."""
        if self._memory.keeps or not self._has_looked or device == CLOCK:
            return False
        return leaf in ("state", "conditions") or (leaf == "proposal" and self._gate.ability(device) not in (None, "connects"))

    def _awaited(self) -> list[str]:
        """The devices that the clock's home has, by its own word."""
        return str(self._memory.state(CLOCK).get("wait_for") or "").split(",")

    def _take_in(self, device: str, leaf: str, payload: bytes) -> None:
        clock_comes = device == CLOCK and leaf == "availability" and payload == b"online"
        if clock_comes or (device == CLOCK and leaf == "state" and not (self._books.seen or self._keeper.last)):
            self._books.starts(self._coming())
        self._books.hear(device, leaf, payload)
        if device == CLOCK and leaf == "availability" and not clock_comes:  # it leaves first when a home ends
            self._books.ends()

    def _coming(self) -> set[str]:
        """Who comes with the clock, which is no news: who is away, and whom the clock waits for before its first window."""
        found = self._memory.found
        begins = not (self._books.seen or self._keeper.last)
        awaited = self._awaited() if begins else []
        names = {name for name, leaf in found if leaf == "availability"}.union(awaited) - {CLOCK}
        return {name for name in names if found.get((name, "availability")) != b"online"}

    def _refused(self, text: str, about: str) -> None:
        """Somebody's word does not count. Where a host keeps the home it says so itself."""
        if self._memory.keeps:
            self._device.complain(text, about)

    def _is_booked(self, run: str, seq: int, _late: bool) -> bool:  # noqa: FBT001 - what ``Moments`` asks; what is vain ``Vain`` knows
        return self._books.has(run, seq, False)  # noqa: FBT003

    # -- beginning ----------------------------------------------------------------------------------------------------

    def connected(self) -> None:
        self._memory.connected()

    def all_heard(self) -> None:
        """The first time it is known what the broker lacks; from then on a broker that comes back may have forgotten."""
        first, self._has_looked = not self._has_looked, True
        try:
            if first:
                self._forget_lies()
                self._owner.was_owner = bool(self._memory.kept())
            self._memory.keeps = self._owns
            self._memory.all_heard()
            if first and self._memory.keeps:
                self._memory.put_back(yields=True)
            elif first:
                self._memory.look_on()
        except VirtualDevicesError as error:
            self._device.fatal(str(error))

    def _forget_lies(self) -> None:
        """Retained words come in any order: settlements before it is known whose count."""
        settler = self._gate.settler
        for name, leaf in list(self._memory.found):
            if settler is not None and name != settler and (leaf == "settlement" or leaf.startswith(LEDGER)):
                del self._memory.found[name, leaf]

    def remembered(self, run: str) -> int:
        return self._said[1] if self._said is not None and self._said[0] == run else 0

    def begin(self, work: AtWork[RecordMember]) -> None:
        run = work.site.run
        self._keeper.go_on(run, {(CLOCK, "site"): write(work.site)})
        self._keeper.give_up_others(run)
        self._passed = 0
        self._vain.over()
        self._books.open((run, self._keeper.last))
        self._books.starts(self._coming())
        self._memory.ask_for_past()
        self._tell(work)
        self._device.loop.call_soon(self._look)

    # -- at work ------------------------------------------------------------------------------------------------------

    @property
    def _owns(self) -> bool:
        return self._owner.owns(self._memory.state(CLOCK))

    def _booked(self, _: LedgerRecord) -> None:
        self._waiting += 1
        if self._waiting == AT_ONCE:
            self._device.loop.call_soon(self._write)
        elif self._due is None or not self._due.pending:
            self._due = self._device.loop.call_later(WITHIN, self._write)

    def _lacks(self, first: int, last: int) -> None:
        """Nobody has some windows any more; before the first that is written there is no gap."""
        if self._keeper.last or self._passed:
            which = f"window {first}" if first == last else f"windows {first} to {last}"
            self._device.complain(f"the record lacks {which}: nobody has what was moved in them any more; it goes on behind them", "ledger")

    def _write(self) -> None:
        work = self._device.work
        if work is None or self._has_left:
            return
        self._waiting = 0
        self._memory.keeps = self._owns
        if self._memory.keeps:
            self._keeper.keep()
        elif self._keeper.windows_wait:
            self._keeper.save_books(work.site.run)

    def _written(self) -> None:
        if self._device.work is not None:
            self._tell(self._device.work)

    def _tell(self, work: AtWork[RecordMember]) -> None:
        """Say what is written."""
        now = work.site.run, max(self._keeper.last, self._passed)
        if now != self._said:
            self._said, self._stuck_since = now, None
            self._words.append(write(BookedMessage(run=now[0], seq=now[1])))
            self.retained(work)
        work.member.told(*readings_of_file(self._keeper.writer))
        self._device.state.publish(work)

    def _look(self) -> None:
        """Go after what is still to come."""
        if self._next_look is not None:
            self._next_look.cancel()
        if self._has_left:
            return
        self._next_look = self._device.loop.call_later(LOOK_EVERY, self._look)
        work = self._device.work
        if work is None:
            return
        if self._vain.is_vain(behind=self._books.is_behind(), seen=self._books.seen, asked=self._can_be_answered):
            self._passed = max(self._passed, self._books.give_up() or 0)
            self._tell(work)
        self._write()
        if self._memory.keeps and self._keeper.windows_wait and self._keeper.unkept is None:
            self._look_for_a_moment(work.site.run)

    def _look_for_a_moment(self, run: str) -> None:
        """Windows wait for a set of their moment; it may be that nobody has it any more."""
        now = self._device.loop.time()
        self._stuck_since = self._stuck_since if self._stuck_since is not None else now
        self._memory.look_again()
        self._keeper.keep()
        if self._stuck_since is not None and now - self._stuck_since > STUCK_AFTER:
            self._keeper.save_books(run)

    @property
    def _can_be_answered(self) -> bool:
        settler = self._gate.settler
        there = settler is None or self._memory.found.get((settler, "availability")) == b"online"
        return self._device.client.connected and there

    def retained(self, work: AtWork[RecordMember]) -> None:
        if self._words:
            self._device.client.publish(self._device.topics.booked, self._words[-1], 1, True)  # noqa: FBT003

    def commanded(self, work: AtWork[RecordMember]) -> None:
        """Nothing of it is set while a home runs."""

    def left(self) -> None:
        self._write()
        self._memory.keep_now()
        self._has_left = True
        for timer in (self._due, self._next_look):
            if timer is not None:
                timer.cancel()
        self._keeper.close()
