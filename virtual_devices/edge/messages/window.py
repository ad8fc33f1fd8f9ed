"""What everybody reads in every window: the clock's word, what was settled, and conditions."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from pydantic import ConfigDict, Field

from virtual_devices.edge.messages.base import Message, Name, Names, Run, Seq, SpanForm, Thousandths, Time
from virtual_devices.edge.messages.once import ReadOnce
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.ahead import Columns
from virtual_devices.kit.members.forecast import Foretold
from virtual_devices.kit.members.settlement import Settlement
from virtual_devices.kit.window import MAX_STEPS, Span, Window, after_cut

MAX_FIELDS = 50
"""Most conditions that one device gives."""
GridTimes = Annotated[list[tuple[Time, bool]], Field(max_length=2 * MAX_STEPS)]

Circuits = Annotated[dict[Name, Name], Field(max_length=500)]


class SettlementHead(Message):
    """What everybody reads of a settlement. cut: fewer steps were settled than were asked for.

    foretold: when the grid will come or go (simulated time, and whether it is there from then on).  circuits: where each circuit hangs.
    """

    model_config = ConfigDict(extra="ignore")

    run: Run
    seq: Seq
    span: SpanForm
    cut: bool = False
    foretold: GridTimes = Field(default_factory=list)
    circuits: Circuits = Field(default_factory=dict)

    def settled(self) -> Settled:
        """As those have it who go by it."""
        return Settled(self.run, self.seq, self.span.to_kit(), self.cut, self.foretold, self.circuits)


@dataclass(frozen=True, slots=True)
class Settled:
    """The same, read: see ``SettlementHead``."""

    run: str
    seq: int
    span: Span
    cut: bool
    foretold: list[tuple[int, bool]]
    circuits: dict[str, str]


class WindowHead(Message):
    """What everybody reads of a window; the clock's checkpoint is left to the clock.

    after: the seq that was settled before it.  more: windows that may follow this one without another word of the clock.  until:
    simulated time at which they end.  settled: the last settled seq, where the clock says the window again later.  settler: the
    device whose settlement and ledger count, and nobody else's; a clock of before named none, then anybody's did.
    """

    model_config = ConfigDict(extra="ignore")

    run: Run
    seq: Annotated[int, Field(ge=1, le=2**53)]
    span: SpanForm
    members: Names
    observers: Names
    after: Seq
    more: Annotated[int, Field(ge=0, le=1000)] = 0
    until: Time | None = None
    settled: Seq = 0
    settler: Name | None = None

    @property
    def last(self) -> int:
        """The last seq that the clock knew to be settled."""
        return max(self.after, self.settled)

    @property
    def reach(self) -> int:
        """The last seq that may be settled without another word of the clock."""
        return self.seq + self.more

    def or_later(self, known: WindowHead | None) -> WindowHead:
        """This one, unless ``known`` is the same window and more of it is said to be settled."""
        same = known is not None and (known.run, known.seq) == (self.run, self.seq)
        return known if known is not None and same and known.settled > self.settled else self

    def following(self, settled: Settled | Settlement | None) -> OpenWindow | None:
        """The window that is open after a settlement: this one, one of those that may follow it, or None."""
        if settled is None or settled.run != self.run or settled.seq < self.seq:
            return OpenWindow(self.run, self.seq, self.span.to_kit(), self.members, self.observers, self.after)
        span = settled.span
        begin, steps = span.start + span.step * span.steps, after_cut(self.span.steps, span.steps, cut=settled.cut)
        if self.until is not None:
            steps = min(steps, -(-(self.until - begin) // span.step))
        if settled.seq + 1 > self.reach or steps < 1:
            return None
        return OpenWindow(self.run, settled.seq + 1, Span(begin, span.step, steps), self.members, self.observers, settled.seq)


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """The window that is open: as it was asked for, or one that follows it."""

    run: str
    seq: int
    span: Span
    members: list[str]
    observers: list[str]
    after: int

    def to_kit(self, settled: Settled | None = None) -> Window:
        """As the kit's Window. settled: the settlement that it follows."""
        foretold = () if settled is None else tuple(settled.foretold)
        return Window(self.run, self.seq, self.span, tuple(self.members), self.after, foretold)


class WindowMessage(WindowHead):
    """A window. members propose, observers give conditions; ``after`` is the last settled seq.

    checkpoint: of the clock.
    """

    model_config = ConfigDict(extra="forbid")

    checkpoint: dict[str, Any]


class ConditionsMessage(Message):
    """Conditions per step, integers in thousandths of their unit; they may cover fewer steps than the window.

    checkpoint: all that the device needs to go on from here alone.
    """

    run: Run
    seq: Seq
    values: Annotated[dict[Name, Thousandths], Field(max_length=MAX_FIELDS)]
    checkpoint: dict[str, Any]


class AheadMessage(Message):
    """What will be given in each step of days to come, in thousandths of its unit, if nobody sets anything else.

    error: how far it may be off, as a part of the power that comes of it.
    """

    run: Run
    span: SpanForm
    error: Annotated[float, Field(ge=0, le=10)]
    values: Annotated[dict[Name, Thousandths], Field(max_length=MAX_FIELDS)]

    def to_kit(self) -> Foretold:
        """What a producer says, as the kit has it."""
        return Foretold(self.span.to_kit(), self.error, self.values["power"])


@dataclass(frozen=True, slots=True)
class ConditionColumns:
    """What others read of conditions; the device's checkpoint is left to the device."""

    run: str
    seq: int
    values: Columns


def _given(payload: bytes) -> ConditionColumns:
    """Long columns go straight into 64-bit integers, which takes a third of the time that a model takes."""
    try:
        content = orjson.loads(payload)
        run, seq, values = content["run"], content["seq"], content["values"]
        columns = {name: array("q", column) for name, column in values.items()}
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, OverflowError):
        raise ProtocolError("not a conditions message: it needs run, seq, and values of whole numbers by name") from None
    if type(run) is not str or type(seq) is not int:  # True is no seq
        raise ProtocolError("not a conditions message: run is a text, seq a whole number")
    lengths = {len(column) for column in columns.values()}
    if len(columns) > MAX_FIELDS or len(lengths) > 1 or not all(1 <= length <= MAX_STEPS for length in lengths):
        raise ProtocolError(f"not a conditions message: it has more than {MAX_FIELDS} values, or not the same 1 to {MAX_STEPS} steps in each")
    return ConditionColumns(run, seq, columns)


given_of = ReadOnce(_given, each=2)
"""Conditions as those read them who depend on them, of a sun and a weather. Raises ProtocolError for what is none."""
