"""What was worked out ahead and still holds.

A window is speculation: where somebody's supply changes it is cut, and the steps behind the cut are asked for again. Most
devices would say the same again. These two keep what a device said, and work out only what is new; the numbers are those
that the device gives when asked for the whole at once, because two spans in a row give the same as one.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from virtual_devices.kit.device import Consumes
from virtual_devices.kit.settings import Settings
from virtual_devices.kit.window import MAX_STEPS, Span

AHEAD = MAX_STEPS
"""Most steps that are worked out before anybody needs them."""
Inputs = Mapping[str, Mapping[str, Sequence[int]]]
"""Conditions of partners, by the setting that names the partner, then by field."""
SupplyRuns = Sequence[tuple[int, bool]]
"""Run-length: steps, and whether a load is supplied in them."""
Columns = dict[str, "array[int]"]
"""64-bit integers by name: cheap to slice, and numpy reads them without looking at each."""
Work = Callable[[Span, Inputs], Mapping[str, Sequence[int]]]
"""Columns of a span by conditions over it."""


def sliced(inputs: Inputs, first: int, steps: int) -> Inputs:
    """The inputs of ``steps`` steps from step ``first``; columns that are just that are not copied."""
    return {
        key: {
            name: column if first == 0 and len(column) == steps else column[first : first + steps]
            for name, column in fields.items()
        }
        for key, fields in inputs.items()
    }


def covered(inputs: Inputs, steps: int) -> int:
    """Steps that all inputs cover, at most ``steps``."""
    return min([steps, *(len(column) for fields in inputs.values() for column in fields.values())])


def agree(known: Inputs, first: int, inputs: Inputs, steps: int) -> bool:
    """Whether ``steps`` steps of ``known`` from step ``first`` on are those that ``inputs`` begin with."""
    if known.keys() != inputs.keys():
        return False
    return all(
        fields.keys() == known[key].keys()
        and all(known[key][name][first : first + steps] == column[:steps] for name, column in fields.items())
        for key, fields in inputs.items()
    )


def follows(known: Span, span: Span) -> bool:
    """Whether ``span`` begins with a step of ``known``."""
    offset = span.start - known.start
    return span.step == known.step and 0 <= offset < known.steps * known.step and offset % span.step == 0


@dataclass(frozen=True, slots=True)
class _Kept:
    settings: Settings
    span: Span
    inputs: Inputs
    columns: Columns


class Foresight:
    """Columns of a pure function of settings, time and inputs."""

    def __init__(self) -> None:
        self._kept: _Kept | None = None

    def over(self, settings: Settings, span: Span, inputs: Inputs, work: Work, reach: int = AHEAD) -> Columns:
        """Columns from a span's start on, as far as they are known, and at least to its end.

        inputs: at least as long as the span.  work: gives the columns of a part of it; as one call costs about as much
        for many steps as for few, it is asked as far ahead as the inputs go, ``reach`` steps at most.
        """
        far = max(span.steps, covered(inputs, reach))
        inputs = sliced(inputs, 0, far)
        kept = self._kept
        if kept is not None and kept.settings is settings and follows(kept.span, span):
            first = (span.start - kept.span.start) // span.step
            have = min(kept.span.steps - first, far)
            if agree(kept.inputs, first, inputs, have):
                columns = {name: column[first : first + have] for name, column in kept.columns.items()}
                if have >= span.steps:
                    return columns
                more = work(span.part(have, far - have), sliced(inputs, have, far - have))
                for name, column in columns.items():
                    column.extend(more[name])
                self._kept = _Kept(settings, span.part(0, far), inputs, columns)
                return columns
        columns = {name: array("q", column) for name, column in work(span.part(0, far), inputs).items()}
        self._kept = _Kept(settings, span.part(0, far), inputs, columns)
        return columns


@dataclass(slots=True)
class _Piece:
    """A part of a course, supplied throughout or cut off throughout. state: before its first step."""

    span: Span
    state: Any
    inputs: Inputs
    supplied: bool
    power: list[int]


class Course:
    """What a load will draw if it is supplied as assumed, and the state that it is in on the way.

    The state between two pieces is worked out only when somebody asks for it.
    """

    def __init__(self, device: Consumes[Any, Any, Any], state: Any) -> None:
        self._device = device
        self._pieces: list[_Piece] = []
        self._done = 0  # steps of the first piece that are past
        self._end = state  # after the last piece
        self._settings: Settings | None = None

    @property
    def state(self) -> Any:
        """The state now, before the first step that is not past."""
        if self._pieces and self._done:
            piece, done = self._pieces[0], self._done
            rest = piece.span.steps - done
            _, piece.state = self._draw(piece.state, piece.span.part(0, done), sliced(piece.inputs, 0, done), piece.supplied)
            piece.span, piece.inputs, piece.power = piece.span.part(done, rest), sliced(piece.inputs, done, rest), piece.power[done:]
            self._done = 0
        return self._pieces[0].state if self._pieces else self._end

    def over(self, settings: Settings, span: Span, inputs: Inputs, runs: SupplyRuns) -> list[int]:
        """Demand in mW per step of a span that begins now. inputs: exactly as long as the span.  runs: (steps, supplied) over it."""
        self._drop(settings, span, inputs, runs)
        power: list[int] = []
        begin = self._done
        for piece in self._pieces:
            power += piece.power[begin : begin + span.steps - len(power)]
            begin = 0
        end = 0
        for count, on in runs:
            first, end = max(end, len(power)), end + count
            if first < end:
                part, known, state = span.part(first, end - first), sliced(inputs, first, end - first), self._end
                more, self._end = self._draw(state, part, known, on)
                self._pieces.append(_Piece(part, state, known, on, more))
                power = power + more if power else more
        return power

    def advance(self, steps: int) -> None:
        """So many of the steps that were asked for are past."""
        self._done += steps
        while self._pieces and self._done >= self._pieces[0].span.steps:
            self._done -= self._pieces.pop(0).span.steps

    def _draw(self, state: Any, span: Span, inputs: Inputs, supplied: bool) -> tuple[list[int], Any]:  # noqa: FBT001
        return self._device.draw(self._settings, state, span, inputs, supplied)

    def _drop(self, settings: Settings, span: Span, inputs: Inputs, runs: SupplyRuns) -> None:
        """Forget the pieces from the first on that does not hold any more."""
        holds = self._holding(span, inputs, runs) if settings is self._settings else 0
        if holds < len(self._pieces) or settings is not self._settings:
            self._end = self._pieces[holds].state if holds else self.state
            del self._pieces[holds:]
            if not holds:
                self._done = 0
            self._settings = settings

    def _holding(self, span: Span, inputs: Inputs, runs: SupplyRuns) -> int:
        """How many of the pieces hold."""
        if not self._pieces:
            return 0
        first = self._pieces[0].span
        if span.step != first.step or span.start != first.start + self._done * first.step:
            return 0
        begin, seen = self._done, 0
        for number, piece in enumerate(self._pieces):
            steps = min(piece.span.steps - begin, span.steps - seen)
            if not steps:
                break
            if any(on != piece.supplied for on in _during(runs, seen, seen + steps)):
                return number
            if not agree(piece.inputs, begin, sliced(inputs, seen, steps), steps):
                return number
            seen, begin = seen + steps, 0
        return len(self._pieces)


def _during(runs: SupplyRuns, first: int, last: int) -> Iterator[bool]:
    """Whether it is supplied in the runs that touch steps ``first`` … ``last`` − 1."""
    end = 0
    for count, on in runs:
        begin, end = end, end + count
        if begin < last and end > first:
            yield on
