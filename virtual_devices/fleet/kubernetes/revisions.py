"""Homes as they were wanted once: a ControllerRevision each.

That is the object which Kubernetes has for this: numbered, never changed once it is made, counted by no quota of ConfigMaps, and left
alone by whoever cleans those up. Making number n is at the same time the right to be the one who changes the home next: a second who
looked at the same moment is refused (409), looks again, and makes n + 1.

It is written before anything is changed, and the fleet's ConfigMap says up to which number all is done: what was cut off amid a change
is brought to its end by the next fleet. (No API lets a ControllerRevision itself be marked: its data would be written anew, and refused.)
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from virtual_devices.fleet.fleet import Revision
from virtual_devices.fleet.kubernetes.cluster import Cluster, Object
from virtual_devices.fleet.kubernetes.holders import has_ended, holder
from virtual_devices.fleet.kubernetes.objects.names import FLEET, labels, meta, ours
from virtual_devices.kit.home.wanted import Declaration, Wanted, WantedDevice

KEPT = 50
COMPONENT = "revision"
HOLDER = "virtual-devices/holder"
DONE = "virtual-devices/done"
"""Annotation of the fleet's ConfigMap: the newest revision that is carried out."""
GIVEN_UP = 30.0
"""Wall seconds after which nobody is at work on a change any more that is not done."""

_NAME = re.compile(r"wanted\.([0-9]{1,12})")


@dataclass(frozen=True, slots=True)
class RevisionMark:
    """What the metadata of a revision say. time: of the wall, UTC seconds.  holder: who wrote it."""

    number: int
    done: bool
    time: float
    holder: str


class Revisions:
    """The revisions of a home. Its calls wait for the API."""

    def __init__(self, cluster: Cluster, home: str, namespace: str) -> None:
        self._cluster, self._home, self._namespace = cluster, home, namespace
        self._known: dict[int, Revision] = {}
        """They never change."""

    def marks(self, done: int) -> list[RevisionMark]:
        """All that there are, oldest first. done: up to which they are carried out."""
        selector = f"{ours(self._home)},app.kubernetes.io/component={COMPONENT}"
        found = []
        for each in self._cluster.find("ControllerRevision", self._namespace, selector, metadata=True):
            told = each["metadata"]
            if (match := _NAME.fullmatch(told["name"])) is not None:
                notes = told.get("annotations") or {}
                made = datetime.fromisoformat(told["creationTimestamp"]).timestamp()
                found.append(RevisionMark(int(match[1]), int(match[1]) <= done, made, notes.get(HOLDER, "")))
        return sorted(found, key=lambda mark: mark.number)

    def read(self, number: int) -> Revision | None:
        """One of them; None where it is gone."""
        if number not in self._known:
            found = self._cluster.get("ControllerRevision", _name(number), self._namespace)
            if found is None:
                return None
            self._known[number] = _read(number, found["data"])
        return self._known[number]

    def begin(self, number: int, by: str, wanted: Wanted, changes: tuple[str, ...]) -> Revision:
        """Write one down before it is carried out. Raises ApiConflictError where another has that number."""
        made = Revision(number, time.time(), by, wanted, changes)
        found: Object = {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": meta(_name(number), self._namespace, labels(self._home, COMPONENT), {HOLDER: holder()}),
            "revision": number,
            "data": _written(made),
        }
        self._cluster.create(found)
        self._known[number] = made
        return made

    def finish(self, number: int) -> None:
        """It is carried out."""
        self._cluster.merge("ConfigMap", FLEET, self._namespace, {"metadata": {"annotations": {DONE: str(number)}}})

    def prune(self, marks: list[RevisionMark]) -> None:
        """Forget all but the newest."""
        for mark in marks[:-KEPT]:
            self._cluster.delete("ControllerRevision", _name(mark.number), self._namespace)
            self._known.pop(mark.number, None)


def is_abandoned(mark: RevisionMark, now: float) -> bool:
    """Whether nobody is at work on it any more: it is old, or its holder has ended, or is this process, which begins nothing twice."""
    return not mark.done and (now - mark.time > GIVEN_UP or mark.holder == holder() or has_ended(mark.holder))


def _name(number: int) -> str:
    return f"wanted.{number}"


def _written(made: Revision) -> dict[str, Any]:
    devices = {name: {**_declared(device.declaration), "replicas": device.replicas} for name, device in made.wanted.devices.items()}
    file = {name: _declared(declaration) for name, declaration in made.wanted.file.items()}
    return {"time": made.time, "by": made.by, "changes": list(made.changes), "devices": devices, "file": file}


def _declared(declaration: Declaration) -> dict[str, Any]:
    return {"kind": declaration.kind, "settings": dict(declaration.settings)}


def _read(number: int, data: Mapping[str, Any]) -> Revision:
    devices = {name: WantedDevice(Declaration(each["kind"], each["settings"]), int(each["replicas"])) for name, each in data["devices"].items()}
    file = {name: Declaration(each["kind"], each["settings"]) for name, each in data["file"].items()}
    return Revision(number, float(data["time"]), str(data["by"]), Wanted(devices, file), tuple(data["changes"]))
