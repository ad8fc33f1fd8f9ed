"""From what is wanted to the home that this is, while it runs: the same rules, in the same words, as its file has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from virtual_devices.kit.errors import SettingError, VirtualDevicesError
from virtual_devices.kit.forms.changes import validate_change
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.entries import (
    SECOND_CLOCK,
    kind_problem,
    name_problem,
    read_entry,
    second_ones,
    too_many,
    without_absent,
)
from virtual_devices.kit.home.model import STEP, DeviceEntry, Event, Home, speed_of, step_of, wiring_problems
from virtual_devices.kit.home.wanted import Declaration, Wanted, WantedDevice, applied, declared_live, with_file
from virtual_devices.kit.names import CLOCK, is_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def home_of(home: Home, wanted: Wanted) -> Home:
    """The home with exactly the devices that are wanted, those that are switched off among them.

    Events of devices that are gone, or of another kind now, are dropped.  Raises SettingError with every problem; nothing has changed then.
    """
    entries = _entries({name: device.declaration for name, device in wanted.devices.items()}, {entry.name: entry.line for entry in home.devices})
    names = {entry.name for entry in entries}
    devices = sorted((without_absent(entry, names) for entry in entries), key=lambda entry: entry.name != CLOCK)
    clock = devices[0]
    step = step_of(clock.settings)
    then = {entry.name: entry.kind for entry in home.devices}
    same = {entry.name for entry in devices if then.get(entry.name) == entry.kind}
    events, past = (tuple(event for event in each if event.device in same) for each in (home.events, home.past))
    _refuse_events(events, devices)
    left_open = home.left_open | {"step"} if step is None else home.left_open - {"step"}
    kept = home.step if "step" in home.left_open else STEP
    return replace(
        home, devices=tuple(devices), events=events, past=past, step=step or kept, speed=speed_of(clock.settings), left_open=left_open
    )


def complete(file: Mapping[str, Declaration], wanted: Wanted) -> dict[str, Declaration]:
    """What somebody declares of a whole home, with what goes without saying: its clock as it is, and a switchboard where it names no inverter.

    Raises CatalogueError where no kind can stand in for one.
    """
    found = dict(file)
    if CLOCK not in found and CLOCK in wanted.devices:
        found[CLOCK] = wanted.devices[CLOCK].declaration
    known = [declaration.kind for declaration in found.values() if declaration.kind in catalogue.kinds()]
    if len(known) == len(found) and not any(catalogue.load(kind).ability == "settles" for kind in known):
        kind, settings = catalogue.switchboard()
        found.setdefault(kind, Declaration(kind, dict(settings)))
    return found


def asked_for(wanted: Wanted, file: Mapping[str, Declaration], *, prune: bool, live: bool) -> Wanted:
    """What is wanted once somebody applies a file, or, live, devices that no file names; see ``Fleet.apply``. Raises CatalogueError as ``complete`` does."""
    said = file if live and not prune else complete(file, wanted)
    whole = {name: as_declared(name, each) for name, each in said.items()}
    if live:
        return declared_live(wanted, whole, prune=prune)
    return applied(wanted, whole) if prune else with_file(wanted, whole)


def as_declared(name: str, declaration: Declaration) -> Declaration:
    """In the form that a home file's declarations have; what cannot be stays as it is, for ``home_of`` to refuse."""
    if declaration.kind not in catalogue.kinds():
        return declaration
    entry, problems = read_entry(name, declaration.kind, declaration.settings, 0)
    return declaration if entry is None or problems else Declaration(entry.kind, dict(entry.declared))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A home as it can be. left_out: what was changed live and no longer fits, in sentences."""

    home: Home
    wanted: Wanted
    left_out: tuple[str, ...] = ()


def fitted(home: Home, wanted: Wanted, fits: Callable[[Home], object] = lambda _: None) -> Fitted:
    """The home with what was changed live, as far as that fits what its file says by now.

    fits: raises VirtualDevicesError for a home that cannot be, for whatever else the caller looks at.
    """
    def tried(candidate: Wanted) -> Home:
        made = home_of(home, candidate)
        fits(made)
        return made

    try:
        return Fitted(tried(wanted), wanted)
    except VirtualDevicesError:
        pass
    kept, changes, reasons = applied(wanted, wanted.file), _changed_live(wanted), dict[str, str]()
    made = tried(kept)
    while changes:
        before = len(changes)
        for name, device in list(changes.items()):
            devices = {**kept.devices, name: device} if device is not None else {other: kept.devices[other] for other in kept.devices if other != name}
            try:
                made = tried(replace(kept, devices=devices))
            except VirtualDevicesError as error:
                reasons[name] = str(error)
            else:
                kept = replace(kept, devices=devices)
                del changes[name]
        if len(changes) == before:  # none of the rest fits, whichever comes first
            break
    return Fitted(made, kept, tuple(_left_out(name, device, wanted, reasons[name]) for name, device in changes.items()))


def _changed_live(wanted: Wanted) -> dict[str, WantedDevice | None]:
    """What differs from the file: devices that came or were changed; None for one that was removed."""
    found: dict[str, WantedDevice | None] = {
        name: device for name, device in wanted.devices.items() if wanted.file.get(name) != device.declaration
    }
    return found | {name: None for name in wanted.file if name not in wanted.devices}


def _left_out(name: str, device: WantedDevice | None, wanted: Wanted, reason: str) -> str:
    if device is None:
        return f"{name} was removed while the home ran, and is there again: without it the home file as it is now would not do ({reason})"
    if wanted.came_live(name):
        return f"{name}, which came while the home ran, does not fit the home file as it is now, and is left out: {reason}"
    return f"what was changed of {name} while the home ran does not fit the home file as it is now, which holds: {reason}"


def _entries(declared: Mapping[str, Declaration], lines: Mapping[str, int]) -> list[DeviceEntry]:
    problems, found = [], list[DeviceEntry]()
    if many := too_many(len(declared) - 1):
        raise SettingError(many)
    for name, declaration in declared.items():
        if (name == CLOCK) != (declaration.kind == CLOCK):
            problems.append(f"device {name}: {SECOND_CLOCK}")
            continue
        if not is_name(name):
            problems.append(f"device {name_problem(name)}")
            continue
        if problem := kind_problem(name, declaration.kind):
            problems.append(problem)
            continue
        entry, wrong = read_entry(name, declaration.kind, declaration.settings, lines.get(name, 0))
        problems += [f"device {name}: {text}" for _, text in wrong]
        if entry is not None:
            found.append(entry)
    if not problems:
        problems = _wrong_together(found)
    if problems:
        raise SettingError("; ".join(dict.fromkeys(" ".join(problem.split()) for problem in problems)))
    return found


def _wrong_together(entries: list[DeviceEntry]) -> list[str]:
    abilities = {entry.device_class.ability for entry in entries}
    problems = [text for _, text in second_ones(entries)]
    if "ticks" not in abilities:
        problems.append("a home has its clock; switch it off where time shall stand still")
    if "settles" not in abilities:
        problems.append("without an inverter nothing is settled; switch it off where time shall stand still, or put another in its place")
    problems += [f"device {name}: {text}" for name, _, text in wiring_problems(entries)]
    for entry in entries:
        if entry.name == CLOCK:
            try:
                step_of(entry.settings)
            except SettingError as error:
                problems.append(f"clock: {error}")
    return problems


def _refuse_events(events: Iterable[Event], devices: Iterable[DeviceEntry]) -> None:
    """Raises SettingError where what will happen to a device does not fit what it is now."""
    entries = {entry.name: entry for entry in devices}
    for event in events:
        entry = entries[event.device]
        try:
            settings = validate_change(entry.device_class, entry.settings, event.changes, live=True)
        except SettingError as error:
            raise SettingError(f"event for {event.device}: {error}") from None
        entries[event.device] = replace(entry, settings=settings)
