"""Gathering what a record says of a run, or of a part of it: exact where the ledger tells, to a quarter of an hour where devices told.

How long it was dark is worked out from what the grid and the loads told of each quarter: without grid for so long, wanting power in vain for so
long. Of a quarter that is only partly without grid that is the most it can have been.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from virtual_devices.answers.findings.by_quarters import ByQuarters
from virtual_devices.answers.findings.findings import Findings
from virtual_devices.answers.findings.gathered import Gathered, GatheredLoad, GatheredMonth, GatheredStore
from virtual_devices.answers.findings.judging import judged
from virtual_devices.answers.findings.recorded_home import recorded_home, recorded_house
from virtual_devices.answers.findings.sunshine import insolation
from virtual_devices.answers.simulate import conditions_of
from virtual_devices.kit.accounts import GRID, METER
from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.device import Connects, Settles, Stores
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import DeviceEntry, Home
from virtual_devices.kit.ledger.purposes import roots
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.ledger.series import CURTAILED, ENERGY, POWER, STORED, UNSERVED
from virtual_devices.kit.members.past import PARTS, PastRows
from virtual_devices.kit.members.producer import Producer
from virtual_devices.record.reading.columns import Columns, Integers
from virtual_devices.record.reading.energy import Energy
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.reading.roles import Roles

_BILL = Connects.bill_readings
_EMISSIONS, _SOC, _CYCLES, _HEALTH = "emissions", "soc", "equivalent_full_cycles", "state_of_health"
_NEAR = 3 * DAY
_CONNECTED, _WANTING, _CLIPPED = "connected", "wanting", "clipped_power"


def findings_of_record(path: Path, start: int | None = None, end: int | None = None) -> Findings:
    """What the run of a record came to, or the quarters of an hour of it that begin between two times (UTC seconds).

    Raises ConfigurationError as ``Reader``, and where nothing is recorded then.
    """
    with Reader(path) as reader, reader.of_one_moment():
        return found_by(reader, start, end)


def found_by(reader: Reader, start: int | None = None, end: int | None = None) -> Findings:
    """The same of a record that is open, all of one moment."""
    span = reader.span
    months = [] if span is None else list(reader.energy("month", start, end))
    if span is None or not months:
        raise ConfigurationError(f"{reader.path} has nothing recorded {'then' if span else 'yet'}; `virtual-devices history` says what it has")
    known = max(span[0], start if start is not None else span[0]), min(span[1], end if end is not None else span[1])
    recorded = _Recorded(reader, start, end, known)
    return judged(recorded.gathered(months), recorded.quarters)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a device told, as columns by quarter. starts: UTC seconds.  seconds: of each quarter, for which it tells something."""

    rows: Sequence[PastRows]

    @property
    def starts(self) -> Integers:
        return np.concatenate([np.zeros(0, np.int64), *(np.array(each.starts, np.int64) for each in self.rows)])

    def held(self, name: str) -> Integers:
        """For how many seconds of each quarter something held."""
        return np.concatenate([np.zeros(0, np.int64), *(np.array(each.seconds.get(name) or [0] * len(each.starts), np.int64) for each in self.rows)])

    @property
    def seconds(self) -> Integers:
        return np.concatenate([np.zeros(0, np.int64), *(np.array(each.steps, np.int64) * each.step for each in self.rows)])

    def last(self, name: str, before: int) -> float | None:
        """The newest reading of quarters that begin before a time (UTC seconds)."""
        for rows in reversed(self.rows):
            values = rows.last.get(name)
            for start, value in zip(reversed(rows.starts), reversed(values or []), strict=False):
                if start < before and value is not None:
                    return value / PARTS
        return None

    def total(self, name: str) -> int:
        """The sum of a column over all steps, times the seconds of each."""
        return sum(sum(rows.columns[name].sums) * rows.step for rows in self.rows if name in rows.columns)


