"""Who there is on a home's broker.

Every device is a user of its own, ``<home>.<device>`` (no name holds a dot). The home's host is ``<home>``, its fleet ``<home>.fleet``,
Home Assistant ``homeassistant``, people ``owner``.
"""

from __future__ import annotations

from collections.abc import Iterable

from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.names import MAX_NAME, RESERVED_NAMES, is_name

ASSISTANT, OWNER = "homeassistant", "owner"
FLEET = "fleet"
"""The name under which a home's fleet speaks; no other device is called so."""


def identity(home: str, device: str) -> str:
    """The user that a device, or the fleet, is."""
    return f"{home}.{device}"


def devices_of(home: Home, also: Iterable[str] = ()) -> tuple[str, ...]:
    """Names of a home's devices, without its fleet. also: names of those that may join later. Raises ConfigurationError for no name of a device."""
    names = dict.fromkeys([*(entry.name for entry in home.devices if entry.name != FLEET), *map(checked, also)])
    return tuple(names)


def identities(home: Home, also: Iterable[str] = ()) -> tuple[str, ...]:
    """Everybody who may connect to a home's broker; ``also`` as in ``devices_of``."""
    devices = [identity(home.name, name) for name in devices_of(home, also)]
    return (home.name, *devices, identity(home.name, FLEET), ASSISTANT, OWNER)


def checked(name: str) -> str:
    """The name of a device that may get credentials. Raises ConfigurationError for what is none, and for the fleet's own."""
    if name == FLEET or name in RESERVED_NAMES:
        raise ConfigurationError(f"{name} is no device that comes and goes; choose another name")
    if not is_name(name):
        raise ConfigurationError(
            f"{shown(name)} is no name of a device: write small letters, digits and _, a letter first, {MAX_NAME} characters at most"
        )
    return name
