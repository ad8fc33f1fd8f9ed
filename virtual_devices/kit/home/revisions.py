"""What a home was wanted to be, one revision after another, and as JSON has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from virtual_devices.kit.home.wanted import Declaration, Wanted, WantedDevice, differences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_REVISIONS = 50


@dataclass(frozen=True, slots=True)
class Revision:
    """A home as it was wanted once. time: of the wall, UTC seconds.  by: who wished it.  changes: in words, against the one before."""

    number: int
    time: float
    by: str
    wanted: Wanted
    changes: tuple[str, ...] = ()


def revised(revisions: Sequence[Revision], wanted: Wanted, by: str, time: float) -> tuple[Revision, ...]:
    """The last ``MOST_REVISIONS``, oldest first, with one more."""
    before = revisions[-1] if revisions else None
    changes = tuple(differences(before.wanted, wanted)) if before is not None else ()
    new = Revision(before.number + 1 if before is not None else 1, time, by, wanted, changes)
    return (*revisions, new)[-MOST_REVISIONS:]


def wanted_json(wanted: Wanted) -> dict[str, Any]:
    """What is wanted, in plain values."""
    devices = {name: {**_declared(device.declaration), "replicas": device.replicas} for name, device in wanted.devices.items()}
    return {"devices": devices, "file": {name: _declared(declaration) for name, declaration in wanted.file.items()}}


def wanted_of(content: Mapping[str, Any]) -> Wanted:
    """The way back. Raises KeyError, TypeError, AttributeError and ValueError for what is none."""
    devices = {
        str(name): WantedDevice(_declaration(device), _replicas(device["replicas"])) for name, device in dict(content["devices"]).items()
    }
    return Wanted(devices, {str(name): _declaration(declared) for name, declared in dict(content["file"]).items()})


def _declared(declaration: Declaration) -> dict[str, Any]:
    return {"kind": declaration.kind, "settings": dict(declaration.settings)}


def _declaration(content: Mapping[str, Any]) -> Declaration:
    return Declaration(str(content["kind"]), dict(content["settings"]))


def _replicas(value: object) -> int:
    if value not in (0, 1):
        raise ValueError(f"{value!r} replicas")
    return int(bool(value))
