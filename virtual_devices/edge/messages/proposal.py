"""Proposals on the bus: what each ability offers in a window."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Literal

import orjson
from pydantic import ConfigDict, Field, field_validator

from virtual_devices.edge.messages.base import Message, Millijoules, Milliwatts, Name, Powers, Run, Seq, SpanForm, read
from virtual_devices.edge.messages.order import proposal_halves_of
from virtual_devices.kit.circuits import FULL, MAX_POINTS, CircuitRule, CircuitState, PowerOn
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.mains import Mains
from virtual_devices.kit.members.settlement import Proposal
from virtual_devices.kit.offers import (
    MAX_BREAKER_RESET,
    CircuitOffer,
    Demand,
    Link,
    LinkOffer,
    Offer,
    StoreOffer,
    Supply,
)
from virtual_devices.kit.store import MAX_CAPACITY, StoreRule
from virtual_devices.kit.window import MAX_STEPS

_SHORT = 500
"""Bytes of an offer that is worth remembering."""

Steps = Annotated[int, Field(ge=1, le=MAX_STEPS)]


class DemandForm(Message):
    """What a consumer would draw, mW per step.

    circuit: the port or circuit that it hangs on.  supplied: whether it assumes to be, from the first step on.  flips: the steps from which
    on it assumes the other way round.
    """

    ability: Literal["consumes"] = "consumes"
    circuit: Name
    priority: Annotated[int, Field(ge=1, le=10)]
    supplied: bool
    power: Powers
    flips: Annotated[list[Steps], Field(max_length=MAX_STEPS)] = Field(default_factory=list)

    @field_validator("flips")
    @classmethod
    def _rise(cls, flips: list[int]) -> list[int]:
        if any(after <= before for before, after in pairwise(flips)):
            raise ValueError("steps have to rise")
        return flips

    def to_kit(self) -> Demand:
        """As the kit's Demand."""
        return Demand(self.circuit, self.priority, self.supplied, self.power, tuple(self.flips))


class SupplyForm(Message):
    """What a producer could give, mW per step."""

    ability: Literal["produces"] = "produces"
    source: Name
    power: Powers

    def to_kit(self) -> Supply:
        """As the kit's Supply."""
        return Supply(self.source, self.power)


Taper = Annotated[list[tuple[Millijoules, Milliwatts]], Field(max_length=16)]
Volts = Annotated[list[tuple[Millijoules, Annotated[int, Field(ge=0, le=10**7)]]], Field(max_length=16)]
Ppm = Annotated[int, Field(ge=1, le=1_000_000)]


class RuleForm(Message):
    """A store's rule: mJ, mW, parts per million, mV; see the kit's store."""

    capacity: Annotated[int, Field(ge=0, le=MAX_CAPACITY)]
    charge_power: Milliwatts
    discharge_power: Milliwatts
    charge_efficiency: Ppm
    discharge_efficiency: Ppm
    charge_taper: Taper
    discharge_taper: Taper
    leakage: Annotated[int, Field(ge=0, le=10**6)]
    voltage: Volts = Field(default_factory=list)


class StoreForm(Message):
    """A store's balance and rule. reset: mJ that leave (negative: enter) it before the first step.  temperature: m°C."""

    ability: Literal["stores"] = "stores"
    stored: Millijoules
    reset: Annotated[int, Field(ge=-(2**60), le=2**60)]
    rule: RuleForm
    temperature: Annotated[int, Field(ge=-300_000, le=10**7)] | None = None

    def to_kit(self) -> StoreOffer:
        """As the kit's StoreOffer."""
        values = self.rule.model_dump()
        for points in ("charge_taper", "discharge_taper", "voltage"):
            values[points] = tuple(getattr(self.rule, points))
        return StoreOffer(StoreRule(**values), self.stored, self.reset, self.temperature)


class LinkForm(Message):
    """The grid over some steps. breaker_reset: s, see Link."""

    steps: Annotated[int, Field(ge=1, le=MAX_STEPS)]
    connected: bool
    import_limit: Milliwatts | None
    export_limit: Milliwatts | None
    breaker_reset: Annotated[int, Field(ge=0, le=MAX_BREAKER_RESET)] = 0


class MainsForm(Message):
    """The rule of a grid's voltage and frequency; see the kit's mains."""

    voltage: Annotated[float, Field(ge=1, le=1e6, allow_inf_nan=False)]
    frequency: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    resistance: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    sag: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    key: Annotated[str, Field(max_length=100)]


class ConnectionForm(Message):
    """The grid over the proposal, run-length. ahead: whether it is there in the steps behind it, (steps, connected)."""

    ability: Literal["connects"] = "connects"
    links: Annotated[list[LinkForm], Field(min_length=1, max_length=MAX_STEPS)]
    ahead: Annotated[list[tuple[Steps, bool]], Field(max_length=MAX_STEPS)] = Field(default_factory=list)
    mains: MainsForm | None = None

    def to_kit(self) -> LinkOffer:
        """As the kit's LinkOffer."""
        mains = Mains(**dict(self.mains)) if self.mains is not None else None
        return LinkOffer([Link(**dict(link)) for link in self.links], tuple(self.ahead), mains)


