"""What a record's owner sees of its file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from virtual_devices.record.files.info import size_of
from virtual_devices.record.store.writer import RecordWriter


def readings_of_file(writer: RecordWriter | None) -> tuple[int | None, dict[str, Any]]:
    """The end of the last window (simulated, UTC seconds), and the readings by name; (None, {}) where no record is open."""
    if writer is None:
        return None, {}
    extent = writer.extent
    if extent is None:
        empty = dict.fromkeys(("windows", "last_window", "missing_windows"), 0)
        return None, {**empty, "recorded_from": None, "recorded_until": None, "size": size_of(writer.path)}
    return extent.end, {
        "windows": extent.windows, "last_window": extent.last, "missing_windows": extent.missing, "recorded_from": _instant(extent.start),
        "recorded_until": _instant(extent.end), "size": size_of(writer.path),
    }  # fmt: skip


def _instant(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()
