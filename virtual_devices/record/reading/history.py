"""What a home's record says of a time: what each period came to, how much of it is recorded, and all of it together; in kWh as people read it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from virtual_devices.kit.calendar import Calendar, calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.audit import SHORTEST_SKIP
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.asked import Asked, Times
from virtual_devices.record.reading.energy import Energy, together
from virtual_devices.record.reading.facts import Facts
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.reading.series import SeriesTable
from virtual_devices.record.reading.told import ReadingsOfPeriod
from virtual_devices.record.store.happenings import Happening


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period, and what is known of it. start, end: UTC seconds, of what was asked for and is recorded.  skipped: s of it that are not."""

    energy: Energy
    start: int
    end: int
    skipped: int

    @property
    def begins_late(self) -> bool:
        """Whether something before what is recorded belongs to the period."""
        return self.start > self.energy.start

    @property
    def ends_early(self) -> bool:
        """Whether something behind it does: the period goes on, or more was not asked for."""
        return self.end < self.energy.end


@dataclass(frozen=True, slots=True)
class History:
    """What was asked for. recorded: when the record begins and ends, UTC seconds.  periods: oldest first, one at least.  total: all of them.

    happenings: in order of time.  readings: by device, what it told of the periods, where that was asked for.
    """

    path: Path
    facts: Facts
    recorded: tuple[int, int]
    asked: Asked
    periods: list[Stretch]
    total: Stretch
    happenings: list[Happening]
    readings: Mapping[str, Mapping[int, ReadingsOfPeriod]]
    """By start of the period."""

    @property
    def local(self) -> Calendar:
        """The home's."""
        return calendar(self.facts.zone)

    def result(self) -> dict[str, Any]:
        """As JSON has it: energies in kWh, times by the home's clocks with their offset from UTC."""
        return {
            "home": self.facts.home,
            "run": self.facts.run,
            "file": str(self.path),
            "zone": self.facts.zone,
            "step": self.facts.step,
            "recorded": {"start": self.written(self.recorded[0]), "end": self.written(self.recorded[1])},
            "every": self.asked.every,
            "periods": [self._told(each) for each in self.periods],
            "total": self._told(self.total),
            "happenings": [
                {"time": self.written(each.time), "device": each.device, "kind": each.kind, **({"what": dict(each.what)} if each.what else {})}
                for each in self.happenings
            ],
        }

    def written(self, time: int) -> str:
        """A time by the home's clocks, with its offset."""
        return self.local.local(time).isoformat()

    def _told(self, stretch: Stretch) -> dict[str, Any]:
        energy = stretch.energy
        return {
            "start": self.written(energy.start),
            "end": self.written(energy.end),
            "recorded": {"start": self.written(stretch.start), "end": self.written(stretch.end), "seconds": energy.seconds, "skipped": stretch.skipped},
            "energy_kwh": kwh(energy.totals | {"curtailed": sum(energy.curtailed.values())}),
            "energy_by_device_kwh": {name: kwh(pair) for name, pair in energy.by_device().items()},
            "energy_by_edge_kwh": kwh({f"{source}>{sink}": moved for (source, sink), moved in energy.edges.items()}),
            "energy_by_circuit_kwh": {name: {way: kwh(each) for way, each in ways.items()} for name, ways in energy.by_circuit().items()},
            "unserved_kwh": kwh(energy.unserved),
            "curtailed_kwh": kwh(energy.curtailed),
            "stored_kwh": kwh(energy.stored),
            **({"readings": told} if (told := self._readings(energy.start)) and stretch is not self.total else {}),
        }

    def _readings(self, start: int) -> dict[str, dict[str, Any]]:
        """What devices told of the period that begins then."""
        told = {name: periods[start] for name, periods in self.readings.items() if start in periods}
        return {
            name: {key: asdict(each) for key, each in of.measured.items()} | {f"{key}_seconds": value for key, value in of.held.items()} | dict(of.last)
            for name, of in told.items()
        }


def history(path: Path, asked: Callable[[Times], Asked], devices: Collection[str] | None = ()) -> History:
    """What a record says of a time, all of it of one moment. asked: which time, as soon as it is known what there is.

    devices: those whose readings are wanted as well; None: all.

    Raises ConfigurationError where nothing is recorded then, and as ``Reader`` and whoever says what is asked for.
    """
    with Reader(path) as reader, reader.of_one_moment():
        times, wanted = _wanted(reader, asked)
        facts, span = reader.facts, (times.start, times.end)
        energies = list(reader.energy(wanted.every, wanted.start, wanted.end))
        happened = list(reader.happenings(wanted.start, wanted.end))
        names = reader.tellers if devices is None else devices
        readings = {name: {each.start: each for each in reader.readings(name, wanted.every, wanted.start, wanted.end)} for name in names}
    if not energies:
        raise times.nothing(wanted)
    known = max(wanted.start, span[0]), min(wanted.end, span[1])
    shortest = max(SHORTEST_SKIP, facts.step or 0)
    stretches = [_stretch(each, known, shortest) for each in energies]
    return History(path, facts, span, wanted, stretches, _stretch(together(energies), known, shortest), happened, readings)


def series(path: Path, asked: Callable[[Times], Asked], devices: Collection[str] | None = None) -> SeriesTable:
    """The same as one table of numbers, for other programs. asked, devices, and what it raises: as of ``history``; devices: None for all."""
    with Reader(path) as reader, reader.of_one_moment():
        times, wanted = _wanted(reader, asked)
        found = reader.series(wanted.every, wanted.start, wanted.end, devices)
    if not len(found.start):
        raise times.nothing(wanted)
    return found


def _wanted(reader: Reader, asked: Callable[[Times], Asked]) -> tuple[Times, Asked]:
    """What there is, and what of it is asked for."""
    if (span := reader.span) is None:
        raise ConfigurationError(f"{reader.path} has nothing recorded yet: no window was settled")
    times = Times(reader.facts.zone, *span)
    return times, asked(times)


def _stretch(energy: Energy, known: tuple[int, int], shortest: int) -> Stretch:
    """shortest: s that count as skipped, at least; less comes of steps that begin in one quarter and end in the next."""
    start, end = max(energy.start, known[0]), min(energy.end, known[1])
    skipped = end - start - energy.seconds
    return Stretch(energy, start, end, skipped if skipped >= shortest else 0)


def kwh(energies: Mapping[str, int]) -> dict[str, float]:
    """mJ as kWh, as far as 3.6 J."""
    return {name: round(energy / MJ_PER_KWH, 6) for name, energy in energies.items()}
