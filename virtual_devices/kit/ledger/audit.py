"""The audit: checks what a ledger says, record by record, from the numbers alone.

It can begin anywhere, because every record carries all balances and the digest before it.
"""

from __future__ import annotations

import sys
from array import array
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from itertools import compress, pairwise
from operator import gt, ne

from virtual_devices.kit.accounts import METER, OUTSIDE, RESERVED
from virtual_devices.kit.ledger.transfers import LedgerRecord, chain, packed
from virtual_devices.kit.offers import Edge

SHORTEST_SKIP = 150
"""Simulated seconds that a home at real time skips, at least: it catches up 300 s, and what is more is rounded down to its step."""
_SHOWN = 20
_LANE = 8
_LARGEST = 1 << 56
"""mJ in one step, that no edge reaches: some 20 GWh."""
Lanes = Mapping[int, int]
"""A column as one long integer with a lane of 64 bits per step, by the id of the column. Sums of up to 255 columns do
not overflow a lane, so that all steps of a window are added at once."""


class Auditor:
    """Feed it records in order; ``problems`` says what is wrong, in words.

    checked_steps: steps looked at so far.  dropped: problems beyond the first twenty.  skipped: simulated s between windows that follow
    each other, which a home at real time did not live; what it holds must be the same before and after.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.dropped = 0
        self.checked_steps = self.skipped = 0
        self._last: LedgerRecord | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was lost or invented so far."""
        return not self.problems

    def begin_anew(self) -> None:
        """What comes next need not follow what came before it."""
        self._last = None

    def check(self, record: LedgerRecord) -> None:
        """Audit one more record."""
        where = f"window {record.seq} from {record.span.start}"
        steps = record.span.steps
        columns = [*record.energy, *record.demand.values(), *record.available.values()]
        if steps < 1 or any(len(column) != steps for column in columns) or len(record.edges) != len(record.energy):
            self._say(f"{where}: a column does not have {steps} steps")
            return
        if any(before >= after for before, after in pairwise(record.edges)):
            self._say(f"{where}: its edges are not in order, each once")
            return
        try:
            integers = packed(columns)
            self._check_chain(record, where, integers)
        except (TypeError, ValueError, OverflowError):
            self._say(f"{where}: an energy or a digest is no number that a ledger holds")
            return
        lanes = {name: int.from_bytes(column.tobytes(), sys.byteorder) for name, column in integers.items()}
        guard = _guard(steps)
        if any(lane & guard for lane in lanes.values()):
            self._say(f"{where}: a negative energy, or one of {_LARGEST} mJ and more")
        elif record.opening.keys() != record.closing.keys():
            self._say(f"{where}: the stores that it opens with are not those that it closes with")
        else:
            self._check_accounts(record, where, lanes)
            self._check_devices(record, where)
        self.checked_steps += steps
        self._last = record

    def _say(self, problem: str) -> None:
        if len(self.problems) < _SHOWN:
            self.problems.append(problem)
        else:
            self.dropped += 1

    def _check_chain(self, record: LedgerRecord, where: str, integers: Mapping[int, array[int]]) -> None:
        last = self._last
        known: tuple[Edge, ...] | None = None
        if last is not None and last.run == record.run:
            known = last.edges
            skipped = record.span.start - last.span.end
            if record.seq != last.seq + 1 or (skipped and skipped < SHORTEST_SKIP):
                self._say(f"{where}: does not follow window {last.seq} that ended at {last.span.end}")
            else:
                self.skipped += skipped
            if record.previous != last.digest:
                self._say(f"{where}: the digest before it is not that of window {last.seq}")
        candidates = [known] if known is not None else [record.edges, ()]
        steps = record.span.steps
        if all(
            record.digest != chain(record.previous, past, record.edges, record.energy, steps, integers) for past in candidates
        ):
            self._say(f"{where}: the digest does not match the transfers")

    def _check_accounts(self, record: LedgerRecord, where: str, lanes: Lanes) -> None:
        given: dict[str, int] = defaultdict(int)
        taken: dict[str, int] = defaultdict(int)
        change: dict[str, int] = dict.fromkeys(record.closing, 0)
        for (source, sink), column in zip(record.edges, record.energy, strict=True):
            given[source] += lanes[id(column)]
            taken[sink] += lanes[id(column)]
            if source in change:
                change[source] -= sum(column)
            if sink in change:
                change[sink] += sum(column)
            outward = source in record.outside and sink != METER and sink not in record.available
            if outward or (sink in record.outside and source != METER):
                self._say(f"{where}: {source} gives to {sink}, but only producers and the meter deal with what lies outside")
        inside = (given.keys() | taken.keys()) - OUTSIDE - set(record.outside) - change.keys()
        for account in sorted(inside | (RESERVED - OUTSIDE) & set(record.outside)):
            if taken[account] != given[account]:
                inward, outgoing = (_lane_values(total[account], record.span.steps) for total in (taken, given))
                at = next(i for i, pair in enumerate(zip(inward, outgoing, strict=True)) if pair[0] != pair[1])
                self._say(f"{where}: account {account} takes {inward[at]} mJ and gives {outgoing[at]} mJ in step {at}")
        for account, difference in change.items():
            if record.opening[account] + difference != record.closing[account]:
                self._say(
                    f"{where}: store {account} went from {record.opening[account]} to {record.closing[account]} mJ "
                    f"though its transfers add up to {difference}"
                )

    def _check_devices(self, record: LedgerRecord, where: str) -> None:
        into: dict[str, list[list[int]]] = defaultdict(list)
        for (_, sink), column in zip(record.edges, record.energy, strict=True):
            into[sink].append(column)
        for name, demand in record.demand.items():
            served = into[name]
            if len(served) != 1 or (served[0] != demand and any(compress(served[0], map(ne, served[0], demand)))):
                self._say(f"{where}: {name} is neither served wholly nor not at all")
        for name, available in record.available.items():
            used = into[name]
            if len(used) != 1 or (used[0] != available and any(map(gt, used[0], available))):
                self._say(f"{where}: {name} gives more than it has")
        last = self._last
        if last is not None and last.run == record.run:
            for name, opening in record.opening.items():
                if name in last.closing and last.closing[name] != opening:
                    self._say(f"{where}: store {name} reports {opening} mJ, the ledger left it with {last.closing[name]} mJ")


@lru_cache(maxsize=8)
def _guard(steps: int) -> int:
    """The bits that no lane of a sound column has."""
    return int.from_bytes(array("q", [-_LARGEST]).tobytes() * steps, sys.byteorder)


def _lane_values(total: int, steps: int) -> array[int]:
    values = array("Q", total.to_bytes(_LANE * steps, sys.byteorder))
    return values if sys.byteorder == "little" else values[::-1]
