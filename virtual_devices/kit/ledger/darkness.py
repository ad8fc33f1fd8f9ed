"""How a home came through its outages: when it was dark, how low its batteries fell, what its loads went without.

A step is an outage if no grid is there in it, and dark if it is an outage in which a load wants power and does not get it that hangs on
a port which is meant to live through outages, or on a circuit behind it. Everything is counted in whole steps and millijoules, from the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import repeat
from typing import Any

from virtual_devices.kit.calendar import DAY, Calendar
from virtual_devices.kit.circuits import Port
from virtual_devices.kit.ledger.purposes import roots
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.kit.store import PPM

CELL = 1800
"""Seconds of a cell, the shortest time that the picture of a day tells apart."""
GRID_THERE, SURVIVED, DARK = range(3)
"""What a cell may hold; the worst that happened in it stands."""
SIGNS = "-.#"
"""The same as characters, in that order."""
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(slots=True)
class Day:
    """One local day. outage, dark: s.  lowest: state of charge after a step, ppm, None without a store.  cells: by time of day."""

    outage: int = 0
    dark: int = 0
    lowest: int | None = None
    cells: list[int] = field(default_factory=lambda: [GRID_THERE] * (DAY // CELL))


@dataclass(slots=True)
class Darkness:
    """Adds up ledger records.

    ports: of the settling device.  longest: the longest stretch of dark steps without a break, s.  without: seconds of outage in which each
    load that is meant to live through outages wanted power and got none.  unserved: mJ per port, also while the grid is there.  days: by
    number of the local day.
    """

    local: Calendar
    ports: Mapping[str, Port]
    longest: int = 0
    without: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    unserved: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    days: dict[int, Day] = field(default_factory=lambda: defaultdict(Day))
    _stretch: int = 0

    def add(self, record: LedgerRecord, outages: Iterable[tuple[int, bool]], capacity: int) -> None:
        """Take one more record. outages: run-length (steps, no grid?) over its span.  capacity: of all stores together, mJ."""
        out = [no_grid for steps, no_grid in outages for _ in range(steps)]
        wanting = self._wanting(record, out)
        levels = [stored * PPM // capacity for stored in _stored(record)] if capacity else repeat(None)
        step = record.span.step
        for time, no_grid, dark, level in zip(record.span.times, out, wanting, levels, strict=False):
            day = self.days[self.local.day(time)]
            if level is not None and (day.lowest is None or level < day.lowest):
                day.lowest = level
            self._stretch = self._stretch + step if dark else 0
            self.longest = max(self.longest, self._stretch)
            if no_grid:
                day.outage += step
                day.dark += step if dark else 0
                cell = self.local.second_of_day(time) // CELL
                day.cells[cell] = max(day.cells[cell], DARK if dark else SURVIVED)

    def _wanting(self, record: LedgerRecord, out: Sequence[bool]) -> list[bool]:
        """Which steps are dark."""
        found = [False] * len(out)
        for name, port, demand, got in lacking(record, self.ports):
            self.unserved[port] += sum(demand) - sum(got)
            if self.ports[port].lasting:
                dark = [no_grid and has < wants for no_grid, wants, has in zip(out, demand, got, strict=True)]
                self.without[name] += sum(dark) * record.span.step
                found = [either or this for either, this in zip(found, dark, strict=True)]
        return found

    @property
    def outage(self) -> int:
        """Seconds without grid."""
        return sum(day.outage for day in self.days.values())

    @property
    def dark(self) -> int:
        """Seconds that were dark."""
        return sum(day.dark for day in self.days.values())

    @property
    def _lasting(self) -> int:
        """MJ that loads went without which are meant to live through outages."""
        return sum(energy for port, energy in self.unserved.items() if self.ports[port].lasting)

    @property
    def lowest(self) -> int | None:
        """The lowest state of charge, ppm; None without a store."""
        return min((day.lowest for day in self.days.values() if day.lowest is not None), default=None)

    def result(self) -> dict[str, Any]:
        """JSON-ready: hours, kWh, shares of 0 to 1; a day's ``marks`` has a character for each half hour (see ``SIGNS``)."""
        ranked = sorted(self.without.items(), key=lambda item: (-item[1], item[0]))
        return {
            "outage_hours": _hours(self.outage),
            "dark_hours": _hours(self.dark),
            "longest_dark_hours": _hours(self.longest),
            "dark_days": sum(day.dark > 0 for day in self.days.values()),
            "lowest_soc": _share(self.lowest),
            "unserved_essential_kwh": round(self._lasting / MJ_PER_KWH, 6),
            "unserved_kwh": round(sum(self.unserved.values()) / MJ_PER_KWH, 6),
            "hours_without": {name: _hours(seconds) for name, seconds in ranked if seconds},
            "days": [
                {
                    "date": date.fromordinal(_EPOCH + number).isoformat(),
                    "outage_hours": _hours(day.outage),
                    "dark_hours": _hours(day.dark),
                    "lowest_soc": _share(day.lowest),
                    "marks": "".join(SIGNS[cell] for cell in day.cells),
                }
                for number, day in sorted(self.days.items())
            ],
        }


def lacking(record: LedgerRecord, ports: Mapping[str, Port]) -> Iterator[tuple[str, str, list[int], list[int]]]:
    """Each load that did not get all that it wanted: its name, the port that it hangs on, mJ that it wanted and that it got, per step."""
    given = {sink: column for (_, sink), column in zip(record.edges, record.energy, strict=True)}
    port_of = roots(record.edges, tuple(ports))
    for name, demand in record.demand.items():
        got = given[name]
        if got is not demand and got != demand:
            yield name, port_of[name], demand, got


def _stored(record: LedgerRecord) -> list[int]:
    """What all stores hold together after each step, mJ."""
    change = [0] * record.span.steps
    for (source, sink), column in zip(record.edges, record.energy, strict=True):
        sign = (sink in record.opening) - (source in record.opening)
        if sign:
            change = [a + sign * b for a, b in zip(change, column, strict=True)]
    found, stored = [], sum(record.opening.values())
    for step in change:
        stored += step
        found.append(stored)
    return found


def _hours(seconds: int) -> float:
    return round(seconds / 3600, 4)


def _share(level: int | None) -> float | None:
    return None if level is None else level / PPM
