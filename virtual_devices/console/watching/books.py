"""A home's ledger, audited while it is told: that no joule was lost, how fast windows come, and what is stored."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from virtual_devices.console.bus import Bus
from virtual_devices.console.watching.overview import HomeRow, HomesOverview
from virtual_devices.edge.ledger.audit import Audit
from virtual_devices.edge.ledger.book import Book
from virtual_devices.edge.messages.topics import LEDGER, Topics
from virtual_devices.kit.errors import ProtocolError, VirtualDevicesError
from virtual_devices.kit.ledger.transfers import LedgerRecord

RATE_OVER = 10.0
"""Wall seconds over which windows are counted."""
KEPT_COMES_WITHIN, SHORTEST = 1.0, 2.0
"""Wall seconds in which windows come that a broker had kept, which count for no rate; and over which one can be told."""
TELLS_WITHIN = 3.0
"""Wall seconds for a broker to tell the ledger records that it keeps."""
TURN_EVERY = 1.0
"""Wall seconds between two homes that are looked at."""


class BooksWatch:
    """Hears the ledger of one home, from the last windows that its broker keeps on.

    audit: of all that was heard.  last: the newest confirmed record.  version: grows with each.
    """

    def __init__(self, subscribe: Callable[[str], None], home: str, settler: str, now: Callable[[], float] = time.monotonic) -> None:
        self._place, self._now = (home, settler), now
        self._topics = Topics(home, settler)
        self._book = Book(self._booked)
        self._recent: deque[tuple[float, int]] = deque()
        self._began = now()
        self.audit = Audit()
        self.last: LedgerRecord | None = None
        self.version = 0
        subscribe(self._topics.ledger)
        subscribe(self._topics.settlement)

    def hear(self, home: str, device: str, leaf: str, payload: bytes) -> None:
        """Take a message of the home's inverter."""
        if (home, device) != self._place or not payload:
            return
        if leaf == "settlement":
            self._book.settlement(payload)
        elif leaf.startswith(LEDGER):
            try:
                self._book.ledger(payload)
            except ProtocolError as error:
                self.audit.complain(f"{leaf}: {error}")
                self.version += 1

    def _booked(self, record: LedgerRecord, payload: bytes) -> None:
        self.audit.add(payload, self._topics.ledger_of(record.seq))
        self.last = record
        self.version += 1
        if self._now() > self._began + KEPT_COMES_WITHIN:
            self._recent.append((self._now(), record.span.steps))
        self._shorten()

    def _shorten(self) -> None:
        while self._recent and self._recent[0][0] < self._now() - RATE_OVER:
            self._recent.popleft()

    def rate(self) -> tuple[float, float] | None:
        """Windows, and steps, per wall second, over the last ten; None before it has listened for long enough."""
        self._shorten()
        span = min(RATE_OVER, self._now() - self._began - KEPT_COMES_WITHIN)
        return (len(self._recent) / span, sum(steps for _, steps in self._recent) / span) if span > SHORTEST else None


def books_key(home: str) -> str:
    """Under which the bus attends a home's books."""
    return f"books/{home}"


@dataclass(frozen=True, slots=True)
class Audited:
    """What a look at a home's books came to. ok: None where nothing was settled.  at: of the wall, UTC seconds.  problem: the first one."""

    ok: bool | None
    windows: int
    steps: int
    at: float
    problem: str = ""
    settled: int = 0


@dataclass(eq=False)
class AuditRounds:
    """Looks at the books of one home after the other, so that many homes cost no more than a few. done: by home."""

    done: dict[str, Audited] = field(default_factory=dict)
    _next: float = 0.0
    _busy: bool = False

    async def turn(self, bus: Bus, rows: list[HomeRow]) -> bool:
        """Look at the home that was looked at longest ago, unless one is looked at, or was a moment ago. Whether one was."""
        due = [row for row in rows if row.settler and self._is_due(row)]
        if self._busy or not due or bus.loop.time() < self._next:
            return False
        self._busy = True
        row = min(due, key=lambda each: self.done[each.name].at if each.name in self.done else 0.0)
        try:
            self.done[row.name] = await look(bus, row)
        except VirtualDevicesError:  # the broker is away; another turn comes
            return False
        finally:
            self._busy, self._next = False, bus.loop.time() + TURN_EVERY
        return True

    def _is_due(self, row: HomeRow) -> bool:
        before = self.done.get(row.name)
        return before is None or before.settled != row.windows


_rounds: WeakKeyDictionary[HomesOverview, AuditRounds] = WeakKeyDictionary()


def rounds_of(overview: HomesOverview) -> AuditRounds:
    """Those of all pages that show these homes."""
    return _rounds.setdefault(overview, AuditRounds())


async def look(bus: Bus, row: HomeRow) -> Audited:
    """Audit the last windows of a home that its broker keeps. Raises BrokerError where there is no broker."""
    key = books_key(row.name)
    books = bus.attend(key, lambda subscribe: BooksWatch(subscribe, row.name, row.settler))
    try:
        await bus.sync()
        await bus.loop.until(lambda: books.audit.windows > 0, TELLS_WITHIN)
        return verdict(books, row.windows)
    finally:
        bus.leave(key, keep=0)


def verdict(books: BooksWatch, settled: int = 0) -> Audited:
    """What was found so far. settled: windows that the clock had counted."""
    audit = books.audit
    found = audit.windows > 0 or not audit.ok
    return Audited(audit.ok if found else None, audit.windows, audit.checked_steps, time.time(), next(iter(audit.problems), ""), settled)
