"""A household's file, understood: what was drawn when, in which unit the file says it, by which clock, and where it says nothing.

Read are tables (see ``layouts``), Home Assistant's exports in JSON (``recorder_json``) and Green Button XML (``green_button``). Values are
powers, energies of an interval, or readings of a meter that only rises. What the heading does not say its owner may; what contradicts is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from virtual_devices.kit.calendar import DAY, Calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.foreign import foreign
from virtual_devices.kit.stamps import LOCAL, Stamps, read_times
from virtual_devices.kit.tables import is_missing, number
from virtual_devices.loads.household.headings import is_meter
from virtual_devices.loads.household.layouts import read_series
from virtual_devices.loads.household.pieces import WATTS, Piece, begins_of, measured, metered, no_power
from virtual_devices.loads.household.series import Series
from virtual_devices.loads.household.units import COUNTER, MJ_PER_WH, UNITS, Unit, is_other, unit_in, unit_named

REGULAR = 0.8
"""Share of equal intervals from which on a longer one is a gap."""
TELLING = 24
"""Rows that only ever rise, from which on a file is a meter's."""
_STAND_IN = (-9999.0, -999.0)
"""Numbers that loggers write where they have none."""
LONG_RUN = 10
"""Intervals for which a meter has run already, at least, when its readings begin."""
NOTHING = 0.05
"""Kilowatt-hours a day below which a file that names no unit is not taken for one of watts."""
COARSE = 3 * 3600
"""Seconds of an interval from which on a file has no days and nights."""
LITTLE, MUCH = 0.5, 300.0
"""Kilowatt-hours a day outside which a household's file is doubted."""


