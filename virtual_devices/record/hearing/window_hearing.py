"""What proposals and settlements tell of a window, told when it is booked: the grid's comings and goings, decisions and trips."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from virtual_devices.edge.messages.order import before_checkpoint
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.messages.settlement import beside_shares
from virtual_devices.edge.murmur import shortened
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.settlement import Settlement
from virtual_devices.kit.names import is_name
from virtual_devices.kit.window import MAX_STEPS, Span
from virtual_devices.record.store.happenings import DECISION, GRID_BACK, OUTAGE, TRIP, TRIP_OVER, Happening

TRIPS = frozenset({"tripped", "breaker open"})
"""Decisions of a settling device that mean a trip: of itself, of the home's own breaker."""
OVERLOAD = "overload"
"""What a circuit's trip is called."""
LASTING = (OUTAGE, GRID_BACK), (DECISION,)
"""Kinds of which the last one of a device says how it is since then."""
_MOST = 300
"""Proposals, and settlements, of windows that are not booked yet."""
_LONGEST_WORD = 100
_DECIDED = ("decision", "limit", "program")
"""Fields of a settling device's state."""


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a grid proposed for a window. first: whether it is there in the first step.  flips: the steps from which on it is the other way round."""

    run: str
    start: int
    step: int
    first: bool
    flips: array[int]

    def is_of(self, record: LedgerRecord) -> bool:
        """Whether it was proposed for this window."""
        return (self.run, self.start, self.step) == (record.run, record.span.start, record.span.step)

    def changes(self, known: bool, span: Span) -> Iterator[tuple[int, bool]]:  # noqa: FBT001 - whether it was there before
        """When it came or went in a settled span, and whether it is there from then on."""
        there = self.first
        if there is not known:
            yield span.start, there
        for flip in self.flips:
            if flip >= span.steps:
                return
            there = not there
            yield span.start + flip * span.step, there


@dataclass(frozen=True, slots=True)
class _Settled:
    """What a settlement says of its window: digest of the ledger, who settled, how it decided the last step, and which circuits tripped."""

    digest: str
    device: str
    what: Mapping[str, Any]
    trips: tuple[tuple[str, bool], ...]


class WindowHearing:
    """Hears proposals and settlements, and tells what happened in a window once that is booked.

    last: the last happenings of each of the ``LASTING`` kinds, of each device, of a run that goes on.
    """

    def __init__(self, last: Iterable[Happening] = ()) -> None:
        self.no_grids: set[str] = set()
        """Devices that said something else than what a grid says: their proposals are not looked into."""
        self._offers: dict[tuple[str, int], _Offer] = {}
        self._settled: dict[int, _Settled] = {}
        self._there: dict[str, bool] = {}
        self._decisions: dict[str, tuple[str, Any]] = {}
        """By device, the word and the program."""
        self.go_on(last)

    def go_on(self, last: Iterable[Happening]) -> None:
        """Begin anew, behind these."""
        self._there.clear()
        self._decisions.clear()
        for happening in last:
            if happening.kind == DECISION:
                self._decisions[happening.device] = str(happening.what.get("decision", "")), happening.what.get("program")
            else:
                self._there[happening.device] = happening.kind == GRID_BACK

    def is_grid(self, device: str, is_one: bool) -> None:  # noqa: FBT001 - the one thing that it says
        """A device has said what it is."""
        if is_one:
            self.no_grids.discard(device)
        elif len(self.no_grids) < MAX_DEVICES:
            self.no_grids.add(device)

    def proposal(self, device: str, payload: bytes) -> None:
        """Take a proposal, if it is a grid's; a later one for the same window counts."""
        content = before_checkpoint(payload)
        if content is None or "offer" not in content:
            content = json_object(payload)
        try:
            run, seq, span, offer = content["run"], content["seq"], content["span"], content["offer"]
            if offer["ability"] != "connects":
                self.is_grid(device, False)  # noqa: FBT003
                return
            links = [(link["steps"], link["connected"]) for link in offer["links"]]
            if type(seq) is int:
                self.offered(device, run, seq, (span["start"], span["step"]), links)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError):
            return

    def offered(self, device: str, run: str, seq: int, begin: tuple[int, int], links: list[tuple[int, bool]]) -> None:
        """Take what a grid offers for a window. begin: its start, and seconds of a step.  links: steps, and whether it is there in them.

        Raises ValueError, IndexError and OverflowError for what no grid can propose.
        """
        first, flips = _flips(links)
        self._offers.pop((device, seq), None)
        self._offers[device, seq] = _Offer(run, *begin, first, flips)
        _shorten(self._offers)

    def settlement(self, device: str, payload: bytes) -> tuple[str, int] | None:
        """Take a settlement; its run, and the end of its window. None: it is none."""
        try:
            content = beside_shares(payload)
            run, seq, digest, span = content["run"], content["seq"], content["digest"], content["span"]
            end = span["start"] + span["step"] * span["steps"]
            state = content["checkpoint"]["state"]
            what = _decision({name: state.get(name) for name in _DECIDED})
            trips = tuple((name, on) for name, on in content.get("trips", ())[:MAX_DEVICES] if type(on) is bool and is_name(name))
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        if not (isinstance(run, str) and type(seq) is int and isinstance(digest, str) and type(end) is int):
            return None
        self._settle(seq, _Settled(digest[:_LONGEST_WORD], device, what, trips))
        return run, end

    def decided(self, device: str, settlement: Settlement, state: object) -> None:
        """Take what the state of a settling device says of a window that it settled, and which circuits tripped in it."""
        what = _decision({name: getattr(state, name, None) for name in _DECIDED})
        self._settle(settlement.seq, _Settled(settlement.digest, device, what, settlement.trips))

    def _settle(self, seq: int, settled: _Settled) -> None:
        self._settled[seq] = settled
        _shorten(self._settled)

    def booked(self, record: LedgerRecord) -> list[Happening]:
        """What happened in a settled window."""
        found: list[Happening] = []
        for key in sorted(key for key in self._offers if key[1] <= record.seq):
            offer = self._offers.pop(key)
            if key[1] == record.seq and offer.is_of(record):
                found += self._comings_and_goings(key[0], offer, record.span)
        settled = self._settled.pop(record.seq, None)
        if settled is not None and settled.digest == record.digest:
            found += self._decided(settled, record.span.end - record.span.step)
            found += _tripped(settled, record.span)
        return found

    def _comings_and_goings(self, device: str, offer: _Offer, span: Span) -> Iterator[Happening]:
        if device not in self._there and len(self._there) >= MAX_DEVICES:
            return
        for time, there in offer.changes(self._there.setdefault(device, True), span):
            self._there[device] = there
            yield Happening(time, device, GRID_BACK if there else OUTAGE, {})

    def _decided(self, settled: _Settled, time: int) -> Iterator[Happening]:
        device, decision = settled.device, settled.what.get("decision")
        before, program = self._decisions.get(device, (None, None))
        if decision is None or (decision == before and settled.what.get("program") == program):
            return
        self._decisions[device] = decision, settled.what.get("program")
        yield Happening(time, device, DECISION, settled.what)
        if decision == before:
            return
        if before in TRIPS:
            yield Happening(time, device, TRIP_OVER, {"decision": before})
        if decision in TRIPS:
            yield Happening(time, device, TRIP, {"decision": decision})


