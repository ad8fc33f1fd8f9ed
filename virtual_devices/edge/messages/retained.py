"""Which message holds, and one's own words from before: every retained message of a window has its run and seq."""

from __future__ import annotations

from typing import Any

import orjson

from virtual_devices import __version__
from virtual_devices.edge.messages.base import M, read
from virtual_devices.edge.messages.order import head_of
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.upgrades import REMEDY


def place(payload: bytes | None) -> tuple[str | None, int]:
    """Run and seq of a message; (None, -1) for what has no run."""
    if not payload:
        return None, -1
    head = head_of(payload)
    if head is not None:
        return head
    content = json_object(payload)
    run, seq = content.get("run"), content.get("seq", 0)
    return (run, seq) if isinstance(run, str) and isinstance(seq, int) else (None, -1)


def json_object(payload: bytes) -> dict[str, Any]:
    """A JSON object, or an empty one for anything else."""
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def newer(one: bytes, other: bytes) -> bytes:
    """Which of two messages holds: of one run the one with the higher seq, else the one that came last."""
    (run, seq), (other_run, other_seq) = place(one), place(other)
    return one if run == other_run and seq > other_seq else other


def recalled(model: type[M], payload: bytes, run: str) -> M | None:
    """One's own retained message of a run; None for one of another run, or for what is no message of a run at all.

    Raises ProtocolError for one of this run that cannot be read: to begin without it would lose what it knows.
    """
    if place(payload)[0] != run:
        return None
    try:
        return read(model, payload)
    except ProtocolError as error:
        checkpoint = json_object(payload).get("checkpoint")
        program = checkpoint.get("program", "unknown") if isinstance(checkpoint, dict) else "unknown"
        raise ProtocolError(
            f"what it kept cannot be resumed by this version ({__version__}): {error}; run the version that wrote it ({program}), or {REMEDY}"
        ) from None
