"""The series that a record is made of, and what each comes to in some steps.

    energy/<source>><sink>   what an edge moved: the sum
    power/<device>           what a device takes or gives per step: sum, lowest, highest and last step
    unserved/<consumer>      what it needed and did not get: the sum
    curtailed/<producer>     what it could have given and did not: the sum
    stored/<store>           what it holds after each step: lowest, highest and last

All are integers in mJ; a power in W is mJ per step, over the seconds of a step, over 1000. A consumer's power is what it takes. Everybody
else's is what he gives to the home less what he takes from it: that of a battery is negative while it is charged, that of the grid
(``power/grid``, whatever the device is called) while energy is fed in. An inverter's is that of its AC side, a circuit's what it carries.

A series that is not named was zero in every step. Only what is stored is named for as long as its store is there; where it is not named,
there was no store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, compress, repeat
from operator import add, sub
from typing import NamedTuple

from virtual_devices.kit.accounts import GRID, METER, OUTSIDE, PORTS, RESERVED
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.offers import Edge

ENERGY, POWER, UNSERVED, CURTAILED, STORED = "energy/", "power/", "unserved/", "curtailed/", "stored/"
"""What the names of series begin with."""
_AC = frozenset({METER, *PORTS})


class Tally(NamedTuple):
    """What a series came to in some steps, mJ. sum: of all of them.  low, high, last: of single ones.

    Of a series that is only a sum the others are 0, and of what is stored the sum.
    """

    sum: int
    low: int = 0
    high: int = 0
    last: int = 0


_tally = tuple.__new__
"""``_tally(Tally, …)`` is ``Tally(*…)`` in half the time."""
_ZERO = Tally(0)
Tallies = Sequence[Tally | None]
"""A series in each part of a record; None where it is zero, and nothing at all where it is zero in every part."""


def together(first: Mapping[str, Tally], second: Mapping[str, Tally]) -> dict[str, Tally]:
    """The series of some steps and those of later ones as the series of both."""
    found = {}
    for name, one in first.items():
        other = second.get(name)
        if other is None:
            other = one if name.startswith(STORED) else _ZERO
        found[name] = _both(one, other)
    for name in second.keys() - first.keys():
        found[name] = second[name] if name.startswith(STORED) else _both(_ZERO, second[name])
    return found


def _both(one: Tally, other: Tally) -> Tally:
    total, low, high, _ = one
    more, lower, higher, last = other
    # sooner than min() and max()
    return _tally(Tally, (total + more, lower if lower < low else low, higher if higher > high else high, last))  # noqa: FURB136


def series(record: LedgerRecord, parts: Sequence[slice]) -> list[dict[str, Tally]]:
    """Every series of a record, in each of some parts of it, none of which is empty."""
    names = _names(record.edges, tuple(record.demand), tuple(record.available), tuple(record.opening), record.outside)
    energy, columns = record.energy, _Columns(parts)
    powers = {name: net.column(energy) for name, net in names.power.items()}
    found: dict[str, Tallies] = {POWER + name: columns.swings(column) for name, column in powers.items()}
    shared = {id(column): column for column in energy}
    totals = {key: _totals(columns.sums(column)) for key, column in shared.items()}
    for name, column in zip(names.energy, energy, strict=True):
        found[name] = totals[id(column)]
    for kind, could in ((UNSERVED, record.demand), (CURTAILED, record.available)):
        for name, column in could.items():
            found[kind + name] = columns.differences(column, powers[name])
    for name, net in names.stored.items():
        found[STORED + name] = columns.levels(record.opening[name], net.column(energy))
    present = [name for name, tallies in found.items() if tallies]
    by_part = zip(*filter(None, found.values()), strict=True)
    return [dict(compress(zip(present, tallies, strict=True), tallies)) for tallies in by_part] if present else [{} for _ in parts]


@dataclass(slots=True)
class _Columns:
    """Columns, by part. Many series share one, which is looked at once; a column without any steps stands for one of zeros."""

    parts: Sequence[slice]
    _sums: dict[int, tuple[list[int], list[int]]] = field(default_factory=dict)

    def sums(self, column: list[int]) -> list[int]:
        """Of each part; none where all is zero."""
        known = self._sums.get(id(column))  # the pair keeps the column alive, so that its id stays its own
        if known is None:
            sums = [sum(column[part]) for part in self.parts] if any(column) else []
            known = self._sums[id(column)] = (column, sums)
        return known[1]

    def differences(self, column: list[int], less: list[int]) -> Tallies:
        """As a series of sums: what a column has more than another."""
        if column is less:
            return ()
        sums, others = self.sums(column), self.sums(less)
        return _totals(map(sub, sums, others) if others else sums)

    def swings(self, column: list[int]) -> Tallies:
        """As a series of sums, lowest, highest and last steps."""
        if not any(column):
            return ()
        found = [_swing(column[part]) for part in self.parts]
        self._sums[id(column)] = (column, [swing.sum if swing else 0 for swing in found])
        return found

    def levels(self, opening: int, changes: list[int]) -> Tallies:
        """As a series of lowest, highest and last balances."""
        if not any(changes):
            return [Tally(0, opening, opening, opening)] * len(self.parts)
        balances = list(accumulate(changes, initial=opening))[1:]
        return [_level(balances[part]) for part in self.parts]


def _totals(sums: Iterable[int]) -> list[Tally | None]:
    return [_tally(Tally, (total, 0, 0, 0)) if total else None for total in sums]


def _swing(steps: list[int]) -> Tally | None:
    if not any(steps):
        return None
    total, last = sum(steps), steps[-1]
    steps.sort()  # sooner than min() and max()
    return _tally(Tally, (total, steps[0], steps[-1], last))


def _level(steps: list[int]) -> Tally:
    last = steps[-1]
    steps.sort()
    return _tally(Tally, (0, steps[0], steps[-1], last))


# -- which columns a series is made of ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Net:
    """Columns that are added up, and columns that are taken off; each is the number of an edge."""

    plus: list[int]
    minus: list[int]

    def column(self, energy: Sequence[list[int]]) -> list[int]:
        """MJ per step: an edge's own column where no other has anything, and no steps at all where none has."""
        if len(self.plus) == 1 and not self.minus:
            return energy[self.plus[0]]
        column: list[int] = []
        for operator, edges in ((add, self.plus), (sub, self.minus)):
            for edge in edges:
                if any(energy[edge]):
                    simple = not column and operator is add
                    column = energy[edge] if simple else list(map(operator, column or repeat(0), energy[edge]))
        return column


