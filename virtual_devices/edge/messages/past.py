"""What a device tells of its past: rows for quarters of an hour, column by column, see ``virtual_devices.kit.members.past``."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, pairwise
from typing import Annotated

import orjson
from pydantic import Field

from virtual_devices.edge.messages.base import Message, Name, Run, Seq, Time, read
from virtual_devices.edge.messages.window import MAX_FIELDS
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.members.past import PastRows, TallyColumns
from virtual_devices.kit.window import MAX_STEPS

MAX_ROWS = MAX_STEPS + 1
"""Most rows of a message: a window of hours ends as many quarters as it has steps, and may be the first after an absence."""
Whole = Annotated[int, Field(ge=-(2**62), le=2**62)]
Wholes = Annotated[list[Whole], Field(max_length=MAX_ROWS)]


class PastMessage(Message):
    """Rows of a device, oldest first; every list has a number for each.

    seq: the window in which the last of them was over; its settlement and all before it are what they tell of.  step: s.
    starts: UTC seconds.  steps: how many a row covers.  columns: sums, lowest, highest and last steps.  seconds: how long something held.
    last: readings at a row's end, in parts of their unit; null is unknown.
    """

    run: Run
    seq: Seq
    step: Annotated[int, Field(ge=1, le=3600)]
    starts: Annotated[list[Annotated[Time, Field(multiple_of=QUARTER)]], Field(min_length=1, max_length=MAX_ROWS)]
    steps: Annotated[list[Annotated[int, Field(ge=1, le=QUARTER)]], Field(max_length=MAX_ROWS)]
    columns: Annotated[dict[Name, tuple[Wholes, Wholes, Wholes, Wholes]], Field(max_length=MAX_FIELDS)] = Field(default_factory=dict)
    seconds: Annotated[
        dict[Name, Annotated[list[Annotated[int, Field(ge=0, le=3600)]], Field(max_length=MAX_ROWS)]], Field(max_length=MAX_FIELDS)
    ] = Field(default_factory=dict)
    last: Annotated[dict[Name, Annotated[list[Whole | None], Field(max_length=MAX_ROWS)]], Field(max_length=MAX_FIELDS)] = Field(
        default_factory=dict
    )

    def to_kit(self) -> PastRows:
        """The rows. Raises ProtocolError for lists that do not belong together, and for more steps than can start in a quarter."""
        lists: Iterable[list[int] | list[int | None]] = chain((self.steps,), *self.columns.values(), self.seconds.values(), self.last.values())
        if any(len(each) != len(self.starts) for each in lists):
            raise ProtocolError(f"not a past message: it has no {len(self.starts)} numbers for its rows everywhere")
        if any(later <= before for before, later in pairwise(self.starts)):
            raise ProtocolError("not a past message: its rows do not follow each other")
        if max(self.steps) > -(-QUARTER // self.step):
            raise ProtocolError(f"not a past message: no {max(self.steps)} steps of {self.step} s start in a quarter of an hour")
        columns = {name: TallyColumns(*lists) for name, lists in self.columns.items()}
        return PastRows(self.step, self.starts, self.steps, columns, self.seconds, self.last)


def past_bytes(run: str, seq: int, rows: PastRows) -> bytes:
    """Rows as they go over the wire."""
    columns = {name: tuple(swings) for name, swings in rows.columns.items()}
    named = {"columns": columns, "seconds": rows.seconds, "last": rows.last}
    head = {"run": run, "seq": seq, "step": rows.step, "starts": rows.starts, "steps": rows.steps}
    return orjson.dumps(head | {key: value for key, value in named.items() if value})


def read_past(payload: bytes) -> PastMessage:
    """A message of rows. Raises ProtocolError for what is none."""
    return read(PastMessage, payload)