_JSON = re.compile(r"\{|\[\s*[\[{\]\"\d-]")
"""How JSON begins; a heading may begin with ``[W]``."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the owner says of a file, where its heading does not. unit: such as ``kWh`` or ``kWh counter``.  time: ``start`` or ``end``."""

    unit: str | None = None
    zone: str | None = None
    time: str | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What a file says. pieces: in order, without a hole between them.  rows: with values.  words: unit and interval.  doubts: one line each."""

    pieces: list[Piece]
    rows: int
    words: str
    zone: str
    doubts: list[str]

    @property
    def gaps(self) -> list[Piece]:
        """Where it says nothing."""
        return [piece for piece in self.pieces if piece.power is None]

    @property
    def lone(self) -> bool:
        """Whether it is one value, which holds always."""
        return len(self.pieces) == 1


def read_load(text: str, name: str, home: str, told: Told) -> Load:
    """Read a household's file. home: the home's zone. Raises ConfigurationError that names the file, the line and the remedy."""
    problem = foreign(text)
    if problem is not None:
        raise ConfigurationError(f"{name}: {problem}")
    begin = text[:2000].lstrip("\ufeff \t\r\n")
    if begin.startswith("<"):
        from virtual_devices.loads.household.green_button import read_green_button  # noqa: PLC0415 - few have one, and XML takes its time

        series = read_green_button(text, name)
    elif _JSON.match(begin):
        from virtual_devices.loads.household.recorder_json import read_recorder  # noqa: PLC0415 - likewise

        series = read_recorder(text, name, told.column)
    else:
        series = read_series(text, name, told.column)
    return _understood(series, name, home, told)


def _understood(series: Series, name: str, home: str, told: Told) -> Load:
    clock = told.zone or series.zone or LOCAL
    times = read_times(series.stamps, lambda i: f"{name}, line {series.lines[i]}", clock, home, fractions=series.changes)
    if times.reversed:
        series = replace(series, lines=series.lines[::-1], values=series.values[::-1])
    values = _numbers(series, name)
    seconds, values = _last_of_equal(times.seconds, values)
    usual = _usual(seconds, changes=series.changes)
    unit, counter, doubts = _unit(series, values, name, told)
    ends = told.time == "end" if told.time is not None else bool(series.ends)
    if not counter and told.time is None and series.ends is None and _ends_days(times, seconds, usual):
        ends = True
        doubts.append(f"its days are from {_length(usual)} past midnight to 00:00, so each time is taken for the end of its interval; say file_time: end, or start, to be sure")
    if counter:
        pieces = metered(seconds, values, unit, usual, name)
    else:
        if ends:
            seconds, last = begins_of(seconds, usual)
        else:
            last = seconds[-1] + (usual or (seconds[-1] - seconds[-2] if len(seconds) > 1 else 3600))
        pieces = measured(series, [*seconds, last], values, unit, usual, name)
    if all(piece.power is None for piece in pieces):
        raise ConfigurationError(f"{name}: it has no values; export it once more")
    load = Load(pieces, sum(value is not None for value in values), _words(unit, usual, counter=counter), _clock_words(times, clock, home), [])
    if told.unit is None and not load.lone and unit_named(series.unit) is None and unit_in(series.heading) is None and 0 < kilowatt_hours_a_day(load) < NOTHING:
        raise ConfigurationError(
            f"{name}: {series.heading or 'it'!r} names no unit, and as W it would be {kilowatt_hours_a_day(load):.2g} kWh a day; say file_unit: kWh, or kW, Wh, W"
        )
    return replace(load, doubts=[*times.doubts, *series.doubts, *doubts, *_doubtful(load, usual, unit, told)])


def _ends_days(times: Stamps, seconds: Sequence[int], usual: int) -> bool:
    """Whether whole days begin with one interval past midnight and end at midnight, as where each time is the end of its interval."""
    if not usual or usual > 3600 or len(seconds) * usual < DAY or times.walls is None:  # noqa: PLR2004 - an hour
        return False
    first, last = (wall.hour * 3600 + wall.minute * 60 + wall.second for wall in times.walls)
    return first == usual and last == 0


# -- values -----------------------------------------------------------------------------------------------------------------


def _numbers(series: Series, name: str) -> list[float | None]:
    found: list[float | None] = []
    for cell in series.values:
        if is_missing(cell):
            found.append(None)
            continue
        value = number(cell, series.decimal)
        if value is not None and value in _STAND_IN:
            found.append(None)
            continue
        if value is not None and value < 0:
            raise ConfigurationError(
                f"{name}, line {series.lines[len(found)]}: {cell!r} is negative, so what panels or a battery gave is taken off: nobody can tell what the house drew; "
                "export what it used, or what it drew from the grid, as a column of its own (file_column)"
            )
        if value is None:
            raise no_power(name, series.lines[len(found)], cell)
        found.append(value)
    if found and all(value is None for value in found):
        raise no_power(name, series.lines[0], series.values[0])
    if not found:
        raise ConfigurationError(f"{name}: has no rows; write lines such as 2025-01-31T06:00:00,150")
    return found


def _last_of_equal(seconds: Sequence[int], values: Sequence[float | None]) -> tuple[list[int], list[float | None]]:
    """Of several values of one second the last holds."""
    found = dict(zip(seconds, values, strict=True))
    return list(found), list(found.values())


def _usual(seconds: Sequence[int], *, changes: bool) -> int:
    """The interval that most rows have, in s; 0 where they have none in common."""
    if changes or len(seconds) < 2:  # noqa: PLR2004 - a row alone
        return 0
    interval, times = Counter(after - before for before, after in pairwise(seconds)).most_common(1)[0]
    return interval if times >= REGULAR * (len(seconds) - 1) else 0


def _unit(series: Series, values: Sequence[float | None], name: str, told: Told) -> tuple[Unit, bool, list[str]]:
    """Unit, whether it is a meter's reading, and doubts. Raises ConfigurationError for what contradicts."""
    if told.unit is not None:
        unit = UNITS[told.unit.removesuffix(COUNTER).lower()]
        said = unit_in(series.heading)
        differs = said is not None and said.name != unit.name
        doubts = [f"the heading {series.heading!r} says {said.name}, file_unit {told.unit}, which holds"] if said and differs else []
        rising = series.counter if series.counter is not None else _rising(values)
        return unit, told.unit.endswith(COUNTER) or (unit.energy and rising), doubts
    head = series.heading
    found = unit_named(series.unit) or unit_in(head)
    rising = _rising(values)
    if found is None and is_other(head) and unit_in(head) is None:
        raise ConfigurationError(f"{name}: the heading {head!r} names no unit of power or energy; say file_unit: W, kW, Wh, kWh or kWh{COUNTER}")
    unit = found or WATTS
    if series.counter and not rising and unit.energy and _falls(values):
        raise ConfigurationError(f"{name}: {head!r} is taken for a meter, but its values fall again and again; say file_unit: W, or {unit.name}")
    if unit.energy and rising and series.counter is None and told.unit is None and not is_meter(head) and _may_be_intervals(values):
        raise ConfigurationError(
            f"{name}: {head!r} only rises, but its {len(values)} rows are too few to tell a meter from what was used in each; say file_unit: {unit.name}{COUNTER}, "
            f"or give more rows"
        )
    counter = unit.energy and (series.counter if series.counter is not None else rising)
    if unit.energy and not counter and is_meter(head) and len(values) > 1:
        raise ConfigurationError(f"{name}: the heading {head!r} speaks of a meter, but the values fall; say file_unit: {unit.name}, or {unit.name}{COUNTER}")
    doubts = [] if found or not head else [f"the heading {head!r} names no unit, so it is read as W; say file_unit to be sure"]
    if not unit.energy and series.counter is None and _like_a_meter(values):
        problem = f"the values only ever rise, as a meter's do; say file_unit: kWh{COUNTER} (or Wh{COUNTER}), or {unit.name} if they are powers"
        if found is None:
            raise ConfigurationError(f"{name}: {problem}")
        doubts.append(problem)
    return unit, counter, doubts


