"""A time of a record as one wide table of numbers: a line for each period, a column for each device and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.forms.changes import readings_of, settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.wanted import Declaration
from virtual_devices.kit.ledger.series import CURTAILED, ENERGY, POWER, STORED, UNSERVED
from virtual_devices.kit.quantities import MJ_PER_KWH, MONEY
from virtual_devices.record.reading.columns import Integers
from virtual_devices.record.reading.cutting import Cut
from virtual_devices.record.reading.energy import Energy
from virtual_devices.record.reading.facts import Facts
from virtual_devices.record.reading.roles import Roles
from virtual_devices.record.reading.told import ToldColumns

Numbers = NDArray[np.float64]
KWH, WATTS, SECONDS = "kWh", "W", "s"
_FORMS = {KWH: "%.6f", WATTS: "%.3f", SECONDS: "%d"}
_OF_READINGS = "%.9g"


@dataclass(frozen=True, slots=True)
class SeriesColumn:
    """One series. name: ``battery_mean_w``.  unit: of what the ledger says.  numbers: one for each period, NaN where it is not known.

    reading: the device that told it, and its name there; None of what the ledger says.
    """

    name: str
    unit: str
    numbers: Numbers
    reading: tuple[str, str] | None = None

    @property
    def form(self) -> str:
        """How text has it."""
        return _FORMS[self.unit] if self.reading is None else _OF_READINGS


@dataclass(frozen=True, slots=True)
class SeriesTable:
    """A time of a record. start, end: of each period, oldest first, UTC seconds.  every: of what length they are, see ``Reader``.

    declared: the home's devices, as far as the record says.
    """

    facts: Facts
    every: str
    start: Integers
    end: Integers
    columns: tuple[SeriesColumn, ...]
    declared: Mapping[str, Declaration]

    def units(self) -> dict[str, str]:
        """The unit of each column by its name; empty where it has none, and where nobody here knows the kind of its device."""
        told = {column.reading[0] for column in self.columns if column.reading is not None}
        known = {name: _units(declaration) for name, declaration in self.declared.items() if name in told}
        found = {}
        for column in self.columns:
            device, name = column.reading or ("", "")
            found[column.name] = column.unit or known.get(device, {}).get(name, "")
        return found


def _units(device: Declaration) -> dict[str, str]:
    """Of the readings of a device, by their names; of money the currency."""
    try:
        kind = catalogue.load(device.kind)
        currency = next((item.default for item in settings_of(kind) if item.name == "currency"), "")
        numbers = [each for each in readings_of(kind) if each.quantity is not None]
    except VirtualDevicesError:
        return {}  # a kind that is not installed here, or lacks its library
    return {each.name: str(device.settings.get("currency", currency)) if each.quantity == MONEY else each.unit for each in numbers}


def ledger_columns(cut: Cut, roles: Roles, powers: Sequence[str]) -> Iterator[SeriesColumn]:
    """What the ledger says of each period: seconds that are recorded, kWh by purpose and by device, W of single steps. powers: whose there are."""
    quarters, period = cut.quarters, cut.period
    seconds = quarters.total(quarters.step * quarters.steps, period).astype(float)
    yield SeriesColumn("recorded_s", SECONDS, seconds)
    every = len(cut.bounds)
    edges = _columns(quarters.sums([f"{ENERGY}{source}>{sink}" for source, sink in roles.edges], period), roles.edges)
    unserved = _columns(quarters.sums([UNSERVED + name for name in roles.consumers], period), roles.consumers)
    curtailed = _columns(quarters.sums([CURTAILED + name for name in roles.producers], period), roles.producers)
    energy = Energy(0, 0, 0, 0, edges, unserved, curtailed, {}, roles)  # of all periods at once: each of its numbers is a column
    for name, moved in energy.totals.items():
        yield _kwh(name, moved, every)
    for name, pair in energy.by_device().items():
        for way in ("in", "out"):
            yield _kwh(f"{name}_{way}", pair[way], every)
    for each, what in ((unserved, "unserved"), (curtailed, "curtailed")):
        for name, moved in each.items():
            yield _kwh(f"{name}_{what}", moved, every)
    for name in roles.stores:
        yield _kwh(f"{name}_stored", _held(cut, name), every)
    for name in powers:
        yield from _powers(cut, name, seconds)


def told_column(device: str, name: str, places: Integers, values: Sequence[float | None], periods: int) -> SeriesColumn:
    """What a device told. places: of its periods among all of the table."""
    column = np.full(periods, np.nan)
    column[places] = np.array(values, np.float64)
    unit = SECONDS if name.endswith("_seconds") else ""
    return SeriesColumn(f"{device}_{name}", unit, column, (device, name))


def told_columns_of(device: str, told: ToldColumns, starts: Integers) -> Iterator[SeriesColumn]:
    """All that a device told of the periods that begin then; what it never knew is left out."""
    own = np.array([start for start, _ in told.bounds], np.int64)
    inside = np.isin(own, starts)
    places = np.searchsorted(starts, own[inside])
    for name, values in told.plain().items():
        known = [value for value, there in zip(values, inside.tolist(), strict=True) if there]
        if any(value is not None for value in known):
            yield told_column(device, name, places, known, len(starts))


def _columns(numbers: Any, keys: Sequence[Any]) -> dict[Any, Any]:
    """A column by key, in mJ: exact up to 2,500 kWh, and to a ten-millionth of a kWh beyond any home's."""
    return dict(zip(keys, numbers.astype(np.float64).T, strict=True))


def _kwh(name: str, moved: Any, periods: int) -> SeriesColumn:
    return SeriesColumn(f"{name}_kwh", KWH, np.broadcast_to(np.asarray(moved, np.float64), periods) / MJ_PER_KWH)


def _held(cut: Cut, store: str) -> Numbers:
    """mJ that a store held at the end of each period in which it was there."""
    levels, found = cut.quarters.swings(STORED + store), np.full(len(cut.bounds), np.nan)
    if len(levels.rows):
        there, begins = np.unique(cut.period[levels.rows], return_index=True)
        found[there] = levels.last[np.append(begins[1:], len(levels.rows)) - 1]
    return found


def _powers(cut: Cut, device: str, seconds: Numbers) -> Iterator[SeriesColumn]:
    """The mean over what is recorded, the lowest and the highest step."""
    quarters, begins = cut.quarters, np.unique(cut.period, return_index=True)[1]
    series = quarters.swings(POWER + device)
    per_watt = quarters.step * 1000
    means = quarters.total(series.sum, cut.period).astype(np.float64) / seconds / 1000
    lows, highs = np.minimum.reduceat(series.low / per_watt, begins), np.maximum.reduceat(series.high / per_watt, begins)
    for what, values in (("mean", means), ("low", lows), ("high", highs)):
        yield SeriesColumn(f"{device}_{what}_w", WATTS, values)
