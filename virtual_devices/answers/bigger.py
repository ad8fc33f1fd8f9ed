"""The same home with something else: the next bigger battery or none, an inverter that works, a grid, or its essential circuit alone.

A store takes part in this by settings of these names: ``capacity`` of a pack in kWh, ``packs``, ``charge_limit`` and
``discharge_limit`` of a pack in W. One that lacks them is left as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from virtual_devices.kit.accounts import GRID
from virtual_devices.kit.circuits import way_up
from virtual_devices.kit.device import Settles
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.model import DeviceEntry, Home, circuits_of, override
from virtual_devices.kit.store import MAX_POWER

SIZES = (5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1000)
"""What home batteries usually hold, kWh."""
BATTERY = "battery"
"""Kind, and name, of the battery that a home without one gets, as its defaults are but for the size."""
_LIMITS = ("charge_limit", "discharge_limit")
_KEEPS_FULL = ("grid_charge_enabled",)
"""Settings of an inverter by which it charges the battery from the grid."""
_CIRCUITS, _ESSENTIALS = "load_limit", "Essentials"
"""Setting of an inverter that says which circuits it feeds, and the value for the essential one alone."""


def stores(home: Home) -> list[DeviceEntry]:
    """The batteries of a home whose size is known, the largest first."""
    found = [
        entry
        for entry in home.of("stores")
        if {"capacity", "packs", *_LIMITS} <= set(type(entry.settings).model_fields)
    ]
    return sorted(found, key=lambda entry: (-size(entry), entry.name))


def size(entry: DeviceEntry) -> float:
    """What a battery holds when new, all packs together, kWh."""
    return float(_of(entry, "capacity") * _of(entry, "packs"))


def words(entry: DeviceEntry) -> str:
    """How large it is, for people: ``15 kWh (3 packs)``."""
    packs = _of(entry, "packs")
    return f"{size(entry):g} kWh" + (f" ({packs} packs)" if packs > 1 else "")


def with_bigger(home: Home) -> tuple[Home, DeviceEntry] | None:
    """The home with its largest battery one size up, and that battery; None where there is none bigger.

    A battery in packs, one for which the home names ``packs``, gets one more. Any other gets the next of the usual sizes, and
    charges and discharges faster in proportion, as far as a battery may. A home without a battery gets one of the smallest size.
    """
    known = stores(home)
    if not known:
        return _with_first(home)
    entry = known[0]
    try:
        changed = override(home, {entry.name: _next(entry)})
    except (SettingError, StopIteration):  # more than a battery may hold
        return None
    return changed, changed.entry(entry.name)


def without(home: Home) -> Home:
    """The home without its batteries."""
    gone = {entry.name for entry in stores(home)}
    return replace(
        home,
        devices=tuple(entry for entry in home.devices if entry.name not in gone),
        events=tuple(event for event in home.events if event.device not in gone),
    )


def with_inverter(home: Home) -> Home:
    """The home whose inverter works; one that only passed the grid through keeps the battery full from the grid, as far as it can be told to."""
    entry = home.of("settles")[0]
    if not entry.switchboard:
        return home
    device_class = entry.device_class
    default = device_class.settings_type().model_dump(mode="json")
    changes = {name: default[name] for name in getattr(device_class, "switchboard", {})}
    return override(home, {entry.name: changes | {name: True for name in _KEEPS_FULL if name in default}})


def with_grid(home: Home) -> Home:
    """The home with a grid."""
    if home.of("connects"):
        return home
    return replace(home, devices=(*home.devices, DeviceEntry(GRID, GRID, catalogue.load(GRID).settings_type(), {}, line=1)))


def with_essentials_only(home: Home) -> Home | None:
    """The home whose inverter leaves the circuits beside it to the grid; None where it does so, cannot, or nothing hangs there."""
    entry = home.of("settles")[0]
    kind, value = entry.device_class, getattr(entry.settings, _CIRCUITS, None)
    if value in (None, _ESSENTIALS) or entry.switchboard or not issubclass(kind, Settles) or not home.of("connects"):
        return None
    above = circuits_of(home.devices)
    on = {str(getattr(each.settings, "circuit", "")) for each in home.of("consumes")}
    if not any(port in kind.ports and kind.ports[port].beside for circuit in on for port in way_up(circuit, above, tuple(kind.ports))[-1:]):
        return None
    try:
        return override(home, {entry.name: {_CIRCUITS: _ESSENTIALS}})
    except SettingError:
        return None


def _next(entry: DeviceEntry) -> dict[str, Any]:
    packs, capacity = _of(entry, "packs"), size(entry)
    if packs > 1 or "packs" in entry.declared:
        return {"packs": packs + 1}
    larger = next(each for each in SIZES if each > capacity)
    return {"capacity": larger, **{name: min(round(_of(entry, name) * larger / capacity), MAX_POWER // 1000) for name in _LIMITS}}


def _with_first(home: Home) -> tuple[Home, DeviceEntry]:
    taken = {entry.name for entry in home.devices}
    name = next(name for name in (BATTERY, *(f"{BATTERY}_{number}" for number in range(2, len(taken) + 3))) if name not in taken)
    settings = catalogue.load(BATTERY).settings_type()
    entry = DeviceEntry(name, BATTERY, settings, {}, line=1)
    changed = override(replace(home, devices=(*home.devices, entry)), {name: {"capacity": SIZES[0]}})
    return changed, changed.entry(name)


def _of(entry: DeviceEntry, name: str) -> Any:
    return getattr(entry.settings, name)
