"""The inverter as a member: it nets a window, keeps the ledger's chain, and remembers what it owes to whom."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from virtual_devices.kit.accounts import GRID, RESERVED
from virtual_devices.kit.device import AnyDevice, Settles
from virtual_devices.kit.errors import ConfigurationError, ProtocolError
from virtual_devices.kit.ledger.aggregates import Aggregate, Aggregates
from virtual_devices.kit.ledger.packets import Packets
from virtual_devices.kit.ledger.transfers import GENESIS, LedgerRecord, chain, edge_list, packed
from virtual_devices.kit.members.forecast import Expected
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.members.settlement import Proposal, Settlement, Share
from virtual_devices.kit.members.tree import Tree, is_flat
from virtual_devices.kit.members.upgrades import checkpoint_of
from virtual_devices.kit.offers import Booking, Demand, Dispatch, LinkOffer, Offer, StoreOffer, Supply
from virtual_devices.kit.settings import Settings
from virtual_devices.kit.window import Span, Window


class Settler(Member):
    """Settles windows.

    digest, edges: end of the ledger's chain and the name of the edge list hashed last (``ledger.edge_list``).  shares:
    everybody's last share, until the next proposal confirms it.  expected: the ``after`` that each device's next proposal
    has to carry.  packets: of the last window, while the setting ``flows`` is on. sun: what the home's arrays may give.
    aggregates: of quarters of an hour, where somebody wants them, and those that the last window ended, ``over``.
    """

    device: Settles[Any, Any, Any]

    def __init__(
        self, name: str, kind: str, device: AnyDevice, settings: Settings, declared: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(name, kind, device, settings, declared)
        self.digest = GENESIS
        self.edges = edge_list(())
        self.expected: dict[str, int] = {}
        self.shares: dict[str, Share] = {}
        self.packets: Packets | None = None
        self._beside = {port for port, each in self.device.ports.items() if each.beside}
        self._scaled: Callable[[list[int], int], tuple[list[int], array[int]]] | None = None
        """What books whole columns where the dispatch is compiled."""
        self.sun = Expected(f"{device.site.seed}/forecast", device.site.calendar)
        self.aggregates: Aggregates | None = None
        self.over: list[Aggregate] = []
        self._left_with: dict[str, int] = {}
        """mJ that the ledger left a store with whose own memory is older."""

    def compile(self) -> None:
        """Dispatch with compiled code from now on, and book with arrays. Raises ConfigurationError where numba is not installed."""
        try:
            self.device.compile()
        except ImportError as error:
            raise ConfigurationError("compiled dispatch needs numba: pip install 'virtual-devices[fast]'") from error
        from virtual_devices.kit.ledger.arrays import scaled  # noqa: PLC0415 - an inverter on the bus does without numpy

        self._scaled = scaled

    def accepts(self, proposal: Proposal, window: Window) -> bool:
        """Whether a proposal answers the window from the state this settler expects its sender to be in.

        A sender that lags behind finds its share in the last settlement and proposes again. Raises ProtocolError for
        a proposal that claims what cannot be.
        """
        if proposal.run != window.run or proposal.seq != window.seq:
            return False
        self._check_accounts(proposal, window)
        expected = self.expected.get(proposal.name, proposal.after)
        if proposal.after > expected or proposal.after >= window.seq:
            raise ProtocolError(
                f"{proposal.name}: its proposal for window {window.seq} starts after window {proposal.after}, "
                f"but its last settled one is {expected}"
            )
        if proposal.span.start != window.span.start or proposal.span.step != window.span.step:
            raise ProtocolError(f"{proposal.name}: its proposal for window {window.seq} covers another time")
        if not 1 <= proposal.span.steps <= window.span.steps:
            raise ProtocolError(f"{proposal.name}: its proposal covers {proposal.span.steps} of {window.span.steps} steps")
        return proposal.after == expected

    def _check_accounts(self, proposal: Proposal, window: Window) -> None:
        """Nobody gets an account, or takes from one, that is the home's or somebody else's: the books would say what is not."""
        name, offer = proposal.name, proposal.offer
        if name in RESERVED or name == self.name:
            raise ProtocolError(f"{name}: this is the name of an account of every home; run it under another --name")
        if isinstance(offer, Supply) and (offer.source in RESERVED or offer.source in {GRID, name, self.name, *window.members}):
            raise ProtocolError(f"{name}: it says that its energy comes from {offer.source}, which is no source outside the home")

    def take_as_it_is(self, proposal: Proposal) -> None:
        """Accept a proposal from a state older than the last that was settled: its sender has lost its memory.

        What a store holds more or less than the ledger left it with is booked to the account ``reset``.
        """
        self.expected[proposal.name] = proposal.after
        last = self.shares.get(proposal.name)
        if isinstance(proposal.offer, StoreOffer) and last is not None:
            self._left_with[proposal.name] = last.stored

    def forget(self, name: str) -> None:
        """A device is gone for good: whoever comes under its name later begins anew, and what a store holds then is booked to ``reset``."""
        self.expected.pop(name, None)
        share = self.shares.pop(name, None)
        if share is not None:
            self._left_with[name] = share.stored

    def _as_left(self, name: str, offer: Offer) -> Offer:
        left = self._left_with.pop(name, None)
        if left is None or not isinstance(offer, StoreOffer):
            return offer
        return replace(offer, stored=left, reset=offer.reset + left - offer.stored)

    def settle(self, window: Window, proposals: Mapping[str, Proposal]) -> tuple[Settlement, LedgerRecord]:
        """Settle a window over the shortest of the accepted ``proposals``; the result is this settler's commit."""
        if window.seq <= self.after:
            raise ProtocolError(f"window {window.seq} is settled already")
        steps = min([self.begin(window.span), *(proposal.span.steps for proposal in proposals.values())])
        offers = {name: self._as_left(name, proposals[name].offer) for name in sorted(proposals)}
        tree = None if is_flat(self.device.ports, offers.values()) else Tree(self.device.ports, offers)
        decision, state = self._decide(window.span.part(0, steps), offers, tree)
        span = window.span.part(0, decision.steps)
        record = self._record(window, span, offers, decision, tree)
        shares = {name: self._share(name, offers[name], window.seq, span, decision) for name in offers}
        if tree is not None:
            whole = {name for name in offers if proposals[name].span.steps == span.steps}
            shares = tree.shares(shares, whole)
        trips = () if tree is None else tree.trips(self.shares)
        self.state = state
        self.digest, self.edges = record.digest, edge_list(record.edges)
        self.over = [] if self.aggregates is None else self.aggregates.add(record)
        self.packets = (self.packets or Packets()).following(record) if getattr(self.settings, "flows", False) else None
        owed = {name: share for name, share in self.shares.items() if name not in shares}
        self.shares = {**owed, **shares}
        self.expected.update(dict.fromkeys(shares, window.seq))
        self.after, self.time, self.busy_until = window.seq, span.end, None
        settlement = Settlement(
            run=window.run,
            seq=window.seq,
            span=span,
            members=tuple(sorted(shares)),
            left_out=tuple(name for name in window.members if name not in shares),
            shares=shares,
            owed=owed,
            cut=span.steps < window.span.steps,
            digest=self.digest,
            checkpoint={},
            foretold=foretold(span, offers.values()),
            circuits={} if tree is None else {name: tree.above[name] for name in tree.carried},
            isolated={} if tree is None else tree.isolated,
            trips=trips,
        )
        return settlement, record

    def _decide(self, span: Span, offers: Mapping[str, Offer], tree: Tree | None) -> tuple[Dispatch, Any]:
        """The decision over a span, up to and with the first step in which a circuit turns, and the device's state after it."""
        if tree is None:
            return self.device.dispatch(self.settings, self.state, span, offers)
        seen, steps = tree.seen(), span.steps
        while True:
            decision, state = self.device.dispatch(self.settings, self.state, span.part(0, steps), seen)
            steps = tree.follow(decision, span.step)
            if steps == decision.steps:
                decision.supply.update(dict.fromkeys(tree.cut_off, ((steps, False),)))
                return decision, state

    def _share(self, name: str, offer: Offer, seq: int, span: Span, decision: Dispatch) -> Share:
        told: dict[str, Any] = {field: getattr(decision, field)[name] for field in offer.shared}
        if offer.ability == Demand.ability and isinstance(offer, Demand) and offer.circuit in self._beside:
            told["beside"] = True
        return Share(seq, span, **told)

    def own_readings(self) -> dict[str, Any]:
        return self.sun.readings(self.time or 0)

    def checkpoint(self) -> dict[str, Any]:
        # of those who took part in the last window it follows from the settlement
        expected = {name: after for name, after in self.expected.items() if after != self.after}
        packets = {} if self.packets is None else {"packets": self.packets.json()}
        present = self.aggregates.open if self.aggregates is not None else None
        quarter = {} if present is None else {"quarter": present.json()}
        return {**super().checkpoint(), "digest": self.digest, "edges": self.edges, "expected": expected, **packets, **quarter}

    def resume(self, settlement: Settlement) -> None:
        """Go on from one's own last settlement. Raises ProtocolError, changing nothing, when it does not fit."""
        try:
            kept = checkpoint_of(settlement.checkpoint, type(self.device))
            digest, edges = str(kept["digest"]), str(kept["edges"])
            expected = {**dict.fromkeys(settlement.members, settlement.seq), **kept["expected"]}
            packets = Packets.of(kept["packets"]) if "packets" in kept else None
            present = Aggregate.of(kept["quarter"]) if "quarter" in kept else None
        except ProtocolError as error:
            raise ProtocolError(f"{self.name}: its checkpoint cannot be resumed: {error}") from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ProtocolError(f"{self.name}: its checkpoint is broken ({error!r}); start afresh with --fresh") from error
        self.restore(kept)
        self.digest, self.edges, self.expected, self.packets = digest, edges, expected, packets
        if self.aggregates is not None:
            self.aggregates.open = present
        self.shares = {**settlement.owed, **settlement.shares}

    def _record(self, window: Window, span: Span, offers: Mapping[str, Offer], decision: Dispatch, tree: Tree | None) -> LedgerRecord:
        steps, step = span.steps, span.step
        booking = Booking([0] * steps, dict(decision.transfers))
        for name, offer in offers.items():
            if tree is None or not isinstance(offer, Demand):
                offer.book(name, decision, booking)
        if tree is not None:
            tree.book(decision, booking)
        converted: dict[int, tuple[list[int], list[int]]] = {}
        integers: dict[int, array[int]] = {}

        def millijoules(column: list[int]) -> list[int]:
            known = converted.get(id(column))  # the pair keeps the column alive, so that its id stays its own
            if known is None:
                if not any(column):
                    energy = booking.zeros
                elif step == 1:
                    energy = column
                elif self._scaled is None:
                    energy = [value * step for value in column]
                else:
                    energy, numbers = self._scaled(column, step)
                    integers[id(energy)] = numbers
                known = converted[id(column)] = (column, energy)
            return known[1]

        energy = booking.energy | {edge: millijoules(column) for edge, column in booking.columns.items()}
        edges = tuple(sorted(energy))
        ordered = tuple(energy[edge] for edge in edges)
        return LedgerRecord(
            run=window.run,
            seq=window.seq,
            span=span,
            edges=edges,
            energy=ordered,
            demand={name: millijoules(column) for name, column in booking.demand.items()},
            available={name: millijoules(column) for name, column in booking.available.items()},
            opening=booking.opening,
            closing=dict(decision.stored),
            outside=tuple(sorted(booking.outside)),
            previous=self.digest,
            digest=chain(self.digest, edges if edge_list(edges) == self.edges else (), edges, ordered, steps, packed(ordered, integers)),
        )


def foretold(span: Span, offers: Iterable[Offer]) -> tuple[tuple[int, bool], ...]:
    """When the grid comes or goes after a settled span, by its offer: simulated times, and whether it is there from then on."""
    found: list[tuple[int, bool]] = []
    for offer in offers:
        if isinstance(offer, LinkOffer):
            time, known = span.start, None
            for steps, connected in (*((link.steps, link.connected) for link in offer.links), *offer.ahead):
                if connected != known and time >= span.end:
                    found.append((time, connected))
                time, known = time + steps * span.step, connected
    return tuple(found)