class _Recorded:
    """A record, or a part of it. known: from when to when there is something (UTC seconds)."""

    def __init__(self, reader: Reader, start: int | None, end: int | None, known: tuple[int, int]) -> None:
        self._reader, self._start, self._end, self._known = reader, start, end, known
        self._from_the_first = start is None or start <= known[0] == (reader.span or known)[0]
        columns, roles = reader.columns(start, end)
        self._roles = roles
        self._columns = columns
        self._starts = columns.start
        self.quarters = _quarters(columns, roles)
        self._home = recorded_home(reader, known[0])
        self._tellers = reader.tellers
        self._told = {name: _Told(reader.told(name, start, end)) for name in self._tellers}

    def gathered(self, months: Sequence[Energy]) -> Gathered:
        facts, (start, end) = self._reader.facts, self._known
        home = self._home
        house = recorded_house(home) if home is not None else None
        arrays = [] if house is None else [member for member in house.participants if isinstance(member, Producer)]
        rated = {member.name: member.device.rated_power(member.settings) for member in arrays}
        return Gathered(
            facts.home, facts.zone, start, end, [self._month(each) for each in months], self._loads(), self._stores(),
            self._currency(), None, {name: power for name, power in rated.items() if power is not None},
            insolation(house.members, start, end, home.step) if house is not None and home is not None else {},
            {name: self._told[name].total(_CLIPPED) for name in self._roles.producers if name in self._told}, _longest(self._columns, self._dark),
            () if house is None else conditions_of(house, start), (), self._digest(),
        )  # fmt: skip

    def _month(self, month: Energy) -> GatheredMonth:
        dark, outage = self._dark, self._outage
        start, end = max(month.start, self._known[0]), min(month.end, self._known[1])
        inside = (self._starts >= month.start) & (self._starts < month.end)
        return GatheredMonth(
            start, end, month.seconds, dict(month.edges), month.demand, month.available, self._bill(start, month.end),
            self._grown(self._grid, _EMISSIONS, start, month.end), None if outage is None else int(outage[inside].sum()),
            None if dark is None else int(dark[inside].sum()),
        )  # fmt: skip

    # -- money ---------------------------------------------------------------------------------------------------------

    @cached_property
    def _grid(self) -> str | None:
        """Who tells a bill."""
        return next((name for name in self._tellers if any(_BILL["amount"] in rows.last for rows in self._told[name].rows)), None)

    def _bill(self, start: int, end: int) -> dict[str, float]:
        grown = {part: self._grown(self._grid, name, start, end) for part, name in _BILL.items()}
        return {part: value for part, value in grown.items() if value is not None} if grown["amount"] is not None else {}

    def _grown(self, device: str | None, reading: str, start: int, end: int) -> float | None:
        """By how much a reading grew from one time to another; None where nobody knows."""
        if device is None:
            return None
        told = self._told[device]
        now = told.last(reading, end)
        if now is None:
            return None
        was = told.last(reading, start - start % QUARTER)  # not from the rest of a quarter with which a record begins: that is part of what grew
        was = self._last_before(device, reading) if was is None else was
        return None if was is None and not self._reader.from_the_first else now - (was or 0.0)

    def _last_before(self, device: str, reading: str) -> float | None:
        """How a reading stood when the part of the record began: mostly days before, where the home was away longer, whenever that was."""
        start = self._start
        if start is None:
            return None
        near = _Told(self._reader.told(device, start - _NEAR, start)).last(reading, start)
        return _Told(self._reader.told(device, None, start)).last(reading, start) if near is None else near

    def _currency(self) -> str | None:
        if self._grid is None:
            return None
        return next((str(getattr(entry.settings, "currency", "")) for entry in (self._home.of("connects") if self._home is not None else ())), "")

    # -- dark ----------------------------------------------------------------------------------------------------------

    @cached_property
    def _outage(self) -> Integers | None:
        """Seconds without grid, by quarter; None where there is none, or nobody told."""
        name = next((name for name in self._tellers if any(_CONNECTED in rows.seconds for rows in self._told[name].rows)), self._grid)
        return None if name is None else self._placed(self._told[name], self._told[name].seconds - self._told[name].held(_CONNECTED))

    @cached_property
    def _dark(self) -> Integers | None:
        """Seconds in which an essential load wanted power in an outage and had none, by quarter."""
        essential = self._essential
        if essential is None:
            return None
        without = self._outage
        dark = np.zeros(len(self._starts), np.int64)
        for name in essential & self._told.keys():
            dark = np.maximum(dark, self._placed(self._told[name], self._told[name].held(_WANTING)))
        return dark if without is None else np.minimum(dark, without)

    @cached_property
    def _essential(self) -> set[str] | None:
        """The loads that are meant to live through outages; None where it is not known what they hang on."""
        ports = next((entry.device_class.ports for entry in _of(self._home, "settles") if issubclass(entry.device_class, Settles)), None)
        if ports is None:
            return None
        fed = {sink for _, sink in self._roles.edges}
        devices = self._home.devices if self._home is not None else ()
        hung = ((getattr(entry.settings, "circuit", None), entry.name) for entry in devices if entry.name not in fed)
        never = [(circuit, name) for circuit, name in hung if circuit]  # an edge along which nothing ever came is not in the record
        port_of = roots((*self._roles.edges, *never), tuple(ports))
        return {name for name in self._roles.consumers if name in port_of and ports[port_of[name]].lasting}

    def _placed(self, told: _Told, values: Integers) -> Integers:
        """By the quarters that there are; 0 where nothing was told."""
        found = np.zeros(len(self._starts), np.int64)
        places = np.searchsorted(self._starts, told.starts)
        fits = (places < len(found)) & (self._starts[np.minimum(places, len(found) - 1)] == told.starts)
        found[places[fits]] = values[fits]
        return found

    # -- devices -------------------------------------------------------------------------------------------------------

    def _loads(self) -> dict[str, GatheredLoad]:
        essential, outage = self._essential or set(), self._outage
        found = {}
        for name in self._roles.consumers:
            told = self._told.get(name)
            lacked = self._placed(told, told.held(_WANTING)) if told is not None else np.zeros(len(self._starts), np.int64)
            unserved = int(sum(part.sum(UNSERVED + name).sum() for part in self._columns.parts))
            dark = int((lacked if outage is None else np.minimum(lacked, outage)).sum()) if name in essential else None
            found[name] = GatheredLoad(int(lacked.sum()), unserved, _longest(self._columns, lacked), dark)
        return found

    def _stores(self) -> dict[str, GatheredStore]:
        found = {}
        entries = {entry.name: entry for entry in _of(self._home, "stores") if issubclass(entry.device_class, Stores)}
        for name in self._roles.stores:
            levels = self._columns.swings(STORED + name)
            if not len(levels.rows):
                continue
            first = slice(0, int(levels.rows[0]) + 1)
            moved = sum(
                sign * int(self._edge(source, sink)[first].sum())
                for source, sink in self._roles.edges for sign in [(sink == name) - (source == name)] if sign
            )  # fmt: skip
            told, rated = self._told.get(name), getattr(entries[name].settings, "rated_capacity", None) if name in entries else None
            soc, health = (told.last(reading, self._known[1]) if told is not None else None for reading in (_SOC, _HEALTH))
            opened = int(levels.last[0]) - moved
            found[name] = GatheredStore(
                opened, int(levels.last[-1]), rated, opened / rated if rated else None, None if soc is None else soc / 100,
                self._grown(name, _CYCLES, self._known[0], self._known[1]) if told is not None else None, None if health is None else health / 100,
            )  # fmt: skip
        return found

    def _edge(self, source: str, sink: str) -> Integers:
        return _series(self._columns, [f"{ENERGY}{source}>{sink}"])

    def _digest(self) -> str | None:
        record = self._reader.window_at(self._known[1] - 1) if self._from_the_first else None
        return record.digest if record is not None and record.span.end == self._known[1] else None


