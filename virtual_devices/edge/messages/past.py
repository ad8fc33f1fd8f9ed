"""What a device tells of its past: rows for quarters of an hour, see ``virtual_devices.kit.members.past``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import orjson
from pydantic import Field

from virtual_devices.edge.messages.base import Message, Name, Run, Seq, Time, read
from virtual_devices.edge.messages.window import MAX_FIELDS
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.ledger.series import Tally
from virtual_devices.kit.members.past import PastQuarter
from virtual_devices.kit.window import MAX_STEPS

MAX_ROWS = MAX_STEPS + 1
"""Most rows of a message: a window of hours ends as many quarters as it has steps, and may be the first after an absence."""
Whole = Annotated[int, Field(ge=-(2**62), le=2**62)]


class RowForm(Message):
    """A row. columns: sum, lowest, highest and last step.  seconds: how long something held.  last: readings at its end, in parts of their unit."""

    start: Annotated[Time, Field(multiple_of=QUARTER)]
    step: Annotated[int, Field(ge=1, le=3600)]
    steps: Annotated[int, Field(ge=1, le=QUARTER)]
    columns: Annotated[dict[Name, tuple[Whole, Whole, Whole, Whole]], Field(max_length=MAX_FIELDS)] = Field(default_factory=dict)
    seconds: Annotated[dict[Name, Annotated[int, Field(ge=0, le=3600)]], Field(max_length=MAX_FIELDS)] = Field(default_factory=dict)
    last: Annotated[dict[Name, Whole], Field(max_length=MAX_FIELDS)] = Field(default_factory=dict)

    def to_kit(self) -> PastQuarter:
        """As the kit's PastQuarter."""
        columns = {name: Tally(*tally) for name, tally in self.columns.items()}
        return PastQuarter(self.start, self.step, self.steps, columns, self.seconds, self.last)


class PastMessage(Message):
    """Rows of a device. seq: the window in which the last of them was over; its settlement and all before it are what they tell of."""

    run: Run
    seq: Seq
    rows: Annotated[list[RowForm], Field(min_length=1, max_length=MAX_ROWS)]

    def to_kit(self) -> list[PastQuarter]:
        """The rows. Raises ProtocolError for one of more steps than can start in a quarter."""
        for row in self.rows:
            if row.steps > -(-QUARTER // row.step):
                raise ProtocolError(f"not a past message: no {row.steps} steps of {row.step} s start in a quarter of an hour")
        return [row.to_kit() for row in self.rows]


def past_bytes(run: str, seq: int, rows: Sequence[PastQuarter]) -> bytes:
    """Rows as they go over the wire."""
    return orjson.dumps({"run": run, "seq": seq, "rows": [row.json() for row in rows]})


def read_past(payload: bytes) -> PastMessage:
    """A message of rows. Raises ProtocolError for what is none."""
    return read(PastMessage, payload)
