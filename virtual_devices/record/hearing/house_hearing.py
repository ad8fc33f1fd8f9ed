"""What happens in a house in one process: the same as is heard of a home on a bus, but for who comes and goes."""

from __future__ import annotations

from collections.abc import Callable

from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.kit.offers import LinkOffer
from virtual_devices.record.hearing.window_hearing import WindowHearing
from virtual_devices.record.store.happenings import COMMAND, Happening, cut


class HouseHearing:
    """Listens to a house, window by window. tell: called with each happening, and the seq of the window that it is of."""

    def __init__(self, house: House, tell: Callable[[Happening, int], None]) -> None:
        self._house, self._tell = house, tell
        self._windows = WindowHearing()

    def heard(self, record: LedgerRecord) -> None:
        """A window was settled and committed."""
        house = self._house
        for member in house.members.values():
            for applied in member.take_applied():
                self._tell(Happening(applied.time, member.name, COMMAND, cut({"changes": applied.changes, "by": applied.by})), record.seq)
        for name, proposal in house.proposals.items():
            if isinstance(proposal.offer, LinkOffer):
                links = [(link.steps, link.connected) for link in proposal.offer.links]
                self._windows.offered(name, record.run, record.seq, (proposal.span.start, proposal.span.step), links)
        if house.last is not None:
            self._windows.decided(house.settler.name, house.last, house.settler.state)
        for happening in self._windows.booked(record):
            self._tell(happening, record.seq)
