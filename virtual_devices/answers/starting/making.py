"""A home file that is written from answers, whole or not at all, and tried out; and its first week."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from virtual_devices.answers.checked import CheckedHome, checked
from virtual_devices.answers.starting.answered import Answered
from virtual_devices.answers.starting.household import drafted
from virtual_devices.answers.starting.presets import Preset
from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.files.write import why, write_out
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.file import parse

HOME = "home.yaml"
FIRST = 7 * 86_400
"""Seconds of the first answer."""


@dataclass(frozen=True, slots=True)
class MadeHome:
    """A home file that is there now. files: all that were written, the home file first.  checked: what was understood of it."""

    path: Path
    files: tuple[Path, ...]
    checked: CheckedHome


def free_place(folder: Path, *, force: bool) -> None:
    """Raises ConfigurationError where there is a home file already, unless it may be written over, and where there can be none."""
    file = folder / HOME
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder} is a file; name a folder for the home")
    if file.exists() and not force:
        raise ConfigurationError(f"{file}: there is a home already; name another folder, or give --force to write over it")


def make(told: Answered, folder: Path, *, force: bool = False, begun: Preset | None = None, now: int | None = None) -> MadeHome:
    """Write the home, with the files that it names, and try it out. begun: the preset that it was begun with.  now: UTC seconds.

    Raises ConfigurationError where it may not or cannot be written, and HomeFileError for answers that make no home.
    """
    begin = int(time.time()) if now is None else now
    free_place(folder, force=force)
    draft = drafted(told, begin, begun)
    parse(draft.text(), str(folder / HOME), now=begin)
    texts = {HOME: draft.text(), **draft.files}
    if taken := [str(folder / name) for name in draft.files if (folder / name).exists() and not force]:
        raise ConfigurationError(f"{', '.join(taken)}: there is a file already; name another folder, or give --force to write over it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in reversed(texts):  # the home file last: it names the others
            write_out(folder / name, texts[name].encode())
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written ({why(error)}); name another folder") from None
    home, documents = read_home(folder / HOME, now=begin)
    return MadeHome(folder / HOME, tuple(folder / name for name in texts), checked(home, documents))
