"""Which sets of a home's retained messages are of one moment, so that the home may go on from them.

Of one moment is a settlement with the proposals that it settled, of who was away the proposal whose share still waits for
him, and nothing that only a later moment knows: a broker keeps no order between topics, and one that forgets may have lost
a word. Such a set waits until the window's ledger record and all before it are booked: who goes on behind a window can ask
nobody for its record when inverter and broker died with the host.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from virtual_devices.edge.messages.retained import place
from virtual_devices.edge.messages.settlement import beside_shares
from virtual_devices.record.store.kept import KEPT, Messages

LONGEST_WAIT = 10.0
"""Wall seconds without a new set after which one is taken that lacks the word of somebody who is away, or that leaves a gap in
the ledger: nobody has them any more."""
_AHEAD = {"proposal": 0, "window": 1, "conditions": 1}
"""By how many windows a word may be ahead of the settlement: the next one may have been asked for."""
_WAITING = 64
"""Sets that wait to be booked; of more the oldest goes."""

IsBooked = Callable[[str, int, bool], bool]
"""Whether the ledger of a run is booked up to a seq; True: with gaps, if need be."""


@dataclass(frozen=True, slots=True)
class MomentSet:
    """A settlement and all that goes with it."""

    run: str
    seq: int
    messages: Messages


class Moments:
    """Finds the newest moment that is booked.

    booked: asked about a run and a seq, and told whether records were waited for too long.
    """

    def __init__(self, booked: IsBooked) -> None:
        self._booked = booked
        self._waiting: deque[MomentSet] = deque(maxlen=_WAITING)
        self._settled_at: float | None = None
        self._found_at: float | None = None
        """Loop times of the first settlement, and of the first moment, since one was taken."""
        self._lost: set[tuple[str, int]] = set()
        """Proposals that were waited for in vain, by device and seq."""

    def settled(self, payload: bytes, found: Messages, now: float) -> None:
        """Take a settlement, with what has been found until now."""
        try:
            settlement = beside_shares(payload)
            run, seq = settlement["run"], int(settlement["seq"])
            needed = dict.fromkeys(settlement["members"], seq)
            owed = {name: int(share["seq"]) for name, share in settlement["owed"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # its readers say what is wrong with it
        if self._settled_at is None:
            self._settled_at = now
        of_then = _of_then(found, run, seq)
        if of_then is None:
            return
        messages, said = of_then
        if any(said.get(name) != seq for name in needed):
            return
        missed = {(name, last) for name, last in owed.items() if said.get(name, 0) < last}
        if missed - self._lost:
            if now - self._settled_at <= LONGEST_WAIT:
                return
            self._lost = missed
        if self._found_at is None:
            self._found_at = now
        self._waiting.append(MomentSet(run, seq, messages))

    def take(self, now: float) -> Messages | None:
        """The newest moment that is booked, once; None: there is no new one."""
        late = self._found_at is not None and now - self._found_at > LONGEST_WAIT
        for index in reversed(range(len(self._waiting))):
            moment = self._waiting[index]
            if self._booked(moment.run, moment.seq, late):
                for _ in range(index + 1):
                    self._waiting.popleft()
                self._settled_at = None
                self._found_at = now if self._waiting else None
                return moment.messages
        return None

    def forget(self) -> None:
        """Begin anew."""
        self._waiting.clear()
        self._settled_at = self._found_at = None

    def __bool__(self) -> bool:
        return bool(self._waiting)


def _of_then(found: Messages, run: str, seq: int) -> tuple[Messages, dict[str, int]] | None:
    """What a set holds, and who has proposed up to which window; None where a later moment has spoken already."""
    messages: dict[tuple[str, str], bytes] = {}
    said: dict[str, int] = {}
    for key, value in found.items():
        device, leaf = key
        if leaf not in KEPT:
            continue
        messages[key] = value
        ahead = _AHEAD.get(leaf)
        if ahead is None:
            continue
        its_run, its_seq = place(value)
        if its_run != run:
            continue
        if its_seq > seq + ahead:
            return None
        if leaf == "proposal":
            said[device] = its_seq
    return messages, said


def always(*_: Any) -> bool:
    """Where nobody keeps books, nothing is waited for."""
    return True
