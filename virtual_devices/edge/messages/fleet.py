"""What is said to a home's fleet, and what it says."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from virtual_devices.edge.messages.base import Message, Name
from virtual_devices.kit.names import MAX_SENDER

Verb = Literal["spawn", "remove", "on", "off", "scale", "restart", "apply", "rollback", "revisions", "logs", "down"]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Replicas = Annotated[int, Field(ge=0, le=1)]
Said = dict[str, Any]
"""Settings in JSON form, only those that somebody sets."""


class DeclarationForm(Message):
    """What somebody says of a device."""

    kind: Name
    settings: Said = Field(default_factory=dict)


class FleetRequestMessage(Message):
    """A wish. id: of the answer.  name: of the device; a new one without is called after its kind.  devices: of ``apply``, the whole home.

    lines: of ``logs``, how many.  prune: ``apply`` removes what it does not name.  dry_run: of ``apply`` and ``rollback``, only say what would change.
    live: no file says what ``apply`` says.  revision: to go back to.
    """

    verb: Verb
    id: Id | None = None
    by: Annotated[str, Field(min_length=1, max_length=MAX_SENDER)] | None = None
    name: Name | None = None
    kind: Name | None = None
    settings: Said = Field(default_factory=dict)
    replicas: Replicas | None = None
    devices: dict[Name, DeclarationForm] | None = None
    prune: bool = True
    dry_run: bool = False
    live: bool = False
    lines: Annotated[int, Field(ge=1, le=1000)] = 100
    revision: Annotated[int, Field(ge=1, le=2**53)] | None = None


class RevisionForm(Message):
    """A wanted home of before. time: of the wall, ISO 8601.  by: who wished it.  changes: in words, against the one before."""

    revision: int
    time: str
    by: str
    changes: list[str]


class FleetResponseMessage(Message):
    """An answer. said: what is done, or why not and how to mend it.  revision: of the home as it is wanted now."""

    id: Id
    accepted: bool
    said: str
    revision: int | None = None
    name: str | None = None
    changes: list[str] = Field(default_factory=list)
    lines: list[str] = Field(default_factory=list)
    revisions: list[RevisionForm] = Field(default_factory=list)


class WantedForm(DeclarationForm):
    """A device that is wanted. live: it is not in the home's file."""

    replicas: Replicas = 1
    live: bool = False


class FleetWantedMessage(Message):
    """What is wanted; a copy, for others to read."""

    revision: int
    devices: dict[Name, WantedForm]


class RunningForm(Message):
    """A device that runs, or should. online: as it says itself.  restarts: since the fleet began.  since: of the wall, UTC seconds.

    memory: resident bytes of its process or container; None where it shares one.  pod, phase: of its pod on a cluster, and how that is: ``Pending``,
    ``Running``, …; None elsewhere.
    """

    online: bool
    restarts: int = 0
    since: int | None = None
    memory: int | None = None
    error: str | None = None
    pod: str | None = None
    phase: str | None = None


class FleetRunningMessage(Message):
    """What runs. place: where, such as ``local`` or ``kubernetes``."""

    place: str
    devices: dict[Name, RunningForm]


class KindForm(Message):
    """A kind of device. settings: JSON Schema of what its owner may set, with units, titles and ranges.

    icon: of Material Design, as Home Assistant writes them.  group: the room in which it stands, such as ``loads``.  orders, readings: what it
    may be told to do, and what it tells.
    """

    kind: Name
    title: str
    about: str
    group: str
    icon: str
    ability: str
    settings: Said
    orders: Said
    readings: Said


class FleetKindsMessage(Message):
    """All that a form needs to make a device. version: of the program."""

    version: str
    kinds: list[KindForm]
