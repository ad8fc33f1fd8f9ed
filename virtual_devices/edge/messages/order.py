"""What is read of a message without reading all of it, for speed: it goes by the order in which this program writes.

Nobody has to write so. What comes in another order, or with spaces, gives None here, and whoever asked reads it whole; the writers'
order has a test. Measured in a home of eleven devices and windows of 182 steps: run and seq of a proposal in 0.5 µs instead of 13, one
device's part of a settlement in 10 µs instead of 25. Where nobody is owed anything, as in nearly all windows, and what bytes say that were
read before is remembered, it is 4 µs instead of 21 (a home of fifteen, windows of one step).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson

from virtual_devices.edge.messages.base import MAX_STEP
from virtual_devices.kit.window import MAX_STEPS, Span

_HEAD = re.compile(rb'\{"run":"([A-Za-z0-9_-]{1,64})","seq":([0-9]{1,16}),')
_SHARES = b',"shares":{'
_PROPOSED = re.compile(
    rb'\{"run":"([A-Za-z0-9_-]{1,64})","seq":([0-9]{1,15}),"after":([0-9]{1,15}),'
    rb'"span":\{"start":(-?[0-9]{1,12}),"step":([0-9]{1,4}),"steps":([0-9]{1,4})\},"offer":(?=\{)'
)
_BEHIND = re.compile(rb',"(?:circuits|isolated)":')
"""What only some settlements have; among the shares, it may stand behind them, or a device is called so."""
_CHECKPOINT = b',"checkpoint":{'
_SETTLED = re.compile(
    rb'\{"run":"([A-Za-z0-9_-]{1,64})","seq":([0-9]{1,15}),"span":\{"start":(-?[0-9]{1,12}),"step":([0-9]{1,4}),"steps":([0-9]{1,4})\},'
    rb'"members":\[[^\]]*\],"left_out":\[[^\]]*\],"owed":\{\},("cut":.*?),"digest":"[0-9a-f]{64}","checkpoint":\{'
)
_BESIDE = {"run", "seq", "span", "members", "left_out", "owed", "cut", "foretold", "digest", "checkpoint"}
"""All that a settlement has beside its shares: with these before them nothing is behind them."""


def head_of(payload: bytes) -> tuple[str, int] | None:
    """Run and seq of a message that begins with them."""
    head = _HEAD.match(payload)
    return (head[1].decode(), int(head[2])) if head is not None else None


def before_checkpoint(payload: bytes) -> dict[str, Any] | None:
    """What stands before the checkpoint of a message."""
    head, found, _ = payload.partition(_CHECKPOINT)
    try:
        content = orjson.loads(head + b"}") if found else None
    except orjson.JSONDecodeError:
        return None
    return content if isinstance(content, dict) else None


def halves_of(payload: bytes) -> tuple[dict[str, Any], bytes] | None:
    """A settlement that ends with its shares: all but these, and the shares as they are written."""
    head, found, shares = payload.rpartition(_SHARES)
    try:
        content = orjson.loads(head + b"}") if found and shares.endswith(b"}}") and not _BEHIND.search(shares) else None
    except orjson.JSONDecodeError:
        return None
    return (content, shares) if isinstance(content, dict) and content.keys() >= _BESIDE else None


class SettledHalves(NamedTuple):
    """A settlement that owes nobody anything, cut into what is read of it.

    beside: ``cut``, ``foretold`` and what else stands there, as it is written, without the braces.  shares:
    as they are written.
    """

    run: str
    seq: int
    span: Span
    beside: bytes
    shares: bytes


def settled_halves_of(payload: bytes) -> SettledHalves | None:
    """A settlement that owes nobody anything and ends with its shares: neither its members nor its checkpoint, the most of it, are read."""
    head = _SETTLED.match(payload)
    at = payload.find(_SHARES, head.end()) if head is not None else -1
    if head is None or at < 0 or not payload.endswith(b"}}"):
        return None
    shares = payload[at + len(_SHARES) :]
    if _SHARES in shares or _BEHIND.search(shares):  # a device is called so, or a checkpoint has it: which of them it is, only who reads all of it knows
        return None
    run, seq, start, step, steps, beside = head.groups()
    span = Span(int(start), int(step), int(steps))
    return SettledHalves(run.decode(), int(seq), span, beside, shares) if 1 <= span.step <= MAX_STEP and 1 <= span.steps <= MAX_STEPS else None


class ProposalHalves(NamedTuple):
    """What the inverter reads of a proposal. offer: as it is written."""

    run: str
    seq: int
    after: int
    span: Span
    offer: bytes


def proposal_halves_of(payload: bytes) -> ProposalHalves | None:
    """A proposal that ends with its checkpoint, which is the most of it, and is left to the device.

    Where anything else stands behind the offer, what this gives of it is no offer.
    """
    head = _PROPOSED.match(payload)
    at = payload.find(_CHECKPOINT, head.end()) if head is not None else -1
    if head is None or at < 0 or not payload.endswith(b"}}"):
        return None
    run, *numbers = head.groups()
    seq, after, start, step, steps = map(int, numbers)
    if not (1 <= step <= MAX_STEP and 1 <= steps <= MAX_STEPS):
        return None
    return ProposalHalves(run.decode(), seq, after, Span(start, step, steps), payload[head.end() : at])


def own_of(shares: bytes, name: str) -> bytes:
    """A device's share among those of ``halves_of``, as it is written; ``null`` without one.

    Its numbers are in lists, so the first brace that closes is its own. Where it is not, what this gives is no share.
    """
    key = b'"%s":{' % name.encode()
    at = shares.find(key)
    return b"null" if at < 0 else shares[at + len(key) - 1 : shares.find(b"}", at) + 1]
