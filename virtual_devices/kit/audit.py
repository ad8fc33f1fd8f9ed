"""The audit: checks what a ledger says, record by record, from the numbers alone.

It can begin anywhere, because every record carries all balances and the digest before it.
"""

from __future__ import annotations

from collections import defaultdict
from operator import add

from virtual_devices.kit.ledger import OUTSIDE, LedgerRecord, chain
from virtual_devices.kit.settlement import Edge

_SHOWN = 20


class Auditor:
    """Feed it records in order; ``problems`` says what is wrong, in words.

    checked_steps: steps looked at so far.  dropped: problems beyond the first twenty.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.dropped = 0
        self.checked_steps = 0
        self._last: LedgerRecord | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was lost or invented so far."""
        return not self.problems

    def check(self, record: LedgerRecord) -> None:
        """Audit one more record."""
        where = f"window {record.seq} from {record.span.start}"
        steps = record.span.steps
        columns = [*record.energy, *record.demand.values(), *record.available.values()]
        if any(len(column) != steps for column in columns) or len(record.edges) != len(record.energy):
            self._say(f"{where}: a column does not have {steps} steps")
            return
        if any(min(column) < 0 for column in columns if column):
            self._say(f"{where}: a negative energy")
        self._check_chain(record, where)
        self._check_accounts(record, where)
        self._check_devices(record, where)
        self.checked_steps += steps
        self._last = record

    def _say(self, problem: str) -> None:
        if len(self.problems) < _SHOWN:
            self.problems.append(problem)
        else:
            self.dropped += 1

    def _check_chain(self, record: LedgerRecord, where: str) -> None:
        last = self._last
        known: tuple[Edge, ...] | None = None
        if last is not None and last.run == record.run:
            known = last.edges
            if record.seq != last.seq + 1 or record.span.start != last.span.end:
                self._say(f"{where}: does not follow window {last.seq} that ended at {last.span.end}")
            if record.previous != last.digest:
                self._say(f"{where}: the digest before it is not that of window {last.seq}")
        candidates = [known] if known is not None else [record.edges, ()]
        digests = {chain(record.previous, past, record.edges, record.energy, record.span.steps) for past in candidates}
        if record.digest not in digests:
            self._say(f"{where}: the digest does not match the transfers")

    def _check_accounts(self, record: LedgerRecord, where: str) -> None:
        given: dict[str, list[list[int]]] = defaultdict(list)
        taken: dict[str, list[list[int]]] = defaultdict(list)
        for (source, sink), column in zip(record.edges, record.energy, strict=True):
            given[source].append(column)
            taken[sink].append(column)
        for account in sorted(set(given) | set(taken)):
            if account in OUTSIDE or account in record.outside:
                continue
            if account in record.closing:
                change = sum(map(sum, taken[account])) - sum(map(sum, given[account]))
                if record.opening[account] + change != record.closing[account]:
                    self._say(
                        f"{where}: store {account} went from {record.opening[account]} to {record.closing[account]} mJ "
                        f"though its transfers add up to {change}"
                    )
            elif (inward := _total(taken[account], record.span.steps)) != (
                outward := _total(given[account], record.span.steps)
            ):
                at = next(i for i, pair in enumerate(zip(inward, outward, strict=True)) if pair[0] != pair[1])
                self._say(f"{where}: account {account} takes {inward[at]} mJ and gives {outward[at]} mJ in step {at}")

    def _check_devices(self, record: LedgerRecord, where: str) -> None:
        column = dict(zip(record.edges, record.energy, strict=True))
        for name, demand in record.demand.items():
            served = next((values for (_, sink), values in column.items() if sink == name), None)
            if served is None or (served != demand and any(s not in (0, d) for s, d in zip(served, demand, strict=True))):
                self._say(f"{where}: {name} is neither served wholly nor not at all")
        for name, available in record.available.items():
            used = next((values for (_, sink), values in column.items() if sink == name), None)
            if used is None or (used != available and any(u > a for u, a in zip(used, available, strict=True))):
                self._say(f"{where}: {name} gives more than it has")
        last = self._last
        if last is not None and last.run == record.run:
            for name, opening in record.opening.items():
                if name in last.closing and last.closing[name] != opening:
                    self._say(f"{where}: store {name} reports {opening} mJ, the ledger left it with {last.closing[name]} mJ")


def _total(columns: list[list[int]], steps: int) -> list[int]:
    if not columns:
        return [0] * steps
    total = columns[0]
    for column in columns[1:]:
        total = list(map(add, total, column))
    return total
