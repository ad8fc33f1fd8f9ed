"""A home as it was before it had sun and battery: what its panels, its batteries and its inverter are measured against."""

from __future__ import annotations

from dataclasses import replace

from virtual_devices.kit.device import Settles
from virtual_devices.kit.errors import ConfigurationError, SettingError
from virtual_devices.kit.forms.changes import settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.entries import without_absent
from virtual_devices.kit.home.model import DeviceEntry, Event, Home, changed, wiring_problems

_GONE = ("produces", "stores", "settles")
"""Abilities of what is not there yet."""


def before(home: Home) -> Home:
    """The home without panels and batteries, and with a switchboard instead of its inverter, which passes the grid through.

    What hangs on a port that only a working inverter feeds hangs on the grid's side then.  Raises ConfigurationError where that makes no sense:
    there is no grid, there is nothing to leave out, or something needs what is left out.
    """
    settler = home.of("settles")[0]
    if not home.of("connects"):
        raise ConfigurationError(f"{home.source}: home {home.name} has no grid, so without its panels and batteries it has nothing; name a second home")
    if not (home.of("produces") or home.of("stores")) and settler.switchboard:
        raise ConfigurationError(f"{home.source}: home {home.name} has no panels and no battery; name a second home, or change it by --set")
    gone = {entry.name for ability in _GONE for entry in home.of(ability)}
    board = _switchboard(settler)
    ports = _instead(settler, board)
    kept = [_moved(entry, ports) for entry in home.devices if entry.name not in gone]
    devices = [*kept, board]
    names = {entry.name for entry in devices}
    devices = [without_absent(entry, names) for entry in devices]
    if problems := wiring_problems(devices):
        said = "; ".join(f"device {name}: {text}" for name, _, text in problems)
        raise ConfigurationError(f"{home.source}: home {home.name} without its panels and batteries: {said}; name a second home instead")
    events, past = (tuple(_turned(event, home, ports) for event in found if event.device not in gone) for found in (home.events, home.past))
    return replace(home, devices=tuple(devices), events=events, past=past)


def _switchboard(settler: DeviceEntry) -> DeviceEntry:
    kind, settings = catalogue.switchboard()
    entry = DeviceEntry(settler.name, kind, catalogue.load(kind).settings_type(), {}, settler.line)
    return changed(entry, settings)


def _instead(settler: DeviceEntry, board: DeviceEntry) -> dict[str, str]:
    """Ports on which nothing has power then, each with the one that takes its place."""
    old, new = settler.device_class, board.device_class
    if not (issubclass(old, Settles) and issubclass(new, Settles)):
        return {}
    live = [name for name, port in new.ports.items() if port.lasting or port.beside]
    beside = next((name for name in live if new.ports[name].beside), next(iter(live), None))
    return {} if beside is None else {name: beside for name in old.ports if name not in live}


def _moved(entry: DeviceEntry, ports: dict[str, str]) -> DeviceEntry:
    hangs = {name: str(getattr(entry.settings, name)) for name in _circuits(entry)}
    moved = {name: ports[on] for name, on in hangs.items() if on in ports}
    try:
        return changed(entry, moved) if moved else entry
    except SettingError as error:
        raise ConfigurationError(f"device {entry.name}: {error}") from None


def _turned(event: Event, home: Home, ports: dict[str, str]) -> Event:
    """An event that hangs nothing on a port that is gone."""
    names = _circuits(home.entry(event.device))
    return replace(event, changes={name: ports.get(value, value) if name in names else value for name, value in event.changes.items()})


def _circuits(entry: DeviceEntry) -> list[str]:
    """The settings that say what a device hangs on."""
    return [item.name for item in settings_of(entry.device_class) if item.circuit]
