"""Whether a home can be what is wished of it: everything that its start would find, before anything is changed."""

from __future__ import annotations

import re
from pathlib import Path

from virtual_devices.edge.files.read import documents_of
from virtual_devices.kit.errors import HomeFileError, SettingError
from virtual_devices.kit.home.changing import home_of
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.wanted import Wanted
from virtual_devices.kit.members.rehearsal import Rehearsal, rehearse


def rehearsed(home: Home, folder: Path, *, resumable: bool = True) -> tuple[Rehearsal, dict[str, str]]:
    """A home whose devices have taken a step together, and the text of every file that it names. folder: where relative names begin.

    resumable: its run may go on, so that its files need not fit the start that it declares.  Raises SettingError with all that stands against it.
    """
    try:
        documents = documents_of(home, folder)
        tried = rehearse(home, documents, now="start" in home.left_open, resumable=resumable)
    except HomeFileError as error:
        raise SettingError("; ".join(_without_place(problem, home.source) for problem in error.problems)) from None
    return tried, documents


def possible(base: Home, present: Home, wanted: Wanted, folder: Path) -> tuple[Home, dict[str, str]]:
    """The home that is wanted, and its files. base: as its file says.  present: as it is now.

    Raises SettingError and CatalogueError, in words, where it cannot be, or not while its run goes on.
    """
    home = home_of(base, wanted)
    before, after = (each.of("settles")[0].name for each in (present, home))
    if before != after:
        raise SettingError(f"{before} has settled this run, {after} cannot take over; call it {before}, or start with --fresh")
    if (home.step, "step" in home.left_open) != (present.step, "step" in present.left_open):
        raise SettingError(f"clock: a run keeps its step of {present.step} s; leave it as it is, or start with --fresh")
    _, documents = rehearsed(home, folder)
    return home, documents


def _without_place(problem: str, source: str) -> str:
    """Of a problem of a home file what is wrong; who wishes something live has no file."""
    return re.sub(r"^:\d+: ", "", problem.removeprefix(source))
