"""What was at a moment of a record, and why: what flowed and cost, what was decided, and the settings that led to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from virtual_devices.kit.accounts import GRID
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError, VirtualDevicesError
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.kit.site import Context, Site
from virtual_devices.record.reading.asked import Times
from virtual_devices.record.reading.facts import Facts
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.reading.settings_then import SettingsThen, settings_then
from virtual_devices.record.store.happenings import COMMAND, DECISION, GRID_BACK, OUTAGE, Happening

_SENTENCE = "decision_text"
"""The reading in which a settling device says its decision in words."""
_BILL = "import_cost"
_NOT_SAID = (VirtualDevicesError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""What a kind may raise that is asked about a state which an earlier version told."""


@dataclass(frozen=True, slots=True)
class FlowsThen:
    """What flowed. start, end: UTC seconds, of the step, or of the quarter-hour where its windows are not kept whole.  seconds: of it, that are recorded.

    totals: mJ by purpose.  devices: mJ into and out of each.  stored: mJ that each store held at the end.
    """

    start: int
    end: int
    seconds: int
    totals: Mapping[str, int]
    devices: Mapping[str, Mapping[str, int]]
    stored: Mapping[str, int]
    loads: tuple[str, ...]

    def watts(self, energy: int) -> float:
        """A mean power."""
        return energy / self.seconds / 1000


@dataclass(frozen=True, slots=True)
class DecisionThen:
    """What a settling device had decided. since: when it was told so first, UTC seconds.  text: in its words, by the settings that were in force then.

    later: what it told next, of the last step of the window that holds the moment: in which step it came to that nobody recorded.
    """

    device: str
    since: int
    decision: str
    limit: str | None
    program: int | None
    text: str | None
    later: DecisionThen | None = None


@dataclass(frozen=True, slots=True)
class CostThen:
    """What a quarter-hour cost. amount: with charges, less what was earned.  price: what a kWh imported cost in it; None where none was."""

    start: int
    amount: float
    price: float | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Why:
    """A moment. time: UTC seconds.  window: seq, start and end of the one that holds it, where that is kept whole.  flows, cost: None where not recorded.

    grid: the last that it did until then, by device; empty where it had been there from the first.  readings: what devices told of the quarter-hour.
    leading: devices that decide, store, or are the grid: whose settings lead to what is decided.
    """

    path: Path
    facts: Facts
    time: int
    window: tuple[int, int, int] | None
    flows: FlowsThen | None
    decision: DecisionThen | None
    grid: tuple[Happening, ...]
    has_grid: bool
    cost: CostThen | None
    settings: SettingsThen
    readings: Mapping[str, Mapping[str, float]]
    leading: frozenset[str]

    @property
    def dark(self) -> bool:
        """Whether the grid was away."""
        return any(each.kind == OUTAGE for each in self.grid)

    def written(self, time: float | None) -> str | None:
        """A time by the home's clocks, with its offset."""
        return calendar(self.facts.zone).local(int(time)).isoformat() if time is not None else None

    def result(self) -> dict[str, Any]:
        """As JSON has it: powers in W, energies in kWh, times by the home's clocks with their offset from UTC."""
        flows, cost = self.flows, self.cost
        return {
            "home": self.facts.home, "run": self.facts.run, "file": str(self.path), "zone": self.facts.zone, "time": self.written(self.time),
            "window": {"seq": self.window[0], "start": self.written(self.window[1]), "end": self.written(self.window[2])} if self.window else None,
            "decision": self._decided(self.decision),
            "grid": {
                "connected": not self.dark,
                "since": [{"time": self.written(each.time), "device": each.device, "kind": each.kind} for each in self.grid],
            } if self.has_grid else None,
            "flows": {
                "start": self.written(flows.start), "end": self.written(flows.end), "seconds": flows.seconds,
                "power_w": {name: round(flows.watts(energy), 3) for name, energy in flows.totals.items()},
                "power_by_device_w": {name: {way: round(flows.watts(energy), 3) for way, energy in ways.items()} for name, ways in flows.devices.items()},
                "stored_kwh": {name: round(energy / MJ_PER_KWH, 6) for name, energy in flows.stored.items()},
            } if flows is not None else None,
            "cost": {
                "start": self.written(cost.start), "amount": round(cost.amount, 6), "price": None if cost.price is None else round(cost.price, 6),
                "currency": cost.currency,
            } if cost is not None else None,
            "settings": [each.json() | {"since": self.written(each.time), "declared": self.written(each.wall)} for known in self.settings.chosen.values() for each in known],
            "settings_declared": self.settings.declared,
            "commands_not_recorded": self.settings.unheard,
            "readings": {name: dict(values) for name, values in self.readings.items()},
        }  # fmt: skip

    def _decided(self, decision: DecisionThen | None) -> dict[str, Any] | None:
        if decision is None:
            return None
        return {
            "device": decision.device, "since": self.written(decision.since), "decision": decision.decision, "limit": decision.limit,
            "program": decision.program, "text": decision.text, "later": self._decided(decision.later),
        }  # fmt: skip


