"""Who commands or asks a device that there is not is told so, and which there is instead.

Nobody else can: a broker takes a message for a name that nobody has without a word. The answer goes where the sender would look,
`virtual/<home>/<that name>/error`, never retained, so that a device which joins by that name later finds nothing; and to where a question of
MQTT 5 wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import ErrorMessage, write
from virtual_devices.edge.messages.topics import FLEET, Topics
from virtual_devices.edge.mqtt.client import Client, ReturnAddress
from virtual_devices.edge.murmur import Bucket, listed
from virtual_devices.edge.runtime.presence import MOST
from virtual_devices.fleet.device.questions import may_be_answered
from virtual_devices.kit.errors import shown, suggestion
from virtual_devices.kit.names import MAX_NAME, is_name

AT_ONCE = (20, 2.0)
"""Answers at once, and per wall second after that."""
LONGEST = 2 * MAX_NAME
"""Characters of a name that somebody may have mistyped; what is longer is no slip."""
COUNTED_AFTER = 1.0
"""Wall seconds after which it is said how many got no answer."""


class Misaddressed:
    """Hears commands and questions of every name.

    wanted: names of the home's devices.  complain: told of a flood, in words and what that is about.
    """

    def __init__(self, loop: Loop, client: Client, home: str, wanted: Callable[[], Iterable[str]], complain: Callable[[str, str], None]) -> None:
        self._loop, self._client, self._home, self._wanted, self._complain = loop, client, home, wanted, complain
        self._seen: set[str] = set()
        """Who has an availability: the home's devices, and guests, also those that are away."""
        self._knows = False
        self._bucket = Bucket(*AT_ONCE)
        self._unanswered = 0

    def connected(self) -> None:
        """A broker is about to tell who there is."""
        self._seen.clear()
        self._knows = False

    def all_heard(self) -> None:
        """It has."""
        self._knows = True

    def hear_availability(self, device: str, payload: bytes) -> None:
        """A device says whether it is there, or has been cleared."""
        if not payload:
            self._seen.discard(device)
        elif is_name(device) and len(self._seen) < MOST:
            self._seen.add(device)

    def is_nobody(self, name: str) -> bool:
        """Whether no device is called so; where that cannot be known, it is not."""
        unsure = not self._knows or (is_name(name) and len(self._seen) >= MOST)
        return not (unsure or name == FLEET or name.startswith("_") or name in self._seen or name in self._wanted())

    def hear(self, name: str, leaf: str, back: ReturnAddress | None = None) -> None:
        """Something is wanted of a device. back: where the sender wants to be answered, if he has said so."""
        if not self.is_nobody(name):
            return
        if not self._bucket.take(self._loop.time()):
            self._count()
            return
        topics = Topics(self._home, name)
        known = sorted({*self._wanted(), *self._seen} - {FLEET})
        hint = suggestion(name[:LONGEST].casefold(), known)
        text = f"there is no device {shown(name)} in home {self._home}{hint if 'did you mean' in hint else f'; known: {listed(known)}'}"
        answer = write(ErrorMessage(error=text[:1000], about=topics.at(leaf)[:300]))
        if 0 < len(name) <= LONGEST and name.isprintable():
            self._client.publish(topics.error, answer, 1)
        if back is not None and may_be_answered(self._home, back.topic):
            self._client.answer(back, answer)

    def _count(self) -> None:
        if not self._unanswered:
            self._loop.call_later(COUNTED_AFTER, self._say_how_many)
        self._unanswered += 1

    def _say_how_many(self) -> None:
        count, self._unanswered = self._unanswered, 0
        self._complain(f"{count} more commands or questions for devices that are not there, which nobody is told one by one", Topics(self._home, "+").command)
