"""What a device answers to a command: a state that shows it, a refusal in words, or that it has gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from virtual_devices.edge.messages.base import ErrorMessage, read
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.kit.errors import BrokerError, ProtocolError, SettingError
from virtual_devices.kit.names import BUS

GRACE = 0.5
"""Wall seconds without an objection after which a command counts as taken, where the state cannot show it."""

Shows = Callable[[Mapping[str, Any]], bool]
"""Whether a state is the one that is waited for."""


class CommandAnswer:
    """Collects what a device says from the moment in which a command is sent.

    done: whether a state is the one waited for, however long that takes; without it one that shows the changes, and where none can (its time is
    to come, its values are written in another unit) the first state without an objection within ``GRACE``.
    time: of a loop, wall seconds.
    """

    def __init__(
        self, topics: Topics, changes: Mapping[str, Any], at: int | str | None, time: Callable[[], float], done: Shows | None = None
    ) -> None:
        self.topics = topics
        self._done, self._time = done, time
        self._shows: Shows = done or (lambda state: at is None and all(_same(state.get(key), value) for key, value in changes.items()))
        self._state: dict[str, Any] = {}
        self._since: float | None = None
        self._shown = self._gone = False
        self._refusal: str | None = None

    def hear(self, leaf: str, payload: bytes) -> None:
        """A message of the device on ``state``, ``availability`` or ``error``; others are passed over."""
        if leaf == "state":
            self._state = json_object(payload)
            if self._since is None:
                self._since = self._time()
            self._shown = self._shown or self._shows(self._state)
        elif leaf == "availability":
            self._gone = payload != b"online"
        elif leaf == "error":
            self._refusal = self._refusal or _refusal(payload, self.topics.command)

    def settled(self) -> bool:
        """Whether there is an answer; time alone may settle it."""
        waited = self._done is None and self._since is not None and self._time() - self._since >= GRACE
        return self._shown or self._refusal is not None or self._gone or waited

    def state(self, patience: float) -> dict[str, Any]:
        """The state in which the device answered. patience: the wall seconds that it had.

        Raises SettingError with the device's own words when it refused, BrokerError when it has gone or is silent.
        """
        if self._refusal is not None:
            raise SettingError(self._refusal)
        if self._gone or self._since is None:
            what = "went offline" if self._gone else f"did not answer within {patience:g} s"
            raise BrokerError(f"device {self.topics.name} of home {self.topics.home} {what}; look with `virtual-devices ps`, and try again")
        return self._state


def command_bytes(changes: Mapping[str, Any], at: int | str | None, by: str) -> bytes:
    """A command as it is sent. at: simulated time from which it holds.  by: who sends it."""
    beside = {"at": at, "by": by if by != BUS else None}
    return orjson.dumps({**changes, **{key: value for key, value in beside.items() if value is not None}})


def offline(topics: Topics) -> BrokerError:
    """The error of a command to a device that is offline."""
    return BrokerError(
        f"device {topics.name} of home {topics.home} is offline, and nobody would take the command; start it with "
        "`virtual-devices up` or `virtual-devices run`, and look with `virtual-devices ps`"
    )


def _refusal(payload: bytes, command: str) -> str | None:
    """What an error message says, if it is about a command."""
    try:
        message = read(ErrorMessage, payload)
    except ProtocolError:
        return None
    return message.error if message.about == command else None


def _same(value: Any, given: Any) -> bool:
    """Whether a state's value is obviously the one that was given, as JSON or as text."""
    if not isinstance(given, str):
        return bool(value == given)
    text = given.strip()
    if isinstance(value, bool):
        return text.casefold() in (("true", "on") if value else ("false", "off"))
    if isinstance(value, (int, float)):
        try:
            return float(text) == value
        except ValueError:
            return False
    return text == ("" if value is None else str(value))