@dataclass(frozen=True, slots=True)
class _Names:
    """The series of all records with the same accounts. energy: names of the edges' series.  power, stored: by device."""

    energy: list[str]
    power: dict[str, _Net]
    stored: dict[str, _Net]


@lru_cache(maxsize=512)
def _names(
    edges: tuple[Edge, ...], consumers: tuple[str, ...], producers: tuple[str, ...], stores: tuple[str, ...], outside: tuple[str, ...]
) -> _Names:
    accounts = {account for edge in edges for account in edge}
    beyond = OUTSIDE.union(outside)
    inside = accounts - beyond

    def given(account: str, to: Collection[str]) -> list[int]:
        return [number for number, (source, sink) in enumerate(edges) if source == account and sink in to]

    def taken(account: str, by_whom: Collection[str]) -> list[int]:
        return [number for number, (source, sink) in enumerate(edges) if sink == account and source in by_whom]

    ends = {*consumers, *producers, *stores}
    power = {name: _Net(taken(name, inside), given(name, inside)) for name in consumers}
    power |= {name: _Net(given(name, inside), taken(name, inside)) for name in (*producers, *stores, *{GRID}.intersection(outside))}
    converting = {source for source, sink in edges if sink in RESERVED}  # a circuit gives to loads and circuits only
    power |= {
        name: _Net(given(name, _AC), taken(name, _AC)) if name in converting else _Net(taken(name, inside), [])
        for name in sorted(inside - RESERVED - ends)
    }
    stored = {name: _Net(taken(name, accounts), given(name, accounts)) for name in stores}
    return _Names([f"{ENERGY}{source}>{sink}" for source, sink in edges], power, stored)
