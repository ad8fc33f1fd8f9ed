"""What a home usually takes at each hour of the day, by the newest record that the console finds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from virtual_devices.console.past.records import HomeRecords
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.reading.readers import Reader

_WEEK = 7 * 86_400
_HOUR = 3_600


def usual_use(records: HomeRecords, home: str) -> Mapping[int, float]:
    """The mean power in kW that all loads wanted, by hour of the local day, over the last seven days that are recorded; hours of which nothing is are left out.

    It reads a file, and is nothing for a loop. Empty where there is no record that can be read.
    """
    try:
        known = records.newest(home)
        return _used(known.path) if known is not None else {}
    except ConfigurationError:
        return {}


def _used(path: Path) -> Mapping[int, float]:
    energy, seconds = defaultdict[int, int](int), defaultdict[int, int](int)
    with Reader(path) as reader, reader.of_one_moment():
        span, local = reader.span, calendar(reader.facts.zone)
        if span is None:
            return {}
        for each in reader.energy("1h", span[1] - _WEEK, span[1]):
            hour = local.second_of_day(each.start) // _HOUR
            energy[hour] += each.totals["load_demand"]
            seconds[hour] += each.seconds
    return {hour: round(energy[hour] / seconds[hour] / 1e6, 4) for hour in sorted(seconds) if seconds[hour]}
