"""Devices that give conditions, on the bus."""

from __future__ import annotations

from typing import Any, cast

from virtual_devices.edge.messages.base import write
from virtual_devices.edge.messages.retained import newer
from virtual_devices.edge.messages.settlement import settled_of
from virtual_devices.edge.messages.window import ConditionsMessage, SettlementHead
from virtual_devices.edge.runtime.dependent import Dependent
from virtual_devices.kit.device import Conditions
from virtual_devices.kit.members.conditions import ConditionsMember


class ConditionsRuntime(Dependent):
    """Gives conditions once per window, and again when asked again."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self._said: tuple[int, bytes] = (0, b"")
        self._found = b""
        self._settled: SettlementHead | None = None

    @property
    def own_checkpoint(self) -> str:
        return self.topics.conditions

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        return (*super().subscriptions(), (self.topics.conditions, 0))

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        if device == self.name and leaf == "conditions":
            if not self.online:
                self._found = newer(self._found, payload)
                self._go()
        else:
            super().received(device, leaf, payload)

    def settled(self, payload: bytes) -> None:
        self._settled = settled_of(payload)
        self._show()
        self.look()
        self.pursue()
        self._go()

    def last_settled(self) -> SettlementHead | None:
        return self._settled

    def begin(self) -> None:
        assert self.site is not None  # noqa: S101
        assert self.member is not None  # noqa: S101
        payload, self._found = self._found, b""
        found = self.recall(ConditionsMessage, payload)
        self._said = (0, b"")
        if found is not None:
            if self.member.after < found.seq:
                self.member.restore(found.checkpoint)
            if found.values.keys() == cast("Conditions[Any, Any, Any]", self.member.device).fields.keys():
                self._said = found.seq, payload  # another version may have given other conditions
                cast("ConditionsMember", self.member).given = found.values
        super().begin()
        self._show()
        self.loop.call_soon(self.pursue)

    def _show(self) -> None:
        """The readings are of the last settled step, as those of all others are."""
        settled, member = self._settled, cast("ConditionsMember | None", self.member)
        if settled is None or member is None or self.site is None or settled.run != self.site.run:
            return
        if member.settled(settled.seq, settled.span.to_kit()) and self.online:
            self.publish_effect()

    def known_of_it(self) -> int:
        """Who is an observer of the open window has most likely been one of the last."""
        window = self.asked
        if window is None or self.site is None or window.run != self.site.run or self.name not in window.observers:
            return 0
        return window.last

    def remembered(self) -> int:
        return max(self._seq_of(self._found), self._said[0])

    def commanded(self) -> None:
        if self._said[1]:
            self._said = self._said[0], self.with_commands(self._said[1])
            self.retained()

    def retained(self) -> None:
        if self._said[1]:
            self.client.publish(self.topics.conditions, self._said[1], 0, True)  # noqa: FBT003

    def pursue(self, *, asked: bool = False) -> None:
        window = self.window
        if window is None or not self.of_this_run(window) or self.name not in window.observers:
            return
        if self._said[0] == window.seq:
            if asked:
                self.retained()
            return
        inputs = self.inputs(window)
        if inputs is None:
            return
        member = cast("ConditionsMember", self.member)
        values = member.conditions(window.to_kit(), inputs)
        message = {"run": window.run, "seq": window.seq, "values": values, "checkpoint": member.checkpoint()}
        self._said = window.seq, write(message)
        self.retained()
        self.tell_applied()
