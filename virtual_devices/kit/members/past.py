"""What a device tells of its past: a row for each quarter of an hour, of what the ledger does not know.

Quarters are those of ``virtual_devices.kit.ledger.quarters``: a step belongs to the one in which it starts. A row covers the steps that
its device took part in and has settled. It tells three sorts of things:

    columns   what was a number in each step: sum, lowest, highest and last, in the column's own integers
    seconds   how long something held
    last      readings when the last of the steps had ended, in thousandths of their unit (money and prices: millionths)

A column or a time that is not named was zero in every step; a reading that is not named was unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeVar

from virtual_devices.kit.device import Device
from virtual_devices.kit.forms.changes import readings_of
from virtual_devices.kit.ledger.quarters import QUARTER, parts_of
from virtual_devices.kit.ledger.series import Tally, together
from virtual_devices.kit.window import Span

if TYPE_CHECKING:
    from virtual_devices.kit.device import AnyDevice

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PastQuarter:
    """A row. start: UTC seconds, a multiple of 900.  step: s.  steps: how many it covers."""

    start: int
    step: int
    steps: int
    columns: Mapping[str, Tally] = field(default_factory=dict)
    seconds: Mapping[str, int] = field(default_factory=dict)
    last: Mapping[str, int] = field(default_factory=dict)

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


@dataclass(slots=True)
class Past:
    """Collects the rows of one device, from what it settles, in order.

    open: the quarter that is not over, as far as it is known, without readings; None between two.  Whoever goes on from it, in this process
    or another, gets the same rows.
    """

    open: PastQuarter | None = None
    _over: list[PastQuarter] = field(default_factory=list)

    def add(
        self,
        span: Span,
        columns: Mapping[str, Sequence[int]] | None = None,
        held: Mapping[str, Sequence[int]] | None = None,
        lasts: Sequence[Mapping[str, int]] = (),
    ) -> None:
        """Take settled steps. columns: an integer for each.  held: 1 or 0 for each, which is counted in seconds.

        lasts: readings at the end of each quarter that ends in the span, oldest first; none at all where there are no readings. A quarter is
        over when the last step that can start in it was added, or one that starts later: then it covers fewer steps.
        """
        parts = parts_of(span)
        if self.open is not None and (self.open.start, self.open.step) != (next(iter(parts), 0), span.step):
            self.end({})
        tallies = [_tallies(name, column, parts.values()) for name, column in (columns or {}).items() if any(column)]
        seconds = [_seconds(name, column, parts.values(), span.step) for name, column in (held or {}).items() if any(column)]
        readings = iter(lasts)
        for start, part, its_tallies, its_seconds in zip(parts, parts.values(), _by_part(tallies), _by_part(seconds), strict=False):
            steps, is_over = part.stop - part.start, span.start + part.stop * span.step >= start + QUARTER
            row = PastQuarter(start, span.step, steps, dict(its_tallies), dict(its_seconds), next(readings, {}) if is_over else {})
            row = row if self.open is None else _joined(self.open, row)
            if is_over:
                self._over.append(row)
            self.open = None if is_over else row

    def is_behind(self, time: int) -> bool:
        """Whether a quarter is open that has no step from a time on any more."""
        return self.open is not None and time >= self.open.start + QUARTER

    def end(self, last: Mapping[str, int]) -> None:
        """The open quarter is over, with the steps that it has. last: readings after the last of them."""
        if self.open is not None:
            self._over.append(replace(self.open, last=last))
            self.open = None

    def take(self) -> list[PastQuarter]:
        """The quarters that are over since the last call, oldest first."""
        over, self._over = self._over, []
        return over


@dataclass(frozen=True, slots=True)
class Standing:
    """The readings of a kind that may be told.

    parts: of every number, how many make its unit.  usual: those that are told of a ``report``.  own: the kind says itself which are.
    """

    parts: Mapping[str, int]
    usual: tuple[str, ...]
    own: bool

    def whole(self, values: Mapping[str, float | None]) -> dict[str, int]:
        """Readings as whole parts; what is unknown is left out."""
        return {name: round(value * self.parts[name]) for name, value in values.items() if value is not None}


@lru_cache(maxsize=64)
def standing_of(device_class: type[AnyDevice]) -> Standing | None:
    """What devices of a kind tell as it stands; None where they have nothing of their own to tell."""
    numbers = [reading for reading in readings_of(device_class) if reading.type == "number"]
    reported = device_class.telemetry_type.__dataclass_fields__
    usual = tuple(item.name for item in numbers if item.name in reported and not (item.detail or item.day or item.month))
    own = device_class.standing is not Device.standing
    parts = {item.name: item.quantity.parts if item.quantity is not None else 1000 for item in numbers}
    return Standing(parts, usual, own) if usual or own else None


def _tallies(name: str, column: Sequence[int], parts: Iterable[slice]) -> list[tuple[str, Tally] | None]:
    """Of each part of a column; None where it is zero."""
    return [(name, _tally(steps)) if any(steps := column[part]) else None for part in parts]


def _tally(steps: Sequence[int]) -> Tally:
    ordered = sorted(steps)  # sooner than min() and max()
    return tuple.__new__(Tally, (sum(ordered), ordered[0], ordered[-1], steps[-1]))  # in half the time of Tally()


def _seconds(name: str, column: Sequence[int], parts: Iterable[slice], step: int) -> list[tuple[str, int] | None]:
    """For how long it holds in each part; None where it does not."""
    if all(column):
        return [(name, (part.stop - part.start) * step) for part in parts]
    return [(name, count * step) if (count := sum(column[part])) else None for part in parts]


def _by_part(named: list[list[tuple[str, T] | None]]) -> Iterable[Iterable[tuple[str, T]]]:
    """What is known by name and then by part, by part."""
    return (filter(None, each) for each in zip(*named, strict=True)) if named else repeat(())


def _joined(one: PastQuarter, other: PastQuarter) -> PastQuarter:
    """A quarter and more steps of it."""
    seconds = {name: one.seconds.get(name, 0) + other.seconds.get(name, 0) for name in (*one.seconds, *(other.seconds.keys() - one.seconds.keys()))}
    return PastQuarter(one.start, one.step, one.steps + other.steps, together(one.columns, other.columns), seconds, other.last)
