"""A house hour by hour, of the statistics that Home Assistant keeps of its meters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from virtual_devices.home_assistant.twin.preferences import Meters
from virtual_devices.kit.errors import ConfigurationError

HOUR, DAY_HOURS = 3600, 24
LEAST_HOURS = 7 * DAY_HOURS
"""Of which something must be known of all meters: a week has each weekday once, and a sunny day in most places."""
MOST = 1000.0
"""kWh in an hour above which a meter was exchanged."""
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HouseHours:
    """Hours in a row, kWh each. begin: UTC seconds.  known: of which every meter tells.  soc: % in the mean, not a number where nobody knows.

    solar: by counter.  low: lowest % of the hour.
    """

    begin: int
    known: npt.NDArray[np.bool_]
    solar: Mapping[str, Array]
    imported: Array
    exported: Array
    charged: Array
    discharged: Array
    soc: Array
    low: Array

    @property
    def production(self) -> Array:
        """Of all arrays."""
        return sum(self.solar.values(), np.zeros(len(self.known)))

    @property
    def household(self) -> Array:
        """What went to the house, and what its inverter lost."""
        return np.maximum(self.production + self.imported + self.discharged - self.exported - self.charged, 0.0)

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """UTC seconds."""
        return self.begin + HOUR * np.arange(len(self.known))

    @property
    def missing(self) -> int:
        """Hours of which some meter tells nothing."""
        return int((~self.known).sum())

    def cut(self) -> HouseHours:
        """Without the hours before the first that is known and behind the last."""
        there = np.flatnonzero(self.known)
        part = slice(int(there[0]), int(there[-1]) + 1) if len(there) else slice(0, 0)
        columns = {name: getattr(self, name)[part] for name in ("known", "imported", "exported", "charged", "discharged", "soc", "low")}
        return replace(self, begin=self.begin + HOUR * part.start, solar={name: each[part] for name, each in self.solar.items()}, **columns)


def hours_of(rows: Mapping[str, Sequence[Mapping[str, Any]]], meters: Meters, begin: int, end: int) -> HouseHours:
    """Statistics from ``recorder/statistics_during_period``, in kWh and %, as hours.

    Raises ConfigurationError where there are too few, which says of which meter.
    """
    count = (end - begin) // HOUR
    counted = {name: _column(rows.get(name, ()), "change", begin, count) for name in meters.counters}
    for values in counted.values():
        values[(values < -1e-6) | (values > MOST)] = np.nan  # noqa: PLR2004 - a meter that was exchanged
    known = np.all([np.isfinite(values) for values in counted.values()], axis=0)
    if known.sum() < LEAST_HOURS:
        each = ", ".join(f"{name} {int(np.isfinite(values).sum())}" for name, values in counted.items())
        raise ConfigurationError(
            f"too little is known of this house: a week, {LEAST_HOURS} hours, is needed in which every meter counts, and there are {int(known.sum())} ({each}); "
            "wait until Home Assistant has kept more, or ask for more --days"
        )

    def of(names: Sequence[str]) -> Array:
        return np.nan_to_num(np.maximum(sum((counted[name] for name in names), np.zeros(count)), 0.0))

    capacities = [battery.capacity or 1.0 for battery in meters.batteries if battery.soc]
    mean, low = (_mean([_column(rows.get(name, ()), which, begin, count) for name in meters.levels], capacities, count) for which in ("mean", "min"))
    return HouseHours(
        begin, known, {name: of([name]) for name in meters.solar}, of(meters.imports), of(meters.exports), of([each.charge for each in meters.batteries]),
        of([each.discharge for each in meters.batteries]), mean, np.where(np.isfinite(low), low, mean),
    ).cut()  # fmt: skip


def _column(rows: Sequence[Mapping[str, Any]], which: str, begin: int, count: int) -> Array:
    """A number for each hour; not a number where there is none."""
    values = np.full(count, np.nan)
    for row in rows:
        place = (int(row["start"]) // 1000 - begin) // HOUR
        if 0 <= place < count and row.get(which) is not None:
            values[place] = float(row[which])
    return values


def _mean(levels: Sequence[Array], weights: Sequence[float], count: int) -> Array:
    return np.average(levels, axis=0, weights=weights) if levels else np.full(count, np.nan)
