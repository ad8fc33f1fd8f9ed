"""What each sensor of a home would have shown, quarter-hour by quarter-hour, of a record of its run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from virtual_devices.kit.accounts import DC_BUS, GRID, METER
from virtual_devices.kit.device import AnyDevice, Carries, Connects, Consumes, Produces, Settles, Stores
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.energy import Energy
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.reading.swinging import PowerOfPeriod

TOTALS = {
    "total_pv_energy": "pv_used", "total_grid_import": "grid_import", "total_grid_export": "grid_export", "total_battery_charge": "battery_charge",
    "total_battery_discharge": "battery_discharge", "total_load_energy": "load_served", "total_unserved_energy": "load_unserved",
}  # fmt: skip
"""What a whole home's counter is of the ledger's purposes."""
POWERS = {
    "pv_power": (("pv_used", 1),), "load_power": (("load_served", 1),), "grid_power": (("grid_import", 1), ("grid_export", -1)),
    "battery_power": (("battery_discharge", 1), ("battery_charge", -1)),
}  # fmt: skip
"""What a whole home's power is of them, with its sign."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A reading in a quarter-hour, in its unit. start: UTC seconds.  last: as it stood at the end; of a counter only that counts."""

    start: int
    mean: float
    low: float
    high: float
    last: float


Samples = Mapping[tuple[str, str], Sequence[Sample]]
"""By device and reading, oldest first."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a record says of the quarters. powers: by the ledger's account.  levels: lowest, highest and last kWh of stores."""

    energies: list[Energy]
    powers: Mapping[str, list[PowerOfPeriod]]
    levels: Mapping[str, list[Sample]]

    def counted(self, moved: Callable[[Energy], int]) -> list[Sample]:
        """A counter in kWh that begins at 0. moved: mJ of a quarter."""
        sums = accumulate(moved(each) for each in self.energies)
        return [_still(each.start, total / MJ_PER_KWH) for each, total in zip(self.energies, sums, strict=True)]

    def power(self, account: str) -> list[Sample]:
        """Of an account, W; zero all the time where the record knows none."""
        known = self.powers.get(account)
        if known is None:
            return [_still(each.start, 0.0) for each in self.energies]
        return [Sample(each.start, each.mean_power, each.lowest_power, each.highest_power, each.last_power) for each in known]

    def mean(self, moved: Callable[[Energy], int]) -> list[Sample]:
        """A power in W of which only the mean is known. moved: mJ of a quarter."""
        return [_still(each.start, moved(each) / 1000 / each.seconds if each.seconds else 0.0) for each in self.energies]


def samples_of(home: Home, record: Path) -> tuple[Samples, str]:
    """All that a record tells of a home's devices, and the name of the home that it is of.

    Raises ConfigurationError for a file that is no record, or one of nothing.
    """
    with Reader(record) as reader, reader.of_one_moment():
        roles, told = reader.roles, {name: list(reader.readings(name, "15min")) for name in reader.tellers}
        names = {*roles.devices, *(entry.name for entry in home.of("settles"))} & {*roles.devices}
        known = _Known(
            list(reader.energy("15min")), {name: list(reader.power(name, "15min")) for name in names},
            {
                name: [Sample(each.start, each.last / MJ_PER_KWH, each.low / MJ_PER_KWH, each.high / MJ_PER_KWH, each.last / MJ_PER_KWH) for each in reader.stored(name, "15min")]
                for name in roles.stores
            },
        )  # fmt: skip
        whose = reader.facts.home
    found: dict[tuple[str, str], Sequence[Sample]] = {}
    for entry in home.devices:
        found |= {(entry.name, reading): each for reading, each in _of_ability(entry.name, entry.device_class, known)}
        quarters = told.get(entry.name, [])
        stood = dict.fromkeys(reading for each in quarters for reading in each.last)
        found |= {(entry.name, reading): [_still(each.start, each.last[reading]) for each in quarters if reading in each.last] for reading in stood}
        measured = dict.fromkeys(reading for each in quarters for reading in each.measured)
        found |= {
            (entry.name, reading): [Sample(each.start, m.mean, m.low, m.high, m.last) for each in quarters if (m := each.measured.get(reading))]
            for reading in measured
        }
    _fill(home, found)
    return found, whose


def _fill(home: Home, found: dict[tuple[str, str], Sequence[Sample]]) -> None:
    """What an inverter shows of the only battery that it has."""
    stores = home.of("stores")
    for settler in home.of("settles"):
        if len(stores) == 1 and (soc := found.get((stores[0].name, "soc"))):
            found[settler.name, "battery_soc"] = soc


def _of_ability(name: str, kind: type[AnyDevice], known: _Known) -> Iterable[tuple[str, list[Sample]]]:
    """What the ledger says of a device, by reading."""
    if issubclass(kind, Consumes | Carries):
        yield "power", known.power(name)
        yield "energy", known.counted(lambda each: sum(each.into(name).values()))
    if issubclass(kind, Consumes):
        yield "unserved_energy", known.counted(lambda each: each.unserved.get(name, 0))
    elif issubclass(kind, Produces):
        yield "power", known.power(name)
        yield "energy", known.counted(lambda each: each.out_of(name).get(DC_BUS, 0))
        yield "curtailed_energy", known.counted(lambda each: each.curtailed.get(name, 0))
        yield "available_power", known.mean(lambda each: each.available.get(name, 0))
    elif issubclass(kind, Stores):
        yield from _both_ways(known, name, (name, DC_BUS), (DC_BUS, name), ("discharge", "charge"))
        yield "stored_energy", known.levels.get(name, [])
    elif issubclass(kind, Connects):
        yield from _both_ways(known, GRID, (GRID, METER), (METER, GRID), ("import", "export"))
    elif issubclass(kind, Settles):
        for reading, purpose in TOTALS.items():
            yield reading, known.counted(lambda each, purpose=purpose: each.totals[purpose])  # type: ignore[misc]
        for reading, parts in POWERS.items():
            yield reading, known.mean(lambda each, parts=parts: sum(sign * each.totals[purpose] for purpose, sign in parts))  # type: ignore[misc]


def _both_ways(known: _Known, account: str, given: tuple[str, str], taken: tuple[str, str], words: tuple[str, str]) -> Iterable[tuple[str, list[Sample]]]:
    """What gives to the home and takes from it: a power and a counter each way."""
    swings = known.power(account)
    for edge, word, sign in ((given, words[0], 1), (taken, words[1], -1)):
        means = known.mean(lambda each, edge=edge: each.edges.get(edge, 0))  # type: ignore[misc]
        yield (
            f"{word}_power",
            [
                Sample(mean.start, mean.mean, max(0.0, min(sign * swing.low, sign * swing.high)), max(0.0, sign * swing.low, sign * swing.high), max(0.0, sign * swing.last))
                for mean, swing in zip(means, swings, strict=True)
            ],
        )
        yield f"{word}_energy", known.counted(lambda each, edge=edge: each.edges.get(edge, 0))  # type: ignore[misc]


def _still(start: int, value: float) -> Sample:
    return Sample(start, value, value, value, value)

