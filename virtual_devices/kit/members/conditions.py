"""Those who give conditions, as members of their home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from virtual_devices.kit.device import AnyDevice, Conditions
from virtual_devices.kit.members.ahead import Columns, Foresight, Inputs, covered
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.members.shared import common, reach
from virtual_devices.kit.settings import Settings
from virtual_devices.kit.window import MAX_STEPS, Span, Window

TOGETHER = 64
"""Steps that are told together: what is given goes on beyond a short window, so that those who depend on it need not work out each step alone."""


class ConditionsMember(Member):
    """Gives conditions: sun, weather, a switch. It takes no part in the settlement; its readings are of the last settled step.

    time: end of what it has given.  given: the conditions of the window that it spoke about last, from its first step on.
    """

    device: Conditions[Any, Any, Any]

    def __init__(
        self, name: str, kind: str, device: AnyDevice, settings: Settings, declared: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(name, kind, device, settings, declared)
        self.given: Mapping[str, Sequence[int]] = {}
        self._foreseen = Foresight()
        self.settled_span: Span | None = None
        self.settled_seq = 0
        """The last window of its own that is known to be settled, and what was settled of it."""
        self._given_from: int | None = None
        """Start of what is given, UTC seconds; None where a version of before had given it: then it ends with ``time``."""
        self._told_until: int | None = None
        """End of what the past has."""

    def device_changed(self) -> None:
        self._foreseen = Foresight()

    def conditions(self, window: Window, inputs: Inputs) -> dict[str, list[int]]:
        """Conditions over the window and what is told together with it, or over fewer steps when a command or an input ends sooner.

        What lies beyond the window is as things stand, and only there to work ahead with: each window has a word of its own.
        """
        columns, span = self.columns(window, inputs), window.span
        steps = ((self.time or 0) - span.start) // span.step
        if steps == span.steps:
            begun = span.start // span.step % TOGETHER
            steps = min(MAX_STEPS, max(steps, TOGETHER - begun))
        return {name: column[:steps].tolist() for name, column in columns.items()}

    def columns(self, window: Window, inputs: Inputs) -> Columns:
        """The same as ``conditions`` for within a process.

        They may go on beyond the window: as things stand, so that those who depend on them can work ahead too.
        """
        if self.past is not None and self.given and self.after == window.after:
            self._settled_before(window)
        free = self.begin(window.span)
        span = window.span.part(0, min(free, covered(inputs, window.span.steps)))
        values = self._foreseen.over(
            self.settings,
            span,
            inputs,
            common(self.device, self.settings, lambda part, given: self.device.conditions(self.settings, part, given)),
            reach(span),
        )
        if free < window.span.steps:
            values = {name: column[: span.steps] for name, column in values.items()}
        self.given, self._given_from = values, span.start
        self.time = self.busy_until = span.end
        self.after = window.seq
        return values

    def foretell(self, span: Span, inputs: Inputs) -> tuple[float, dict[str, list[int]]]:
        """How far it may be off, and what will be given over a span if nobody sets anything else."""
        return self.device.forecast_error(self.settings), self.device.conditions(self.settings, span, inputs)

    def _settled_before(self, window: Window) -> None:
        """A window is asked for whose predecessor is settled for sure, heard or not: that ended where this one begins."""
        step, steps = window.span.step, min(len(column) for column in self.given.values())
        start = self._given_from if self._given_from is not None else (self.time or 0) - steps * step
        settled = Span(start, step, steps).steps_until(window.span.start)
        if settled and (self.shown_until is None or self.shown_until <= start):
            self.settled(window.after, Span(start, step, settled))

    def settled(self, seq: int, span: Span) -> bool:
        """Show what held in the last settled step. Whether that is news: it spoke about that window.

        span: as settled, which is shorter than what was asked where the window was cut.
        """
        last = min([span.steps, *(len(column) for column in self.given.values())]) - 1
        if seq != self.after or not self.given or last < 0 or span.end == self.shown_until:
            return False
        self.last = {name: int(column[last]) for name, column in self.given.items()}
        if self.past is not None and (self._told_until is None or span.start >= self._told_until):
            self.past.add(span.part(0, last + 1), {name: list(column[: last + 1]) for name, column in self.given.items()})
            self._told_until = span.end
        self.settled_seq, self.settled_span = seq, span
        return True

    def checkpoint(self) -> dict[str, Any]:
        kept = super().checkpoint()
        kept["given_from"] = self._given_from
        return kept if self.past is None else {**kept, "told_until": self._told_until}

    def restore(self, checkpoint: Mapping[str, Any]) -> None:
        super().restore(checkpoint)
        told_until = checkpoint.get("told_until")
        self._told_until = told_until if isinstance(told_until, int) else None
        given_from = checkpoint.get("given_from")
        self._given_from = given_from if isinstance(given_from, int) else None

    @property
    def shown_at(self) -> int | None:
        return self.shown_until if self.shown_until is not None else self.time

    @property
    def shown_until(self) -> int | None:
        """End of what is known to be settled, UTC seconds."""
        return self.settled_span.end if self.settled_span is not None else None

    def own_readings(self) -> dict[str, Any]:
        return {name: value / 1000 for name, value in self.last.items()}
