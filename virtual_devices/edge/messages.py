"""The messages of the bus: validated by pydantic straight from bytes, written by orjson.

Each model has the form of the wire; ``to_kit`` and ``of`` turn it into the kit's plain data and back.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from virtual_devices.kit.device import MAX_BREAKER_RESET, Link, Site
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.settlement import (
    Demand,
    LinkOffer,
    Offer,
    Proposal,
    Settlement,
    Share,
    StoreOffer,
    Supply,
)
from virtual_devices.kit.store import MAX_CAPACITY, StoreRule
from virtual_devices.kit.window import MAX_STEPS, Span, Window, after_cut

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Run = Annotated[str, Field(min_length=1, max_length=64)]
Seq = Annotated[int, Field(ge=0, le=2**53)]
Time = Annotated[int, Field(ge=-(2**40), le=2**40)]
Power = Annotated[int, Field(ge=0, le=10**10)]
Energy = Annotated[int, Field(ge=0, le=2**60)]
Powers = Annotated[list[Power], Field(max_length=MAX_STEPS)]
Series = Annotated[list[Annotated[int, Field(ge=-(2**53), le=2**53)]], Field(max_length=MAX_STEPS)]
Names = Annotated[list[Name], Field(max_length=500)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Message(BaseModel):
    """A message; unknown keys are refused, types are strict."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


M = TypeVar("M", bound=BaseModel)


def read(model: type[M], payload: bytes) -> M:
    """Validate a payload. Raises ProtocolError with the first problem in one line."""
    try:
        return model.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ProtocolError(f"not a {model.__name__.lower()} message: {where or 'the payload'}: {first['msg']}"[:300]) from None


def write(message: Any) -> bytes:
    """JSON bytes of a message, a dataclass or plain data."""
    if isinstance(message, BaseModel):
        return orjson.dumps(message.model_dump(mode="json"))
    return orjson.dumps(message)


class SpanForm(Message):
    """``steps`` steps of ``step`` seconds from ``start`` (UTC seconds)."""

    start: Time
    step: Annotated[int, Field(ge=1, le=3600)]
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS)]

    def to_kit(self) -> Span:
        """As the kit's Span."""
        return Span(self.start, self.step, self.steps)


class AboutMessage(Message):
    """What a device is."""

    kind: Name
    ability: str
    title: str
    version: str


class SiteMessage(Message):
    """All that a lone process needs to know of its home.

    patience: wall seconds that a silent device is waited for.  protocol: the form of all messages of this home; a device of a
    version that speaks another says so instead of misunderstanding.
    """

    run: Run
    home: Name
    latitude: float
    longitude: float
    altitude: float
    time_zone: str
    seed: int
    step: Annotated[int, Field(ge=1, le=3600)]
    start: Time
    patience: Annotated[float, Field(ge=0)]
    protocol: Literal[1] = 1

    def to_kit(self) -> Site:
        """As the kit's Site."""
        return Site(self.latitude, self.longitude, self.altitude, self.time_zone, self.seed)


Foretold = Annotated[list[tuple[Time, bool]], Field(max_length=2 * MAX_STEPS)]


class Settled(Message):
    """What everybody reads of a settlement. cut: it ended early because somebody's supply changed unforeseen.

    foretold: when the grid will come or go (simulated time, and whether it is there from then on).
    """

    model_config = ConfigDict(extra="ignore")

    run: Run
    seq: Seq
    span: SpanForm
    cut: bool = False
    foretold: Foretold = Field(default_factory=list)


