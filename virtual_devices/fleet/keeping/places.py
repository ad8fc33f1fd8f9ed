"""Where a home keeps what survives, and whether that is possible there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from virtual_devices.edge.files.write import FULL, why
from virtual_devices.kit.errors import ConfigurationError


def state_folder(home: str) -> Path:
    """Where a home's state is kept unless told otherwise (XDG base directories; a relative one does not count there).

    Raises ConfigurationError for a user without a home folder.
    """
    return homes_folder() / home


def homes_folder() -> Path:
    """Where the state of all homes is kept that were told nothing else, in a folder each. Raises ConfigurationError, as above."""
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    if not base.is_absolute():
        base = _own_folder() / ".local" / "state"
    return base / "virtual-devices"


def records_folder(state: Path) -> Path:
    """Where in a state folder the records are."""
    return state / "home"


def _own_folder() -> Path:
    try:
        found = Path.home() if os.environ.get("HOME", "/") else Path()  # Python takes an empty one for /
    except (RuntimeError, KeyError):  # no HOME, and a user whom nobody knows
        found = Path()
    if not found.is_absolute():
        raise ConfigurationError("where shall the home's state be kept? HOME names no folder; set it, or give --state FOLDER")
    return found


def make_ready(folder: Path) -> None:
    """Make a folder for what survives, if it is missing. Raises ConfigurationError where nothing can be kept.

    A disk that is full now may have room later: whoever writes there says so, and tries again.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        if error.errno in FULL and folder.is_dir():
            return
        reason = "it is no folder" if isinstance(error, (FileExistsError, NotADirectoryError)) else why(error)
        raise ConfigurationError(f"the state folder {folder} cannot be used: {reason}; choose another with --state FOLDER") from None
