"""Settlements on the bus: whole, and each device's part of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import orjson
from pydantic import ConfigDict, Field

from virtual_devices.edge.messages.base import (
    Digest,
    Message,
    Millijoules,
    Milliwatts,
    Name,
    Names,
    Powers,
    Seq,
    SpanForm,
    read,
)
from virtual_devices.edge.messages.once import ReadOnce
from virtual_devices.edge.messages.order import halves_of, own_of, settled_halves_of
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.messages.window import Circuits, GridTimes, Settled, SettlementHead
from virtual_devices.kit.circuits import FULL, CircuitState
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.settlement import Settlement, Share
from virtual_devices.kit.window import MAX_STEPS, Span


class ShareForm(Message):
    """What a settled window means for one device; only what differs from these defaults is written.

    seq, span: of an earlier window whose share is owed; else those of the settlement.  circuit: closed, fed, heat, tripped; in a list, see
    ``order.own_of``.
    """

    seq: Seq | None = None
    span: SpanForm | None = None
    supply: Annotated[list[tuple[int, bool]], Field(max_length=MAX_STEPS)] = Field(default_factory=list)
    used: Powers = Field(default_factory=list)
    charge: Powers = Field(default_factory=list)
    discharge: Powers = Field(default_factory=list)
    stored: Millijoules = 0
    imported: Powers = Field(default_factory=list)
    exported: Powers = Field(default_factory=list)
    cut_off: bool = False
    soon: bool | None = None
    beside: bool = False
    live: Annotated[list[tuple[int, bool]], Field(max_length=MAX_STEPS)] = Field(default_factory=list)
    through: Millijoules = 0
    power: Milliwatts = 0
    circuit: tuple[bool, bool, Annotated[int, Field(ge=0, le=FULL)], bool] | None = None
    carried: Powers = Field(default_factory=list)

    def to_kit(self, seq: int, span: Span) -> Share:
        """As the kit's Share. seq, span: of the settlement that it came in."""
        return Share(
            seq if self.seq is None else self.seq, span if self.span is None else self.span.to_kit(), tuple(self.supply),
            self.used, self.charge, self.discharge, self.stored, self.imported, self.exported, self.cut_off, self.soon, self.beside,
            tuple(self.live), self.through, self.power, None if self.circuit is None else CircuitState(*self.circuit), self.carried,
        )  # fmt: skip


def _share(share: Share, seq: int, span: Span) -> dict[str, Any]:
    """A share as it is written, in a settlement of that seq and span."""
    found = {name: value for name in _SHARED if (value := getattr(share, name))}
    if share.soon is not None:
        found["soon"] = share.soon
    if share.circuit is not None:
        found["circuit"] = (share.circuit.closed, share.circuit.fed, share.circuit.heat, share.circuit.tripped)
    return found if (share.seq, share.span) == (seq, span) else {"seq": share.seq, "span": share.span, **found}


_SHARED = (
    "supply", "used", "charge", "discharge", "stored", "imported", "exported", "cut_off", "beside", "live", "through", "power", "carried",
)  # fmt: skip
"""What of a share is left out where it is empty."""


def settlement_bytes(settlement: Settlement) -> bytes:
    """A Settlement as it goes over the wire."""
    seq, span = settlement.seq, settlement.span
    return orjson.dumps(
        {
            "run": settlement.run,
            "seq": seq,
            "span": span,
            "members": settlement.members,
            "left_out": settlement.left_out,
            "owed": {name: _share(share, seq, span) for name, share in settlement.owed.items()},
            "cut": settlement.cut,
            "foretold": settlement.foretold,
            **({"circuits": settlement.circuits} if settlement.circuits else {}),
            **({"isolated": settlement.isolated} if settlement.isolated else {}),
            **({"trips": settlement.trips} if settlement.trips else {}),
            "digest": settlement.digest,
            "checkpoint": settlement.checkpoint,
            # last, see order.halves_of
            "shares": {name: _share(share, seq, span) for name, share in settlement.shares.items()},
        }
    )


@dataclass(frozen=True, slots=True)
class SettlementPart(Settled):
    """What one device has to know of a settlement."""

    share: ShareForm | None
    owed: ShareForm | None

    @property
    def last_share(self) -> int:
        """Seq of the newest share in it; 0 without one."""
        found = [self.seq if form.seq is None else form.seq for form in (self.share, self.owed) if form is not None]
        return max(found, default=0)

    def share_of(self, seq: int) -> Share | None:
        """The share that answers the proposal for a window; None when it was settled without this device."""
        for form in (self.share, self.owed):
            if form is not None and (self.seq if form.seq is None else form.seq) == seq:
                return form.to_kit(self.seq, self.span)
        return None


