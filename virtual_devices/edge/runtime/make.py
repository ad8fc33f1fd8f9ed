"""From a description of a device to its runtime: which role its ability plays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import SiteMessage
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime.conditions import ConditionsRole
from virtual_devices.edge.runtime.participant import ParticipantRole
from virtual_devices.edge.runtime.role import Role
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.forms.changes import settings_json
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.members.make import MEMBERS, make_member
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.members.waiting import Command
from virtual_devices.kit.offers import PARTICIPANTS
from virtual_devices.kit.settings import Settings
from virtual_devices.kit.site import Context

if TYPE_CHECKING:
    from virtual_devices.kit.members.settler import Settler


@dataclass(frozen=True, slots=True)
class Description:
    """One device to be hosted.

    settings: complete and valid.  declared: JSON form of what differs from the kind's defaults, which a restart is compared with.
    events: timed commands that wait in it from a fresh start on.  documents: text of the files its settings name.  compiled: an
    inverter dispatches with compiled code.
    """

    home: str
    name: str
    kind: str
    settings: Settings
    declared: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[Command, ...] = ()
    documents: Mapping[str, str] = field(default_factory=dict)
    compiled: bool = False


@dataclass(frozen=True, slots=True)
class TimeOrder:
    """What somebody who starts a device says about its home's time; it matters to a clock.

    fresh: begin a new run, whatever is retained.  duration, until: simulated seconds after which time ends, or UTC seconds at which it
    does.  on_end: told when it has ended.  alone: no host keeps a run that the broker may have forgotten.
    """

    fresh: bool = False
    duration: int | None = None
    until: int | None = None
    on_end: Callable[[], None] | None = None
    alone: bool = False


MakeRole = Callable[[Runtime, Settings, TimeOrder], Role[Any]]


def _clock(device: Runtime, settings: Settings, time: TimeOrder) -> Role[Any]:
    from virtual_devices.edge.runtime.clock import ClockRole  # noqa: PLC0415 - imports by role
    from virtual_devices.edge.runtime.site import site_message  # noqa: PLC0415

    values = settings_json(settings)
    return ClockRole(
        device, site_message(device.home, values), open_step=values.get("step") is None, fresh=time.fresh, alone=time.alone, settler=values["settler"],
        books=values.get("books"),
        expected=frozenset(name.strip() for name in values["wait_for"].split(",")), duration=time.duration, until=time.until,
        on_end=time.on_end,
    )  # fmt: skip


def _settler(device: Runtime, _settings: Settings, _time: TimeOrder) -> Role[Any]:
    from virtual_devices.edge.runtime.settler import SettlerRole  # noqa: PLC0415 - imports by role

    return SettlerRole(device)


ROLES: Mapping[str, MakeRole] = {
    "ticks": _clock,
    "settles": _settler,
    "conditions": lambda device, _settings, _time: ConditionsRole(device),
    **dict.fromkeys(sorted(PARTICIPANTS), lambda device, settings, _time: ParticipantRole(device, settings.former_name)),
}
"""What a device of each ability does in its home."""


def make_runtime(
    loop: Loop,
    endpoint: Endpoint,
    description: Description,
    *,
    fresh: bool = False,
    alone: bool = False,
    duration: int | None = None,
    until: int | None = None,
    on_end: Callable[[], None] | None = None,
    on_state: Callable[[str, str, Mapping[str, Any]], None] | None = None,
    on_heard: Callable[[str, str, bytes], None] | None = None,
    on_fatal: Callable[[str], None] | None = None,
    on_stop: Callable[[], None] | None = None,
    log: Callable[[str], None] | None = None,
    roles: Mapping[str, MakeRole] = ROLES,
    members: Mapping[str, str] = MEMBERS,
) -> Runtime:
    """The runtime of a device. Raises CatalogueError before anything is connected.

    fresh, alone, duration, until, on_end: see ``TimeOrder``.  roles, members: what a device of each ability does, and is.
    """
    device_class = load(description.kind)
    settings = description.settings
    make_role = roles.get(device_class.ability)
    if make_role is None:
        raise CatalogueError(f"kind {description.kind!r} has the unknown ability {device_class.ability!r}")
    time = TimeOrder(fresh, duration, until, on_end, alone)

    def make(site: SiteMessage, documents: Mapping[str, str]) -> Member:
        device = device_class(Context(description.name, site.to_kit(), documents))
        member = make_member(description.kind, device, settings, description.declared, description.events, members=members)
        if description.compiled:
            cast("Settler", member).compile()
        return member

    return Runtime(
        loop, endpoint, description.home, description.name, description.kind, device_class, make,
        lambda device: make_role(device, settings, time),
        on_state=on_state, on_heard=on_heard, on_fatal=on_fatal, on_stop=on_stop, log=log, documents=description.documents,
    )  # fmt: skip
