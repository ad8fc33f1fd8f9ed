"""Trying a home out before it is started: every device is made, and all of them take one step together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from virtual_devices.kit.errors import HomeFileError, VirtualDevicesError
from virtual_devices.kit.home import Home, documents_needed
from virtual_devices.kit.house import House, make_member

if TYPE_CHECKING:
    from collections.abc import Mapping


def rehearse(home: Home, documents: Mapping[str, str]) -> list[str]:
    """Find what only shows when devices are at work, such as a file of the wrong form; return the devices' notes.

    Raises HomeFileError with file and line of every device that cannot start.
    """
    problems, notes = [], []
    for entry in home.devices:
        try:
            device = make_member(home, entry, documents).device
            notes += [f"{entry.name}: {note}" for note in device.notes(entry.settings, home.start)]
        except VirtualDevicesError as error:
            problems.append(f"{home.source}:{entry.line}: device {entry.name}: {_line(error)}")
    if problems:
        raise HomeFileError(problems)
    try:
        House(home, documents).step(1)
    except VirtualDevicesError as error:
        raise HomeFileError([f"{_where(home, str(error))}: {_line(error)}"]) from error
    return notes


def _where(home: Home, text: str) -> str:
    """File and line of the device whose file an error speaks of, else of the file as a whole."""
    for name, devices in documents_needed(home).items():
        if name in text:
            return f"{home.source}:{home.entry(devices[0]).line}: device {devices[0]}"
    return f"{home.source}:1"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
