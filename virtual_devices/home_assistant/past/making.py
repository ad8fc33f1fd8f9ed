"""The past that a home would have had: simulated up to an hour, or as a record has it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from virtual_devices.answers import simulate
from virtual_devices.home_assistant.past.hours import HOUR
from virtual_devices.home_assistant.past.samples import Samples, samples_of
from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.instants import write_instant

DAY = 86_400
STEP = 60
"""s of a step, unless somebody says otherwise: what is shorter no statistic shows."""


def simulated(home_file: Path, days: int, until: int, *, step: int = STEP, progress: Callable[[int], None] | None = None) -> tuple[Home, Samples]:
    """A home and its last days before a full hour (UTC seconds), simulated. progress: told the simulated seconds that are done.

    Raises as ``answers.simulate.load`` and ``run``.
    """
    begin = until - days * DAY
    house = simulate.load(home_file, [], start=str(begin), step=step)
    simulate.compile_if_worth(house, days * DAY, wanted=None)
    with tempfile.TemporaryDirectory(prefix="virtual-devices-") as folder:
        record = Path(folder) / "past.record"
        simulate.run(house, days * DAY, record=record, progress=(lambda now: progress(now - begin)) if progress is not None else None)
        return house.home, samples_of(house.home, record)[0]


def recorded(home: Home, record: Path, days: int, until: int) -> Samples:
    """What a record has of the last days before a full hour (UTC seconds).

    Raises ConfigurationError for a record of another home, or one that has nothing of that time.
    """
    samples, whose = samples_of(home, record)
    if whose != home.name:
        raise ConfigurationError(f"{record} is of the home {shown(whose)}, not of {home.name}; name the record of that home")
    begin = until - days * DAY
    times = [each.start for known in samples.values() for each in known]
    if not any(begin <= each < until for each in times):
        zone = home.site.zone
        span = f"from {write_instant(min(times), zone)} to {write_instant(max(times), zone)}" if times else "nothing"
        raise ConfigurationError(f"{record} has {span}, and nothing of the {days} days before {write_instant(until, zone)}; choose --until and --days by that")
    return samples


def last_hour(until: int | None = None) -> int:
    """The full hour that a past ends with: UTC seconds. Raises ConfigurationError for one that is still to come."""
    now = int(time.time())
    if until is not None and until > now:
        raise ConfigurationError("--until lies in the future, of which there is no past; leave it out, and the past ends now")
    return (now if until is None else until) // HOUR * HOUR
