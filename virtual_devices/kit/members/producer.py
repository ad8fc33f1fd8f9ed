"""A producer as a member of its home: it says what it can give, and counts what of it was used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from virtual_devices.kit.device import AnyDevice, Produces
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.ahead import Foresight, Inputs
from virtual_devices.kit.members.participant import OpenProposal, Participant
from virtual_devices.kit.members.settlement import Proposal, Share
from virtual_devices.kit.members.shared import common, reach
from virtual_devices.kit.offers import Supply
from virtual_devices.kit.readings import ProducesReadings
from virtual_devices.kit.settings import Settings
from virtual_devices.kit.window import Span, Window


class Producer(Participant):
    """Gives power as far as the sun has it; what is not used is curtailed.

    last: what its ability reports, and the columns by which its device tells how it operated.
    """

    device: Produces[Any, Any, Any]

    def __init__(
        self, name: str, kind: str, device: AnyDevice, settings: Settings, declared: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(name, kind, device, settings, declared)
        self._foreseen = Foresight()
        self._beside: dict[str, Sequence[int]] = {}

    def device_changed(self) -> None:
        self._foreseen = Foresight()

    def offer(self, span: Span, inputs: Inputs) -> Supply:
        columns = self._foreseen.over(
            self.settings,
            span,
            inputs,
            common(self.device, self.settings, lambda part, given: self.device.columns(self.settings, part, given)),
            reach(span),
        )
        self._beside = {name: column[: span.steps] for name, column in columns.items() if name != "power"}
        return Supply(self.device.source, columns["power"][: span.steps].tolist())

    def foretell(self, span: Span, inputs: Inputs) -> tuple[float, dict[str, list[int]]]:
        """What it could give over a span if nobody sets anything else; by itself it is right."""
        return 0.0, {"power": self.device.columns(self.settings, span, inputs)["power"]}

    def propose(self, window: Window, inputs: Inputs, *, checkpoint: bool = True) -> Proposal:
        proposal = super().propose(window, inputs, checkpoint=checkpoint)
        if checkpoint and self._beside:
            proposal.checkpoint["proposed"]["beside"] = {name: list(column) for name, column in self._beside.items()}
        return proposal

    def resume(self, proposal: Proposal) -> None:
        super().resume(proposal)
        self._beside = proposal.checkpoint["proposed"].get("beside", {})

    def settle(self, share: Share, made: OpenProposal) -> None:
        if len(share.used) != share.span.steps:
            raise ProtocolError(f"{self.name}: window {share.seq} does not say for each step what was used")
        steps, step = share.span.steps, share.span.step
        power, clipped = cast("Supply", made.offer).power[:steps], self._beside.get("clipped_power", [])[:steps]
        lasts: list[dict[str, int]] = []
        used, available = sum(share.used), sum(power)
        for part in self.parts(share.span):
            at = part.stop - 1
            beside = {name: column[at] for name, column in self._beside.items()}
            self.last = {**beside, "power": share.used[at], "available_power": power[at], "clipped_power": clipped[at] if clipped else 0}
            self.stood(share.span, part.stop, lasts)
        if self.past is not None:
            self.past.add(share.span, {"clipped_power": clipped} if clipped else {}, lasts=lasts)
        self.counters = {
            "energy": self.count("energy", used * step),
            "curtailed_energy": self.count("curtailed_energy", (available - used) * step),
            "clipped_energy": self.count("clipped_energy", sum(clipped) * step),
        }

    def own_readings(self) -> dict[str, Any]:
        reported = ProducesReadings.__dataclass_fields__
        return {name: value for name, value in super().own_readings().items() if name.removesuffix("_joules") in reported}

    def report(self, time: int) -> Any:
        return self.device.operation(self.settings, self.state, time, self.last)
