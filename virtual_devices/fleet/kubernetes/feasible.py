"""Whether a home can be what is wished of it: everything that its pods would find, before anything is changed."""

from __future__ import annotations

import re
from pathlib import Path

from virtual_devices.edge.files.read import SHIPPED, read_document
from virtual_devices.fleet.kubernetes.bringing import Target
from virtual_devices.kit.errors import HomeFileError, SettingError
from virtual_devices.kit.home.changing import home_of
from virtual_devices.kit.home.model import Home, documents_needed
from virtual_devices.kit.members.rehearsal import rehearse


def refuse_impossible(before: Home | None, target: Target) -> None:
    """Raises SettingError, in words, for a home that cannot be, or not while its run goes on. before: as it is now."""
    home = home_of(target.home, target.wanted)
    target.described()
    if before is not None:
        then, now = (each.of("settles")[0].name for each in (before, home))
        if then != now:
            raise SettingError(f"{then} has settled this run, {now} cannot take over; call it {then}, or remove the namespace and begin anew")
        if (before.step, before.start) != (home.step, home.start):
            raise SettingError(f"a run keeps its start and its step of {before.step} s; leave both as they are, or remove the namespace and begin anew")
    documents = dict(target.documents)
    for name, devices in documents_needed(home).items():
        if name.startswith(SHIPPED):
            documents[name] = read_document(name, Path())
        elif name not in documents:
            raise SettingError(f"device {devices[0]}: file {name!r} is not in this namespace; apply a home file beside which it lies: virtual-devices apply HOME")
    try:
        rehearse(home, documents, now="start" in home.left_open, resumable=before is not None)
    except HomeFileError as error:
        raise SettingError("; ".join(re.sub(r"^:\d+: ", "", problem.removeprefix(home.source)) for problem in error.problems)) from None