def _tripped(settled: _Settled, span: Span) -> Iterator[Happening]:
    """Of circuits: closed again with the first step, or opened by an overload in the last."""
    for name, on in settled.trips:
        yield Happening(span.end - span.step if on else span.start, name, TRIP if on else TRIP_OVER, {"decision": OVERLOAD})


def _flips(links: list[tuple[int, bool]]) -> tuple[bool, array[int]]:
    """Whether a grid is there at first, and the steps from which on it is the other way round.

    Raises ValueError, IndexError and OverflowError for what no grid can propose.
    """
    first = there = links[0][1]
    flips, step = array("H"), 0
    for steps, connected in links:
        if type(steps) is not int or type(connected) is not bool or not 1 <= steps <= MAX_STEPS:
            raise ValueError("it is no link")
        if connected is not there:
            flips.append(step)
            there = connected
        step += steps
    return first, flips


def _decision(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a settling device's state says of its last decision; empty where it has no such field."""
    decision, limit, program = (state[name] for name in _DECIDED)
    if not isinstance(decision, str) or not decision:
        return {}
    found: dict[str, Any] = {"decision": shortened(decision, _LONGEST_WORD)}
    if isinstance(limit, str):
        found["limit"] = shortened(limit, _LONGEST_WORD)
    if type(program) is int:
        found["program"] = program
    return found


def _shorten(kept: dict[Any, Any]) -> None:
    """Of too many the oldest goes."""
    while len(kept) > _MOST:
        del kept[next(iter(kept))]
