"""A time of a record as curves: powers, levels, prices and temperatures, as fine as a picture can show and no finer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from virtual_devices.kit.calendar import DAY, Calendar, calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger import purposes
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.asked import Asked, Times
from virtual_devices.record.reading.energy import Energy, together
from virtual_devices.record.reading.facts import Facts
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.reading.told import ReadingsOfPeriod
from virtual_devices.record.store.happenings import GRID_BACK, OUTAGE, Happening

HOUR = 3600
_FINENESS = ((2 * DAY, "15min"), (8 * DAY, "1h"), (35 * DAY, "3h"), (110 * DAY, "12h"), (1200 * DAY, "day"))
"""How long a time is at most that is shown in such periods; longer ones by month: so there are never many more than 400."""
_BY_STEP = 3 * HOUR
"""What is no longer than that is shown step by step, where the windows are kept whole."""
_MOST_STEPS = 400
_BY_DAY = 62 * DAY
_BILL, _SOC, _AIR = "import_cost", "soc", "temp_air"
_LEAST = MJ_PER_KWH // 1000
"""mJ that must have come from the grid in a period for its price to mean something."""

Curve = Sequence[tuple[int, float | None]]
"""UTC seconds, and a value from then on; None: not known from then on."""


@dataclass(frozen=True, slots=True)
class PowerPoint:
    """Of a period, or of some steps. start, end: UTC seconds.  seconds: of it, that are recorded.  totals: mJ by purpose."""

    start: int
    end: int
    seconds: int
    totals: Mapping[str, int]

    def watts(self, purpose: str) -> float:
        """A mean power."""
        return self.totals[purpose] / self.seconds / 1000


@dataclass(frozen=True, slots=True)
class Curves:
    """A time of a record. asked: from when to when (UTC seconds), and the periods of which ``asked.every`` speaks.  recorded: when the record begins and ends.

    points: oldest first.  levels: state of charge of each store, %.  prices: what a kWh imported cost, where some was.  air: °C.
    outages: from when to when, cut to what is asked for.  days: energies by day, of long times by month.  total: None where nothing is recorded.
    """

    path: Path
    facts: Facts
    recorded: tuple[int, int]
    asked: Asked
    points: Sequence[PowerPoint]
    levels: Mapping[str, Curve]
    prices: Curve
    air: Curve
    outages: Sequence[tuple[int, int]]
    happenings: Sequence[Happening]
    days: Sequence[Energy]
    days_every: str
    total: Energy | None

    @property
    def local(self) -> Calendar:
        """The home's."""
        return calendar(self.facts.zone)


def fineness(seconds: int) -> str:
    """In which periods a time of that length is shown."""
    return next((every for longest, every in _FINENESS if seconds <= longest), "month")


def curves(path: Path, chosen: Callable[[Times], tuple[int, int]]) -> Curves:
    """A time of a record, all of it of one moment. chosen: from when to when, as soon as it is known what there is.

    Raises ConfigurationError where nothing is recorded at all, and as ``Reader`` and whoever chooses.
    """
    with Reader(path) as reader, reader.of_one_moment():
        facts, span = reader.facts, reader.span
        if span is None:
            raise ConfigurationError(f"{path} has nothing recorded yet: no window was settled")
        start, end = chosen(Times(facts.zone, *span))
        known = max(start, span[0]), min(end, span[1])
        every = fineness(known[1] - known[0])
        energies = list(reader.energy(every, start, end))
        days_every = "day" if known[1] - known[0] <= _BY_DAY else "month"
        days = list(reader.energy(days_every, start, end))
        told = _told(reader, every, start, end)
        return Curves(
            path, facts, span, Asked(start, end, every), list(_steps(reader, *known)) or [_point(each, known) for each in energies if each.seconds],
            {name: _curve(each, _SOC) for name, each in told.items() if any(_SOC in one.last for one in each)},
            _prices(told, energies), _curve(next((each for each in told.values() if any(_AIR in one.measured for one in each)), ()), _AIR),
            outages_between(reader, *known), list(reader.happenings(start, end)), days, days_every, together(days) if days else None,
        )  # fmt: skip


