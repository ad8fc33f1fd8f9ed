"""A short visit to a broker on which homes run: look at what is retained, send a command, wait for its answer.

What is retained is asked for with QoS 0, like the message that marks its end: so the mark cannot overtake it, and a
broker's limit on what it queues does not cut it. The marks lie below ``virtual/_cli/``, where no home can be, and, for
somebody with a name, below what this name may write under an access list: a home's host below its home, a device below its own
name. A mark that its sender may not write is dropped without a word; one that comes back is enough.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from paho.mqtt.client import topic_matches_sub

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.topics import ROOT, Topics, split
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.murmur import LISTED, listed
from virtual_devices.edge.visitor.answer import GRACE, CommandAnswer, Shows, command_bytes, offline
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.kit.errors import BrokerError, ConfigurationError, suggestion
from virtual_devices.kit.names import BUS, NAME, is_name

_LONGEST_NUMBER = 10
_SUGGESTED = 1_000  # names among which a similar one is looked for
PATIENCE = 5.0
"""Wall seconds that a broker or a device may take for an answer."""
_SYNC = "_cli/sync/"
_MARKS = f"{ROOT}/{_SYNC}"  # the same for all visitors: iotcore never forgets a topic filter
_IDENTITY = re.compile(rf"{NAME.pattern}(\.{NAME.pattern})?")
MOST_BYTES = 256 << 20
"""Most bytes of retained messages that are collected at once; what is beyond is left where it is."""
_EACH = 200  # bytes that Python needs for one of them beside its payload

MessageListener = Callable[[str, bytes, bool], None]


class Session:
    """A connection to a broker for the time of a ``with`` block.

    patience: wall seconds to wait for the broker, and for each answer.  Entering raises BrokerError when the broker
    cannot be reached or refuses us.
    """

    def __init__(self, endpoint: Endpoint, *, patience: float = PATIENCE) -> None:
        self.endpoint, self.patience = endpoint, patience
        self.loop = Loop()
        own = secrets.token_hex(6)
        self._own = own.encode()
        self._marks = _marks(endpoint.username)
        self._asked = 0
        self._answered = 0
        self._listeners: list[tuple[tuple[str, ...], MessageListener]] = []
        self._refusal: str | None = None
        self.on_connection: Callable[[bool], None] = lambda _: None
        """Told whether the broker is there, each time that changes; listeners hear everything retained again then."""
        self.client = Client(
            self.loop,
            endpoint,
            f"{ROOT}_cli_{own}",
            on_message=self._message,
            on_refused=self._refused,
            on_connect=lambda: self._connection(up=True),
            on_disconnect=lambda _: self._connection(up=False),
        )

    def __enter__(self) -> Self:
        self.client.connect()
        self.wait(lambda: self.client.connected or self.client.last_error is not None, self.patience)
        if self.client.connected:
            return self
        reason = self._refusal or self.client.last_error or f"{self.endpoint.url} says nothing"
        self.close()
        if self.client.untrusted:
            raise BrokerError(f"{reason}; name the file of the authority that vouches for it with --cafile, and the broker as its certificate does")
        if self._refusal is not None:
            raise BrokerError(f"{reason}; mend the name or password (mqtt://user@host, --password-file)")
        raise BrokerError(f"no broker: {reason}; start a home with `virtual-devices up`, or name the broker with --broker")

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the broker. Harmless when it is done twice."""
        if not self.client.closed:
            self.loop.complete(self.client.leave(grace=1.0))
        self.loop.close()

    # -- listening ----------------------------------------------------------------------------------------------------

    @contextmanager
    def listening(self, listener: MessageListener, *filters: str, qos: int = 0) -> Iterator[None]:
        """Hand every message of these topic filters to the listener (topic, payload, retained) within the block."""
        for name in self._held() & set(filters):
            self.client.unsubscribe(name)  # iotcore tells what is retained to a new subscription only
        entry = (filters, listener)
        self._listeners.append(entry)
        self.client.subscribe(*((name, qos) for name in filters))
        try:
            yield
        finally:
            self._listeners.remove(entry)
            for name in set(filters) - self._held():
                self.client.unsubscribe(name)

    def _held(self) -> set[str]:
        return {name for names, _ in self._listeners for name in names}

    def sync(self) -> None:
        """Wait until everything retained has come that was asked for before. Raises BrokerError after ``patience``."""
        self._asked += 1
        wanted, marks = self._asked, [f"{begin}{self._asked}" for begin in self._marks]
        # subscribed to anew, and last: iotcore serves its subscriptions in the order in which they came
        self.client.subscribe(*((mark, 0) for mark in marks))
        for mark in marks:
            self.client.publish(mark, self._own)
        found = self.wait(lambda: self._answered >= wanted, self.patience)
        for mark in marks:
            self.client.unsubscribe(mark)
        if not found:
            raise BrokerError(f"{self.endpoint.url} does not answer; see whether the broker still runs, and try again")

    def wait(self, condition: Callable[[], bool] | None, seconds: float | None) -> bool:
        """Let messages come in until the condition holds, for so many wall seconds (None of either: for ever); whether it does."""
        return self.loop.run(until=condition, timeout=seconds)

    def _message(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - the client's callback
        begin = next((begin for begin in self._marks if topic.startswith(begin)), None)
        if begin is not None:
            number = topic.removeprefix(begin)
            if payload == self._own and number.isdecimal() and len(number) < _LONGEST_NUMBER:
                self._answered = max(self._answered, int(number))
            return
        for filters, listener in list(self._listeners):
            if any(topic_matches_sub(name, topic) for name in filters):
                listener(topic, payload, retain)

    def _connection(self, *, up: bool) -> None:
        self.on_connection(up)

    def _refused(self, reason: str) -> None:
        self._refusal = reason

    # -- looking ------------------------------------------------------------------------------------------------------

    def collect(self, *filters: str) -> dict[str, bytes]:
        """The retained messages of these topic filters, by topic, ``MOST_BYTES`` at most. Raises BrokerError when the broker is silent."""
        found: dict[str, bytes] = {}
        room = MOST_BYTES

        def take(topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - a listener
            nonlocal room
            if (before := found.pop(topic, None)) is not None:
                room += _size(topic, before)
            if payload and room >= _size(topic, payload):
                found[topic] = payload
                room -= _size(topic, payload)

        with self.listening(take, *filters):
            self.sync()
        return dict(sorted(found.items()))

    def homes(self) -> list[str]:
        """Names of the homes on this broker, running or not."""
        every = Topics("+", "+")
        places = [split(topic) for topic in self.collect(every.about, every.availability)]
        return sorted({place[0] for place in places if place is not None and is_name(place[0]) and is_name(place[1])})

    def home(self, name: str | None = None) -> str:
        """The home that is meant: ``name``, or the only one. Raises ConfigurationError that names what there is."""
        homes = self.homes()
        if name is None and len(homes) == 1:
            return homes[0]
        if name in homes:
            return str(name)
        if not homes:
            raise BrokerError(f"there is no home on {self.endpoint.url}; start one with `virtual-devices up`")
        if name is None:
            raise ConfigurationError(f"several homes are on {self.endpoint.url}: {listed(homes)}; choose one with --home")
        raise ConfigurationError(f"there is no home {name!r} on {self.endpoint.url}{_among(name, homes)}")

    def devices(self, home: str) -> dict[str, DeviceView]:
        """Every device of a home by name, from its retained about, availability and state."""
        every = Topics(home, "+")
        seen: dict[str, DeviceView] = {}
        for topic, payload in self.collect(every.about, every.availability, every.state).items():
            place = split(topic)
            if place is not None and is_name(place[1]):
                seen.setdefault(place[1], DeviceView(home, place[1])).hear(place[2], payload)
        return dict(sorted(seen.items()))

    def device(self, home: str, name: str) -> DeviceView:
        """One device. Raises ConfigurationError with a suggestion when the home has none of this name."""
        devices = self.devices(home)
        if name not in devices:
            raise ConfigurationError(f"there is no device {name!r} in home {home}{_among(name, list(devices))}")
        return devices[name]

    # -- commanding ---------------------------------------------------------------------------------------------------

    def command(
        self,
        home: str,
        name: str,
        changes: Mapping[str, Any],
        at: int | str | None = None,
        *,
        by: str = BUS,
        done: Shows | None = None,
    ) -> dict[str, Any]:
        """Send a command to a device and return the state in which it answers.

        at: simulated time from which it holds: UTC seconds, or text as the device reads it.  by: who sends it.  done: whether a state is
        the one waited for, while the patience lasts; without it, one that shows the changes. A command whose effect no
        state shows (its time is to come, its values are written in another unit) counts as taken when the device has
        published a state and objected to nothing within ``GRACE``.

        Raises SettingError with the device's own words when it refuses, BrokerError when it is offline or silent.
        """
        topics = Topics(home, name)
        if not self.device(home, name).online:
            raise offline(topics)
        answer: CommandAnswer | None = None

        def hear(topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - a listener
            if answer is not None:  # what came until now was said before the command
                answer.hear(topic.removeprefix(topics.at("")), payload)

        with self.listening(hear, topics.state, topics.error, topics.availability):
            self.sync()
            answer = CommandAnswer(topics, changes, at, self.loop.time, done)
            self.client.publish(topics.command, command_bytes(changes, at, by), 1)
            deadline = self.loop.time() + self.patience
            while not self.wait(answer.settled, GRACE / 5) and self.loop.time() < deadline:
                pass  # time alone may settle it, so it is looked at a few times a second
        return answer.state(self.patience)


def _marks(username: str | None) -> tuple[str, ...]:
    """Where this visitor's marks may lie: below ``virtual/_cli/``, and below what an identity may write."""
    if username is None or not _IDENTITY.fullmatch(username):
        return (_MARKS,)
    return _MARKS, f"{ROOT}/{username.replace('.', '/')}/{_SYNC}"


def _among(word: str, known: list[str]) -> str:
    """What is similar, or some of what there is."""
    text = suggestion(word, known[:_SUGGESTED])
    return text if len(known) <= LISTED or "did you mean" in text else f"; known: {listed(known)}"


def _size(topic: str, payload: bytes) -> int:
    return len(topic) + len(payload) + _EACH
