"""One device on the bus: presence, commands, state and discovery; what it does in a window is its role's (``roles``).

A runtime owns one MQTT client on a loop that it may share with others. It knows nothing of its home but the name: place
and run come from the clock's retained ``site``. Until then the device is offline and says for whom it waits.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from virtual_devices import __version__
from virtual_devices.edge.faces import discovery
from virtual_devices.edge.faces.plain_readings import PlainReadings
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import AboutMessage, ErrorMessage, Message, SiteMessage, read, write
from virtual_devices.edge.messages.topics import HA_STATUS, Topics, identifier, split
from virtual_devices.edge.mqtt.client import TAKEOVERS, Client, Will
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.murmur import Bucket
from virtual_devices.edge.runtime.last_error import LastError
from virtual_devices.edge.runtime.obeying import ANSWERS, Obeying
from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.errors import ProtocolError, VirtualDevicesError
from virtual_devices.kit.forms.changes import readings_of, settings_json, settings_of
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.names import CLOCK

SILENCE = 5.0
"""Wall seconds after which a device without a clock says so."""
STATE_EVERY = 1.0
"""Wall seconds between two states of a device, at least."""
HEAL_AFTER = 0.1
"""Wall seconds after which a device says again what somebody changed of its retained words: a flood gets no flood of answers."""

MakeMember = Callable[[SiteMessage, Mapping[str, str]], Member]
"""From the site and the text of each file that a setting names, by that name."""


@lru_cache(maxsize=4)
def read_once(model: type[Message], payload: bytes) -> Any:
    """Like ``read``, for messages that many devices of one process get alike, one after the other.

    More of them kept would make a process walk through its memory: what is read next goes best where the last was.
    """
    return read(model, payload)


class Runtime(Obeying):
    """One device.

    make: builds the member once the site is known.  documents: text of the files it is built from, by name.
    on_state: told (name, kind, values) with every state, for metrics.
    on_fatal: told in words when this device cannot go on (another process has its name).
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
        *,
        on_state: Callable[[str, str, Mapping[str, Any]], None] | None = None,
        on_fatal: Callable[[str], None] | None = None,
        log: Callable[[str], None] | None = None,
        fresh: bool = False,
        documents: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.documents = dict(documents or {})
        self.loop, self.home, self.name, self.kind, self.device_class = loop, home, name, kind, device_class
        self.topics = Topics(home, name)
        self.site: SiteMessage | None = None
        self.member: Member | None = None
        self.fresh = fresh
        self._make, self._on_state, self._on_fatal = make, on_state, on_fatal
        self._log = log or (lambda _: None)
        self._synced = self.online = self._failed = False
        self._state_due: Timer | None = None
        self._state_at = -STATE_EVERY
        self._complaints = Bucket(*ANSWERS)
        self._heal_due: Timer | None = None
        self._lost_words = False
        self._announce_due: Timer | None = None
        self._unsaid = 0
        self._last_error = LastError()
        self.standing_by = False
        """Offline for others although it runs: it cannot work without a partner that is not there."""
        self.client = Client(
            loop,
            endpoint,
            identifier(home, name),
            will=Will(self.topics.availability, b"offline"),
            on_message=self._message,
            on_connect=self._connected,
            on_refused=lambda reason: self._fatal(f"the broker refuses it: {reason}"),
            on_takeover=self._thrown_off,
        )
        about = AboutMessage(kind=kind, ability=device_class.ability, title=device_class.title, version=__version__)
        self._about = write(about)
        self._plain = PlainReadings(loop, self.client, self.topics, readings_of(device_class))
        one = self.topics
        self.client.subscribe(
            (one.about, 0), (one.availability, 0), (one.command, 1), (one.command + "/+", 1), (HA_STATUS, 0),
            (Topics(home, CLOCK).availability, 0), (Topics(home, CLOCK).site, 0), *self.subscriptions(),
            (one.sync, 0),  # last: a broker that serves filter by filter then tells what is retained before it
        )  # fmt: skip

    # -- for roles ----------------------------------------------------------------------------------------------------

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        """More topic filters that a role needs."""
        return ()

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        """A message for the role."""

    def begin(self) -> None:
        """The member exists and every retained message has arrived: take up the work."""

    def retained(self) -> None:
        """Publish again what the role keeps retained; the broker may have forgotten it."""

    def with_commands(self, payload: bytes) -> bytes:
        """A retained message of this device with the commands that wait now in its checkpoint."""
        assert self.member is not None  # noqa: S101
        message = orjson.loads(payload)
        message["checkpoint"]["pending"] = self.member.checkpoint()["pending"]
        return orjson.dumps(message)

    # -- connection ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect."""
        self.client.connect()

    def stop(self) -> None:
        """Say the last state and leave."""
        if self.online:
            self.publish_state(now=True)
        self.online = False
        self._plain.stop()
        self.client.disconnect()

    def _connected(self) -> None:
        self._synced = False
        self._retained_commands.clear()
        self.client.publish(self.topics.about, self._about, 1, True)  # noqa: FBT003
        if self.online:
            self._announce()
            self.retained()
        self.client.publish(self.topics.sync, b"sync")

    def _announce(self) -> None:
        assert self.member is not None  # noqa: S101
        topic, payload = discovery.payload(self.home, self.name, self.kind, self.device_class, self._settings_json())
        self.client.publish(topic, orjson.dumps(payload), 1, True)  # noqa: FBT003
        self._say_availability()
        self.publish_state(now=True, everything=True)

    def _say_availability(self) -> None:
        self.client.publish(self.topics.availability, b"offline" if self.standing_by else b"online", 1, True)  # noqa: FBT003

    def stand_by(self, waiting_for: list[str]) -> None:
        """Be offline while partners are missing that this device needs, and say so; none: be back."""
        if bool(waiting_for) == self.standing_by:
            return
        self.standing_by = bool(waiting_for)
        self._say_availability()
        if waiting_for:
            self.complain(f"it waits, offline, for {', '.join(waiting_for)}", self.name)

    def _thrown_off(self, times: int) -> None:
        if times == TAKEOVERS:
            self._log(
                f"{self.name}: another client connects to the broker as {self.client.client_id}; it comes back after a pause, and longer ones "
                "if that goes on; stop the other one, or choose another name"
            )

    # -- what others did to its words ---------------------------------------------------------------------------------

    def _hear_own(self, leaf: str, payload: bytes) -> None:
        """One's own retained words, as the broker has them now: whoever changes or clears one is set right."""
        said = self._about if leaf == "about" else b"offline" if self.standing_by else b"online"
        if payload != said and self.client.connected and (leaf == "about" or self.online):
            self._lost_words |= not payload
            self.heal()

    def heal(self) -> None:
        """Say again, soon and once for all that was done to it meanwhile, what is retained of this device."""
        if self._heal_due is None or not self._heal_due.pending:
            self._heal_due = self.loop.call_later(HEAL_AFTER, self._heal)

    def _heal(self) -> None:
        cleared, self._lost_words = self._lost_words, False
        if not self.client.connected or self.client.leaving:
            return  # what is retained is said at the next connection
        self.client.publish(self.topics.about, self._about, 1, True)  # noqa: FBT003
        if not self.online:
            return
        if cleared:  # most likely everything was
            self._announce()
        self._say_availability()
        self.retained()

    def _fatal(self, reason: str) -> None:
        """Say once that this device cannot go on; whoever hosts it ends it."""
        if self._failed:
            return
        self._failed = True
        self._log(f"{self.name}: {reason}")
        if self._on_fatal is not None:
            self._on_fatal(f"{self.name}: {reason}")

    # -- messages -----------------------------------------------------------------------------------------------------

    def _message(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if topic == HA_STATUS:
            idle = self._announce_due is None or not self._announce_due.pending
            if payload == b"online" and self.online and idle:
                self._announce_due = self.loop.call_later(random.uniform(0.1, 1.0), self._home_assistant_is_back)  # noqa: S311 - spreads a fleet
            return
        place = split(topic)
        if place is None or place[0] != self.home:
            return
        try:
            self._heard(place[1], place[2], payload, retain=retain)
        except ProtocolError as error:
            self.complain(str(error), topic)
        except Exception as error:  # noqa: BLE001 - one device's fault must not end the others of this process
            self._log(f"{self.name}: a fault of the program, please report it:\n{traceback.format_exc()}")
            self.complain(f"a fault of the program ({error!r}) on a message of {len(payload)} bytes", topic)

    def _heard(self, device: str, leaf: str, payload: bytes, *, retain: bool) -> None:
        if device == CLOCK and device != self.name and leaf in ("availability", "window"):
            self._hear_clock(leaf, payload, retain=retain)
        if leaf == "site" and device == CLOCK:
            self._site(payload)
        elif device == self.name and leaf == "sync":
            self._all_heard()
        elif device == self.name and leaf in ("about", "availability"):
            self._hear_own(leaf, payload)
            self.received(device, leaf, payload)
        elif device == self.name and (leaf == "set" or leaf.startswith("set/")):
            self._command(leaf, payload, retain=retain)
        else:
            self.received(device, leaf, payload)

    def _all_heard(self) -> None:
        self._synced = True
        self._go()
        if self.site is None:
            self.loop.call_later(SILENCE, self._say_what_is_missing)

    def _say_what_is_missing(self) -> None:
        if self.site is None and self.client.connected:
            self._log(f"{self.name}: it waits, offline, for the clock of home {self.home}")

    def _home_assistant_is_back(self) -> None:
        if self.online:
            self._announce()

    def _site(self, payload: bytes) -> None:
        if not payload:
            return  # the clock says it again
        try:
            site: SiteMessage = read_once(SiteMessage, payload)
        except ProtocolError as error:
            text = f"the clock of home {self.home} speaks otherwise than this version ({__version__}): {error}; run one version everywhere"
            self._log(f"{self.name}: {text}")
            raise ProtocolError(text) from None
        if site == self.site:
            return
        if site.home != self.home:
            raise ProtocolError(f"the site is of home {site.home!r}")
        known, self.site = self.site, site
        if known is None or known.run != site.run:
            self.member, self.online, self._resigned = None, False, 0
            if self._synced:  # what the clock says next belongs to it: the window
                self._synced = False
                self.client.publish(self.topics.sync, b"sync")
        self._go()

    def _go(self) -> None:
        if self.online or self.client.leaving or self.site is None or not self._synced:
            return  # what arrives while it leaves does not bring it back
        if self._waits_for_an_answer() or self._waits_for_memory():
            return
        try:
            if self.member is None:
                self.member = self._make(self.site, self.documents)
            self.begin()
        except VirtualDevicesError as error:
            self._fatal(str(error).removeprefix(f"{self.name}: "))
            return
        self.online = True
        self.client.unsubscribe(self.own_checkpoint)  # from here on it would only hear itself
        self._announce()
        self.tell_notices()
        self._name_replayed()

    def renew(self, file: str, text: str) -> bool:
        """A file that settings name has a new text: it is in force from the next window on that is not proposed yet.

        A device that refuses it says so, and goes on with the text that it has. False: not yet, it waits for its clock.
        """
        if self.member is None or self.site is None or not self.online:
            return False
        documents = {**self.documents, file: text}
        try:
            renewed = self._make(self.site, documents)
        except Exception as error:  # noqa: BLE001 - one device's fault must not end the others of this process
            problem = error if isinstance(error, VirtualDevicesError) else f"a fault of the program ({error!r}) on file {file!r}"
            self.complain(f"{problem}; until then it goes on with the file as it was", self.name)
            return True
        self.documents = documents
        settings = self._settings_json()
        naming = [item.name for item in settings_of(self.device_class) if item.document and settings[item.name] == file]
        self.member.renew(renewed.device, dict.fromkeys(naming, file))
        return True

    def complain(self, text: str, about: str) -> None:
        """Say on the own error topic what is wrong with somebody's message; in a flood, how many more there were."""
        if not self._complaints.take(self.loop.time()):
            if not self._unsaid:
                self.loop.call_later(1.0, self._say_how_many)
            self._unsaid += 1
            return
        self.client.publish(self.topics.error, write(ErrorMessage(error=text[:1000], about=about[:300])), 1)
        self._last_error.note(text)
        self.loop.call_soon(self._show_last_error)

    def _show_last_error(self) -> None:
        """In the state too, unless whoever complained has published one meanwhile."""
        if self.online and self._last_error.untold:
            self.publish_state()

    def _say_how_many(self) -> None:
        count, self._unsaid = self._unsaid, 0
        message = ErrorMessage(error=f"and {count} more like these, which nobody is told one by one", about=self.name)
        self.client.publish(self.topics.error, write(message), 1)

    def tell_notices(self) -> None:
        """Say on the own error topic, once, what did not survive a restart."""
        assert self.member is not None  # noqa: S101
        for notice in self.member.take_notices():
            self.complain(notice, self.name)

    # -- state --------------------------------------------------------------------------------------------------------

    def _settings_json(self) -> dict[str, Any]:
        return settings_json(self.member.future()) if self.member is not None else {}

    def values(self) -> dict[str, Any]:
        """Settings and readings, flat; a reading is null before the first settled step."""
        assert self.member is not None  # noqa: S101
        assert self.site is not None  # noqa: S101
        known = readings_of(self.device_class)
        unknown = dict.fromkeys(reading.name for reading in known)  # null: Home Assistant's unknown, not a missing key
        values = {**unknown, **self._settings_json(), **self.member.readings(), **self._last_error.tell()}
        time = self.member.time - 1 if self.member.time is not None else self.site.start
        local = self.member.device.site.calendar
        if any(reading.day for reading in known):
            values[discovery.DAY_START] = datetime.fromtimestamp(local.midnight(time), UTC).isoformat()
        if any(reading.month for reading in known):
            values[discovery.MONTH_START] = datetime.fromtimestamp(local.month_start(time), UTC).isoformat()
        return values

    def publish_effect(self) -> None:
        """Publish the state after a window: what a command has changed at once, anything else like ``publish_state``."""
        changed, self._effect_due = self._effect_due, False
        self.publish_state(now=changed and self._answers.take(self.loop.time()))

    def publish_state(self, *, now: bool = False, everything: bool = False) -> None:
        """Publish the state, at once or when a wall second has passed since the last time. everything: plain readings that are the same too."""
        if self.member is None:
            return
        wait = self._state_at + STATE_EVERY - self.loop.time()
        if now or wait <= 0:
            if self._state_due is not None:
                self._state_due.cancel()
                self._state_due = None
            self._state_at = self.loop.time()
            values = self.values()
            self.client.publish(self.topics.state, write(values), 1, True)  # noqa: FBT003
            if self.member.settings.plain_readings:
                self._plain.tell(values, everything=everything)
            if self._on_state is not None:
                self._on_state(self.name, self.kind, values)
        elif self._state_due is None:
            self._state_due = self.loop.call_later(wait, self._state_is_due)

    def _state_is_due(self) -> None:
        self._state_due = None
        self.publish_state(now=True)
