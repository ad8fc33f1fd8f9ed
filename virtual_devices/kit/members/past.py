"""What a device tells of its past: a row for each quarter of an hour, of what the ledger does not know.

Quarters are those of ``virtual_devices.kit.ledger.quarters``: a step belongs to the one in which it starts. A row covers the steps that
its device took part in and has settled. It tells three sorts of things:

    columns   what was a number in each step: sum, lowest, highest and last, in the column's own integers
    seconds   how long something held
    last      readings when the last of the steps had ended, in millionths of their unit

A column or a time that is not named was zero in every step; a reading that is not named was unknown. A long window ends many quarters at
once, so rows are made, told and kept together, column by column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from virtual_devices.kit.device import Device
from virtual_devices.kit.forms.changes import readings_of
from virtual_devices.kit.ledger.quarters import QUARTER, parts_of
from virtual_devices.kit.ledger.series import Tally, together
from virtual_devices.kit.window import Span

if TYPE_CHECKING:
    from virtual_devices.kit.device import AnyDevice

Runs = Sequence[tuple[int, bool]]
"""For how many steps something held, or did not, one after the other."""
PARTS = 1_000_000
"""Of the unit of a reading."""


@dataclass(frozen=True, slots=True)
class PastQuarter:
    """A row. start: UTC seconds, a multiple of 900.  step: s.  steps: how many it covers."""

    start: int
    step: int
    steps: int
    columns: Mapping[str, Tally] = field(default_factory=dict)
    seconds: Mapping[str, int] = field(default_factory=dict)
    last: Mapping[str, int] = field(default_factory=dict)

    def holds(self, span: Span) -> bool:
        """Whether it is not over with the steps of a span either, which all belong to it."""
        return span.step == self.step and self.start <= span.start and span.end < self.start + QUARTER

    def json(self) -> dict[str, Any]:
        """JSON-ready; what is empty is left out."""
        columns = {name: list(tally) for name, tally in self.columns.items()}
        named = {"columns": columns, "seconds": self.seconds, "last": self.last}
        return {"start": self.start, "step": self.step, "steps": self.steps} | {key: value for key, value in named.items() if value}

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> PastQuarter:
        """Of its JSON form. Raises KeyError, TypeError, ValueError or AttributeError for what is none."""
        columns = {str(name): Tally(*map(int, tally)) for name, tally in content.get("columns", {}).items()}
        seconds, last = ({str(name): int(value) for name, value in content.get(key, {}).items()} for key in ("seconds", "last"))
        return cls(int(content["start"]), int(content["step"]), int(content["steps"]), columns, seconds, last)


class TallyColumns(NamedTuple):
    """The tallies of a column, one for each row."""

    sums: list[int]
    lows: list[int]
    highs: list[int]
    lasts: list[int]


@dataclass(frozen=True, slots=True)
class PastRows:
    """Rows of one length of step, oldest first, column by column: every list has a number for each row.

    A column or a time that is zero in some rows is 0 there, a reading that is unknown is None.
    """

    step: int
    starts: list[int]
    steps: list[int]
    columns: Mapping[str, TallyColumns] = field(default_factory=dict)
    seconds: Mapping[str, list[int]] = field(default_factory=dict)
    last: Mapping[str, list[int | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, row: PastQuarter) -> PastRows:
        """One row."""
        columns = {name: TallyColumns(*([number] for number in tally)) for name, tally in row.columns.items()}
        last: dict[str, list[int | None]] = {name: [value] for name, value in row.last.items()}
        return cls(row.step, [row.start], [row.steps], columns, {name: [value] for name, value in row.seconds.items()}, last)

    def quarters(self) -> list[PastQuarter]:
        """The rows one by one."""
        return [self.row(number) for number in range(len(self.starts))]

    def row(self, number: int) -> PastQuarter:
        """One of the rows, counted from 0."""
        columns = {name: tally for name, swings in self.columns.items() if any(tally := Tally(*(each[number] for each in swings)))}
        seconds = {name: values[number] for name, values in self.seconds.items() if values[number]}
        last = {name: value for name, values in self.last.items() if (value := values[number]) is not None}
        return PastQuarter(self.starts[number], self.step, self.steps[number], columns, seconds, last)

    def part(self, begin: int, end: int) -> PastRows:
        """The rows from one number to before another; names that are nothing in all of them may be there."""
        if (begin, end) == (0, len(self.starts)):
            return self
        columns = {name: TallyColumns(*(each[begin:end] for each in swings)) for name, swings in self.columns.items()}
        seconds = {name: values[begin:end] for name, values in self.seconds.items()}
        last = {name: values[begin:end] for name, values in self.last.items()}
        return PastRows(self.step, self.starts[begin:end], self.steps[begin:end], columns, seconds, last)


def joined(rows: Sequence[PastRows]) -> list[PastRows]:
    """Rows in fewer pieces, in this order: one piece wherever the length of a step does not change."""
    return [_one_of(list(group)) for _, group in groupby(rows, key=attrgetter("step"))]


def _one_of(rows: list[PastRows]) -> PastRows:
    if len(rows) == 1:
        return rows[0]
    columns, seconds, last = dict[str, TallyColumns](), dict[str, list[int]](), dict[str, list[int | None]]()
    zeros = [[0] * len(each.starts) for each in rows]
    for name in dict.fromkeys(name for each in rows for name in each.columns):
        parts = [each.columns.get(name) or (zero,) * 4 for each, zero in zip(rows, zeros, strict=True)]
        columns[name] = TallyColumns(*([number for part in parts for number in part[which]] for which in range(4)))
    for name in dict.fromkeys(name for each in rows for name in each.seconds):
        seconds[name] = [number for each, zero in zip(rows, zeros, strict=True) for number in each.seconds.get(name, zero)]
    for name in dict.fromkeys(name for each in rows for name in each.last):
        last[name] = [number for each in rows for number in each.last.get(name) or [None] * len(each.starts)]
    starts, steps = [start for each in rows for start in each.starts], [count for each in rows for count in each.steps]
    return PastRows(rows[0].step, starts, steps, columns, seconds, last)


@dataclass(slots=True)
class Past:
    """Collects the rows of one device, from what it settles, in order.

    open: the quarter that is not over, as far as it is known, without readings; None between two.  Whoever goes on from it, in this process
    or another, gets the same rows.
    """

    open: PastQuarter | None = None
    _over: list[PastRows] = field(default_factory=list)

    def add(
        self,
        span: Span,
        columns: Mapping[str, Sequence[int]] | None = None,
        held: Mapping[str, Runs] | None = None,
        lasts: Sequence[Mapping[str, int]] = (),
    ) -> None:
        """Take settled steps. columns: an integer for each.  held: what held in them.

        lasts: readings at the end of each quarter that ends in the span, oldest first; none at all where there are no readings. A quarter is
        over when the last step that can start in it was added, or one that starts later: then it covers fewer steps.
        """
        if self.open is not None and self.open.holds(span) and not lasts:
            self.open = _longer(self.open, span, columns or {}, held or {})
            return
        parts = parts_of(span)
        if self.open is not None and (self.open.start, self.open.step) != (next(iter(parts), 0), span.step):
            self.end({})
        rows = _rows(span, parts, columns or {}, held or {}, lasts)
        count = len(rows.starts)
        over = count - (count > 0 and span.end < rows.starts[-1] + QUARTER)
        begin = 0
        if self.open is not None and count:
            begin, self.open = 1, _both(self.open, rows.row(0))
            if not over:
                return
            self._over.append(PastRows.of(self.open))
        if begin < over:
            self._over.append(rows.part(begin, over))
        self.open = rows.row(over) if over < count else None

    def is_behind(self, time: int) -> bool:
        """Whether a quarter is open that has no step from a time on any more."""
        return self.open is not None and time >= self.open.start + QUARTER

    def end(self, last: Mapping[str, int]) -> None:
        """The open quarter is over, with the steps that it has. last: readings after the last of them."""
        if self.open is not None:
            self._over.append(PastRows.of(replace(self.open, last=last)))
            self.open = None

    def take(self) -> list[PastRows]:
        """The quarters that are over since the last call, oldest first, in as few pieces as may be."""
        over, self._over = self._over, []
        return over if len(over) < 2 else joined(over)  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Standing:
    """The readings of a kind that may be told.

    usual: those that are told of a ``report``.  own: the kind says itself which are.
    """

    usual: tuple[str, ...]
    own: bool


@lru_cache(maxsize=64)
def standing_of(device_class: type[AnyDevice]) -> Standing | None:
    """What devices of a kind tell as it stands; None where they have nothing of their own to tell."""
    numbers = [reading for reading in readings_of(device_class) if reading.type == "number"]
    reported = device_class.telemetry_type.__dataclass_fields__
    usual = tuple(item.name for item in numbers if item.name in reported and not (item.detail or item.day or item.month))
    own = device_class.standing is not Device.standing
    return Standing(usual, own) if usual or own else None


def whole(values: Mapping[str, float | None]) -> dict[str, int]:
    """Readings as whole parts; what is unknown is left out."""
    return {name: round(value * PARTS) for name, value in values.items() if value is not None}


def _rows(
    span: Span, parts: Mapping[int, slice], columns: Mapping[str, Sequence[int]], held: Mapping[str, Runs], lasts: Sequence[Mapping[str, int]]
) -> PastRows:
    """The rows of the quarters that a span has steps of."""
    slices = list(parts.values())
    swings = {name: _swings(column, slices) for name, column in columns.items() if any(column)}
    seconds = {name: _seconds(runs, slices, span.step) for name, runs in held.items() if any(on for _, on in runs)}
    unknown = [None] * (len(slices) - len(lasts))
    last = {name: [*(each.get(name) for each in lasts), *unknown] for name in dict.fromkeys(name for each in lasts for name in each)}
    return PastRows(span.step, list(parts), [part.stop - part.start for part in slices], swings, seconds, last)


def _swings(column: Sequence[int], parts: Iterable[slice]) -> TallyColumns:
    """Of each part of a column."""
    steps = [column[part] for part in parts]
    return TallyColumns(list(map(sum, steps)), list(map(min, steps)), list(map(max, steps)), [each[-1] for each in steps])


def _seconds(runs: Runs, parts: Iterable[slice], step: int) -> list[int]:
    """For how long it holds in each part."""
    if all(on for _, on in runs):
        return [(part.stop - part.start) * step for part in parts]
    column = [on for count, on in runs for on in repeat(on, count)]
    return [sum(column[part]) * step for part in parts]


def _longer(one: PastQuarter, span: Span, columns: Mapping[str, Sequence[int]], held: Mapping[str, Runs]) -> PastQuarter:
    """A quarter and a short window, which most are when time goes step by step: no row is made for that one alone."""
    settled = [slice(0, span.steps)]
    swings = {name: Tally(*(each[0] for each in _swings(column, settled))) for name, column in columns.items() if any(column)}
    seconds = dict(one.seconds)
    for name, runs in held.items():
        if lasted := _seconds(runs, settled, span.step)[0]:
            seconds[name] = seconds.get(name, 0) + lasted
    return PastQuarter(one.start, one.step, one.steps + span.steps, together(one.columns, {name: tally for name, tally in swings.items() if any(tally)}), seconds)


def _both(one: PastQuarter, other: PastQuarter) -> PastQuarter:
    """A quarter and more steps of it."""
    seconds = {name: one.seconds.get(name, 0) + other.seconds.get(name, 0) for name in (*one.seconds, *(other.seconds.keys() - one.seconds.keys()))}
    return PastQuarter(one.start, one.step, one.steps + other.steps, together(one.columns, other.columns), seconds, other.last)