class Asked(Message):
    """What everybody reads of a window; the clock's checkpoint is left to the clock.

    after: the seq that was settled before it.  more: windows that may follow this one without another word of the clock.  until:
    simulated time at which they end.  settled: the last settled seq, where the clock says the window again later.
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

    @property
    def last(self) -> int:
        """The last seq that the clock knew to be settled."""
        return max(self.after, self.settled)

    @property
    def reach(self) -> int:
        """The last seq that may be settled without another word of the clock."""
        return self.seq + self.more

    def or_later(self, known: Asked | None) -> Asked:
        """This one, unless ``known`` is the same window and more of it is said to be settled."""
        same = known is not None and (known.run, known.seq) == (self.run, self.seq)
        return known if known is not None and same and known.settled > self.settled else self

    def following(self, settled: Settled | None) -> Asked | None:
        """The window that is open after a settlement: this one, one of those that may follow it, or None."""
        if settled is None or settled.run != self.run or settled.seq < self.seq:
            return self
        span = settled.span.to_kit()
        steps = after_cut(self.span.steps, span.steps, cut=settled.cut)
        if self.until is not None:
            steps = min(steps, -(-(self.until - span.end) // span.step))
        if settled.seq + 1 > self.reach or steps < 1:
            return None
        return Asked.model_construct(
            run=self.run, seq=settled.seq + 1, after=settled.seq, members=self.members, observers=self.observers,
            span=SpanForm.model_construct(start=span.end, step=span.step, steps=steps),
        )  # fmt: skip

    def to_kit(self, settled: Settled | None = None) -> Window:
        """As the kit's Window. settled: the settlement that it follows."""
        foretold = () if settled is None else tuple(settled.foretold)
        return Window(self.run, self.seq, self.span.to_kit(), tuple(self.members), self.after, foretold)


class WindowMessage(Asked):
    """A window. members propose, observers give conditions; ``after`` is the last settled seq.

    checkpoint: of the clock.
    """

    model_config = ConfigDict(extra="forbid")

    checkpoint: dict[str, Any]


class Given(Message):
    """What others read of conditions; the device's checkpoint is left to the device."""

    model_config = ConfigDict(extra="ignore")

    run: Run
    seq: Seq
    values: Annotated[dict[Name, Series], Field(max_length=50)]


class ConditionsMessage(Given):
    """Conditions per step, integers in thousandths of their unit; they may cover fewer steps than the window.

    checkpoint: all that the device needs to go on from here alone.
    """

    model_config = ConfigDict(extra="forbid")

    checkpoint: dict[str, Any]


Steps = Annotated[int, Field(ge=1, le=MAX_STEPS)]


class DemandForm(Message):
    """What a consumer would draw, mW per step.

    supplied: whether it assumes to be, from the first step on.  turns: the steps from which on it assumes the other way round.
    """

    ability: Literal["consumes"] = "consumes"
    circuit: Literal["essential", "aux", "non_essential"]
    priority: Annotated[int, Field(ge=1, le=10)]
    supplied: bool
    power: Powers
    turns: Annotated[list[Steps], Field(max_length=MAX_STEPS)] = Field(default_factory=list)

    @field_validator("turns")
    @classmethod
    def _rise(cls, turns: list[int]) -> list[int]:
        if any(after <= before for before, after in pairwise(turns)):
            raise ValueError("steps have to rise")
        return turns


class SupplyForm(Message):
    """What a producer could give, mW per step."""

    ability: Literal["produces"] = "produces"
    source: Name
    power: Powers


Taper = Annotated[list[tuple[Energy, Power]], Field(max_length=16)]
Volts = Annotated[list[tuple[Energy, Annotated[int, Field(ge=0, le=10**7)]]], Field(max_length=16)]
Ppm = Annotated[int, Field(ge=1, le=1_000_000)]


class RuleForm(Message):
    """A store's rule: mJ, mW, parts per million, mV; see the kit's store."""

    capacity: Annotated[int, Field(ge=0, le=MAX_CAPACITY)]
    charge_power: Power
    discharge_power: Power
    charge_efficiency: Ppm
    discharge_efficiency: Ppm
    charge_taper: Taper
    discharge_taper: Taper
    leakage: Annotated[int, Field(ge=0, le=10**6)]
    voltage: Volts = Field(default_factory=list)


class StoreForm(Message):
    """A store's balance and rule. reset: mJ that leave (negative: enter) it before the first step."""

    ability: Literal["stores"] = "stores"
    stored: Energy
    reset: Annotated[int, Field(ge=-(2**60), le=2**60)]
    rule: RuleForm


