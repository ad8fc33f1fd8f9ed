"""A home as a value: read from a file, changed in copies, and run as often as wanted."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import index
from pathlib import Path
from typing import Any, SupportsIndex

from virtual_devices.answers import simulate as simulation
from virtual_devices.answers.comparing.pairing import Side
from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.durations import seconds_of
from virtual_devices.kit.errors import SettingError, shown
from virtual_devices.kit.forms.changes import settings_json, settings_of
from virtual_devices.kit.home.model import Home, starting_at
from virtual_devices.kit.instants import parse_instant
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.rehearsal import rehearse
from virtual_devices.kit.members.rehearsal import warnings as cautions_of
from virtual_devices.kit.members.shared import Shared, sharing
from virtual_devices.notebook.folder import RunFolder
from virtual_devices.notebook.html import table
from virtual_devices.notebook.run import NotebookRun

MOST_SEED = 2**32 - 1
_SKIES = Shared()
"""Sun, weather and arrays of the runs before: who works in a notebook tries one home in many ways."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NotebookHome:
    """A home that can be run; ``vd.Home``. Nothing changes it: ``set``, ``start`` and ``seed`` give another one.

        home = vd.Home.load("cape_town").set("battery.capacity", "15 kWh")
        run = home.run("7d")

    model: the home as the program has it.  documents: text of the files that it names, by name.
    """

    model: Home
    documents: Mapping[str, str]

    @classmethod
    def load(cls, home: str | Path | None = None) -> NotebookHome:
        """From a home file, or an example by its name; None for the example ``cape_town``.

        Raises HomeFileError with every problem and its line, and ConfigurationError where there is no such file or example.
        """
        model, documents = read_home(home, now=int(time.time()))
        rehearse(model, documents)
        return cls(model, documents)

    def set(self, settings: str | Mapping[str, Any] | None = None, value: Any = None, /, **devices: Mapping[str, Any]) -> NotebookHome:
        """The home with other settings, as its file would say them: a number in the setting's own unit, or text with a unit.

            home.set("battery.capacity", "15 kWh")
            home.set({"battery.capacity": "15 kWh", "oven.mode": "off"})
            home.set(battery={"capacity": 15, "start_soc": "50 %"}, clock={"step": "30 s"})

        Raises SettingError for what there is not, for another unit and beyond a range, and HomeFileError for a file that is not there.
        """
        named = {settings: value} if isinstance(settings, str) else _mapping(settings or {}, "settings", '{"battery.capacity": 15}')
        assignments = [(*_place(name), each) for name, each in named.items()]
        assignments += [
            (device, name, each) for device, values in devices.items() for name, each in _mapping(values, device, f"{device}={{...}}").items()
        ]
        if not assignments:
            raise SettingError('nothing is set; write .set("battery.capacity", "15 kWh")')
        return NotebookHome(*simulation.with_changes(self.model, self.documents, simulation.by_device(assignments)))

    def start(self, start: str | date | datetime) -> NotebookHome:
        """The home that begins at another time: ``2026-06-21``, ``2026-06-21 06:30``, by its own clocks unless an offset is said."""
        return replace(self, model=starting_at(self.model, parse_instant(str(start), self.zone)))

    def seed(self, seed: SupportsIndex) -> NotebookHome:
        """The home with other chance: its weather, where it is drawn from the climate, and what people do. seed: a whole number from 0 on."""
        if isinstance(seed, bool) or not isinstance(seed, SupportsIndex) or not 0 <= (number := index(seed)) <= MOST_SEED:
            raise SettingError(f"{shown(seed)} is no seed; use a whole number from 0 to {MOST_SEED}")
        return replace(self, model=replace(self.model, site=replace(self.model.site, seed=number)))

    @property
    def side(self) -> Side:
        """As ``vd.compare`` takes it."""
        return Side(self.name, self.model, dict(self.documents))

    @property
    def name(self) -> str:
        """Of the home."""
        return self.model.name

    @property
    def zone(self) -> str:
        """IANA name of its time zone."""
        return self.model.site.zone

    @property
    def begins(self) -> datetime:
        """When its runs begin, by its own clocks."""
        return self.model.site.calendar.local(self.model.start)

    @property
    def devices(self) -> dict[str, str]:
        """The kind of each device, by name, as written."""
        return {entry.name: entry.kind for entry in self.model.devices}

    def settings(self, device: str) -> dict[str, Any]:
        """All settings of a device, numbers in the units of ``units``. Raises SettingError for one that is not there."""
        return settings_json(self.model.entry(device).settings)

    def units(self, device: str) -> dict[str, str]:
        """The units of a device's settings; those without one are left out."""
        return {item.name: item.unit for item in settings_of(self.model.entry(device).device_class) if item.unit}

    def run(
        self,
        duration: str | float | SupportsIndex | timedelta,
        *,
        record: str | Path | None = None,
        ledger: str | Path | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> NotebookRun:
        """Run it in this process, as fast as it goes. duration: ``7d``, ``6h``, ``365d``, seconds or a timedelta, of simulated time.

        record: a file that keeps what the run came to; else a temporary one, for as long as the run and what comes of it are in use.
        ledger: a file for every transfer, ``.jsonl`` or ``.jsonl.gz``; it is needed for ``.ledger`` of more than 30 days.  progress: told
        the simulated time (UTC seconds) now and then.  Python's warnings tell what is allowed, but hardly meant.

        Raises HomeFileError and ConfigurationError, and VirtualDevicesError where a file is not whole or the audit finds something.
        """
        seconds = seconds_of(duration)
        rehearse(self.model, self.documents)
        house = House(self.model, self.documents)
        for line in cautions_of(house.home, house.members, None):
            warnings.warn(line, stacklevel=2)
        simulation.compile_if_worth(house, seconds, wanted=None)
        folder = RunFolder(Path(record) if record is not None else None, Path(ledger) if ledger is not None else None)
        with sharing(_SKIES):
            found = simulation.run_findings(house, seconds, ledger=folder.ledger, record=folder.record, progress=progress)
        return NotebookRun(found, folder)

    def __repr__(self) -> str:
        """In short."""
        return f"<Home {self.name}: {len(self.model.devices)} devices, begins {self.begins:%Y-%m-%d %H:%M}, steps of {self.model.step} s>"

    def _repr_html_(self) -> str:
        """Its devices, and what is said of each."""
        head = f"{self.name}, begins {self.begins:%Y-%m-%d %H:%M} ({self.zone}), steps of {self.model.step} s"
        said = [(entry.name, entry.kind, ", ".join(f"{name}: {value}" for name, value in entry.written.items())) for entry in self.model.devices]
        return table(head, ("device", "kind", "settings"), said)


def _mapping(given: Any, what: str, form: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise SettingError(f"{what}: {shown(given)} says of no setting what it is; write {form}")
    return given


def _place(name: str) -> tuple[str, str]:
    device, dot, setting = str(name).partition(".")
    if not (dot and device and setting):
        raise SettingError(f'{shown(name)} names no setting of a device; write "battery.capacity"')
    return device, setting