def _rising(values: Sequence[float | None]) -> bool:
    """Whether values are those of a meter: they rise, and fall at most where it begins anew."""
    present = [value for value in values if value is not None]
    rises = sum(after > before for before, after in pairwise(present))
    falls = sum(after < before for before, after in pairwise(present))
    return rises > 2 and falls * 10 <= rises and 3 * rises >= len(present) - 1  # noqa: PLR2004 - rather than chance


def _falls(values: Sequence[float | None]) -> bool:
    """Whether values fall so often that no meter begins anew so often."""
    present = [value for value in values if value is not None]
    return sum(after < before for before, after in pairwise(present)) * 10 > len(present)


def _may_be_intervals(values: Sequence[float | None]) -> bool:
    """Whether rising values may be what was used in a few intervals: as many of them as a morning has, and none large beside its steps."""
    present = [value for value in values if value is not None]
    steps = [after - before for before, after in pairwise(present) if after > before]
    return len(present) < TELLING and present[0] > 0 and present[0] < LONG_RUN * sum(steps) / len(steps)


def _like_a_meter(values: Sequence[float | None]) -> bool:
    """Whether values are those of a meter that has run for long, and of nothing else."""
    present = [value for value in values if value is not None]
    if len(present) < TELLING or any(after < before for before, after in pairwise(present)):
        return False
    return 0 < present[-1] - present[0] < present[0] * len(present) / LONG_RUN


# -- words ------------------------------------------------------------------------------------------------------------------


def _words(unit: Unit, usual: int, *, counter: bool) -> str:
    how = _length(usual) if usual else "irregular"
    if counter:
        return f"{unit.name}{COUNTER}" + (f" every {how}" if usual else "")
    return f"{unit.name} per {how}" if unit.energy else f"{unit.name} every {how}" if usual else unit.name


def _length(seconds: int) -> str:
    many, name = next((seconds // size, name) for size, name in ((DAY, "d"), (3600, "h"), (60, "min"), (1, "s")) if seconds % size == 0)
    return f"{many} {name}"


def _clock_words(times: Stamps, clock: str, home: str) -> str:
    if times.absolute:
        return "times with their zone"
    return {LOCAL: home, "standard": f"standard time of {home}"}.get(clock, clock)


def kilowatt_hours_a_day(load: Load) -> float:
    """Mean of what was measured."""
    known = [piece for piece in load.pieces if piece.power is not None]
    seconds = sum(piece.end - piece.start for piece in known)
    return sum((piece.power or 0) * (piece.end - piece.start) for piece in known) / seconds * DAY / MJ_PER_WH / 1000


def _doubtful(load: Load, usual: int, unit: Unit, told: Told) -> list[str]:
    a_day = kilowatt_hours_a_day(load)
    found = []
    if not a_day and not load.lone:
        found.append("it is 0 all the time; is it the household's? say file_column if another column is")
    elif told.unit is None and not load.lone and not LITTLE <= a_day <= MUCH:
        found.append(f"{a_day:.3g} kWh a day is hardly a household's; if {unit.name} is not the unit, say file_unit")
    if usual > COARSE:
        found.append(f"a value for each {_length(usual)} says nothing of day and night: the house would draw the same at noon and at midnight; give it hour by hour")
    away = sum(piece.end - piece.start for piece in load.gaps)
    if away * 10 > load.pieces[-1].end - load.pieces[0].start:
        found.append(f"it says nothing for {away / 3600:,.0f} h, more than a tenth of its time")
    return found


def local_words(piece: Piece, local: Calendar) -> str:
    """A gap by the clock on the wall."""
    start, end = local.local(piece.start), local.local(piece.end)
    return f"{start:%Y-%m-%d %H:%M} to {end:{'%H:%M' if start.date() == end.date() else '%Y-%m-%d %H:%M'}}"
