"""Powers that hold from one time to the next: measured load profiles, averaged exactly over any step."""

from __future__ import annotations

import csv
from bisect import bisect_right
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from virtual_devices.kit.window import Span

MAX_WATTS = 1_000_000.0


class Profile:
    """Step-wise powers over one period, repeated before and after it without end.

    rows: (UTC seconds, mW), ascending; each holds until the next, the last until ``period`` seconds after the first.
    """

    def __init__(self, rows: list[tuple[int, int]], period: int) -> None:
        self.first = rows[0][0]
        self.period = period
        self._starts = [time - self.first for time, _ in rows] + [period]
        self._powers = [power for _, power in rows]
        self._energies = [0]  # mJ before each start: any mean is one difference of two sums, without rounding on the way
        for i, power in enumerate(self._powers):
            self._energies.append(self._energies[-1] + power * (self._starts[i + 1] - self._starts[i]))
        gaps = {after - before for before, after in zip(self._starts[:-1], self._starts[1:], strict=True)}
        self._interval = gaps.pop() if len(gaps) == 1 else 0

    @property
    def varies(self) -> bool:
        """Whether it has more than one value."""
        return len(self._powers) > 1

    def energy(self, time: int) -> int:
        """Millijoules from the profile's first time to ``time`` (UTC seconds; negative before it)."""
        cycle, position = divmod(time - self.first, self.period)
        i = bisect_right(self._starts, position) - 1
        return cycle * self._energies[-1] + self._energies[i] + self._powers[i] * (position - self._starts[i])

    def powers(self, span: Span) -> list[int]:
        """Mean power of each step in mW, rounded to the nearest."""
        values: list[int] = []
        time, end, step = span.start, span.end, span.step
        starts, powers, period = self._starts, self._powers, self.period
        aligned = self._interval == step and (time - self.first) % step == 0
        while time < end:
            position = (time - self.first) % period
            i = bisect_right(starts, position) - 1
            if aligned:
                values += powers[i : i + (end - time) // step]
                time = span.start + len(values) * step
                continue
            whole = min(starts[i + 1] - position, end - time) // step
            if whole:
                values += [powers[i]] * whole
                time += whole * step
            else:
                energy = self.energy(time + step) - self.energy(time)
                values.append((2 * energy + step) // (2 * step))
                time += step
        return values


@lru_cache(maxsize=8)
def parse_profile(text: str, name: str, zone: str) -> Profile:
    """Read a CSV of timestamp and W, with or without a heading; more columns are left alone.

    Timestamps are ISO 8601; without an offset they are local time of ``zone``. The period is last − first + the last
    interval, in seconds of UTC; a single row holds always. Separators: comma, semicolon or tab.
    Raises ConfigurationError that names ``name``, the line and the remedy.
    """
    sample = text.lstrip("\ufeff")
    delimiter = next((mark for mark in (";", "\t") if mark in sample[:1000]), ",")
    reader = csv.reader(sample.splitlines(), delimiter=delimiter)
    local = ZoneInfo(zone)
    rows: list[tuple[int, int]] = []
    heading = True
    for cells in reader:
        where = f"{name}, line {reader.line_num}"
        if not cells or not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
            continue
        moment = _moment(cells[0])
        if moment is None and heading:
            heading = False
            continue
        heading = False
        if moment is None:
            raise ConfigurationError(
                f"{where}: {cells[0]!r} is no timestamp; write it like 2025-01-31T06:00:00 or 2025-01-31T06:00:00+02:00"
            )
        power = _milliwatts(cells, where)
        rows.append((_seconds(moment, local, rows[-1][0] if rows else None, where), power))
    if not rows:
        raise ConfigurationError(f"{name}: has no rows; write lines such as 2025-01-31T06:00:00,150")
    period = rows[-1][0] - rows[0][0] + (rows[-1][0] - rows[-2][0]) if len(rows) > 1 else 3600
    return Profile(rows, period)


def _moment(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell.strip())
    except ValueError:
        return None


def _milliwatts(cells: list[str], where: str) -> int:
    cell = cells[1].strip() if len(cells) > 1 else ""
    try:
        watts = float(cell)
    except ValueError:
        watts = -1.0
    if not 0 <= watts <= MAX_WATTS:
        raise ConfigurationError(
            f"{where}: {cell!r} is no power; write the second column as a number of 0 to {MAX_WATTS:.0f}, in W"
        )
    return round(watts * 1000)


def _seconds(moment: datetime, local: ZoneInfo, last: int | None, where: str) -> int:
    if moment.microsecond:
        raise ConfigurationError(f"{where}: {moment.isoformat()} has a fraction of a second; round it to whole seconds")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=local)
        if last is not None and moment.timestamp() <= last:
            moment = moment.replace(fold=1)  # the hour that comes twice when the clocks go back
    time = int(moment.timestamp())
    if last is not None and time <= last:
        raise ConfigurationError(
            f"{where}: {moment.isoformat()} is not later than the line before; sort the lines, drop repeated ones, "
            "or write each time with its offset, such as +02:00"
        )
    return time
