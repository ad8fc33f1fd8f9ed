"""Which window's packets have all been told: the word that follows them."""

from __future__ import annotations

import orjson

from virtual_devices.edge.messages.base import Message, Run, Seq, SpanForm
from virtual_devices.kit.members.settlement import Settlement


class FlowMessage(Message):
    """All packets that were told since the word before are of this window, and there are no more of it."""

    run: Run
    seq: Seq
    span: SpanForm


def flow_bytes(settlement: Settlement) -> bytes:
    """The word after the packets of a settled window."""
    return orjson.dumps({"run": settlement.run, "seq": settlement.seq, "span": settlement.span})
