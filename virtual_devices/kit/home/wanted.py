"""Which devices a home is wanted to have: what its file declares, and what was changed since while it ran.

The file declares; what was changed live stays until the declaration of that very device changes, or until somebody applies a file and
prunes. How many of a device are to run, one or none, is nothing that a file says: no file resets it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from virtual_devices.kit.names import CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from virtual_devices.kit.home.model import Home


@dataclass(frozen=True, slots=True)
class Declaration:
    """What somebody says of a device. settings: JSON form of only what he says."""

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WantedDevice:
    """A device that is wanted. replicas: 1 where it is to run, 0 where it is switched off."""

    declaration: Declaration
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """devices: by name, also those that are switched off.  file: what the home's file declared when it was read last.

    A device that is wanted and not in the file came live; one that is in the file and not wanted was removed live.
    """

    devices: Mapping[str, WantedDevice] = field(default_factory=dict)
    file: Mapping[str, Declaration] = field(default_factory=dict)

    @property
    def running(self) -> frozenset[str]:
        """Names of those that are to run."""
        return frozenset(name for name, device in self.devices.items() if device.replicas)

    def came_live(self, name: str) -> bool:
        """Whether a device that is wanted is not in the home's file."""
        return name in self.devices and name not in self.file


def declared_by(home: Home) -> dict[str, Declaration]:
    """What a home's file declares of each device."""
    return {entry.name: Declaration(entry.kind, dict(entry.declared)) for entry in home.devices}


def with_file(wanted: Wanted, file: Mapping[str, Declaration]) -> Wanted:
    """What is wanted once a file is read again: where it says of a device what it said before, what was changed live stays."""
    devices = {}
    for name in {**file, **wanted.devices}:
        there = wanted.devices.get(name)
        if file.get(name) != wanted.file.get(name):
            if name in file:
                devices[name] = WantedDevice(file[name], there.replicas if there is not None else 1)
        elif there is not None:
            devices[name] = there
    return Wanted(devices, dict(file))


def applied(wanted: Wanted, file: Mapping[str, Declaration]) -> Wanted:
    """What is wanted once a file is applied and all else pruned; who is switched off stays so."""
    devices = {}
    for name, declaration in file.items():
        there = wanted.devices.get(name)
        devices[name] = WantedDevice(declaration, there.replicas if there is not None else 1)
    return Wanted(devices, dict(file))


def declared_live(wanted: Wanted, said: Mapping[str, Declaration], *, prune: bool) -> Wanted:
    """What is wanted once somebody declares devices while the home runs: no file has said so, so the one that was read last stays the one that declares.

    prune: those that are not named are wanted no more; else they stay as they are.  Who is switched off stays so, also under a new name.
    """
    devices = {} if prune else dict(wanted.devices)
    for name, declaration in said.items():
        there = wanted.devices.get(name) or wanted.devices.get(str(declaration.settings.get("former_name")))
        devices[name] = WantedDevice(declaration, there.replicas if there is not None else 1)
    return replace(wanted, devices=devices)


def with_device(wanted: Wanted, name: str, declaration: Declaration) -> Wanted:
    """With one device more, which is to run; it is called as the others are, with their home's name or without."""
    clock = wanted.devices.get(CLOCK)
    if clock is not None and clock.declaration.settings.get("with_home"):
        declaration = replace(declaration, settings={"with_home": True, **declaration.settings})
    return replace(wanted, devices={**wanted.devices, name: WantedDevice(declaration)})


def without_device(wanted: Wanted, name: str) -> Wanted:
    """Without one."""
    return replace(wanted, devices={other: device for other, device in wanted.devices.items() if other != name})


def scaled(wanted: Wanted, name: str, replicas: int) -> Wanted:
    """With so many of one that is wanted: 1 or 0."""
    return replace(wanted, devices={**wanted.devices, name: replace(wanted.devices[name], replicas=replicas)})


def differences(before: Wanted, after: Wanted) -> list[str]:
    """What changes between two wanted homes, one line for each device, by name."""
    lines = []
    for name in sorted({**before.devices, **after.devices}):
        then, now = before.devices.get(name), after.devices.get(name)
        if then is None and now is not None:
            lines.append(f"{name}: added ({now.declaration.kind}){'' if now.replicas else ', switched off'}")
        elif now is None:
            lines.append(f"{name}: removed")
        elif then is not None and now is not None and then != now:
            lines.append(f"{name}: {', '.join(_changes(then, now))}")
    return lines


def free_name(kind: str, is_taken: Callable[[str], bool]) -> str:
    """What a new device is called that nobody has named: after its kind, with a number where that is taken."""
    number, name = 1, kind
    while is_taken(name):
        number += 1
        name = f"{kind}_{number}"
    return name


def counted(changes: Collection[str], *, dry_run: bool = False) -> str:
    """How many devices change, in a sentence."""
    if not changes:
        return "nothing is to change"
    count = "1 device" if len(changes) == 1 else f"{len(changes)} devices"
    if dry_run:
        return f"{count} would change"
    return f"{count} {'is' if len(changes) == 1 else 'are'} changed"


def _changes(then: WantedDevice, now: WantedDevice) -> list[str]:
    before, after = then.declaration.settings, now.declaration.settings
    words = [
        f"{name} {_said(before, name)} → {_said(after, name)}"
        for name in sorted({**before, **after})
        if before.get(name) != after.get(name)
    ]
    if then.declaration.kind != now.declaration.kind:
        words.insert(0, f"kind {then.declaration.kind} → {now.declaration.kind}")
    if then.replicas != now.replicas:
        words.append("switched on" if now.replicas else "switched off")
    return words


def _said(settings: Mapping[str, Any], name: str) -> str:
    return str(settings[name]) if name in settings else "default"