Heat = Annotated[int, Field(ge=0, le=FULL)]


class CircuitRuleForm(Message):
    """What a circuit does by itself; see the kit's circuits. curve: points (mW, heat per second), rising."""

    power_on: PowerOn = "last"
    curve: Annotated[list[tuple[Milliwatts, Heat]], Field(max_length=MAX_POINTS)] = Field(default_factory=list)
    cooling: Heat = 0

    @field_validator("curve")
    @classmethod
    def _rises(cls, curve: list[tuple[int, int]]) -> list[tuple[int, int]]:
        if any(after[0] <= before[0] or after[1] < before[1] for before, after in pairwise(curve)):
            raise ValueError("points have to rise")
        return curve


class CircuitStateForm(Message):
    """How a circuit stands; see the kit's circuits."""

    closed: bool
    fed: bool
    heat: Heat
    tripped: bool


class CircuitForm(Message):
    """Where a circuit hangs, its rule, and how it stands. then: whether it will be closed behind the proposal, unless it turns by itself."""

    ability: Literal["carries"] = "carries"
    circuit: Name
    rule: CircuitRuleForm
    state: CircuitStateForm
    then: bool

    def to_kit(self) -> CircuitOffer:
        """As the kit's CircuitOffer."""
        rule = CircuitRule(self.rule.power_on, tuple(self.rule.curve), self.rule.cooling)
        return CircuitOffer(self.circuit, rule, CircuitState(**dict(self.state)), self.then)


OfferForm = Annotated[DemandForm | SupplyForm | StoreForm | ConnectionForm | CircuitForm, Field(discriminator="ability")]


class ProposalHead(Message):
    """What the inverter reads of a proposal; the device's checkpoint is left to the device."""

    model_config = ConfigDict(extra="ignore")

    run: Run
    seq: Seq
    after: Seq
    span: SpanForm
    offer: OfferForm

    def to_kit(self, name: str, checkpoint: dict[str, Any] | None = None) -> Proposal:
        """As the kit's Proposal. Raises ProtocolError when the offer does not cover its span."""
        return _checked(Proposal(self.run, self.seq, name, self.after, self.span.to_kit(), self.offer.to_kit(), checkpoint or {}))


class ProposalMessage(ProposalHead):
    """A device's part in a window, and its checkpoint."""

    model_config = ConfigDict(extra="forbid")

    checkpoint: dict[str, Any]

    def to_kit(self, name: str, checkpoint: dict[str, Any] | None = None) -> Proposal:
        """As the kit's Proposal, with its own checkpoint."""
        return super().to_kit(name, self.checkpoint if checkpoint is None else checkpoint)


def _checked(proposal: Proposal) -> Proposal:
    name, offer, steps = proposal.name, proposal.offer, proposal.span.steps
    if offer.length not in (None, steps):
        raise ProtocolError(f"{name}: its proposal offers {offer.length} steps but covers {steps}")
    if isinstance(offer, StoreOffer) and not 0 <= offer.stored - offer.reset <= offer.rule.capacity:
        raise ProtocolError(f"{name}: its proposal holds {offer.stored - offer.reset} mJ of {offer.rule.capacity} mJ")
    return proposal


class _Offered(Message):
    offer: OfferForm


def _offer(written: bytes) -> Offer:
    return read(_Offered, b'{"offer":%s}' % written).offer.to_kit()


_known_offer = lru_cache(maxsize=512)(_offer)
"""Of a load it is the same in many windows of one step; nobody changes the lists in it."""


def offered(payload: bytes, name: str) -> Proposal:
    """What the inverter goes by of a device's proposal; the checkpoint is left to the device. Raises ProtocolError for what is none."""
    found = proposal_halves_of(payload)
    if found is not None:
        try:
            offer = (_known_offer if len(found.offer) <= _SHORT else _offer)(found.offer)
        except ProtocolError:
            pass  # what is wrong with it is said below
        else:
            return _checked(Proposal(found.run, found.seq, name, found.after, found.span, offer))
    return read(ProposalHead, payload).to_kit(name)


def proposal_bytes(proposal: Proposal) -> bytes:
    """A Proposal as it goes over the wire."""
    offer = {name: getattr(proposal.offer, name) for name in proposal.offer.__dataclass_fields__}
    return orjson.dumps(
        {
            "run": proposal.run,
            "seq": proposal.seq,
            "after": proposal.after,
            "span": proposal.span,
            "offer": {"ability": proposal.offer.ability, **offer},
            "checkpoint": proposal.checkpoint,
        }
    )