class LinkForm(Message):
    """The grid over some steps. breaker_reset: s, see Link."""

    steps: Annotated[int, Field(ge=1, le=MAX_STEPS)]
    connected: bool
    import_limit: Power | None
    export_limit: Power | None
    breaker_reset: Annotated[int, Field(ge=0, le=MAX_BREAKER_RESET)] = 0


class ConnectionForm(Message):
    """The grid over the proposal, run-length. ahead: whether it is there in the steps behind it, (steps, connected)."""

    ability: Literal["connects"] = "connects"
    links: Annotated[list[LinkForm], Field(min_length=1, max_length=MAX_STEPS)]
    ahead: Annotated[list[tuple[Steps, bool]], Field(max_length=MAX_STEPS)] = Field(default_factory=list)


OfferForm = Annotated[DemandForm | SupplyForm | StoreForm | ConnectionForm, Field(discriminator="ability")]


class Proposed(Message):
    """What the inverter reads of a proposal; the device's checkpoint is left to the device."""

    model_config = ConfigDict(extra="ignore")

    run: Run
    seq: Seq
    after: Seq
    span: SpanForm
    offer: OfferForm

    def to_kit(self, name: str, checkpoint: dict[str, Any] | None = None) -> Proposal:
        """As the kit's Proposal. Raises ProtocolError when the offer does not cover its span."""
        span, offer = self.span.to_kit(), _offer(self.offer)
        length = sum(link.steps for link in offer.links) if isinstance(offer, LinkOffer) else span.steps
        if isinstance(offer, Demand | Supply):
            length = len(offer.power)
        if length != span.steps:
            raise ProtocolError(f"{name}: its proposal offers {length} steps but covers {span.steps}")
        if isinstance(offer, StoreOffer) and not 0 <= offer.stored - offer.reset <= offer.rule.capacity:
            raise ProtocolError(f"{name}: its proposal holds {offer.stored - offer.reset} mJ of {offer.rule.capacity} mJ")
        return Proposal(self.run, self.seq, name, self.after, span, offer, checkpoint or {})


class ProposalMessage(Proposed):
    """A device's part in a window, and its checkpoint."""

    model_config = ConfigDict(extra="forbid")

    checkpoint: dict[str, Any]

    def to_kit(self, name: str, checkpoint: dict[str, Any] | None = None) -> Proposal:
        """As the kit's Proposal, with its own checkpoint."""
        return super().to_kit(name, self.checkpoint if checkpoint is None else checkpoint)


def _offer(form: DemandForm | SupplyForm | StoreForm | ConnectionForm) -> Offer:
    if isinstance(form, DemandForm):
        return Demand(form.circuit, form.priority, form.supplied, form.power, tuple(form.turns))
    if isinstance(form, SupplyForm):
        return Supply(form.source, form.power)
    if isinstance(form, StoreForm):
        values = form.rule.model_dump()
        for points in ("charge_taper", "discharge_taper", "voltage"):
            values[points] = tuple(getattr(form.rule, points))
        return StoreOffer(StoreRule(**values), form.stored, form.reset)
    return LinkOffer([Link(**dict(link)) for link in form.links], tuple(form.ahead))


_ABILITY: dict[type, str] = {Demand: "consumes", Supply: "produces", StoreOffer: "stores", LinkOffer: "connects"}


def proposal_bytes(proposal: Proposal) -> bytes:
    """A Proposal as it goes over the wire."""
    offer = {name: getattr(proposal.offer, name) for name in proposal.offer.__dataclass_fields__}
    return orjson.dumps(
        {
            "run": proposal.run,
            "seq": proposal.seq,
            "after": proposal.after,
            "span": proposal.span,
            "offer": {"ability": _ABILITY[type(proposal.offer)], **offer},
            "checkpoint": proposal.checkpoint,
        }
    )


