"""What each ability offers in a window, and what a settled one means for it; :func:`member_for` chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.members.conditions import ConditionsMember
from virtual_devices.kit.members.connection import Connection
from virtual_devices.kit.members.consumer import Consumer
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.members.producer import Producer
from virtual_devices.kit.members.store import Store
from virtual_devices.kit.settings import Settings

_MEMBERS: dict[str, type[Member]] = {
    "conditions": ConditionsMember, "consumes": Consumer, "produces": Producer, "stores": Store, "connects": Connection
}  # fmt: skip


def member_for(
    name: str, kind: str, device: AnyDevice, settings: Settings, declared: Mapping[str, Any] | None = None
) -> Member:
    """The member of a device's ability. Raises CatalogueError for an ability that takes no part in a window."""
    try:
        chosen = _MEMBERS[device.ability]
    except KeyError:
        raise CatalogueError(f"kind {kind!r} has the unknown ability {device.ability!r}") from None
    return chosen(name, kind, device, settings, declared)
