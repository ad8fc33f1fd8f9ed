"""One device on the bus: it connects, waits until it can begin, and is at work; what it does in a window is its role's.

A runtime owns one MQTT client on a loop that it may share with others. It knows nothing of its home but the name: place
and run come from the clock's retained ``site``. Until then the device is offline and says for whom it waits.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import orjson

from virtual_devices import __version__
from virtual_devices.edge.faces import discovery
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import AboutMessage, Message, SiteMessage, read
from virtual_devices.edge.messages.once import ReadOnce
from virtual_devices.edge.messages.topics import HA_STATUS, Topics, identifier, split
from virtual_devices.edge.mqtt.client import LEAVE_WITHIN, TAKEOVERS, Client, Will
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime.command_intake import CommandIntake
from virtual_devices.edge.runtime.complaints import Complaints
from virtual_devices.edge.runtime.memory import Memory
from virtual_devices.edge.runtime.role import AtWork, Role
from virtual_devices.edge.runtime.state import StatePublisher
from virtual_devices.edge.runtime.stop_word import StopWord
from virtual_devices.edge.runtime.words import Words
from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.errors import ProtocolError, VirtualDevicesError
from virtual_devices.kit.forms.changes import settings_json, settings_of
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.names import CLOCK

SILENCE = 5.0
"""Wall seconds after which a device without a clock says so."""

MakeMember = Callable[[SiteMessage, Mapping[str, str]], Member]
"""From the site and the text of each file that a setting names, by that name."""


def read_once(model: type[Message], payload: bytes) -> Any:
    """Like ``read``, for messages that many devices of one home get alike, one after the other."""
    return _once(model)(payload)


@cache
def _once(model: type[Message]) -> ReadOnce[Any]:
    return ReadOnce(partial(read, model))


class Runtime:
    """One device.

    make: builds the member once the site is known.  role: builds what it does, which finds here all that it needs of the bus.
    documents: text of the files the member is built from, by name.
    on_state: told (name, kind, values) with every state, for metrics.
    on_heard: told (device, leaf, payload) of all that it hears of its home, and says there.
    on_fatal: told in words when this device cannot go on (another process has its name).
    on_stop: called when somebody sends ``stop``; None refuses it.
    """

    def __init__(
        self,
        loop: Loop,
        endpoint: Endpoint,
        home: str,
        name: str,
        kind: str,
        device_class: type[AnyDevice],
        make: MakeMember,
        role: Callable[[Runtime], Role[Any]],
        *,
        on_state: Callable[[str, str, Mapping[str, Any]], None] | None = None,
        on_heard: Callable[[str, str, bytes], None] | None = None,
        on_fatal: Callable[[str], None] | None = None,
        on_stop: Callable[[], None] | None = None,
        log: Callable[[str], None] | None = None,
        documents: Mapping[str, str] | None = None,
    ) -> None:
        self.documents = dict(documents or {})
        self.loop, self.home, self.name, self.kind, self.device_class = loop, home, name, kind, device_class
        self.topics = one = Topics(home, name)
        self.work: AtWork[Any] | None = None
        """While the device is online."""
        self.site: SiteMessage | None = None
        """As far as it is known; before the work begins too."""
        self._make, self._on_fatal, self._on_heard = make, on_fatal, on_heard
        self.log = log or (lambda _: None)
        self._synced = self._failed = False
        self._announce_due: Timer | None = None
        self.client = Client(
            loop,
            endpoint,
            identifier(home, name),
            will=Will(one.availability, b"offline"),
            on_message=self._message,
            on_connect=self._connected,
            on_refused=lambda reason: self.fatal(f"the broker refuses it: {reason}"),
            on_takeover=self._thrown_off,
        )
        if on_heard is not None:
            self.client.on_said = self._tell
        complaints = Complaints(loop, self.client, one, self._show_last_error)
        self.complain, self._last_error = complaints.complain, complaints.last
        about = AboutMessage(kind=kind, ability=device_class.ability, title=device_class.title, version=__version__)
        self.words = Words(loop, self.client, one, about, self._heal)
        self.commands = CommandIntake(loop, self.client, one, self.complain, self._answer)
        self._stop_word = StopWord(one.stop, on_stop, self.complain)
        self.role = role(self)
        self.memory = Memory(loop, name, self.role, self.complain, self.go)
        self.state = StatePublisher(
            loop, self.client, one, device_class, self.role, self._last_error, due=self._show,
            told=(lambda values: on_state(name, kind, values)) if on_state is not None else None,
        )  # fmt: skip
        self.client.subscribe(
            (one.about, 0), (one.availability, 0), (one.command, 1), (one.command + "/+", 1), (one.get, 0), (one.stop, 1), (HA_STATUS, 0),
            (Topics(home, CLOCK).availability, 0), (Topics(home, CLOCK).site, 0), *self.role.subscriptions(),
            (one.sync, 0),  # last: a broker that serves filter by filter then tells what is retained before it
        )  # fmt: skip

    @property
    def online(self) -> bool:
        """Whether it is at work."""
        return self.work is not None

    # -- connection ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect."""
        self.client.connect()

    def stop(self, grace: float = LEAVE_WITHIN) -> None:
        """Say the last state and leave. grace: wall seconds for the broker to acknowledge that."""
        self.commands.leave()
        self.role.left()
        self._show()
        if self.work is not None:
            self.role.leaving(self.work)
        self.work = None
        self.state.stop()
        self.client.disconnect(grace=grace)

    def _connected(self) -> None:
        self._synced = False
        self.commands.connected()
        self._stop_word.connected()
        self.words.say_about()
        if self.work is not None:
            self._announce(self.work)
            self.role.retained(self.work)
        self.client.publish(self.topics.sync, b"sync")
        self.role.connected()

    def _announce(self, work: AtWork[Any]) -> None:
        self._say_face(work)
        self.words.say_availability()
        self.state.publish(work, now=True, everything=True)

    def _say_face(self, work: AtWork[Any]) -> None:
        settings = settings_json(work.member.future())
        topic, payload = discovery.payload(self.home, self.name, self.kind, self.device_class, settings, self.role.circuits)
        self.client.publish(topic, orjson.dumps(payload), 1, True)  # noqa: FBT003

    def announce_anew(self) -> None:
        """Tell Home Assistant again what this device is; its controls offer something else."""
        if self.work is not None:
            self._say_face(self.work)

    def _heal(self, cleared: bool) -> None:  # noqa: FBT001 - a callback
        if self.work is None:
            return
        if cleared:  # most likely everything was
            self._announce(self.work)
        self.words.say_availability()
        self.role.retained(self.work)
        self.role.healed()

    def _thrown_off(self, times: int) -> None:
        if times == TAKEOVERS:
            self.log(
                f"{self.name}: another client connects to the broker as {self.client.client_id}; it comes back after a pause, and longer ones "
                "if that goes on; stop the other one, or choose another name"
            )

    def fatal(self, reason: str) -> None:
        """Say once that this device cannot go on; whoever hosts it ends it."""
        if self._failed:
            return
        self._failed = True
        self.log(f"{self.name}: {reason}")
        if self._on_fatal is not None:
            self._on_fatal(f"{self.name}: {reason}")

    # -- messages -----------------------------------------------------------------------------------------------------

    def _message(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if topic == HA_STATUS:
            idle = self._announce_due is None or not self._announce_due.pending
            if payload == b"online" and self.work is not None and idle:
                self._announce_due = self.loop.call_later(random.uniform(0.1, 1.0), self._home_assistant_is_back)  # noqa: S311 - spreads a fleet
            return
        place = split(topic)
        if place is None or place[0] != self.home:
            return
        if self._on_heard is not None:
            self._on_heard(place[1], place[2], payload)
        try:
            self._heard(place[1], place[2], payload, retain=retain)
        except ProtocolError as error:
            self.complain(str(error), topic)
        except Exception as error:  # noqa: BLE001 - one device's fault must not end the others of this process
            self.log(f"{self.name}: a fault of the program, please report it:\n{traceback.format_exc()}")
            self.complain(f"a fault of the program ({error!r}) on a message of {len(payload)} bytes", topic)

    def _tell(self, topic: str, payload: bytes) -> None:
        place = split(topic)
        if self._on_heard is not None and place is not None:
            self._on_heard(place[1], place[2], payload)

    def _heard(self, device: str, leaf: str, payload: bytes, *, retain: bool) -> None:
        if device not in (self.name, CLOCK):  # nearly all
            self.role.received(device, leaf, payload)
            return
        if device == CLOCK and device != self.name and leaf in ("availability", "window"):
            self.memory.hear_clock(leaf, payload, retain=retain)
        if leaf == "site" and device == CLOCK and not self.role.gives_site:
            self.role.received(device, leaf, payload)
            self._hear_site(payload)
        elif device == self.name and leaf == "sync":
            self._all_heard()
        elif device == self.name and leaf in ("about", "availability"):
            self.words.heard(leaf, payload, online=self.work is not None)
            self.role.received(device, leaf, payload)
        elif device == self.name and (leaf == "set" or leaf.startswith("set/")):
            self.commands.command(self.work, leaf, payload, retain=retain)
        elif device == self.name and leaf == "get":
            self._asked(retain=retain)
        elif device == self.name and leaf == "stop":
            self._stop_word.hear(payload, retain=retain)
        else:
            self.role.received(device, leaf, payload)

    def _home_assistant_is_back(self) -> None:
        if self.work is not None:
            self._announce(self.work)

    # -- beginning ----------------------------------------------------------------------------------------------------

    def _all_heard(self) -> None:
        self._synced = True
        self.role.all_heard()
        self.go()
        if self.site is None and not self.role.gives_site:
            self.loop.call_later(SILENCE, self._say_what_is_missing)

    def _say_what_is_missing(self) -> None:
        if self.site is None and self.client.connected:
            self.log(f"{self.name}: it waits, offline, for the clock of home {self.home}")

    def _hear_site(self, payload: bytes) -> None:
        if not payload:
            return  # the clock says it again
        try:
            site: SiteMessage = read_once(SiteMessage, payload)
        except ProtocolError as error:
            text = f"the clock of home {self.home} speaks otherwise than this version ({__version__}): {error}; run one version everywhere"
            self.log(f"{self.name}: {text}")
            raise ProtocolError(text) from None
        if site == self.site:
            return
        if site.home != self.home:
            raise ProtocolError(f"the site is of home {site.home!r}")
        known, self.site = self.site, site
        if known is None or known.run != site.run:
            self.work = None
            self.memory.begin_run()
            if self._synced:  # what the clock says next belongs to it: the window
                self._synced = False
                self.client.publish(self.topics.sync, b"sync")
        elif self.work is not None:
            self.work = AtWork(site, self.work.member)
        self.go()

    def go(self) -> None:
        """Begin, if everything is there for it."""
        if self.work is not None or self.client.leaving or not self._synced:
            return  # what arrives while it leaves does not bring it back
        self.site = site = self.role.site(self.site)
        if site is None or self.memory.waits(site.run):
            return
        try:
            work = AtWork(site, self._make(site, self.documents))
            self.role.begin(work)
        except VirtualDevicesError as error:
            self.fatal(str(error).removeprefix(f"{self.name}: "))
            return
        self.work = work
        self.client.unsubscribe(self.role.own_checkpoint)  # from here on it would only hear itself
        self._announce(work)
        for notice in work.member.take_notices():
            self.complain(notice, self.name)
        self.commands.name_replayed(work)

    def recollect(self) -> None:
        """Begin anew from what is retained, or from what the host puts back: a newer life of this device was heard of."""
        self.work = None
        self.client.subscribe((self.role.own_checkpoint, 0))
        self.client.publish(self.topics.sync, b"sync")  # what is retained comes before it
        self._synced = False

    # -- at work ------------------------------------------------------------------------------------------------------

    def stand_by(self, waiting_for: list[str]) -> None:
        """Be offline while partners are missing that this device needs, and say so; none: be back."""
        if bool(waiting_for) == self.words.standing_by:
            return
        self.words.standing_by = bool(waiting_for)
        self.words.say_availability()
        if waiting_for:
            self.complain(f"it waits, offline, for {', '.join(waiting_for)}", self.name)

    def renew(self, file: str, text: str) -> bool:
        """A file that settings name has a new text: it is in force from the next window on that is not proposed yet.

        A device that refuses it says so, and goes on with the text that it has. False: not yet, it waits for its clock.
        """
        if self.work is None:
            return False
        documents = {**self.documents, file: text}
        try:
            renewed = self._make(self.work.site, documents)
        except Exception as error:  # noqa: BLE001 - one device's fault must not end the others of this process
            problem = error if isinstance(error, VirtualDevicesError) else f"a fault of the program ({error!r}) on file {file!r}"
            self.complain(f"{problem}; until then it goes on with the file as it was", self.name)
            return True
        self.documents = documents
        settings = settings_json(self.work.member.future())
        naming = [item.name for item in settings_of(self.device_class) if item.document and settings[item.name] == file]
        member = self.work.member
        member.renew(renewed.device, dict.fromkeys(naming, file))
        time = self.work.site.start if member.time is None else member.time
        for about in renewed.device.past(member.future(), time):  # it is taken, but says nothing of now
            if about.startswith(f"{file}: "):
                self.complain(about, self.name)
        return True

    def publish_effect(self, work: AtWork[Any]) -> None:
        """Publish the state after a window: what a command has changed at once, anything else when it is due."""
        self.state.publish(work, now=self.commands.has_effect())

    def _asked(self, *, retain: bool) -> None:
        """Somebody wants to see the state; a question that the broker keeps is nobody's any more."""
        if retain:
            return
        if self.work is not None:
            self.state.answer(self.work)
        else:
            self.complain("this device waits for its home's clock; its last state is what the broker retains", self.topics.get)

    def _show(self) -> None:
        if self.work is not None:
            self.state.publish(self.work, now=True)

    def _show_last_error(self) -> None:
        """In the state too, unless whoever complained has published one meanwhile."""
        if self.work is not None and self._last_error.untold:
            self.state.publish(self.work)

    def _answer(self) -> None:
        if self.work is not None:
            self.role.commanded(self.work)
            self._show()
