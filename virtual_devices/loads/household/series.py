"""What a file's layout leaves: times and values as they are written, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from virtual_devices.kit.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Series:
    """Times and values as they are written, row by row.

    lines: number of each row's line.  heading, time_heading: of the two columns.  unit: named beside them, not above.  decimal: sign of the values.
    ends: times end their intervals; None, not said.  zone: clock of the times, as ``clock_of`` takes it; None, not said.  counter: whether values are
    readings of a meter; None, not said.  changes: a row for each change, none while a value holds.  doubts: what may be meant otherwise.
    """

    lines: list[int]
    stamps: list[str]
    values: list[str]
    heading: str = ""
    time_heading: str = ""
    unit: str = ""
    decimal: str = "."
    ends: bool | None = None
    zone: str | None = None
    counter: bool | None = None
    changes: bool = False
    doubts: list[str] = field(default_factory=list)


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names in quotes, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


def one_of(found: Sequence[str], name: str, wanted: str | None) -> str:
    """The entity that is meant. Raises ConfigurationError where there are several and its owner named none of them."""
    entities = sorted(set(found))
    if wanted is not None and wanted in entities:
        return wanted
    if wanted is not None or len(entities) != 1:
        raise ConfigurationError(f"{name}: say which is the household's, with file_column: {', '.join(entities[:12])}")
    return entities[0]