def _of(home: Home | None, ability: str) -> list[DeviceEntry]:
    return [] if home is None else home.of(ability)


def _quarters(columns: Columns, roles: Roles) -> ByQuarters:
    level = np.zeros(len(columns.start), np.int64)
    for name in roles.stores:
        swings = columns.swings(STORED + name)
        level[swings.rows] += swings.last
    found = (
        columns.start, columns.step * columns.steps, _series(columns, [f"{ENERGY}{GRID}>{METER}"]), _series(columns, [f"{ENERGY}{METER}>{GRID}"]),
        _series(columns, [CURTAILED + name for name in roles.producers]), _series(columns, [POWER + name for name in roles.consumers]), level,
    )  # fmt: skip
    return ByQuarters(*(each.tolist() for each in found))


def _series(columns: Columns, names: Iterable[str]) -> Integers:
    """The sum of some series in each quarter."""
    found = np.zeros(len(columns.start), np.int64)
    for name in names:
        for part in columns.parts:
            found[part.rows] += part.sum(name)
    return found


def _longest(columns: Columns, seconds: Integers | None) -> int | None:
    """The longest stretch, s: quarters next to each other in which something held are one. A step of more than a quarter reaches to the next."""
    if seconds is None:
        return None
    longest = stretch = 0
    reached = 0
    for start, step, held in zip(columns.start.tolist(), columns.step.tolist(), seconds.tolist(), strict=True):
        stretch = (stretch if start <= reached else 0) + held if held else 0
        reached = start + -(-step // QUARTER) * QUARTER
        longest = max(longest, stretch)
    return longest
