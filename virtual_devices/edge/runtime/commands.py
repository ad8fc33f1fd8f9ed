"""A command as it comes by MQTT: one value below ``set/``, or several as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from virtual_devices.edge.messages.base import CommandMessage, read
from virtual_devices.kit.errors import ProtocolError, SettingError, VirtualDevicesError
from virtual_devices.kit.forms.changes import orders_in
from virtual_devices.kit.instants import parse_instant
from virtual_devices.kit.names import BUS

if TYPE_CHECKING:
    from virtual_devices.kit.members.member import Member

LONGEST_COMMAND = 65_536
_SHOWN = 80


def command_of(member: Member, leaf: str, payload: bytes) -> tuple[dict[str, Any], int | None, str]:
    """The changes that a message asks for, from which simulated time on, and who sends it. Raises ProtocolError and SettingError.

    One raw value may be empty: a text that was cleared. Several settings may not.
    """
    if leaf != "set":
        try:
            return {leaf.removeprefix("set/"): payload.decode()}, None, BUS
        except UnicodeDecodeError:
            raise ProtocolError(f"{payload[:_SHOWN]!r} is not text") from None
    if not payload:
        raise ProtocolError("the message is empty; send the settings to change as JSON, or one value to set/<setting>")
    command: CommandMessage = read(CommandMessage, payload)
    at = command.at
    if isinstance(at, str):
        at = parse_instant(at, member.device.site.zone)
    if at is not None and member.time is not None and at < member.time:
        asked, now = (f"{member.device.site.calendar.local(each):%Y-%m-%d %H:%M:%S}" for each in (at, member.time))
        raise SettingError(f"{member.name}: {asked} is over (it is {now}); choose a later time")
    return dict(command.model_extra or {}), at, command.by if command.by is not None else BUS


def may_be_empty(member: Member, leaf: str) -> bool:
    """Whether an empty message would change a setting."""
    try:
        changes, _, _ = command_of(member, leaf, b"")
        return member.changed(changes) != member.future()
    except VirtualDevicesError:
        return False


def holds_already(member: Member, leaf: str, payload: bytes) -> bool:
    """Whether a command would change nothing of what will hold at the next window."""
    try:
        changes, at, _ = command_of(member, leaf, payload)
        return at is None and not orders_in(type(member.device), changes) and member.changed(changes) == member.future()
    except VirtualDevicesError:
        return False


def with_pending(checkpoint: Mapping[str, Any], member: Member) -> dict[str, Any]:
    """A checkpoint with the commands that wait now."""
    return {**checkpoint, "pending": member.checkpoint()["pending"]}
