"""Trying a home out before it is started: every device is made, and all of them take one step together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from virtual_devices.kit.errors import HomeFileError, VirtualDevicesError
from virtual_devices.kit.home import Home, between_steps, documents_needed
from virtual_devices.kit.house import House, make_member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from virtual_devices.kit.member import Member


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came up; one line each. warnings: allowed, but hardly meant.  notes: worth knowing."""

    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def rehearse(home: Home, documents: Mapping[str, str]) -> Rehearsal:
    """Find what only shows when devices are at work, such as a file of the wrong form.

    Raises HomeFileError with file and line of every device that cannot start.
    """
    found, problems = Rehearsal(between_steps(home)), []
    made: dict[str, Member] = {}
    for entry in home.devices:
        where = f"{home.source}:{entry.line}: device {entry.name}"
        try:
            made[entry.name] = make_member(home, entry, documents)
            device = made[entry.name].device
            found.notes.extend(f"{entry.name}: {text}" for text in device.notes(entry.settings, home.start))
            found.warnings.extend(f"{where}: {text}" for text in device.warnings(entry.settings, home.start, home.step))
        except VirtualDevicesError as error:
            problems.append(f"{where}: {_line(error)}")
    if problems:
        raise HomeFileError(problems)
    try:
        House(home, made=made).step(1)
    except VirtualDevicesError as error:
        raise HomeFileError([f"{_where(home, str(error))}: {_line(error)}"]) from error
    return found


def _where(home: Home, text: str) -> str:
    """File and line of the device whose file an error speaks of, else of the file as a whole."""
    for name, devices in documents_needed(home).items():
        if name in text:
            return f"{home.source}:{home.entry(devices[0]).line}: device {devices[0]}"
    return f"{home.source}:1"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
