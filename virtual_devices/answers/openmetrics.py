"""A run's readings as OpenMetrics with simulated time stamps: what a scrape would have seen, every so often, in blocks for Prometheus.

    promtool tsdb create-blocks-from openmetrics FILE FOLDER

OpenMetrics has all samples of a family together, and a run goes on for all of them at once: what is sampled waits in a temporary file, eight
bytes a number, and is read again series by series. So a year takes no more memory than one family of it.
"""

from __future__ import annotations

import math
import tempfile
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from virtual_devices.answers.series import SAMPLED, refused
from virtual_devices.edge.files.write import why, writing_out
from virtual_devices.edge.metrics.families import CURRENCY, LABELS, PREFIX, SETTING, STATE, Family, families_of
from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.durations import parse_duration
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.quantities import MONEY
from virtual_devices.kit.site import Context

if TYPE_CHECKING:
    from virtual_devices.kit.home.model import DeviceEntry
    from virtual_devices.kit.members.house import House

_NONE = math.nan


@dataclass(frozen=True, slots=True)
class OpenMetricsFile:
    """What is wanted. path: where to write it.  every: simulated seconds between two samples of each series.  written: that, as somebody wrote it."""

    path: Path
    every: int
    written: str

    @classmethod
    def of(cls, path: Path, every: str) -> OpenMetricsFile:
        """As somebody writes it. Raises ConfigurationError for another ``every``, and for a place where no file can be."""
        length = parse_duration(every)
        if DAY % length:
            raise ConfigurationError(f"samples every {every} do not fill a day without a rest; use 1min, {SAMPLED}, 15min, 1h or 1d")
        if reason := refused(path):
            raise ConfigurationError(f"{path} cannot be written: {reason}; choose another place with --openmetrics")
        return cls(path, length, every)

    def doubts(self, end: int, now: float) -> list[str]:
        """What is hardly meant of a run until ``end``, UTC seconds. now: of the wall."""
        if end <= now:
            return []
        when = datetime.fromtimestamp(end, UTC).date()
        found = f"{self.path}: the run ends on {when}, which is yet to come: a Prometheus that has it as blocks takes nothing that it scrapes until then"
        return [f"{found}; give it a folder of its own, or an earlier --start"]


@dataclass(frozen=True, slots=True)
class _Series:
    """The samples of one reading of one device. width: numbers that a sample has, one for each state."""

    family: Family
    device: str
    labels: str

    @property
    def width(self) -> int:
        return len(self.family.states) or 1

    @property
    def begins_at_nothing(self) -> bool:
        """Whether a run that begins has counted nothing of it: joules, and money."""
        return self.family.grows or self.family.unit == MONEY.metric

    def numbers(self, value: Any) -> list[float]:
        """A sample of what the device shows; NaN where it shows nothing."""
        if value is None:
            return [_NONE] * self.width
        if self.family.states:
            return [float(value == state) for state in self.family.states]
        if self.family.instant:
            return [datetime.fromisoformat(value).timestamp()]
        return [float(value) * self.family.factor]

    def heads(self) -> list[str]:
        """What each of its numbers stands behind, as text."""
        name = self.family.series
        if not self.family.states:
            return [f"{name}{{{self.labels}}} "]
        return [f"{name}{{{self.labels},{_label(STATE, state)}}} " for state in self.family.states]