def _point(energy: Energy, known: tuple[int, int]) -> PowerPoint:
    return PowerPoint(max(energy.start, known[0]), min(energy.end, known[1]), energy.seconds, energy.totals)


# -- step by step ------------------------------------------------------------------------------------------------------


def _steps(reader: Reader, start: int, end: int) -> Iterator[PowerPoint]:
    """Each step of a short time, or some together; none where a window of it is not kept whole."""
    if not 0 < end - start <= _BY_STEP:
        return
    records = list(reader.windows_between(start, end))
    if not records or records[0].span.start > start or records[-1].span.end < end:
        return
    for record in records:
        many = max(1, -(-(end - start) // (_MOST_STEPS * record.span.step)))
        for index in range(0, record.span.steps, many):
            part = record.span.part(index, min(many, record.span.steps - index))
            if part.end > start and part.start < end:
                yield PowerPoint(part.start, part.end, part.end - part.start, _totals(record, index, index + part.steps))


def _totals(record: LedgerRecord, begin: int, end: int) -> Mapping[str, int]:
    """What some steps came to, mJ by purpose."""
    energy = {edge: sum(column[begin:end]) for edge, column in zip(record.edges, record.energy, strict=True)}
    demand, available = ({name: sum(column[begin:end]) for name, column in each.items()} for each in (record.demand, record.available))
    return purposes.totals(energy, demand, available, record.closing)


# -- what devices told -------------------------------------------------------------------------------------------------


def _told(reader: Reader, every: str, start: int, end: int) -> dict[str, list[ReadingsOfPeriod]]:
    """Of the devices that have a level, a bill or the air's temperature."""
    found = {}
    for name in reader.tellers:
        newest = next(reader.readings(name, "day", reader.span[1] - DAY if reader.span is not None else None), None)
        if newest is not None and ({_BILL, _SOC} & newest.last.keys() or _AIR in newest.measured):
            found[name] = list(reader.readings(name, every, start, end))
    return found


def _curve(periods: Sequence[ReadingsOfPeriod], name: str) -> Curve:
    """What was measured as a mean from the begin of each period on, and how something stood at its end; a gap where nothing was told."""
    found: list[tuple[int, float | None]] = []
    end: int | None = None
    for each in periods:
        measured, stood = each.measured.get(name), each.last.get(name)
        if end is not None and each.start > end and found:
            found.append((end, None))
        if measured is not None:
            found.append((each.start, measured.mean))
        elif stood is not None:
            found.append((each.end, stood))
        end = each.end
    return found


def _prices(told: Mapping[str, Sequence[ReadingsOfPeriod]], energies: Sequence[Energy]) -> Curve:
    """By how much the bill of imports grew in each period, for each kWh."""
    told_bill = next((periods for periods in told.values() if any(_BILL in each.last for each in periods)), ())
    bills = {each.start: each.last[_BILL] for each in told_bill if _BILL in each.last}
    found: list[tuple[int, float | None]] = []
    for before, energy in pairwise(energies):
        imported, known = energy.totals["grid_import"], before.start in bills and energy.start in bills and before.end == energy.start
        found.append((energy.start, (bills[energy.start] - bills[before.start]) / (imported / MJ_PER_KWH) if known and imported >= _LEAST else None))
    return found


def outages_between(reader: Reader, start: int, end: int) -> list[tuple[int, int]]:
    """When a grid was away between two times."""
    if start >= end:
        return []
    before = {each.device: each for each in reader.happenings(None, start, kinds=(OUTAGE, GRID_BACK))}
    began = {name: start for name, each in before.items() if each.kind == OUTAGE}
    found: list[tuple[int, int]] = []
    for each in reader.happenings(start, end, kinds=(OUTAGE, GRID_BACK)):
        if each.kind == OUTAGE:
            began.setdefault(each.device, each.time)
        elif each.device in began:
            found.append((began.pop(each.device), each.time))
    return sorted([*found, *((time, end) for time in began.values())])


