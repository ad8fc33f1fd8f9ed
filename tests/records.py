"""Looking into the records of a state folder, as another process would."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from virtual_devices.record.files.runs import Runs
from virtual_devices.record.store.database import open_to_read
from virtual_devices.record.store.kept import Messages
from virtual_devices.record.store.lines import stored
from virtual_devices.record.store.writer import facts_of, kept_of


def records(folder: Path) -> list[Path]:
    """The one that was written last at the end."""
    return sorted(Runs(folder, "").paths(), key=lambda path: path.stat().st_mtime_ns)


def kept_in(path: Path) -> Messages:
    with contextlib.closing(open_to_read(path)) as connection:
        return kept_of(connection, path)


def facts_in(path: Path) -> dict[str, Any]:
    with contextlib.closing(open_to_read(path)) as connection:
        return facts_of(connection)


def lines_in(path: Path) -> list[bytes]:
    with contextlib.closing(open_to_read(path)) as connection:
        return list(stored(connection))