def beside_shares(payload: bytes) -> dict[str, Any]:
    """All of a settlement but its shares, unchecked, read once for all who ask; of what is none the object that it is, or an empty one."""
    try:
        return _halves(payload)[0]
    except ProtocolError:
        return json_object(payload)


def settled_of(payload: bytes) -> Settled:
    """What everybody reads of a settlement. Raises ProtocolError when the message is none."""
    found = settled_halves_of(payload)
    if found is not None:
        try:
            beside = _beside(found.beside)
        except ProtocolError:
            pass  # what is wrong with it is said below
        else:
            return Settled(found.run, found.seq, found.span, beside.cut, beside.foretold, beside.circuits)
    return read(SettlementHead, orjson.dumps(_settled(_halves(payload)[0]))).settled()


def part_of(payload: bytes, name: str) -> SettlementPart:
    """One device's part of a settlement; the others' shares are left to their owners.

    Raises ProtocolError when the message is no settlement, or when this part of it is broken.
    """
    found = settled_halves_of(payload)
    if found is not None:
        try:
            beside, share = _beside(found.beside), _own_share(own_of(found.shares, name))
        except ProtocolError:  # it may be in another order than it is looked for in
            pass
        else:
            return SettlementPart(found.run, found.seq, found.span, beside.cut, beside.foretold, beside.circuits, share, None)
    content, shares = _halves(payload)
    if isinstance(shares, bytes):
        try:
            return _part(content, own_of(shares, name), name)
        except ProtocolError:
            content, shares = _whole(payload)
    return _part(content, orjson.dumps(shares.get(name)), name)


def _part(content: dict[str, Any], share: bytes, name: str) -> SettlementPart:
    part = _settled(content) | {"owed": content["owed"].get(name)}
    found = read(PlainSettlementPart, orjson.dumps(part)[:-1] + b',"share":' + share + b"}")
    return SettlementPart(found.run, found.seq, found.span.to_kit(), found.cut, found.foretold, found.circuits, found.share, found.owed)


def _settled(content: dict[str, Any]) -> dict[str, Any]:
    named = {key: content.get(key) for key in ("run", "seq", "span")}
    return named | {"cut": content.get("cut", False), "foretold": content.get("foretold", []), "circuits": content.get("circuits", {})}


class PlainSettlementPart(SettlementHead):
    """One device's part of a settlement in any order."""

    share: ShareForm | None
    owed: ShareForm | None


class _Beside(Message):
    """What stands between what is owed and the digest."""

    cut: bool
    foretold: GridTimes
    circuits: Circuits = Field(default_factory=dict)
    isolated: Any = None
    trips: Any = None


@lru_cache(maxsize=64)
def _beside(written: bytes) -> _Beside:
    """It is the same in most windows. Raises ProtocolError."""
    return read(_Beside, b"{%s}" % written)


@lru_cache(maxsize=1024)
def _own_share(written: bytes) -> ShareForm | None:
    """A load's is the same in most windows. Raises ProtocolError."""
    return read(ShareForm, written) if written != b"null" else None


def _read_halves(payload: bytes) -> tuple[dict[str, Any], bytes | dict[str, Any]]:
    found = halves_of(payload)
    return found if found is not None and isinstance(found[0]["owed"], dict) else _whole(payload)


_halves = ReadOnce(_read_halves)
"""All of a settlement but the shares, read once for all devices of a home, and the shares: left as written where that may be."""


def _whole(payload: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        content = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise ProtocolError(f"not a settlement message: {error}"[:300]) from None
    if not isinstance(content, dict):
        raise ProtocolError("not a settlement message: the payload is no object")
    if not isinstance(content.get("shares"), dict) or not isinstance(content.get("owed"), dict):
        raise ProtocolError("not a settlement message: it has no shares")
    return content, content["shares"]


class SettlementMessage(SettlementHead):
    """The commit of a window."""

    model_config = ConfigDict(extra="forbid")

    members: Names
    left_out: Names
    shares: Annotated[dict[Name, ShareForm], Field(max_length=500)]
    owed: Annotated[dict[Name, ShareForm], Field(max_length=500)]
    digest: Digest
    checkpoint: dict[str, Any]
    isolated: Annotated[dict[Name, Annotated[str, Field(max_length=1000)]], Field(max_length=500)] = Field(default_factory=dict)
    trips: Annotated[list[tuple[Name, bool]], Field(max_length=1000)] = Field(default_factory=list)

    def to_kit(self) -> Settlement:
        """As the kit's Settlement."""
        span = self.span.to_kit()
        return Settlement(
            self.run, self.seq, span, tuple(self.members), tuple(self.left_out),
            {name: share.to_kit(self.seq, span) for name, share in self.shares.items()},
            {name: share.to_kit(self.seq, span) for name, share in self.owed.items()},
            self.cut, self.digest, self.checkpoint, tuple(self.foretold), self.circuits, self.isolated,
            tuple(self.trips),
        )  # fmt: skip