class ShareForm(Message):
    """What a settled window means for one device; only what differs from these defaults is written.

    seq, span: of an earlier window whose share is owed; else those of the settlement.
    """

    seq: Seq | None = None
    span: SpanForm | None = None
    supply: Annotated[list[tuple[int, bool]], Field(max_length=MAX_STEPS)] = Field(default_factory=list)
    used: Powers = Field(default_factory=list)
    charge: Powers = Field(default_factory=list)
    discharge: Powers = Field(default_factory=list)
    stored: Energy = 0
    imported: Powers = Field(default_factory=list)
    exported: Powers = Field(default_factory=list)

    def to_kit(self, seq: int, span: Span) -> Share:
        """As the kit's Share. seq, span: of the settlement that it came in."""
        return Share(
            seq if self.seq is None else self.seq, span if self.span is None else self.span.to_kit(), tuple(self.supply),
            self.used, self.charge, self.discharge, self.stored, self.imported, self.exported,
        )  # fmt: skip


def _share(share: Share, seq: int, span: Span) -> dict[str, Any]:
    """A share as it is written, in a settlement of that seq and span."""
    found = {name: value for name in _SHARED if (value := getattr(share, name))}
    return found if (share.seq, share.span) == (seq, span) else {"seq": share.seq, "span": share.span, **found}


_SHARED = ("supply", "used", "charge", "discharge", "stored", "imported", "exported")


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
            "shares": {name: _share(share, seq, span) for name, share in settlement.shares.items()},
            "owed": {name: _share(share, seq, span) for name, share in settlement.owed.items()},
            "cut": settlement.cut,
            "foretold": settlement.foretold,
            "digest": settlement.digest,
            "checkpoint": settlement.checkpoint,
        }
    )


class PartMessage(Settled):
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
        found = (form.to_kit(self.seq, self.span.to_kit()) for form in (self.share, self.owed) if form is not None)
        return next((share for share in found if share.seq == seq), None)


def part_of(payload: bytes, name: str) -> PartMessage:
    """One device's part of a settlement; the others' shares are left to their owners.

    Raises ProtocolError when the message is no settlement, or when this part of it is broken.
    """
    content = _parsed(payload)
    shares, owed = content.get("shares"), content.get("owed")
    if not isinstance(shares, dict) or not isinstance(owed, dict):
        raise ProtocolError("not a settlement message: it has no shares")
    part = {key: content.get(key) for key in ("run", "seq", "span")}
    part |= {"cut": content.get("cut", False), "foretold": content.get("foretold", [])}
    part |= {"share": shares.get(name), "owed": owed.get(name)}
    return read(PartMessage, orjson.dumps(part))


@lru_cache(maxsize=4)
def _parsed(payload: bytes) -> dict[str, Any]:
    """Parsed once for all devices of a process."""
    try:
        content = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise ProtocolError(f"not a settlement message: {error}"[:300]) from None
    if not isinstance(content, dict):
        raise ProtocolError("not a settlement message: the payload is no object")
    return content


class SettlementMessage(Settled):
    """The commit of a window."""

    model_config = ConfigDict(extra="forbid")

    members: Names
    left_out: Names
    shares: Annotated[dict[Name, ShareForm], Field(max_length=500)]
    owed: Annotated[dict[Name, ShareForm], Field(max_length=500)]
    digest: Digest
    checkpoint: dict[str, Any]

    def to_kit(self) -> Settlement:
        """As the kit's Settlement."""
        span = self.span.to_kit()
        return Settlement(
            self.run, self.seq, span, tuple(self.members), tuple(self.left_out),
            {name: share.to_kit(self.seq, span) for name, share in self.shares.items()},
            {name: share.to_kit(self.seq, span) for name, share in self.owed.items()},
            self.cut, self.digest, self.checkpoint, tuple(self.foretold),
        )  # fmt: skip


class MissingMessage(Message):
    """A host asks the inverter to repeat the ledger records of a run after a seq."""

    run: Run
    after: Seq


class CommandMessage(BaseModel):
    """Settings to change (any names) and, optionally, the simulated time from which they hold."""

    model_config = ConfigDict(extra="allow")

    at: Annotated[int, Field(strict=True)] | str | None = None


class AppliedMessage(Message):
    """A command in force. time: simulated, UTC seconds."""

    changes: dict[str, Any]
    time: Time


class ErrorMessage(Message):
    """A refusal, in words. about: the device or topic that it is about."""

    error: str
    about: str
