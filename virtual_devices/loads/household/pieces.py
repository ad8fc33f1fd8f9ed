"""Powers over time, made of what a file says at times: of powers, of energies of intervals, of readings of a meter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.loads.household.series import Series
from virtual_devices.loads.household.units import COUNTER, UNITS, Unit

MAX_WATTS = 1_000_000.0
MAX_MILLIWATTS = round(MAX_WATTS * 1000)
LATE = 1.5
"""Intervals without a row from which on there is a gap."""
LONGEST_HELD = DAY
"""Seconds for which a value holds at most in a file without regular intervals."""
WATTS = UNITS["w"]


@dataclass(frozen=True, slots=True)
class Piece:
    """From ``start`` until ``end`` (UTC seconds). power: mW; None where nothing was measured.  energy: mJ in a gap of a meter's readings."""

    start: int
    end: int
    power: int | None
    energy: int | None = None


def begins_of(seconds: list[int], usual: int) -> tuple[list[int], int]:
    """Where the intervals begin that end at given times, and where the last one ends. usual: their length (s), 0 where they have none in common."""
    first = usual or (seconds[1] - seconds[0] if len(seconds) > 1 else 3600)
    begins = [seconds[0] - first]
    for before, after in pairwise(seconds):
        begins.append(after - usual if usual and after - before > LATE * usual else before)
    return begins, seconds[-1]


def measured(series: Series, bounds: list[int], values: Sequence[float | None], unit: Unit, usual: int, name: str) -> list[Piece]:
    """Powers, or energies of intervals. bounds: where each row begins, and where the last one ends. Raises ConfigurationError."""
    pieces: list[Piece] = []
    for i, value in enumerate(values):
        start, after = bounds[i], bounds[i + 1]
        longest = LATE * usual if usual else (0 if unit.energy else LONGEST_HELD)
        if unit.energy and not usual and not series.changes:
            problem = "in intervals of different lengths; give it equal ones" if len(values) > 1 else "in a single row, which does not say of how long; add another"
            raise ConfigurationError(f"{name}: it has {unit.name} {problem}, or say file_unit: {unit.name}{COUNTER} if a meter was read")
        end = after if after - start <= longest or len(values) == 1 else start + (usual or 3600)
        power = None if value is None else round(value * unit.factor / ((end - start) if unit.energy else 1))
        if power is not None and power > MAX_MILLIWATTS:
            raise _too_much(name, series.lines[min(i, len(series.lines) - 1)], series.values[min(i, len(series.values) - 1)], unit)
        pieces += [Piece(start, end, power)] + ([Piece(end, after, None)] if end < after else [])
    return _joined(pieces)


def no_power(name: str, line: int, cell: str) -> ConfigurationError:
    """What to say of a cell that is no number from 0 on."""
    written = repr(cell) if len(cell) <= 40 else shown(cell)  # noqa: PLR2004 - characters
    return ConfigurationError(f"{name}, line {line}: {written} is no power; write the second column as a number of 0 to {MAX_WATTS:.0f}, in W")


def _too_much(name: str, line: int, cell: str, unit: Unit) -> ConfigurationError:
    if unit is WATTS:
        return no_power(name, line, cell)
    return ConfigurationError(f"{name}, line {line}: {shown(cell)} {unit.name} is more than {MAX_WATTS:.0f} W; is it another unit? say file_unit")


def metered(seconds: list[int], values: Sequence[float | None], unit: Unit, usual: int, name: str) -> list[Piece]:
    """What a meter counted between its readings. Where it begins anew it has counted from 0. Raises ConfigurationError."""
    known = [(time, value) for time, value in zip(seconds, values, strict=True) if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - a difference
        raise ConfigurationError(f"{name}: a meter that was read once says nothing; add another reading, or say file_unit: {unit.name}")
    pieces: list[Piece] = []
    for (start, before), (end, after) in pairwise(known):
        grown = after - before if after >= before else after
        energy = round(grown * unit.factor)
        power = round(grown * unit.factor / (end - start))
        late = end - start > (LATE * usual if usual else LONGEST_HELD)
        if power > MAX_MILLIWATTS or (after < before and after > before / 2):
            pieces.append(Piece(start, end, None))  # another meter, or a slip
        else:
            pieces.append(Piece(start, end, None, energy) if late else Piece(start, end, power))
    if all(piece.power is None for piece in pieces):
        raise ConfigurationError(
            f"{name}: between readings of a meter that lie days apart nobody knows what was drawn when; read it every hour, or set profile and scale instead of a file"
        )
    if usual and (pieces[-1].end - pieces[0].start + usual) % DAY == 0:  # 24 readings of hours leave the last one open
        pieces.append(Piece(pieces[-1].end, pieces[-1].end + usual, pieces[-1].power))
    return _joined(pieces)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Gaps that touch are one."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if last is not None and last.power is None and piece.power is None and last.energy is None and piece.energy is None:
            found[-1] = Piece(last.start, piece.end, None)
        else:
            found.append(piece)
    while found and found[-1].power is None and found[-1].energy is None:
        found.pop()
    while found and found[0].power is None and found[0].energy is None:
        found.pop(0)
    return found
