"""The console on the bus: one MQTT client for all pages. Whatever it does, any MQTT client can do.

Each command and each wish passes `Who.require`, the one place that asks whether its person may, at that moment.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from virtual_devices.console.door.auth import Who
from virtual_devices.console.door.roles import Person, PersonRole
from virtual_devices.console.watching.home_watch import HomeWatch
from virtual_devices.console.watching.listening import Attended, HeardWord, Listener
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.fleet import FleetResponseMessage, Verb
from virtual_devices.edge.messages.topics import FLEET, ROOT, SUMMARY, Topics, home_of_summary, split
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.visitor.answer import GRACE, CommandAnswer, command_bytes, offline
from virtual_devices.fleet.asking import PATIENCE as FLEET_PATIENCE
from virtual_devices.fleet.asking import answer_of, request_bytes, request_of
from virtual_devices.kit.errors import BrokerError
from virtual_devices.kit.names import CLOCK, MAX_SENDER, is_name

PATIENCE = 5.0
"""Wall seconds that a device may take for an answer."""
KEEP_FOR = 60.0
"""Wall seconds for which a home is listened to after the last page that showed it has gone."""
NEEDED: Mapping[Verb, PersonRole] = {
    "on": PersonRole.OPERATE, "off": PersonRole.OPERATE, "scale": PersonRole.OPERATE, "restart": PersonRole.OPERATE,
    "spawn": PersonRole.BUILD, "remove": PersonRole.BUILD, "apply": PersonRole.BUILD, "rollback": PersonRole.BUILD, "down": PersonRole.BUILD,
    "revisions": PersonRole.LOOK, "logs": PersonRole.LOOK,
}  # fmt: skip
"""What each wish to a fleet takes."""
MOST_HOMES = 2_000
_LONGEST_NUMBER = 10
Ear = Callable[[str, bytes], None]
ListenerT = TypeVar("ListenerT", bound=Listener)
_MARK = f"{ROOT}/_cli/sync/console"
"""Where marks lie, the same for all consoles: the embedded broker never forgets a topic filter."""


class Bus:
    """What pages ask and order.

    who: says what a person may, each time anew.  homes: names of the homes on the broker.  changed: grows whenever homes come or go, or the
    connection does.
    """

    def __init__(self, loop: Loop, endpoint: Endpoint, who: Who) -> None:
        self.loop, self.endpoint, self.who = loop, endpoint, who
        self.homes: set[str] = set()
        self.changed = 0
        self._ears: list[tuple[str, str, Ear]] = []
        self._watches: dict[str, HomeWatch] = {}
        self._lookers: dict[str, int] = {}
        self._attended: dict[str, Attended] = {}
        self._own = secrets.token_hex(6).encode()
        self._asked = self._answered = 0
        self.client = Client(
            loop, endpoint, f"{ROOT}_console_{secrets.token_hex(6)}", on_message=self._message,
            on_connect=lambda: self._connection(up=True), on_disconnect=lambda _: self._connection(up=False),
        )  # fmt: skip
        self.client.subscribe((Topics("+", CLOCK).about, 0), (Topics("+", FLEET).about, 0), (_MARK, 0))

    # -- what is -------------------------------------------------------------------------------------------------------

    def look_at(self, home: str) -> HomeWatch:
        """Listen to a home until ``look_away`` was called as often as this; for some time longer, so that a reload costs nothing."""
        self._lookers[home] = self._lookers.get(home, 0) + 1
        watch = self._watches.get(home)
        if watch is None:
            watch = self._watches[home] = HomeWatch(home)
            watch.connection(up=self.client.connected)
            self.client.subscribe(*((name, 0) for name in watch.filters()))
        return watch

    def look_away(self, home: str) -> None:
        """A page that showed a home has gone."""
        self._lookers[home] -= 1
        self.loop.call_later(KEEP_FOR, lambda: self._forget(home))

    def _forget(self, home: str) -> None:
        if self._lookers.get(home) == 0:
            del self._lookers[home]
            for name in self._watches.pop(home).filters():
                self.client.unsubscribe(name)

    def attend(self, key: str, make: Callable[[Callable[[str], None]], ListenerT]) -> ListenerT:
        """Whoever listens under a key, made for the first who asks and then shared, until ``leave`` was called as often.

        make: given what subscribes a topic filter for it.
        """
        entry = self._attended.get(key)
        if entry is None:
            entry = self._attended[key] = Attended(self.client)
            entry.listener = make(entry.subscribe)
        entry.lookers += 1
        return entry.listener  # type: ignore[return-value] # under one key there is one kind of them

    def leave(self, key: str, keep: float = KEEP_FOR) -> None:
        """One fewer listens. keep: wall seconds for which it is kept all the same, so that a reload costs nothing."""
        entry = self._attended[key]
        entry.lookers -= 1
        if keep:
            self.loop.call_later(keep, lambda: self._drop(key, entry))
        else:
            self._drop(key, entry)

    def _drop(self, key: str, entry: Attended) -> None:
        if not entry.lookers and self._attended.get(key) is entry:
            del self._attended[key]
            others = {name for other in self._attended.values() for name in other.filters}
            for name in entry.filters - others:
                self.client.unsubscribe(name)

    @contextmanager
    def heard(self, topics: Topics, leaf: str) -> Iterator[HeardWord]:
        """The newest word of a device on one of its topics, followed within the block; what is retained has come after ``sync``."""
        key = f"heard/{topics.at(leaf)}"
        word = self.attend(key, lambda subscribe: HeardWord(subscribe, topics, leaf))
        try:
            yield word
        finally:
            self.leave(key, keep=0)

    @contextmanager
    def _hearing(self, home: str, device: str, ear: Ear) -> Iterator[None]:
        """Hand what a device of a home says (leaf, payload) to the ear within the block."""
        self.look_at(home)
        entry = home, device, ear
        self._ears.append(entry)
        try:
            yield
        finally:
            self._ears.remove(entry)
            self.look_away(home)

    async def sync(self) -> None:
        """Wait until what is retained has come, for ``PATIENCE`` at most. Raises BrokerError where there is no broker."""
        if not self.client.connected:
            raise BrokerError(f"the broker {self.endpoint.url} is away; try again when it is back")
        await self.loop.until(lambda: self.client.subscribed, PATIENCE)
        self._asked += 1
        mark = b"%s %d" % (self._own, self._asked)
        self.client.publish(_MARK, mark)
        await self.loop.until(lambda: self._answered >= int(mark.split()[1]), PATIENCE)

    def _message(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if topic == _MARK:
            own, _, number = payload.partition(b" ")
            if own == self._own and number.isdigit() and len(number) < _LONGEST_NUMBER:
                self._answered = int(number)
            return
        if (of := home_of_summary(topic)) is not None:
            if (watch := self._watches.get(of)) is not None:
                watch.hear("", SUMMARY, payload)
            self._hand_on(of, "", SUMMARY, payload)
            return
        place = split(topic)
        if place is None or not is_name(place[0]):
            return
        home, device, leaf = place
        for at_home, name, ear in list(self._ears):
            if (at_home, name) == (home, device):
                ear(leaf, payload)
        if leaf == "about" and (device == CLOCK or (device == FLEET and payload)):
            self._hear_of(home, gone=not payload)
        watch = self._watches.get(home)
        if watch is not None:
            watch.hear(device, leaf, payload)
        self._hand_on(home, device, leaf, payload)

    def _hand_on(self, home: str, device: str, leaf: str, payload: bytes) -> None:
        """To whoever listens for pages. device: empty of what is the home's own."""
        for entry in list(self._attended.values()):
            if entry.listener is not None:
                entry.listener.hear(home, device, leaf, payload)

    def _hear_of(self, home: str, *, gone: bool) -> None:
        """A home is there, or nothing is left of its clock, and then of it. Whoever invents homes is heard for some."""
        before = len(self.homes)
        if gone:
            self.homes.discard(home)
        elif before < MOST_HOMES:
            self.homes.add(home)
        self.changed += len(self.homes) != before

    def _connection(self, *, up: bool) -> None:
        self.changed += 1
        for watch in self._watches.values():
            watch.connection(up=up)

    # -- what is wished ------------------------------------------------------------------------------------------------

    async def command(
        self, person: Person, home: str, device: str, changes: Mapping[str, Any], at: int | str | None = None
    ) -> dict[str, Any]:
        """Send a command to a device; the state in which it answers. at: simulated time from which it holds.

        Raises ConfigurationError where the person may not, SettingError with the device's words, BrokerError where nobody answers.
        """
        self.who.require(person, PersonRole.OPERATE)
        topics = Topics(home, device)
        answer: CommandAnswer | None = None

        def hear(leaf: str, payload: bytes) -> None:
            if answer is not None:
                answer.hear(leaf, payload)

        with self._hearing(home, device, hear):
            await self.sync()
            seen = self._watches[home].picture.devices.get(device)
            if seen is None or not seen.online:
                raise offline(topics)
            answer = CommandAnswer(topics, changes, at, self.loop.time)
            self.client.publish(topics.command, command_bytes(changes, at, _name(person)), 1)
            deadline = self.loop.time() + PATIENCE
            while not await self.loop.until(answer.settled, GRACE / 5) and self.loop.time() < deadline:
                pass  # time alone may settle it
        return answer.state(PATIENCE)

    async def wish(self, person: Person, home: str, verb: Verb, **of_it: Any) -> FleetResponseMessage:
        """Wish something of a home's fleet; its answer. of_it: what ``FleetRequestMessage`` has beside.

        Raises ConfigurationError where the person may not or the fleet refuses, in its words; BrokerError where it does not answer.
        """
        self.who.require(person, NEEDED[verb])
        request, topics = request_of(verb, _name(person), **of_it), Topics(home, FLEET)
        leaf = topics.response(str(request.id)).removeprefix(topics.at(""))
        answers: list[bytes] = []
        with self._hearing(home, FLEET, lambda said, payload: answers.append(payload) if said == leaf else None):
            await self.sync()
            self.client.publish(topics.request, request_bytes(request), 1)
            await self.loop.until(lambda: bool(answers), FLEET_PATIENCE)
        return answer_of(topics, answers[0] if answers else None)


def _name(person: Person) -> str:
    """Who sends it, as ``by`` takes it."""
    text = "console" if person.via == "loopback" else f"{person.name} (console)"
    return "".join(each for each in text if each.isprintable())[-MAX_SENDER:]
