"""For what time a home's files say something: a device declares it of each, and what holds outside it (``Device.coverage``)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coverage:
    """For what time a file says something: from ``begin`` until before ``end`` (UTC seconds), None: without such a bound.

    file: as the setting names it.  otherwise: what holds outside that time, a clause such as ``the base price holds``.
    """

    file: str
    otherwise: str
    begin: int | None = None
    end: int | None = None

    def lacking(self, start: int, end: int) -> int:
        """Seconds between two times of which it says nothing."""
        first = start if self.begin is None else max(start, self.begin)
        last = end if self.end is None else min(end, self.end)
        return end - start - max(0, last - first)
