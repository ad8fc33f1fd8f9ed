"""One home as it is just now: what its devices and its fleet say, for all pages that show it."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TypeVar

from virtual_devices.edge.messages.base import ErrorMessage, Message, SiteMessage, read
from virtual_devices.edge.messages.fleet import (
    FleetKindsMessage,
    FleetRunningMessage,
    FleetWantedMessage,
    KindForm,
    RunningForm,
    WantedForm,
)
from virtual_devices.edge.messages.summary import SummaryMessage
from virtual_devices.edge.messages.topics import FLEET, Topics, summary_topic
from virtual_devices.edge.visitor.picture import Now, Picture
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.names import CLOCK

Form = TypeVar("Form", bound=Message)
MOST_ERRORS = 50
"""Of one home, that are remembered."""


@dataclass(frozen=True, slots=True)
class HeardError:
    """What a device refused or complained of while somebody looked. at: of the wall, UTC seconds."""

    at: float
    device: str
    text: str


class HomeWatch:
    """Listens to a home.

    picture: its devices.  version: grows whenever something has changed.  kinds: by name, of which its fleet makes devices; empty without a fleet.
    wanted: by name, see ``edge.messages.fleet``; revision: its number, 0 while there is none.  fleet_version: of the program whose fleet it is.
    site: where the home stands and when its run began, None while that is not known.
    fleet_online: whether its fleet is there to be asked.  place: where it says that it runs devices.
    labels: of the home, as its summary tells.
    running: by name, how they run, as their fleet says.  errors: the newest last.
    """

    def __init__(self, home: str) -> None:
        self.home = home
        self.version = 0
        self.picture = Picture(home)
        self.kinds: dict[str, KindForm] = {}
        self.wanted: dict[str, WantedForm] = {}
        self.revision, self.fleet_version = 0, ""
        self.site: SiteMessage | None = None
        self.labels: dict[str, str] = {}
        self.fleet_online = False
        self.place = ""
        self.running: dict[str, RunningForm] = {}
        self.errors: deque[HeardError] = deque(maxlen=MOST_ERRORS)
        self._now: tuple[int, Now] | None = None

    def filters(self) -> tuple[str, ...]:
        """Topic filters that it lives on."""
        every, fleet = Topics(self.home, "+"), Topics(self.home, FLEET)
        return (
            every.about, every.availability, every.state, every.error, fleet.wanted, fleet.running, fleet.kinds, fleet.response("+"),
            Topics(self.home, CLOCK).site, summary_topic(self.home),
        )  # fmt: skip

    def hear(self, device: str, leaf: str, payload: bytes) -> None:
        """Take a message of the home; what cannot be read changes nothing."""
        self.version += 1
        if leaf == "error":
            if (error := _read(ErrorMessage, payload)) is not None:
                self.errors.append(HeardError(time.time(), device, error.error))
        elif not device:
            summary = _read(SummaryMessage, payload)
            self.labels = summary.labels if summary is not None else self.labels
        elif device != FLEET:
            self.picture.feed(device, leaf, payload)
            if (device, leaf) == (CLOCK, "site"):
                self.site = _read(SiteMessage, payload)
        elif leaf == "availability":
            self.fleet_online = payload == b"online"
        elif leaf == "wanted" and (wanted := _read(FleetWantedMessage, payload)) is not None:
            self.wanted, self.revision = wanted.devices, wanted.revision
        elif leaf == "running" and (running := _read(FleetRunningMessage, payload)) is not None:
            self.running, self.place = running.devices, running.place
        elif leaf == "kinds" and (kinds := _read(FleetKindsMessage, payload)) is not None:
            self.kinds, self.fleet_version = {form.kind: form for form in kinds.kinds}, kinds.version

    def connection(self, *, up: bool) -> None:
        """The broker is there, or has gone."""
        self.version += 1
        self.picture.connection(up)

    def now(self) -> Now:
        """The home at this moment; made once for all who look."""
        if self._now is None or self._now[0] != self.version:
            self._now = self.version, self.picture.now()
        return self._now[1]


def _read(form: type[Form], payload: bytes) -> Form | None:
    try:
        return read(form, payload) if payload else None
    except ProtocolError:
        return None
