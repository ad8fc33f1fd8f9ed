"""The grid as a member of its home: the link, what went over it, and the bill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any, cast

from virtual_devices.kit.device import (
    Connects,
)
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.mains import Mains
from virtual_devices.kit.members.ahead import Inputs
from virtual_devices.kit.members.participant import OpenProposal, Participant
from virtual_devices.kit.members.settlement import Share
from virtual_devices.kit.offers import Link, LinkOffer
from virtual_devices.kit.window import Span


class Connection(Participant):
    """The grid: import, export and their bill."""

    device: Connects[Any, Any, Any]
    _mains: Mains | None = None
    """The rule that the last settled step was offered with; None where that is not known."""
    _last_step: int | None = None
    """Start of the last settled step, UTC seconds; None where it is not known."""

    def offer(self, span: Span, inputs: Inputs) -> LinkOffer:
        links = self.device.link(self.settings, Span(span.start, span.step, 2 * span.steps))
        within, ahead = [], []
        rest = span.steps
        for link in links:
            now = min(link.steps, rest)
            if now:
                within.append(link if now == link.steps else replace(link, steps=now))
            if now < link.steps:
                ahead.append((link.steps - now, link.connected))
            rest -= now
        return LinkOffer(within, tuple(ahead), self.device.mains(self.settings))

    def agree(self, span: Span) -> None:
        self.state = self.device.agreed(self.settings, self.state, span)

    def settle(self, share: Share, made: OpenProposal) -> None:
        if len(share.imported) != share.span.steps or len(share.exported) != share.span.steps:
            raise ProtocolError(f"{self.name}: window {share.seq} does not say for each step what was imported")
        connected = _at_step(cast("LinkOffer", made.offer).links, share.span.steps)
        step = share.span.step
        self._mains = cast("LinkOffer", made.offer).mains
        self._last_step = share.span.end - step
        lasts: list[dict[str, int]] = []
        for part in self.parts(share.span):
            settled = share.span.part(part.start, part.stop - part.start)
            self.state = self.device.bill(self.settings, self.state, settled, share.imported[part], share.exported[part])
            self.stood(share.span, part.stop, lasts)
        if self.past is not None:
            self.past.add(share.span, held={"connected": [(link.steps, link.connected) for link in cast("LinkOffer", made.offer).links]}, lasts=lasts)
        self.last = {
            "import_power": share.imported[-1], "export_power": share.exported[-1], "connected": int(connected)
        }  # fmt: skip
        self.counters = {
            "import_energy": self.count("import_energy", sum(share.imported) * step),
            "export_energy": self.count("export_energy", sum(share.exported) * step),
        }

    def own_readings(self) -> dict[str, Any]:
        connected, voltage, frequency = bool(self.last.get("connected", 0)), 0, 0
        step = self.time if self._last_step is None else self._last_step
        if connected and step is not None:
            rule = self._mains or self.device.mains(self.settings)
            drawn = self.last["import_power"] - self.last["export_power"]
            voltage, frequency = rule.at(self.device.site.calendar, step, drawn)
        values = {**super().own_readings(), "connected": connected}
        return {**values, "voltage": voltage / 1000, "frequency": frequency / 1000}


def _at_step(links: Sequence[Link], step: int) -> bool:
    """Whether the grid was there in a step, counted from 1."""
    ends = accumulate(link.steps for link in links)
    return next(link.connected for link, end in zip(links, ends, strict=True) if step <= end)
