"""How a device is commanded: what is heard on its ``set`` topics, kept and answered."""

from __future__ import annotations

from abc import abstractmethod

from virtual_devices.edge.loop import Timer
from virtual_devices.edge.messages.base import AppliedMessage, write
from virtual_devices.edge.murmur import Bucket
from virtual_devices.edge.runtime.commands import LONGEST_COMMAND, command_of, holds_already, may_be_empty
from virtual_devices.edge.runtime.memory import Memory
from virtual_devices.kit.errors import VirtualDevicesError

ANSWERS = (100, 10.0)
"""Answers to commands, and complaints, at once and per wall second: a flood of messages must not make one of answers."""
_MOST_REPLAYED = 100
"""Topics with a retained command that are looked at, and that are complained of."""


class Obeying(Memory):
    """The part of a runtime that takes commands."""

    def __init__(self) -> None:
        super().__init__()
        self._answers = Bucket(*ANSWERS)
        self._answer_due: Timer | None = None
        self._effect_due = False
        """Whether a change has come into force whose effect no state has shown yet."""
        self._replayed: dict[str, bytes] = {}
        self._named: set[str] = set()
        """Topics whose retained command was complained of."""
        self._retained_commands: set[str] = set()
        """Topics on which the broker holds a command, as it said at this connection."""

    @abstractmethod
    def publish_state(self, *, now: bool = False, everything: bool = False) -> None:
        """Publish the state."""

    def commanded(self) -> None:
        """A command came: put it in force at once, or into the retained checkpoint, where it survives this process."""

    def _command(self, leaf: str, payload: bytes, *, retain: bool) -> None:
        topic = self.topics.at(leaf)
        if retain and payload:
            if len(self._retained_commands) < _MOST_REPLAYED:
                self._retained_commands.add(leaf)
            if len(self._replayed) < _MOST_REPLAYED and len(payload) <= LONGEST_COMMAND:
                self._replayed[leaf] = payload
            if self.online:
                self._name_replayed()
            return
        if not payload and leaf in self._retained_commands:
            self._take_back(leaf, topic)
            return
        if self.member is None or not self.online:
            self.complain("this device waits for its home's clock; send it again when it is online", topic)
            return
        if len(payload) > LONGEST_COMMAND:
            self.complain(f"a command of {len(payload)} bytes is too long", topic)
            return
        try:
            changes, at = command_of(self.member, leaf, payload)
            self.member.command(changes, at)
        except VirtualDevicesError as error:
            self.complain(str(error), topic)
        self._answer()  # also to who was refused: he sees what still holds

    def _take_back(self, leaf: str, topic: str) -> None:
        """An empty message where the broker holds a command clears that command; nobody can see whether a setting is meant too.

        It is not, then: what was cleared was not carried out either. Who may have meant the setting is told.
        """
        self._retained_commands.discard(leaf)
        if self.member is not None and self.online and may_be_empty(self.member, leaf):
            self.complain(
                "the empty message took back the retained command of this topic and changed nothing else; send it once more if the "
                "setting is to be empty",
                topic,
            )
            self._answer()

    def _name_replayed(self) -> None:
        """Commands that the broker retains come back at every connection, in any order and of any age: none is carried out.

        One that would change something is complained of, once for its topic.
        """
        assert self.member is not None  # noqa: S101
        replayed, self._replayed = self._replayed, {}
        for leaf, payload in replayed.items():
            if leaf in self._named or len(self._named) >= _MOST_REPLAYED or holds_already(self.member, leaf, payload):
                continue
            self._named.add(leaf)
            self.complain(
                "a retained command is not carried out when it comes back, it may be old; send it again if it is meant now "
                "(this topic is not mentioned again)",
                self.topics.at(leaf),
            )

    def _answer(self) -> None:
        """Keep and show what holds now: at once, in a flood a few times per second."""
        if self._answers.take(self.loop.time()):
            self._answer_now()
        elif self._answer_due is None:
            self._answer_due = self.loop.call_later(1 / ANSWERS[1], self._answer_now)

    def _answer_now(self) -> None:
        if self._answer_due is not None:
            self._answer_due.cancel()
            self._answer_due = None
        if self.member is not None:
            self.commanded()
            self.publish_state(now=True)

    def tell_applied(self) -> None:
        """Publish which commands have come into force."""
        assert self.member is not None  # noqa: S101
        self._effect_due = self._effect_due or bool(self.member.applied)
        for done in self.member.take_applied():
            self.client.publish(self.topics.applied, write(AppliedMessage(changes=done.changes, time=done.time)), 1)