def why(path: Path, moment: Callable[[Times], int], *, everything: bool = False) -> Why:
    """What a record says of a moment, all of it at once. moment: which, as soon as it is known what there is.  everything: units and defaults of all devices.

    Raises ConfigurationError where nothing is recorded then, and as ``Reader`` and whoever says which moment.
    """
    with Reader(path) as reader, reader.of_one_moment():
        facts, span = reader.facts, reader.span
        if span is None:
            raise ConfigurationError(f"{path} has nothing recorded yet: no window was settled")
        time = moment(Times(facts.zone, *span))
        record = reader.window_at(time)
        readings = _readings(reader, time)
        grids = {name for name, (before, now) in readings.items() if _BILL in now or _BILL in before}
        told = list(reader.happenings(None, None, kinds=(DECISION, OUTAGE, GRID_BACK)))
        leading = frozenset({*reader.roles.stores, *grids, *(each.device for each in told)})
        settings = settings_then(reader.revisions, list(reader.happenings(None, time + 1, kinds=(COMMAND,))), None if everything else leading)
        end = record.span.end if record is not None else min(_quarter(time) + QUARTER, span[1])
        grid = {each.device: each for each in told if each.kind != DECISION and each.time <= time}
        return Why(
            path, facts, time, (record.seq, record.span.start, record.span.end) if record is not None else None,
            _of_step(record, time) if record is not None else _of_quarter(reader, time), _decision([each for each in told if each.kind == DECISION and each.time < end], settings, facts, time),
            tuple(grid.values()), any(GRID in edge for edge in reader.roles.edges), _cost(reader, settings, readings, time),
            settings, {name: now for name, (_, now) in readings.items() if now}, leading,
        )  # fmt: skip


def _quarter(time: int) -> int:
    return time - time % QUARTER


# -- what flowed -------------------------------------------------------------------------------------------------------


def _of_step(record: LedgerRecord, time: int) -> FlowsThen:
    index, step = (time - record.span.start) // record.span.step, record.span.step
    one = replace(
        record, span=record.span.part(index, 1), energy=tuple([column[index]] for column in record.energy),
        demand={name: [column[index]] for name, column in record.demand.items()},
        available={name: [column[index]] for name, column in record.available.items()},
    )  # fmt: skip
    stored = dict(record.opening)
    for (source, sink), column in zip(record.edges, record.energy, strict=True):
        moved = sum(column[: index + 1])
        for name, sign in ((source, -1), (sink, 1)):
            if name in stored:
                stored[name] += sign * moved
    summary = Summary(record.run)
    summary.add(one)
    return FlowsThen(one.span.start, one.span.end, step, summary.totals, summary.by_device(), stored, tuple(record.demand))


def _of_quarter(reader: Reader, time: int) -> FlowsThen | None:
    found = next(reader.energy("15min", _quarter(time), _quarter(time) + QUARTER), None)
    if found is None or not found.seconds:
        return None
    return FlowsThen(found.start, found.end, found.seconds, found.totals, found.by_device(), found.stored, found.roles.consumers)


# -- what was decided --------------------------------------------------------------------------------------------------


def _decision(told: Sequence[Happening], settings: SettingsThen, facts: Facts, time: int) -> DecisionThen | None:
    """told: decisions up to the end of the window that holds the time."""
    before, behind = [each for each in told if each.time <= time], [each for each in told if each.time > time]
    later = _decided(behind[-1], settings, facts) if behind else None
    return replace(_decided(before[-1], settings, facts), later=later) if before else later


def _decided(told: Happening, settings: SettingsThen, facts: Facts) -> DecisionThen:
    what = told.what
    limit, program = what.get("limit"), what.get("program")
    return DecisionThen(
        told.device, told.time, str(what.get("decision", "")), limit if isinstance(limit, str) else None,
        program if isinstance(program, int) else None, _in_words(told, settings, facts),
    )  # fmt: skip


def _in_words(told: Happening, settings: SettingsThen, facts: Facts) -> str | None:
    """What its kind says of such a decision under the settings that were in force; None where the kind or they are not known."""
    known, kind = settings.complete(told.device), settings.kinds.get(told.device)
    if known is None or kind is None:
        return None
    try:
        device = catalogue.load(kind)(Context(told.device, Site(0, 0, 0, facts.zone)))
        state = device.begin(known)
        names = {each.name for each in fields(state)}
        report = device.report(known, replace(state, **{name: value for name, value in told.what.items() if name in names}), told.time)
    except _NOT_SAID:
        return None
    text = getattr(report, _SENTENCE, None)
    return text if isinstance(text, str) else None


# -- what it cost ------------------------------------------------------------------------------------------------------

Told = Mapping[str, tuple[Mapping[str, float], Mapping[str, float]]]
"""By device, what it told of the quarter-hour before a moment's, and of that one; empty where it told nothing."""


def _readings(reader: Reader, time: int) -> Told:
    begin, found = _quarter(time), {}
    for name in reader.tellers:
        told = {each.start: each.plain() for each in reader.readings(name, "15min", begin - QUARTER, begin + QUARTER)}
        found[name] = told.get(begin - QUARTER, {}), told.get(begin, {})
    return found


def _cost(reader: Reader, settings: SettingsThen, readings: Told, time: int) -> CostThen | None:
    begin = _quarter(time)
    name = next((name for name, (_, now) in readings.items() if _BILL in now), None)
    if name is None:
        return None
    before, now = readings[name]
    if _BILL not in before:
        span = reader.span
        if span is None or span[0] < begin or not reader.from_the_first:
            return None  # what it had come to before is not recorded
        before = dict.fromkeys(now, 0.0)
    energy = next(reader.energy("15min", begin, begin + QUARTER), None)
    imported = energy.totals["grid_import"] if energy is not None else 0
    currency = settings.value(name, "currency")
    price = (now[_BILL] - before[_BILL]) / (imported / MJ_PER_KWH) if imported else None
    return CostThen(begin, now.get("cost", 0.0) - before.get("cost", 0.0), price, currency if isinstance(currency, str) else None)
