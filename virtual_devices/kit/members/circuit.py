"""A circuit as a member of its home: it proposes where it hangs and how it stands, and commits with the rule that it proposed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from virtual_devices.kit.circuits import CarrierState, until_turn
from virtual_devices.kit.device import Carries
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.ahead import Inputs
from virtual_devices.kit.members.participant import OpenProposal, Participant
from virtual_devices.kit.members.settlement import Share
from virtual_devices.kit.offers import CircuitOffer
from virtual_devices.kit.settings import CircuitSettings
from virtual_devices.kit.window import Span


class Circuit(Participant):
    """Carries what hangs on it. It refuses a state that its own rule does not give.

    last["power"]: mW that it carried in the last step.
    """

    device: Carries[Any, Any, Any]
    state: CarrierState

    def _turned(self, span: Span) -> CarrierState:
        return cast("CarrierState", self.device.turned(self.settings, self.state, span))

    def prepare(self, span: Span, inputs: Inputs) -> int:
        due = self.device.next_turn(self.settings, self._turned(span), span.start)
        return span.steps if due is None else max(1, span.steps_until(due))

    def offer(self, span: Span, inputs: Inputs) -> CircuitOffer:
        state, settings = self._turned(span), cast("CircuitSettings", self.settings)
        behind = cast("CarrierState", self.device.turned(settings, state, Span(span.end, span.step, 1)))
        return CircuitOffer(settings.circuit, self.device.rule(settings), state.circuit, behind.closed)

    def settle(self, share: Share, made: OpenProposal) -> None:
        offer, steps, step = cast("CircuitOffer", made.offer), share.span.steps, share.span.step
        if sum(count for count, _ in share.live) != steps or any(count < 1 for count, _ in share.live):
            raise ProtocolError(f"{self.name}: window {share.seq} does not say for each step whether it had power")
        if offer.rule.curve and (len(share.carried) != steps or sum(share.carried) * step != share.through):
            raise ProtocolError(f"{self.name}: window {share.seq} does not say for each step what it carried")
        done, after = until_turn(offer.rule, offer.state, share.live, share.carried or [0] * steps, step)
        if done != steps or after != share.circuit:
            raise ProtocolError(
                f"{self.name}: window {share.seq} leaves it as {share.circuit} after {steps} steps, but its rule as {after} after {done}"
            )
        state = replace(
            self._turned(made.span), closed=after.closed, fed=after.fed, heat=after.heat, tripped=after.tripped
        )  # fmt: skip
        self.state = self.device.tripped(self.settings, state, share.span.end) if after.tripped and not offer.state.tripped else state
        if self.past is not None:
            self.past.add(share.span, held={"closed": ((steps, offer.state.closed),), "supplied": share.live})
        self.last = {"power": share.power}
        self.counters = {"energy": self.count("energy", share.through)}

    @property
    def stands(self) -> bool:
        """What it measures is power and energy, which the ledger knows."""
        return False

    def standing(self, time: int) -> dict[str, int]:
        return {}

    def own_readings(self) -> dict[str, Any]:
        return {**super().own_readings(), "supplied": self.state.fed}

    def report(self, time: int) -> Any:
        return self.device.operation(self.settings, self._as_ordered(time), time, self.last.get("power", 0))

    def _as_ordered(self, time: int) -> CarrierState:
        """The state with the orders that wait for the next window, so that whoever turned it sees it turned."""
        state = self.state
        for command in self.pending:
            if command.at is None and (orders := self.ordered(command)):
                state = self.device.obey(self.future(), state, orders, time)
        return state
