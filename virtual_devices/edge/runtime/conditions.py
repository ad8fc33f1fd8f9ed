"""Devices that give conditions, on the bus."""

from __future__ import annotations

from typing import Any

from virtual_devices.edge.messages.base import write
from virtual_devices.edge.messages.retained import newer
from virtual_devices.edge.messages.settlement import settled_of
from virtual_devices.edge.messages.window import ConditionsMessage, Settled
from virtual_devices.edge.runtime.commands import with_pending
from virtual_devices.edge.runtime.foretelling import Foretelling
from virtual_devices.edge.runtime.memory import seq_of
from virtual_devices.edge.runtime.past import PastTeller
from virtual_devices.edge.runtime.role import AtWork, Role
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.edge.runtime.window_watch import WindowWatch
from virtual_devices.kit.members.conditions import ConditionsMember
from virtual_devices.kit.window import Span

SETTLED = "settled_span"
"""In the checkpoint of one that has left: start, step and steps of what was settled of its last window."""


class ConditionsRole(Role[ConditionsMember]):
    """Gives conditions once per window, and again when asked again."""

    def __init__(self, device: Runtime) -> None:
        self._device = device
        self.own_checkpoint = device.topics.conditions
        self._watch = WindowWatch(device, self)
        self._past = PastTeller(device)
        self._ahead = Foretelling(device)
        self._message: dict[str, Any] = {}
        """What it has said, and as it was written; nothing yet: empty."""
        self._said = b""
        self._found = b""
        self._settled: Settled | None = None

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        return (*self._watch.subscriptions(), *self._past.subscriptions(), *self._ahead.subscriptions(), (self.own_checkpoint, 0))

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        if device == self._device.name and leaf == "conditions":
            if self._device.work is None:
                self._found = newer(self._found, payload)
                self._device.go()
        elif leaf == "ahead":
            self._ahead.received(device, payload)
        elif leaf in ("keeps", "missing"):
            self._past.received(device, leaf, payload)
        else:
            self._watch.received(device, leaf, payload)

    # -- beginning ----------------------------------------------------------------------------------------------------

    def known_of_it(self, run: str) -> int:
        """Who is an observer of the open window has most likely been one of the last."""
        window = self._watch.asked
        return window.last if window is not None and window.run == run and self._device.name in window.observers else 0

    def remembered(self, run: str) -> int:
        return max(seq_of(self._found, run), int(self._message.get("seq", 0)))

    def begin(self, work: AtWork[ConditionsMember]) -> None:
        member = work.member
        found = self._device.memory.recall(ConditionsMessage, self._found, work.site.run)
        self._past.begin(member, found.checkpoint if found is not None else None)
        self._message, self._said = {}, b""
        if found is not None:
            if member.after < found.seq:
                member.restore(found.checkpoint)
            if found.values.keys() == member.device.fields.keys():  # another version may have given other conditions
                self._message, self._said = dict(found), self._found
                member.given = found.values
                self._was_settled(work, found)
        self._found = b""
        self._watch.watch(work)
        self._shows_news(work)
        self._device.loop.call_soon(self.pursue)

    def _was_settled(self, work: AtWork[ConditionsMember], found: ConditionsMessage) -> None:
        """It left when its last window was settled, and knows where that ended."""
        match found.checkpoint.get(SETTLED):
            case [int(start), int(step), int(steps)] if step > 0 and steps > 0 and work.member.settled(found.seq, Span(start, step, steps)):
                self._past.tell(work, found.seq)

    # -- at work ------------------------------------------------------------------------------------------------------

    def settled(self, payload: bytes) -> None:
        self._settled = settled_of(payload)
        work = self._device.work
        if work is not None and self._shows_news(work):
            self._device.publish_effect(work)
        self._watch.look()
        self.pursue()
        self._device.go()

    def last_settled(self) -> Settled | None:
        return self._settled

    def _shows_news(self, work: AtWork[ConditionsMember]) -> bool:
        """Whether there are new readings: they are of the last settled step, as those of all others are."""
        settled = self._settled
        if settled is None or settled.run != work.site.run or not work.member.settled(settled.seq, settled.span):
            return False
        self._past.tell(work, settled.seq)
        return True

    def pursue(self, *, asked: bool = False) -> None:
        window, work = self._watch.window, self._device.work
        if work is None or window is None or window.run != work.site.run or self._device.name not in window.observers:
            return
        if self._message.get("seq") == window.seq:
            if asked:
                self._repeat()
            return
        inputs = self._watch.inputs(work, window)
        if inputs is None:
            return
        values = work.member.conditions(window.to_kit(), inputs)
        self._past.tell(work, window.after)  # of a window whose settlement has not come, though it is settled
        self._say(work, {"run": window.run, "seq": window.seq, "values": values, "checkpoint": work.member.checkpoint()})
        self._device.commands.tell_applied(work)
        self._ahead.tell(work, window)

    def _say(self, work: AtWork[ConditionsMember], message: dict[str, Any]) -> None:
        self._message, self._said = message, write(message)
        self._repeat()

    def commanded(self, work: AtWork[ConditionsMember]) -> None:
        if self._message:
            self._say(work, {**self._message, "checkpoint": with_pending(self._message["checkpoint"], work.member)})

    def leaving(self, work: AtWork[ConditionsMember]) -> None:
        """Its checkpoint is of before its last window was settled; if the home goes on without it, nobody will tell it again where that ended.

        That checkpoint stays, and from it the rows of its past are told once more when it goes on: a record that left earlier lacks them.
        """
        span = work.member.settled_span
        if span is not None and self._message and self._message["seq"] == work.member.settled_seq:
            self._say(work, {**self._message, "checkpoint": {**self._message["checkpoint"], SETTLED: [span.start, span.step, span.steps]}})

    def retained(self, work: AtWork[ConditionsMember]) -> None:
        self._ahead.retained()
        self._repeat()

    def _repeat(self) -> None:
        """Its newest word once more."""
        if self._said:
            self._device.client.publish(self.own_checkpoint, self._said, 0, True)  # noqa: FBT003
