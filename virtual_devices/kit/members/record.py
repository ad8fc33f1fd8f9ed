"""A record as a member of its home: it takes no part in windows, and reports what whoever writes it tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from virtual_devices.kit.members.member import Member


class RecordMember(Member):
    """Writes down what happens. In a house of one process nobody writes under its name, and it has nothing to report."""

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self._in_file: Mapping[str, Any] = {}

    def told(self, time: int | None, written: Mapping[str, Any]) -> None:
        """Take what is written until now. time: the end of the last window, UTC seconds.  written: by reading name."""
        self.time, self._in_file = time, written

    def own_readings(self) -> dict[str, Any]:
        return dict(self._in_file)
