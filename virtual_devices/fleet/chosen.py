"""The home that somebody means, read and tried out, with the speed and the start that are asked for; nothing runs yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.home.model import Home, override, starting_at, starting_now, step_at
from virtual_devices.kit.instants import parse_instant
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.rehearsal import Rehearsal, rehearse


@dataclass(frozen=True, slots=True)
class RunAsked:
    """How a home is to run; None where it is to choose.

    foreign: on a broker of the owner's: at speed 1 and the time of day.  start: of simulated time, as people write it.  speed: simulated
    seconds per second, 0 as fast as possible.  changes: settings in place of the file's, by device.
    """

    foreign: bool = False
    speed: float | None = None
    start: str | None = None
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChosenHome:
    """A home that can start. documents: the text of each file that it names.  start_now: it lives at the time of day."""

    rehearsal: Rehearsal
    documents: dict[str, str]
    start_now: bool

    @property
    def home(self) -> Home:
        """As it will begin."""
        return self.rehearsal.home

    @property
    def file(self) -> Path:
        """Where it was read from."""
        return Path(self.home.source).resolve()

    def compile_ahead(self) -> None:
        """Compile before anybody is connected: for the seconds that it takes a process keeps no connection alive, and its devices would be left out.

        Raises ConfigurationError where that cannot be done.
        """
        house = House(self.home, self.documents)
        house.compile()
        house.step()


def choose(home_file: Path | None, asked: RunAsked, say: Callable[[str], None]) -> ChosenHome:
    """The home, tried out, with the start and speed that were asked for, its files, and whether it lives at the time of day.

    home_file: a path, the name of an example, or None for the example ``cape_town``.  On an owner's broker it lives at the time of day, and
    where its file says ``real_time``, unless a start is asked for.  Raises HomeFileError, ConfigurationError.
    """
    now = int(time.time())
    home, documents = read_home(home_file, now=now)
    home = override(home, asked.changes)
    speed = asked.speed if asked.speed is not None else 1.0 if asked.foreign else None
    if speed is not None:
        home = override(home, {"clock": {"speed": speed}})
    start_now = asked.start is None and (asked.foreign or home.real_time)
    if asked.start is not None:
        home = starting_at(home, parse_instant(asked.start, home.site.zone))
    elif start_now:
        home = starting_now(home, now)
    if "step" in home.left_open:
        home = replace(home, step=step_at(home.speed))
    rehearsal = rehearse(home, documents, now="start" in home.left_open, resumable=True)
    for text in rehearsal.past:
        say(text)
    for text in rehearsal.warnings():
        say(f"warning: {text}")
    return ChosenHome(rehearsal, documents, start_now)
