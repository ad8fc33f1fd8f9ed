"""What a record says of itself, at a glance and also while it is written."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.database import BESIDE, open_to_read
from virtual_devices.record.kept import moment
from virtual_devices.record.runs import written_at
from virtual_devices.record.writer import facts_of, kept_of


@dataclass(frozen=True, slots=True)
class RecordInfo:
    """One record. Facts that it does not state are None.

    broker: None for a run that had none.  step: s.  start, end: of its windows, simulated UTC seconds; None without any.  whole, by_chain:
    how many windows are there with all they say, and of how many more only the digests.  size: bytes on disk.  behind: seq of the window that
    the home can go on behind, 0 before its first one; None where it cannot go on from this.  written: when last, wall UTC seconds.
    """

    path: Path
    home: str | None
    run: str | None
    broker: str | None
    home_file: str | None
    program: str | None
    zone: str | None
    step: int | None
    start: int | None
    end: int | None
    whole: int
    by_chain: int
    size: int
    behind: int | None
    written: float

    def local(self, time: int) -> datetime:
        """A simulated time by the home's clocks; UTC where its zone is not known."""
        try:
            return calendar(self.zone or "UTC").local(time)
        except ConfigurationError:
            return datetime.fromtimestamp(time, UTC)

    def json(self) -> dict[str, Any]:
        """As JSON has it."""
        start, end = (self.local(time).isoformat() if time is not None else None for time in (self.start, self.end))
        return {
            "file": str(self.path), "home": self.home, "run": self.run, "broker": self.broker, "home_file": self.home_file,
            "program": self.program, "zone": self.zone, "step": self.step, "start": start, "end": end, "windows": self.whole,
            "windows_by_chain": self.by_chain, "bytes": self.size, "goes_on_behind": self.behind,
            "written": datetime.fromtimestamp(int(self.written), UTC).isoformat(),
        }  # fmt: skip


def info_of(path: Path) -> RecordInfo:
    """Look into a record. Raises ConfigurationError where it cannot be read."""
    try:
        with contextlib.closing(open_to_read(path)) as connection:
            connection.execute("BEGIN")  # all of one moment
            facts, kept = facts_of(connection), kept_of(connection, path)
            counts = "sum((last - first + 1) * (lines IS NOT NULL)), sum((last - first + 1) * (lines IS NULL))"
            start, end, whole, by_chain = connection.execute(f"SELECT min(start), max(end), {counts} FROM ledger").fetchone()  # noqa: S608 - ours
    except sqlite3.Error as error:
        raise ConfigurationError(f"{path} cannot be read ({error}); `virtual-devices audit` says how much of it is whole") from None
    if not all(isinstance(time, int | None) for time in (start, end)):
        raise ConfigurationError(f"{path} is damaged: its windows have no times; `virtual-devices audit` says how much of it is whole")
    settled = moment(kept)
    behind = (settled[1] if settled is not None else 0) if kept else None
    text = {name: value for name, value in facts.items() if isinstance(value, str)}
    step = facts.get("step")
    return RecordInfo(
        path, text.get("home"), text.get("run"), text.get("broker"), text.get("home_file"), text.get("program"), text.get("zone"),
        step if isinstance(step, int) else None, start, end, whole or 0, by_chain or 0, size_of(path), behind, written_at(path),
    )  # fmt: skip


def home_of(path: Path) -> str | None:
    """Of which home a record is; None where it does not say so, or cannot be read."""
    with contextlib.suppress(ConfigurationError, sqlite3.Error), contextlib.closing(open_to_read(path)) as connection:
        home = facts_of(connection).get("home")
        return home if isinstance(home, str) else None
    return None


def size_of(path: Path) -> int:
    """Bytes of a record on disk, with its log."""
    found = 0
    for suffix in BESIDE[:2]:
        with contextlib.suppress(OSError):
            found += path.with_name(path.name + suffix).stat().st_size
    return found
