"""What happened in a home beside what flowed: commands, refusals, outages, trips, decisions, who came and went.

Which they are, and how they are heard, is in ``hearing``. What comes from the bus is anybody's word: it is cut here to what a row may
take, and what cannot be printed becomes a question mark.
"""

from __future__ import annotations

import math
import sqlite3
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from virtual_devices.edge.murmur import printable, shortened
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.names import MAX_NAME

COMMAND, REFUSAL, OUTAGE, GRID_BACK, TRIP, TRIP_OVER, DECISION, CAME, WENT = KINDS = (
    "command", "refusal", "outage", "grid back", "trip", "trip over", "decision", "came", "went",
)  # fmt: skip
LONGEST = 2000
"""Bytes of what a happening says, as JSON text."""
HELD_MOST = 10_000
"""Happenings that wait for the disk, at most; of more the oldest are given up."""
_CUTS = ((1000, 100), (300, 40), (100, 15), (30, 5), (10, 2))
"""Characters of a text and entries of an object or a list that are kept, from what is hardly ever too long to what never is."""
_NESTED = 2
"""Objects within objects that are kept as such; what is nested deeper is told in a word."""
_WIDEST = 2**63

Row = tuple[int, str, str, str]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened. time: simulated UTC seconds.  device: whose it is.  kind: one of ``KINDS``.  what: plain JSON values."""

    time: int
    device: str
    kind: str
    what: Mapping[str, Any]


class HappeningBook:
    """Takes happenings, and writes them within the transactions of whoever calls.

    What the file has already, to the last letter, is there once: a home that goes on from an earlier moment says some of it again.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: deque[tuple[int, Row]] = deque(maxlen=HELD_MOST)
        """By the window that they are of; 0 for those that are said whether it counts or not."""

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, happening: Happening, seq: int = 0) -> None:
        """Keep it for the next transaction in which its window is written, or was; seq: 0 for one that waits for none."""
        device, kind = printable(happening.device[:MAX_NAME]), printable(happening.kind[:MAX_NAME])
        what = orjson.dumps(cut(happening.what), option=orjson.OPT_SORT_KEYS).decode()  # of the same the same text
        self._waiting.append((seq, (happening.time, device, kind, what)))

    def write(self, upto: int | None = None) -> None:
        """Write those of windows up to a seq (None: all); they wait until ``forget``."""
        rows = [row for seq, row in self._waiting if upto is None or seq <= upto]
        if rows:
            self._connection.executemany("INSERT OR IGNORE INTO happenings (time, device, kind, what) VALUES (?, ?, ?, ?)", rows)

    def forget(self, upto: int | None = None) -> None:
        """They are in the file: the transaction has held."""
        if self._waiting:
            self._waiting = deque([item for item in self._waiting if upto is not None and item[0] > upto], HELD_MOST)


def cut(what: Mapping[str, Any]) -> dict[str, Any]:
    """What a happening says, in plain values, shortened in words until it is ``LONGEST`` bytes of JSON text at most."""
    for longest, most in _CUTS:
        found = _object(what, longest, most, _NESTED)
        if len(orjson.dumps(found)) <= LONGEST:
            break
    return found


def _object(value: Mapping[str, Any], longest: int, most: int, depth: int) -> dict[str, Any]:
    names = list(value)
    found = {_text(name, longest): _plain(value[name], longest, most, depth - 1) for name in names[:most]}
    return found | {"…": f"and {len(names) - most} more"} if len(names) > most else found


def _plain(value: Any, longest: int, most: int, depth: int) -> Any:
    """A value that JSON and SQLite take, whatever it was."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -_WIDEST <= value < _WIDEST else "a number beyond all bounds"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return _object(value, longest, most, depth) if depth else f"an object of {len(value)}"
    if isinstance(value, (list, tuple)):
        return _list(value, longest, most, depth) if depth else f"a list of {len(value)}"
    return _text(value, longest)


def _list(value: list[Any] | tuple[Any, ...], longest: int, most: int, depth: int) -> list[Any]:
    found = [_plain(item, longest, most, depth - 1) for item in value[:most]]
    return [*found, f"… and {len(value) - most} more"] if len(value) > most else found


def _text(value: Any, longest: int) -> str:
    return printable(shortened(value if isinstance(value, str) else type(value).__name__, longest))


def happenings(
    connection: sqlite3.Connection, start: int, end: int, kinds: Collection[str] | None = None, device: str | None = None
) -> Iterator[Happening]:
    """What happened from ``start`` until before ``end`` (simulated UTC seconds), in order of time. kinds, device: those only; None: all.

    Raises ConfigurationError for a row that is none of ours.
    """
    query, values = "SELECT time, device, kind, what FROM happenings WHERE time >= ? AND time < ?", [start, end]
    return _found(connection, *_narrowed(query, values, kinds, device), "ORDER BY time, id")


def last_happenings(connection: sqlite3.Connection, kinds: Collection[str]) -> list[Happening]:
    """Of each device the last one of some kinds."""
    query, values = _narrowed("SELECT time, device, kind, what, id FROM happenings WHERE true", [], kinds, None)
    newest = f"SELECT *, row_number() OVER (PARTITION BY device ORDER BY time DESC, id DESC) AS place FROM ({query})"  # noqa: S608 - no value in it
    return list(_found(connection, f"SELECT time, device, kind, what FROM ({newest}) WHERE place = 1", values, "ORDER BY device"))  # noqa: S608


def _narrowed(query: str, values: list[Any], kinds: Collection[str] | None, device: str | None) -> tuple[str, list[Any]]:
    if kinds is not None:
        query, values = f"{query} AND kind IN ({', '.join('?' * len(kinds))})", [*values, *kinds]
    return (query, values) if device is None else (f"{query} AND device = ?", [*values, device])


def _found(connection: sqlite3.Connection, query: str, values: list[Any], order: str) -> Iterator[Happening]:
    for time, device, kind, what in connection.execute(f"{query} {order}", values):
        try:
            said = orjson.loads(what)
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict):
            raise ConfigurationError(f"the record is damaged: what happened at {time} cannot be read")
        yield Happening(time, device, kind, said)
