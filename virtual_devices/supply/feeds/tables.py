"""Outages as a table: one in a line, with its start and end, of one area or several."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from virtual_devices.kit.calendar import Calendar, calendar
from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.stamps import moment
from virtual_devices.kit.tables import SEPARATORS, Row, read_table
from virtual_devices.supply._planned import Planned
from virtual_devices.supply.feeds.events import Found, listed, written
from virtual_devices.supply.feeds.foretold import BROKEN, planned
from virtual_devices.supply.feeds.groups import one

_NAMES = {
    "start": "start starts begin from start_time start_date start_datetime dtstart off switched_off outage_start",
    "end": "end ends until to end_time end_date end_datetime dtend finish finsh finish_time finsh_time on restored switched_on outage_end",
    "date": "date day",
    "stage": "stage",
    "area": "area area_name group municipality suburb zone region",
    "summary": "summary title note description subject reason",
    "status": "status", "type": "type",
}  # fmt: skip
_WORDS = {word: name for name, words in _NAMES.items() for word in words.split()}
_LEFT_ALONE = frozenset(["source", "id", "uid", "url", "link", "created", "updated"])
_ALIKE = 0.7
FORM = "start,end or start,end,stage, such as 2026-06-02 16:00,2026-06-02 18:30,4"
_AREA_TABLE = frozenset(("date_of_month", "day_of_week", "day_of_month", "day_of_cycle"))


def is_table(text: str) -> bool:
    """Whether a text begins as a table does."""
    first = text.lstrip("\ufeff").strip().partition("\n")[0]
    return not first.upper().startswith("BEGIN:") and any(mark in first for mark in SEPARATORS)


def read_outage_table(text: str, name: str, zone: str, *, every: bool = False, area: str | None = None) -> Planned:
    """The outages of a table. every: those that are only possible count.  area: whose.  Raises ConfigurationError with file, line and remedy."""
    local = calendar(zone)
    table = read_table(text, name, lambda cells: any(_has_digit(cell) for cell in cells))
    keys, unknown = _keys(table.heading, name, table.rows[0][0] - 1 if table.rows else 1)
    rows = table.rows
    if "area" in keys:
        place = keys.index("area")
        areas = {cells[place] for _, cells in rows if place < len(cells)}
        chosen = one(areas, name, area)
        rows = [row for row in rows if place < len(row[1]) and row[1][place] == chosen]
    return planned(list(_found(rows, keys, local, name)), name, zone, [f"the column {word!r} is not understood and left alone" for word in unknown], every=every)


def _has_digit(cell: str) -> bool:
    return any(char.isdigit() for char in cell) and (":" in cell or moment(cell) is not None)


def _keys(heading: Sequence[str], name: str, line: int) -> tuple[list[str], list[str]]:
    """What each column is, and those that are not understood. Raises ConfigurationError."""
    words = [cell.strip().casefold().replace(" ", "_") for cell in heading]
    if _AREA_TABLE & set(words):
        raise ConfigurationError(f"{name}: it is an area's table of stages; make a calendar of it: outages compile {name} --stages STAGES.csv")
    keys = [_WORDS.get(word, "") for word in words]
    for needed in ("start", "end"):
        if keys.count(needed) != 1:
            raise ConfigurationError(f"{name}:{line}: the heading has {'no' if needed not in keys else 'more than one'} {needed}; write {FORM}")
    unknown = [cell for cell, word, key in zip(heading, words, keys, strict=True) if not key and word not in _LEFT_ALONE]
    for cell in unknown:
        if near := difflib.get_close_matches(cell.casefold(), [word for word, key in _WORDS.items() if key not in keys], 1, _ALIKE):
            raise ConfigurationError(f"{name}:{line}: the column {shown(cell)} is not understood; did you mean {near[0]!r}?")
    return keys, unknown


def _found(rows: Sequence[Row], keys: Sequence[str], local: Calendar, name: str) -> Iterator[Found]:
    for line, cells in rows:
        event = {key: cell for key, cell in zip(keys, cells, strict=False) if key and cell}
        try:
            times = {key: written(_with_day(event.get("date", ""), event[key]), local) for key in ("start", "end")}
            if "date" in event and times["end"] <= times["start"]:
                raise ConfigurationError(f"{name}:{line}: it does not end after it starts; write the day into both times")
            yield from listed([{**event, **times}], local)
        except BROKEN as error:
            raise ConfigurationError(f"{name}:{line}: {' '.join(str(error).split())[:160]}; write {FORM}") from None


def _with_day(day: str, cell: str) -> str:
    """A time with its day, where that stands in a column of its own."""
    return f"{day} {cell}" if day and not any(mark in cell for mark in "-./") else cell