class Sampler:
    """Samples a house while it goes on. Made before it goes on; raises ConfigurationError where it goes on by longer steps than samples are apart."""

    def __init__(self, house: House, wanted: OpenMetricsFile) -> None:
        if house.home.step > wanted.every:
            steps = f"{house.home.step}s"
            raise ConfigurationError(f"samples every {wanted.written} of steps of {steps} would have gaps; write --every {steps} or more, or a shorter --step")
        self.wanted = wanted
        self._house = house
        self._series = list(_series_of(house))
        self._clocks = {entry.name: entry for entry in house.home.of("ticks")}
        self._rows: IO[bytes] = tempfile.TemporaryFile(prefix="virtual-devices-")  # noqa: SIM115 - it lives as long as this does
        self._times: list[int] = []
        self._failure: str | None = None
        self.sample()

    def advance(self, until: int, progress: Callable[[int], None] | None = None) -> None:
        """Run the house as its own ``advance`` does, and sample on the way: whenever the time is a multiple of the interval, and at the end."""
        every = self.wanted.every
        while self._house.time < until:
            self._house.advance(min(until, self._house.time - self._house.time % every + every), progress)
            self.sample()

    def sample(self) -> None:
        """Take a sample of every series, as of now; two at one time are one."""
        house = self._house
        if self._failure is not None or (self._times and house.time <= self._times[-1]):
            return
        shown: dict[str, Mapping[str, Any]] = {name: member.readings() for name, member in house.members.items()}
        shown |= {name: self._clock(name) for name in self._clocks}
        row = array("d")
        for each in self._series:
            value = shown[each.device].get(each.family.key)
            row.extend([0.0] if value is None and each.begins_at_nothing and not self._times else each.numbers(value))
        try:
            row.tofile(self._rows)
        except OSError as error:
            self._failure = why(error)
        self._times.append(house.time)

    def _clock(self, name: str) -> dict[str, Any]:
        """What the clock of a home would show, which has no part in a house in one process."""
        entry, house = self._clocks[name], self._house
        device = entry.device_class(Context(name, house.home.site))
        state = replace(device.begin(entry.settings), time=house.time, windows=house.seq, behind=0)
        report = device.report(entry.settings, state, house.time)
        return {field: getattr(report, field) for field in report.__dataclass_fields__}

    def close(self) -> str | None:
        """Write the file, whole or not at all, with what was sampled until now; what is to be said where that cannot be done."""
        try:
            with self._rows:
                if self._failure is None:
                    self._write()
        except OSError as error:
            self._failure = self._failure or why(error)
        return f"series {self.wanted.path} cannot be written: {self._failure}; nothing of them is in it" if self._failure else None

    def _write(self) -> None:
        with writing_out(self.wanted.path) as file:
            for piece in self._text():
                file.write(piece.encode())

    def _text(self) -> Iterator[str]:
        stamps = [f" {time}\n" for time in self._times]
        self._rows.flush()
        width = sum(each.width for each in self._series)
        rows: Any = np.memmap(self._rows, np.float64, "r", shape=(len(self._times), width))
        begins, begin = dict[int, int](), 0
        by_family: dict[str, list[_Series]] = {}
        for each in self._series:
            begins[id(each)] = begin
            begin += each.width
            by_family.setdefault(each.family.name, []).append(each)
        for name, series in by_family.items():
            yield f"# HELP {name} {_escaped(series[0].family.help)}\n# TYPE {name} {'counter' if series[0].family.grows else 'gauge'}\n"
            for each in series:
                for place, head in enumerate(each.heads(), begins[id(each)]):
                    yield _samples(head, rows[:, place].tolist(), stamps)
        yield from self._devices(stamps)
        yield "# EOF\n"

    def _devices(self, stamps: list[str]) -> Iterator[str]:
        """What each device is, as it is scraped too."""
        name = f"{PREFIX}_device_info"
        yield f"# HELP {name} What a device is (always 1)\n# TYPE {name} gauge\n"
        for labels in dict.fromkeys(each.labels for each in self._series if not each.family.money):
            head = f"{name}{{{labels},{_label('simulated', 'true')}}} 1"
            yield "".join([f"{head}{stamp}" for stamp in stamps])


def _samples(head: str, numbers: list[float], stamps: list[str]) -> str:
    """The lines of one series; what is counted and was never known was nothing at the beginning only."""
    if numbers[1:] and all(map(math.isnan, numbers[1:])):
        return ""
    return "".join([f"{head}{number:.15g}{stamp}" for number, stamp in zip(numbers, stamps, strict=True) if not math.isnan(number)])


def _series_of(house: House) -> Iterator[_Series]:
    """Every reading with a family, of each device that takes part, and of the clock; a family that two kinds mean otherwise is the first's."""
    first: dict[str, Family] = {}
    home = house.home
    usual = next((found for entry in home.devices if (found := _currency(entry))), "")
    for entry in home.devices:
        if entry.name not in house.members and entry.device_class.ability != "ticks":
            continue
        labels = ",".join(map(_label, LABELS, (home.name, entry.name, entry.kind)))
        for family in families_of(entry.kind):
            if family.name.startswith(SETTING):
                continue  # a setting is no series of a run
            if first.setdefault(family.name, family).form == family.form:
                yield _Series(family, entry.name, f"{labels},{_label(CURRENCY, _currency(entry) or usual)}" if family.money else labels)


def _currency(entry: DeviceEntry) -> str:
    """In which a device counts; empty where it says none."""
    return str(getattr(entry.settings, CURRENCY, "") or "")


def _label(name: str, value: str) -> str:
    return f'{name}="{_escaped(value)}"'


def _escaped(text: str) -> str:
    """As a label's value, and a help, have it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
