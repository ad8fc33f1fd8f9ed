"""One device of a home, as somebody describes it, and what a home cannot have: the same for a home file and for whoever changes a home.

Every text says what is wrong and how to mend it; where that stands, whoever asks knows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from virtual_devices.kit.errors import CatalogueError, shown, suggestion
from virtual_devices.kit.forms.changes import model_of, settings_json, settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.model import MAX_DEVICES, DeviceEntry, clock_values
from virtual_devices.kit.names import KINDS_BY_NAME, MAX_NAME, misnomer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

SECOND_CLOCK = "every home has its clock already; set it in the section `clock:` and take it out of devices"


def name_problem(name: Any) -> str:
    """What is wrong with a name."""
    return (
        f"{shown(name)} is no name; use at most {MAX_NAME} lower case letters, digits and _, and begin with a letter"
    )


def kind_problem(name: str, kind: str, *, written: bool = True) -> str | None:
    """Why there is no such device; None where there may be. written: somebody named the kind, it is not just called after it."""
    if objection := misnomer(name, kind):
        return f"device {name}: {objection}"
    if kind in catalogue.kinds():
        return None
    hint = suggestion(kind, list(catalogue.kinds()))
    if name in KINDS_BY_NAME:
        hint = f" yet, and no other device may be called {name}; rename it"
    elif not written:
        hint += f" (the kind defaults to the name; or add `kind:` to {name})"
    return f"device {name}: there is no kind {shown(kind)}{hint}"


def too_many(count: int) -> str | None:
    """What is wrong with so many devices beside the clock; None: nothing."""
    return f"{count} devices are too many; keep to {MAX_DEVICES} in one home" if count > MAX_DEVICES else None


def second_ones(entries: Iterable[DeviceEntry]) -> list[tuple[DeviceEntry, str]]:
    """Inverters and grids beside the first, each with what is wrong."""
    devices, found = list(entries), []
    for ability, word in (("settles", "inverter"), ("connects", "grid connection")):
        same = [entry for entry in devices if entry.device_class.ability == ability]
        for entry in same[1:]:
            text = f"a second {word} beside {same[0].name} is not understood yet; keep one of them"
            found.append((entry, f"device {entry.name}: {text}"))
    return found


def read_entry(name: str, kind: str, values: Mapping[str, Any], line: int) -> tuple[DeviceEntry | None, list[tuple[str, str]]]:
    """A device with the settings that somebody gives it, as people write them, and what is wrong with each ('' for the device itself)."""
    try:
        device_class = catalogue.load(kind)
        settings_of(device_class)
    except CatalogueError as error:
        return None, [("", str(error))]
    given = clock_values(values) if device_class.ability == "ticks" else values
    settings, problems = model_of(device_class.settings_type, given)
    found = [(key, f"setting {shown(key)}: {text}" if key else text) for key, text in problems]
    if settings is None:
        return None, found
    plain = settings_json(settings)
    return DeviceEntry(name, kind, settings, {key: plain[key] for key in values}, line, dict(given)), found


def without_absent(entry: DeviceEntry, names: Collection[str]) -> DeviceEntry:
    """Without optional partners that this home does not have, where the setting can say so."""
    absent = {
        item.name: None
        for item in settings_of(entry.device_class)
        if item.partner and item.optional and getattr(entry.settings, item.name) not in names
    }
    return replace(entry, settings=entry.settings.model_copy(update=absent)) if absent else entry
