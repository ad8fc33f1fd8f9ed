"""Whether a home may go on from what its broker has, or has to go back to what is booked.

A host that was killed is a few windows behind its broker, which has their ledger records: they are booked, and nothing is lost. Where it
has not, nobody can say any more what was moved in them: the home goes on from the last window in its books, and what the broker has
beyond it is void.
"""

from __future__ import annotations

from collections.abc import Iterable

from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.edge.messages.retained import json_object, place
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.transfers import LedgerRecord, is_sealed
from virtual_devices.record.store.kept import Messages, moment


def leads_on(stored: Messages, found: Messages, ledger: Iterable[bytes]) -> bool:
    """Whether the broker's ledger records lead from the set that is booked to the settlement that it has.

    stored: the set.  found: what the broker retains, of the same run.  ledger: its ledger messages.
    """
    booked, there = moment(stored), moment(found)
    if booked is None or there is None or there[0] != booked[0] or there[1] <= booked[1]:
        return True
    records = _records(ledger)
    digest = _digest(stored, *booked)
    for seq in range(booked[1] + 1, there[1] + 1):
        record = next((record for record in records if record.seq == seq and record.previous == digest), None)
        if record is None or record.run != booked[0] or not is_sealed(record):
            return False
        digest = record.digest
    return digest == _digest(found, *there)


def _digest(messages: Messages, run: str, seq: int) -> object:
    """Of the settlement of a window."""
    settled = [payload for (_, leaf), payload in messages.items() if leaf == "settlement" and place(payload) == (run, seq)]
    return json_object(settled[0]).get("digest") if settled else None


def _records(ledger: Iterable[bytes]) -> list[LedgerRecord]:
    found = []
    for payload in ledger:
        try:
            found.append(read_ledger(payload))
        except ProtocolError:
            continue  # nobody's
    return found
