"""The fleet of a home on the bus: requests are done one after the other, and answered; what is wanted and what runs is retained.

It takes any ``Fleet``. What is retained of it stands in ``telling`` and ``announcer``, answers to questions under MQTT 5 in
``questions``, those to whoever has a device's name wrong in ``misaddressed``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from virtual_devices import __version__
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import AboutMessage, write
from virtual_devices.edge.messages.fleet import FleetRequestMessage, FleetResponseMessage
from virtual_devices.edge.messages.topics import FLEET, HA_STATUS, Topics, identifier, split
from virtual_devices.edge.mqtt.client import Client, ReturnAddress, Will
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.murmur import Bucket
from virtual_devices.edge.runtime.words import Words
from virtual_devices.fleet.device.misaddressed import Misaddressed
from virtual_devices.fleet.device.questions import Questions, may_be_answered
from virtual_devices.fleet.device.requests import Refusal, fulfil, read_request, refused
from virtual_devices.fleet.device.summing import Labels, Summaries
from virtual_devices.fleet.device.telling import Telling
from virtual_devices.fleet.fleet import Fleet

REQUESTS = (50, 10.0)
"""Requests at once, and per wall second."""
WAITING_MOST = 100
"""Requests that wait for their turn."""
ANSWERED_AGAIN = 60.0
"""Wall seconds in which the same id is answered again, and nothing is done twice."""
ANSWERS_MOST = 200
HEARD_WITHIN = 5.0
"""Wall seconds in which it hears its own word, where the broker's access list lets it speak."""


