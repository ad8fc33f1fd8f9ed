"""What the inverter says of each quarter of an hour, for the home's fleet, which makes the home's summary of it."""

from __future__ import annotations

from collections.abc import Mapping

from virtual_devices.edge.messages.base import write
from virtual_devices.edge.messages.summary import QuarterMessage
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.kit.ledger.aggregates import Aggregate
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.settlement import Proposal
from virtual_devices.kit.members.settler import Settler
from virtual_devices.kit.offers import StoreOffer
from virtual_devices.kit.store import PPM, charge_limit, discharge_limit


class QuarterTeller:
    """Says a quarter with the window that ends it; where one ends several, the last of them. After its start it says once what is there so far."""

    def __init__(self, client: Client, topics: Topics) -> None:
        self._client, self._topics = client, topics
        self._last = b""

    def tell(self, record: LedgerRecord, member: Settler, proposals: Mapping[str, Proposal]) -> None:
        """A window was settled with these proposals."""
        over, aggregates = member.over, member.aggregates
        if aggregates is None or not (over or not self._last):
            return
        told = over[-1] if over else aggregates.open
        if told is not None:
            self._last = write(_message(record, told, member, proposals, over=bool(over)))
            self.repeat()

    def repeat(self) -> None:
        """Say the last one again, to a fleet that may not have heard it, or a broker that may have forgotten what was made of it."""
        if self._last:
            self._client.publish(self._topics.quarter, self._last, 1)


def _message(record: LedgerRecord, told: Aggregate, member: Settler, proposals: Mapping[str, Proposal], *, over: bool) -> QuarterMessage:
    offers = {name: proposal.offer for name, proposal in proposals.items()}
    floor, most = member.device.reach(member.settings)
    capacity = usable = charge = discharge = 0
    for name, stored in told.stored.items():
        offer = offers.get(name)
        if isinstance(offer, StoreOffer):
            kept = offer.rule.capacity * floor // PPM
            capacity += offer.rule.capacity
            usable += max(0, stored - kept)
            charge += charge_limit(offer.rule.flat, stored, QUARTER)
            discharge += discharge_limit(offer.rule.flat, stored, kept, QUARTER)
    return QuarterMessage.model_construct(
        run=record.run, seq=record.seq, start=told.start, step=told.step, steps=told.steps, over=over, moved=dict(told.moved),
        stored=sum(told.stored.values()), usable=usable, capacity=capacity,
        charge=charge if most is None else min(charge, most), discharge=discharge if most is None else min(discharge, most),
    )  # fmt: skip
