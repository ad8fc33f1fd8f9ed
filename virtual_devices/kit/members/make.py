"""From a device to its member in a home: which one its ability takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.names import HOME_FILE

if TYPE_CHECKING:
    from virtual_devices.kit.device import AnyDevice
    from virtual_devices.kit.members.member import Member
    from virtual_devices.kit.members.waiting import Command
    from virtual_devices.kit.settings import Settings

MEMBERS: Mapping[str, str] = {
    "ticks": "virtual_devices.kit.members.member:Member",
    "settles": "virtual_devices.kit.members.settler:Settler",
    "conditions": "virtual_devices.kit.members.conditions:ConditionsMember",
    "consumes": "virtual_devices.kit.members.consumer:Consumer",
    "produces": "virtual_devices.kit.members.producer:Producer",
    "stores": "virtual_devices.kit.members.store:Store",
    "carries": "virtual_devices.kit.members.circuit:Circuit",
    "connects": "virtual_devices.kit.members.connection:Connection",
    "keeps": "virtual_devices.kit.members.record:RecordMember",
}
"""Ability → ``module:class`` of its member; a process loads those of its own devices only."""


def make_member(
    kind: str,
    device: AnyDevice,
    settings: Settings,
    declared: Mapping[str, Any] | None = None,
    events: Iterable[Command] = (),
    *,
    members: Mapping[str, str] = MEMBERS,
) -> Member:
    """The member of a device; its timed events wait in it as commands of the home file, which whoever starts it alone stands for.

    members: see ``MEMBERS``.  Raises CatalogueError for an ability that is none of them, SettingError for an event that cannot be.
    """
    if device.ability not in members:
        raise CatalogueError(f"kind {kind!r} has the unknown ability {device.ability!r}")
    member: Member = resolve_name(members[device.ability])(device.name, kind, device, settings, declared)
    for event in events:
        member.command(event.changes, event.at, by=HOME_FILE, live=False)
    return member
