"""Prices that were published for certain times, as dynamic tariffs have them: JSON, ``[{start, end, value}, …]``."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.supply._zones import FOREVER, HIGHEST, MICRO

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.0+)?([Zz]|[+-]\d\d:\d\d)")
_FORM = '[{"start": "2026-06-22T00:00:00+02:00", "end": "2026-06-22T01:00:00+02:00", "value": 0.2145}, …]'


def _moment(text: Any) -> datetime:
    if not isinstance(text, str) or not _RFC_3339.fullmatch(text):
        raise ValueError("is no time of RFC 3339 in whole seconds; write 2026-06-22T00:00:00+02:00, with its zone")
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise ValueError(f"is no time ({error}); write 2026-06-22T00:00:00+02:00, with its zone") from None


RowTime = Annotated[datetime, BeforeValidator(_moment)]


class _Entry(BaseModel):
    """value: of the currency per kWh, from start until end."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    start: RowTime
    end: RowTime
    value: float = Field(ge=-HIGHEST, le=HIGHEST, strict=True)


_ENTRIES = TypeAdapter(list[_Entry])


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Prices without a gap. starts: UTC seconds, ascending.  prices: millionths of the currency.  end: of the last one."""

    starts: list[int]
    prices: list[int]
    end: int

    def at(self, time: int) -> tuple[int | None, int]:
        """Price at ``time`` (UTC seconds; None: before or after the series), and when it may change next."""
        if time >= self.end:
            return None, FOREVER
        place = bisect_right(self.starts, time)
        return self.prices[place - 1] if place else None, self.starts[place] if place < len(self.starts) else self.end

    def covers(self, time: int) -> bool:
        """Whether it has a price for ``time``."""
        return self.starts[0] <= time < self.end

    def words(self, local: Calendar) -> str:
        """What there is, in local time."""
        return f"{len(self.prices)} prices from {local.local(self.starts[0]):%Y-%m-%d %H:%M} to {local.local(self.end):%Y-%m-%d %H:%M}"


@lru_cache(maxsize=8)
def read_series(text: str, name: str) -> PriceSeries:
    """The series in a file's text. Raises ConfigurationError that names ``name``, the entry (from 0) and the remedy."""
    try:
        entries = _ENTRIES.validate_python(json.loads(text, parse_int=float))  # an endless integer is infinite
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{name}:{error.lineno}: broken JSON ({error.msg}); write {_FORM}") from None
    except RecursionError:
        raise ConfigurationError(f"{name}: nested too deep; write {_FORM}") from None
    except ValidationError as error:
        raise ConfigurationError(f"{name}: {_problem(error)}") from None
    if not entries:
        raise ConfigurationError(f"{name}: has no prices; write {_FORM}")
    for number, entry in enumerate(entries):
        if entry.end <= entry.start:
            raise ConfigurationError(
                f"{name}: entry {number} ends at {entry.end.isoformat()}, not after its start {entry.start.isoformat()}; mend one"
            )
        before = entries[number - 1] if number else None
        if before is not None and entry.start != before.end:
            word, mend = ("a gap", "add what is missing") if entry.start > before.end else (
                "an overlap", "sort the entries and let each begin where the one before ends"
            )
            raise ConfigurationError(
                f"{name}: entry {number} starts at {entry.start.isoformat()}, but entry {number - 1} ends at "
                f"{before.end.isoformat()}: {word}; {mend}"
            )
    starts = [int(entry.start.timestamp()) for entry in entries]
    return PriceSeries(starts, [round(entry.value * MICRO) for entry in entries], int(entries[-1].end.timestamp()))


def _problem(error: ValidationError) -> str:
    """The first problem, with the number of its entry."""
    detail = error.errors(include_url=False)[0]
    place = detail["loc"]
    if not place:
        return f"is no list of prices; write {_FORM}"
    message = str(detail["msg"]).removeprefix("Value error, ")
    if len(place) == 1:
        return f"entry {place[0]} is no price; write {_FORM}"
    if detail["type"] in ("missing", "extra_forbidden"):
        word = "has no" if detail["type"] == "missing" else "does not know"
        return f"entry {place[0]} {word} {shown(place[1])}; an entry has start, end and value"
    if detail["type"] == "value_error":
        return f"entry {place[0]}: {place[1]} {shown(detail['input'])} {message}"
    return f"entry {place[0]}: {place[1]} {shown(detail['input'])} is no price; use a number of {-HIGHEST} to {HIGHEST}"
