"""How a device is commanded: what is heard on its ``set`` topics, kept and answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import AppliedMessage, write
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.murmur import Bucket
from virtual_devices.edge.runtime.commands import LONGEST_COMMAND, command_of, holds_already, may_be_empty
from virtual_devices.edge.runtime.role import AtWork
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.names import BUS

ANSWERS = (100, 10.0)
"""Answers to commands, and complaints, at once and per wall second: a flood of messages must not make one of answers."""
_MOST_REPLAYED = 100
"""Topics with a retained command that are looked at, and that are complained of."""


class CommandIntake:
    """Takes commands.

    complain: says on the own error topic what is refused.  answer: keeps what holds now where it survives this process, and shows it.
    """

    def __init__(
        self, loop: Loop, client: Client, topics: Topics, complain: Callable[[str, str], None], answer: Callable[[], None]
    ) -> None:
        self._loop, self._client, self._topics = loop, client, topics
        self._complain, self._keep_and_show = complain, answer
        self._answers = Bucket(*ANSWERS)
        self._answer_due: Timer | None = None
        self._effect_due = False
        """Whether a change has come into force whose effect no state has shown yet."""
        self._replayed: dict[str, bytes] = {}
        self._named: set[str] = set()
        """Topics whose retained command was complained of."""
        self._retained_commands: set[str] = set()
        """Topics on which the broker holds a command, as it said at this connection."""

    def connected(self) -> None:
        """The broker is about to say what it retains."""
        self._retained_commands.clear()

    def command(self, work: AtWork[Any] | None, leaf: str, payload: bytes, *, retain: bool) -> None:
        """What came on the topic of a command. work: None while the device is not at work."""
        topic = self._topics.at(leaf)
        if retain and payload:
            if len(self._retained_commands) < _MOST_REPLAYED:
                self._retained_commands.add(leaf)
            if len(self._replayed) < _MOST_REPLAYED and len(payload) <= LONGEST_COMMAND:
                self._replayed[leaf] = payload
            if work is not None:
                self.name_replayed(work)
            return
        if not payload and leaf in self._retained_commands:
            self._take_back(work, leaf, topic)
            return
        if work is None:
            self._complain("this device waits for its home's clock; send it again when it is online", topic)
            return
        if len(payload) > LONGEST_COMMAND:
            self._complain(f"a command of {len(payload)} bytes is too long", topic)
            return
        try:
            changes, at, by = command_of(work.member, leaf, payload)
            work.member.command(changes, at, by=by)
        except VirtualDevicesError as error:
            self._complain(str(error), topic)
        self._answer()  # also to who was refused: he sees what still holds

    def _take_back(self, work: AtWork[Any] | None, leaf: str, topic: str) -> None:
        """An empty message where the broker holds a command clears that command; nobody can see whether a setting is meant too.

        It is not, then: what was cleared was not carried out either. Who may have meant the setting is told.
        """
        self._retained_commands.discard(leaf)
        if work is not None and may_be_empty(work.member, leaf):
            self._complain(
                "the empty message took back the retained command of this topic and changed nothing else; send it once more if the "
                "setting is to be empty",
                topic,
            )
            self._answer()

    def name_replayed(self, work: AtWork[Any]) -> None:
        """Commands that the broker retains come back at every connection, in any order and of any age: none is carried out.

        One that would change something is complained of, once for its topic.
        """
        replayed, self._replayed = self._replayed, {}
        for leaf, payload in replayed.items():
            if leaf in self._named or len(self._named) >= _MOST_REPLAYED or holds_already(work.member, leaf, payload):
                continue
            self._named.add(leaf)
            self._complain(
                "a retained command is not carried out when it comes back, it may be old; send it again if it is meant now "
                "(this topic is not mentioned again)",
                self._topics.at(leaf),
            )

    def _answer(self) -> None:
        """Keep and show what holds now: at once, in a flood a few times per second."""
        if self._answers.take(self._loop.time()):
            self._answer_now()
        elif self._answer_due is None:
            self._answer_due = self._loop.call_later(1 / ANSWERS[1], self._answer_now)

    def _answer_now(self) -> None:
        if self._answer_due is not None:
            self._answer_due.cancel()
            self._answer_due = None
        self._keep_and_show()

    def leave(self) -> None:
        """Answer what is not answered yet."""
        if self._answer_due is not None:
            self._answer_now()

    def tell_applied(self, work: AtWork[Any]) -> None:
        """Publish which commands have come into force."""
        self._effect_due = self._effect_due or bool(work.member.applied)
        for done in work.member.take_applied():
            by = done.by if done.by != BUS else None
            self._client.publish(self._topics.applied, write(AppliedMessage(changes=done.changes, time=done.time, by=by)), 1)

    def has_effect(self) -> bool:
        """Whether what a command has changed is to be shown at once, now that a window has passed."""
        changed, self._effect_due = self._effect_due, False
        return changed and self._answers.take(self._loop.time())
