"""Those who take part in a settlement: how they propose and commit. What they offer, each ability's class says.

Proposals are made from the state at the window's start; a commit takes exactly the settled steps, whatever was proposed
beyond them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.ledger.quarters import QUARTER, parts_of
from virtual_devices.kit.members.ahead import Inputs, covered, sliced
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.members.past import standing_of
from virtual_devices.kit.members.settlement import Proposal, Share
from virtual_devices.kit.members.upgrades import REMEDY, carried_over, checkpoint_of
from virtual_devices.kit.offers import Offer
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.kit.settings import Settings
from virtual_devices.kit.window import Span, Window


@dataclass(frozen=True, slots=True)
class OpenProposal:
    """What a member has proposed and not yet committed; with the state before it, enough to redo any of its steps.

    offer: what the ledger goes by. Another version of the device, or other settings, might offer something else today.
    """

    seq: int
    span: Span
    inputs: Inputs
    offer: Offer


class Participant(Member):
    """Proposes in a window and commits its share of the settlement."""

    needs_inputs: ClassVar[bool] = False
    """Whether redoing steps takes the conditions that the proposal was made with."""

    def __init__(
        self, name: str, kind: str, device: AnyDevice, settings: Settings, declared: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(name, kind, device, settings, declared)
        self.proposed: OpenProposal | None = None

    def propose(self, window: Window, inputs: Inputs, *, checkpoint: bool = True) -> Proposal:
        """This device's part in a window.

        A device that was part of an unsettled window proposes again from the same state. checkpoint: False where
        nobody needs one (a house in one process).
        """
        if self.past is not None and self.past.is_behind(window.span.start):
            self.past.end(self.standing(cast("int", self.time)))  # as it was left, before time is skipped
        if self.is_skipped(window):
            self.state = self.device.skip(self.settings, self.state, cast("int", self.time), window.span.start)
        free = min(self.begin(window.span), covered(inputs, window.span.steps))
        span = window.span.part(0, min(free, self.prepare(window.span, inputs)))
        kept = sliced(inputs, 0, span.steps) if self.needs_inputs else {}
        if checkpoint:
            self.agree(span)
        before = {**self.checkpoint(), "proposed": proposed_json(window.seq, span, kept)} if checkpoint else {}
        offer = self.offer(span, inputs)
        self.proposed = OpenProposal(window.seq, span, kept, offer)
        self.busy_until = span.end
        return Proposal(window.run, window.seq, self.name, self.after, span, offer, before)

    def is_skipped(self, window: Window) -> bool:
        """Whether the home skips the time before a window, from where all of it was settled together with this device."""
        return self.time is not None and window.after == self.after and window.span.start > self.time

    def agree(self, span: Span) -> None:
        """Hook: the span is about to be proposed, with a checkpoint from which its steps may be redone with other files."""

    def prepare(self, span: Span, inputs: Inputs) -> int:
        """Bring the state to the start of a span that is about to be proposed; give the steps that it is good for."""
        return span.steps

    def commit(self, share: Share) -> None:
        """Take over the settled steps. Raises ProtocolError, changing nothing, when the share is not of the proposal."""
        made = self.proposed
        if made is None or share.seq != made.seq or share.span.start != made.span.start or share.span.step != made.span.step:
            raise ProtocolError(f"{self.name}: the share of window {share.seq} does not answer what was proposed")
        if not 1 <= share.span.steps <= made.span.steps:
            raise ProtocolError(f"{self.name}: window {share.seq} settles {share.span.steps} of {made.span.steps} steps")
        self.settle(share, made)
        self.after, self.time = share.seq, share.span.end
        self.void()

    def void(self) -> None:
        """What is proposed, if anything, is so no longer."""
        self.proposed, self.busy_until = None, None
        self.redeclare()

    @abstractmethod
    def offer(self, span: Span, inputs: Inputs) -> Offer:
        """What this device offers over a span. inputs: at least as long."""

    @abstractmethod
    def settle(self, share: Share, made: OpenProposal) -> None:
        """State, counters and last step after the share; raises before it changes anything."""

    def resume(self, proposal: Proposal) -> None:
        """Go on from one's own proposal, as if it had just been made. Raises ProtocolError like ``restore``.

        Its steps are redone with the settings that they were proposed with; a new declaration holds from the next window.
        """
        try:
            made = proposal.checkpoint["proposed"]
            proposed = OpenProposal(made["seq"], Span(*made["span"]), made["inputs"], proposal.offer)
            self._can_redo(proposed)
        except (KeyError, TypeError) as error:
            raise ProtocolError(f"{self.name}: its proposal cannot be resumed ({error!r}); {REMEDY}") from error
        self.restore(proposal.checkpoint)
        then, _ = carried_over(self.settings, checkpoint_of(proposal.checkpoint, type(self.device))["settings"], whole=True)
        if then != self.settings:
            self.declared_anew, self.settings = self.settings, then
        self.proposed, self.busy_until = proposed, proposed.span.end

    def _can_redo(self, made: OpenProposal) -> None:
        """Raises ProtocolError when the conditions that a proposal was made with are not all that this version needs."""
        for setting, (_, partner) in self.partners.items():
            lacking = set(partner.fields) - made.inputs.get(setting, dict.fromkeys(partner.fields, ())).keys()
            if lacking:
                raise ProtocolError(
                    f"{self.name}: its proposal was made without {', '.join(sorted(lacking))}, which this version needs; {REMEDY}"
                )

    @property
    def stands(self) -> bool:
        """Whether its past tells anything as it stands at the end of a quarter."""
        return standing_of(type(self.device)) is not None

    def parts(self, span: Span) -> Iterable[slice]:
        """The steps of a settled span, in one; cut at the ends of quarters where its past tells how it stands then."""
        return parts_of(span).values() if self.past is not None and self.stands else (slice(0, span.steps),)

    def stood(self, span: Span, steps: int, lasts: list[dict[str, int]]) -> None:
        """Note how it stands after so many steps of a settled span, if a quarter ends then."""
        end = span.start + steps * span.step
        if self.past is not None and self.stands and (end - span.step) // QUARTER < end // QUARTER:
            lasts.append(self.standing(end))

    def count(self, name: str, energy: int) -> int:
        """A counter with ``energy`` mJ more."""
        return self.counters.get(name, 0) + energy

    def own_readings(self) -> dict[str, Any]:
        values: dict[str, Any] = {name: value / 1000 for name, value in self.last.items()}
        for name, energy in self.counters.items():
            values[name] = energy / MJ_PER_KWH
            values[f"{name}_joules"] = energy / 1000
        return values


def proposed_json(seq: int, span: Span, inputs: Inputs) -> dict[str, Any]:
    """An OpenProposal in JSON-ready form."""
    return {
        "seq": seq,
        "span": [span.start, span.step, span.steps],
        "inputs": {key: {name: list(column) for name, column in fields.items()} for key, fields in inputs.items()},
    }
