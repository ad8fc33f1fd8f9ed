"""What became of a past that was written: how many rows for which sensor, and what was left out, and why."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from virtual_devices.home_assistant.past.hours import HOUR, Row, before_first, five_minutes, hourly
from virtual_devices.home_assistant.past.samples import Sample, Samples
from virtual_devices.home_assistant.past.seam import Join, KeptRow, Lift, falls, joined
from virtual_devices.home_assistant.past.sensors import Sensor, factor_to

SHORT_TERM = 10 * 86_400
"""Seconds for which Home Assistant keeps rows of five minutes, unless its owner says otherwise."""

GROWS = "total_increasing"


@dataclass(slots=True)
class Written:
    """begin, end: UTC seconds, of the time that was asked for.  hours: by statistic, rows that were written.  states: how many.

    there: rows that were there already and stayed, or lay behind those.  short: rows of five minutes.  left_out: by statistic, why.
    unknown: hours between begin and end of which the home has no past.  lifted: sensors that Home Assistant had counted anew after an earlier past,
    and that join it now.
    """

    begin: int
    end: int
    hours: dict[str, int] = field(default_factory=dict)
    there: dict[str, int] = field(default_factory=dict)
    states: int = 0
    short: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    unknown: int = 0
    lifted: int = 0

    def result(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "begin": self.begin, "end": self.end, "hours": self.hours, "already_there": self.there, "states": self.states, "short_term": self.short,
            "left_out": self.left_out, "hours_unknown": self.unknown, "joined_anew": self.lifted,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class HomePast:
    """What a home would have shown. begin, end: UTC seconds, whole hours."""

    sensors: Sequence[Sensor]
    samples: Samples
    begin: int
    end: int

    def of(self, sensor: Sensor) -> list[Sample]:
        """A sensor's samples, in its unit; none where the record knows none."""
        factor = sensor.factor
        known = self.samples.get(sensor.key, ())
        if factor == 1:
            return list(known)
        return [Sample(each.start, each.mean * factor, each.low * factor, each.high * factor, each.last * factor) for each in known]

    def hours(self, sensor: Sensor) -> list[Row]:
        """Its whole hours."""
        return hourly(self.of(sensor), counts=sensor.counts, begin=self.begin, end=self.end)

    def five_minutes(self, sensor: Sensor) -> list[Row]:
        """Its newest ten days: of more Home Assistant keeps none."""
        return five_minutes(self.of(sensor), counts=sensor.counts, begin=max(self.begin, self.end - SHORT_TERM), end=self.end)

    def join(self, sensor: Sensor, kept: Sequence[KeptRow], *, overwrite: bool) -> Join:
        """What of its hours is to be written beside those that are there."""
        rows = self.hours(sensor)
        before = before_first(self.of(sensor), rows[0].start) if rows and sensor.counts else 0.0
        return joined(rows, before, kept, overwrite=overwrite)

    def report(self) -> Written:
        """An empty one. Hours of which the home knows nothing are those of its most complete sensor."""
        known = max((len(self.hours(sensor)) for sensor in self.sensors if sensor.key in self.samples), default=0)
        return Written(self.begin, self.end, unknown=(self.end - self.begin) // HOUR - known)


def converted(sensor: Sensor, unit: str | None) -> float | str:
    """The factor into the unit that its statistics have; words where there is none."""
    factor = factor_to(sensor, unit)
    return factor if factor is not None else f"its statistics are in {unit or 'no unit'}, the home's in {sensor.unit or 'none'}; mend it under Developer tools, Statistics"


def mendings(sensors: Sequence[Sensor], kept: Mapping[str, Sequence[KeptRow]]) -> dict[str, list[Lift]]:
    """By statistic, what joins hours that Home Assistant counted anew after an earlier past.

    What only grows falls there; money, which may fall, is taken to begin anew where its device's counters do.
    """
    found = {each.entity_id: lifts for each in sensors if each.state_class == GROWS and (lifts := falls(kept.get(each.entity_id, ())))}
    anew: dict[str, set[int]] = {}
    for each in sensors:
        anew.setdefault(each.key[0], set()).update(lift.start for lift in found.get(each.entity_id, ()))
    for each in sensors:
        if each.counts and each.state_class != GROWS and (lifts := _at(anew[each.key[0]], kept.get(each.entity_id, ()))):
            found[each.entity_id] = lifts
    return found


def _at(starts: set[int], kept: Sequence[KeptRow]) -> list[Lift]:
    """What joins the rows that begin then to those before them."""
    return [Lift(each.start, before.sum) for before, each in itertools.pairwise(kept) if each.start in starts and before.sum]