class FleetDevice:
    """A client of its own, ``virtual-<home>-fleet``.

    It speaks MQTT 5 where the broker does, on one port with 3.1.1: the embedded one, which has a port for each, closes the connections of all that
    speak 3.1.1 and hear a message that says where it wants an answer.

    say: told once where the broker does not let it be; the home goes on without.  labels: of the home, for its summary.
    """

    def __init__(
        self, loop: Loop, endpoint: Endpoint, home: str, fleet: Fleet, say: Callable[[str], None], labels: Labels = dict
    ) -> None:
        self._loop, self._fleet, self._say = loop, fleet, say
        self.topics = one = Topics(home, FLEET)
        every = Topics(home, "+")
        self.client = Client(
            loop, endpoint, identifier(home, FLEET), will=Will(one.availability, b"offline"), on_message=self._message,
            on_connect=self._connected, on_refused=self._give_up, on_question=self._asked,
        )  # fmt: skip
        about = AboutMessage(kind=FLEET, ability=FLEET, title="Fleet", version=__version__)
        self._words = Words(loop, self.client, one, about, lambda _: self._say_all())
        self._telling = Telling(loop, self.client, one, fleet)
        self.complaints = self._telling.complaints
        self._summaries = Summaries(loop, self.client, home, fleet, labels, self._telling.present)
        self._questions = Questions(loop, self.client, home)
        self._misaddressed = Misaddressed(loop, self.client, home, lambda: fleet.wanted.devices, self.complaints.complain)
        self._bucket = Bucket(*REQUESTS)
        self._waiting: deque[tuple[FleetRequestMessage, ReturnAddress | None]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._answers: dict[str, tuple[float, bytes | None]] = {}
        """By id, when it was asked, and the answer; None while it is being done."""
        self._heard_itself = False
        self._unheard: Timer | None = None
        self.client.subscribe(
            (one.request, 1), (one.about, 0), (one.wanted, 0), (one.running, 0), (every.availability, 0), (every.command, 0), (f"{every.command}/+", 0),
            (every.get, 0), (HA_STATUS, 0), (one.sync, 0),
        )  # fmt: skip

    def start(self) -> None:
        """Connect."""
        self.client.connect()

    async def stop(self) -> None:
        """Do nothing more, and leave; a wish that was accepted is done when the home starts again."""
        await self._summaries.stop()
        self._telling.stop()
        self._questions.stop()
        if self._unheard is not None:
            self._unheard.cancel()
        if self._task is not None:
            self._task.cancel()
        await self.client.leave()

    # -- connection ---------------------------------------------------------------------------------------------------

    def _connected(self) -> None:
        self._telling.connected()
        self._misaddressed.connected()
        self._words.say_about()
        self._say_all()
        self.client.publish(self.topics.sync, b"sync", 1)
        if not self._heard_itself and self._unheard is None:
            self._unheard = self._loop.call_later(HEARD_WITHIN, self._is_unheard)

    def _is_unheard(self) -> None:
        if not self._heard_itself and self.client.connected:
            self._give_up(f"its words on {self.topics.at('#')} do not come back; its access list may not know it")

    def _give_up(self, reason: str) -> None:
        self._say(f"this home's fleet cannot be asked on the bus: {reason}; the home goes on")
        self.client.disconnect()

    def _say_all(self) -> None:
        self._words.say_availability()
        self._telling.everything()
        self._summaries.connected()

    # -- what is heard ------------------------------------------------------------------------------------------------

    def _asked(self, topic: str, payload: bytes, retain: bool, back: ReturnAddress) -> None:  # noqa: FBT001 - the client's callback
        """A message that says where it wants its answer."""
        place = split(topic)
        if place is not None and place[1:] == (FLEET, "request"):
            self._hear_request(payload, retain=retain, back=back)
        elif place is not None and _is_command(place[2]) and not retain:
            self._misaddressed.hear(place[1], place[2], back)
        elif place is not None and place[2] == "get" and place[1] != FLEET and not retain:
            if self._misaddressed.is_nobody(place[1]):
                self._misaddressed.hear(place[1], place[2], back)
            elif self._bucket.take(self._loop.time()):
                self._questions.ask(place[1], back)
        else:
            self._message(topic, payload, retain)

    def _message(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if topic == HA_STATUS:
            if payload == b"online":
                self._telling.announcer.home_assistant_is_back()
            return
        place = split(topic)
        if place is None:
            return
        _, device, leaf = place
        if leaf == "availability":
            self._telling.hear_availability(device, payload)
            self._misaddressed.hear_availability(device, payload)
        elif (leaf == "get" or _is_command(leaf)) and not retain:
            self._misaddressed.hear(device, leaf)
        elif leaf == "state" and device != FLEET:
            self._questions.hear(device, payload, retain=retain)
        elif leaf in ("quarter", "past"):
            self._summaries.hear(device, leaf, payload, retain=retain)
        if device == FLEET:
            self._hear_own(leaf, payload, retain=retain)

    def _hear_own(self, leaf: str, payload: bytes, *, retain: bool) -> None:
        if leaf == "sync":
            self._heard_itself = True
            self._misaddressed.all_heard()
        elif leaf in ("about", "availability"):
            self._words.heard(leaf, payload, online=True)
        elif leaf == "get" and not retain:
            self._telling.tell_state()
        elif leaf in ("wanted", "running") and not payload:
            self._words.heal()  # somebody has cleared it
        elif leaf == "request" and payload:
            self._hear_request(payload, retain=retain)

    def _hear_request(self, payload: bytes, *, retain: bool, back: ReturnAddress | None = None) -> None:
        if retain:
            self.complaints.complain("a retained request is not done: it may be old; clear it, and wish without the retain flag", self.topics.request)
            return
        if not self._bucket.take(self._loop.time()) or len(self._waiting) >= WAITING_MOST:
            self.complaints.complain(f"too many requests at once; ask at most {REQUESTS[1]:g} times a second", self.topics.request)
            return
        request = read_request(payload)
        if isinstance(request, Refusal):
            self._refuse(request.id, request.said, back)
        elif not self._was_asked(request.id):
            self._waiting.append((request, back))
            if self._task is None or self._task.done():
                self._task = self._loop.asyncio.create_task(self._work())

    def _was_asked(self, request_id: str | None) -> bool:
        """Whether this very wish was heard a moment ago; then its answer is said again, once there is one."""
        if request_id is None:
            return False
        now = self._loop.time()
        for known in [known for known, (asked, _) in self._answers.items() if now - asked > ANSWERED_AGAIN]:
            del self._answers[known]
        if request_id in self._answers:
            answer = self._answers[request_id][1]
            if answer is not None:
                self.client.publish(self.topics.response(request_id), answer, 1)
            return True
        while len(self._answers) >= ANSWERS_MOST:
            del self._answers[next(iter(self._answers))]
        self._answers[request_id] = now, None
        return False

    # -- wishes -------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while self._waiting:
            request, back = self._waiting.popleft()
            try:
                response = await fulfil(self._fleet, request)
            except Exception as error:  # noqa: BLE001 - nobody's wish ends the home
                response = refused(request.id or "none", f"a fault of the program, please report it: {error!r}")
            self._answer(request, response, back)

    def _answer(self, request: FleetRequestMessage, response: FleetResponseMessage, back: ReturnAddress | None) -> None:
        """Say what came of a request, where somebody waits for that; a refusal in any case."""
        payload = write(response)
        if request.id is not None:
            self._answers[request.id] = self._loop.time(), payload
            self.client.publish(self.topics.response(request.id), payload, 1)
        self._answer_back(back, payload)
        if not response.accepted:
            self.complaints.complain(response.said, request.name or self.topics.request)

    def _answer_back(self, back: ReturnAddress | None, payload: bytes) -> None:
        if back is not None and may_be_answered(self.topics.home, back.topic):
            self.client.answer(back, payload)

    def _refuse(self, request_id: str | None, said: str, back: ReturnAddress | None) -> None:
        if request_id is not None:
            self.client.publish(self.topics.response(request_id), write(refused(request_id, said)), 1)
        self._answer_back(back, write(refused(request_id or "none", said)))
        self.complaints.complain(said, self.topics.request)


def _is_command(leaf: str) -> bool:
    return leaf == "set" or leaf.startswith("set/")
