"""What a device will give in days to come: told once a day, and when something that it depends on is set otherwise.

The sun tells, then the weather by what the sun told, then each array by both: everyone by the physics of its windows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from virtual_devices.edge.messages.base import read, write
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.messages.window import AheadMessage, OpenWindow
from virtual_devices.edge.runtime.role import AtWork
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.members.ahead import Inputs
from virtual_devices.kit.members.forecast import Foretold, days_ahead
from virtual_devices.kit.window import Span

MOST = 200
"""Senders that are listened to; a home has no more devices."""
LEAST = 1.0
"""Wall seconds between two words at least."""


class Foreteller(Protocol):
    """A member that knows what it will give."""

    def foretell(self, span: Span, inputs: Inputs) -> tuple[float, dict[str, list[int]]]:
        """How far it may be off, and columns over a span."""


class HeardSun:
    """What producers have said, for whoever sums it up."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[str, Foretold]] = {}

    def received(self, name: str, payload: bytes) -> None:
        """Somebody's word. Raises ProtocolError for a broken one."""
        if not payload:
            self._heard.pop(name, None)
        elif name in self._heard or len(self._heard) < MOST:
            message = read(AheadMessage, payload)
            if "power" in message.values:
                self._heard[name] = message.run, message.to_kit()

    def of(self, run: str, names: Iterable[str]) -> dict[str, Foretold]:
        """What some of them have said in a run."""
        return {name: self._heard[name][1] for name in names if name in self._heard and self._heard[name][0] == run}


class Foretelling:
    """Tells what a device will give, once those have spoken on whom it depends."""

    def __init__(self, device: Runtime) -> None:
        self._device = device
        self._heard: dict[str, AheadMessage] = {}
        self._told_of: tuple[Any, ...] = ()
        self._told_with: list[Any] = []
        self._told_at = -LEAST
        self._said = b""
        self._days: tuple[Calendar | None, int, int, Span] = (None, 0, 0, Span(0, 1, 1))
        """Of which local day, from when till when, and the span that is told in it."""

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        """Topic filters to subscribe to."""
        return ((Topics(self._device.home, "+").ahead, 0),)

    def received(self, name: str, payload: bytes) -> None:
        """Somebody's word. Raises ProtocolError for a broken one."""
        work = self._device.work
        if not payload:
            self._heard.pop(name, None)
        elif (name in self._heard or len(self._heard) < MOST) and (work is None or name in {partner for partner, _ in work.member.partners.values()}):
            self._heard[name] = read(AheadMessage, payload)

    def tell(self, work: AtWork[Any], window: OpenWindow) -> None:
        """Say it, if it is news in this window."""
        member, now = work.member, self._device.loop.time()
        if now < self._told_at + LEAST:
            return
        span = self._days_of(member.device.site.calendar, window.span.start)
        heard = self._from_partners(work, span, window.observers)
        if heard is None:
            return
        of, made_with = (work.site.run, span), [member.device, member.settings, *heard.values()]
        if of == self._told_of and list(map(id, made_with)) == list(map(id, self._told_with)):
            return
        teller: Foreteller = member
        error, values = teller.foretell(span, {setting: each.values for setting, each in heard.items()})
        self._told_of, self._told_with, self._told_at = of, made_with, now
        error = max([error, *(each.error for each in heard.values())])
        said = {"start": span.start, "step": span.step, "steps": span.steps}
        self._said = write({"run": work.site.run, "span": said, "error": error, "values": values})
        self.retained()

    def retained(self) -> None:
        """Say again what it has said."""
        if self._said:
            self._device.client.publish(self._device.topics.ahead, self._said, 0, True)  # noqa: FBT003

    def _days_of(self, local: Calendar, time: int) -> Span:
        """The days that are told of at a time; looked up once a day."""
        known, begin, end, span = self._days
        if local is not known or not begin <= time < end:
            span = days_ahead(local, time)
            self._days = local, span.start, local.next_midnight(span.start), span
        return span

    def _from_partners(self, work: AtWork[Any], span: Span, observers: list[str]) -> dict[str, AheadMessage] | None:
        """What partners have told of these days, by the setting that names each; None while one has not."""
        found: dict[str, AheadMessage] = {}
        for setting, (name, partner) in work.member.partners.items():
            if name not in observers and not partner.required:
                continue
            told = self._heard.get(name)
            if told is None or told.run != work.site.run or told.span.to_kit() != span or set(partner.fields) - told.values.keys():
                return None
            found[setting] = told
        return found
