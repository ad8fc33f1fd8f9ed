"""Three ways in which a fleet's devices get credentials, as one small protocol; the third, *dynamic*, has a file of its own.

*static*: whoever the broker's list knows is admitted, and nobody else. *shared*: one user for all, on an owner's own broker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from virtual_devices.edge.murmur import listed
from virtual_devices.fleet.credentials.identities import checked, identity
from virtual_devices.kit.errors import ConfigurationError

NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Pass:
    """With what a device goes to the broker: the content of its Secret."""

    username: str | None
    password: str | None = field(repr=False)


class Rights(Protocol):
    """Who of a home may come to the broker. mode: dynamic, static or shared."""

    @property
    def mode(self) -> str:
        """Its name, as people choose it."""

    async def admit(self, names: Iterable[str], known: Mapping[str, str] = NOBODY, former: Mapping[str, str] = NOBODY) -> dict[str, Pass]:
        """See to it that these devices are let in, with rights below their own names; what they come with. Harmless when repeated.

        known: passwords that devices have already, by name; they keep them.  former: names by which Home Assistant knows some.  Raises ConfigurationError, with the remedy, for a name that
        cannot be admitted: then nobody is; BrokerError when the broker does not do it: then some may be, and it may be asked again.
        """

    async def dismiss(self, names: Iterable[str]) -> None:
        """See to it that these devices are no longer let in, as far as this mode can. Harmless when repeated.

        Where it can, a session ends at once, without a last word: what the device has retained, `online` too, is its fleet's to clear.
        Raises ConfigurationError for what is no device, BrokerError when the broker does not do it.
        """


class StaticRights:
    """The shipped access list and password file. listed: passwords of the home's devices that they know, by name."""

    mode = "static"

    def __init__(self, home: str, listed: Mapping[str, str]) -> None:
        self._home, self._listed = home, dict(listed)

    async def admit(self, names: Iterable[str], known: Mapping[str, str] = NOBODY, former: Mapping[str, str] = NOBODY) -> dict[str, Pass]:
        found = list(map(checked, names))
        strangers = [name for name in found if name not in self._listed]
        if strangers:
            also = " ".join(f"--also {name}" for name in strangers)
            raise ConfigurationError(
                f"the broker's access list does not know {listed(strangers)}: make it anew (virtual-devices credentials HOME --out FOLDER {also}), "
                "mount its files and restart the broker; or let it use dynamic security, where devices come and go (docs/security.md)"
            )
        return {name: Pass(identity(self._home, name), self._listed[name]) for name in found}

    async def dismiss(self, names: Iterable[str]) -> None:
        """Nothing: a list is what it is until it is made anew; the password stays good."""
        for name in names:
            checked(name)


class SharedRights:
    """One user, or none, for every device: the broker is its owner's, and so is the matter of who may what."""

    mode = "shared"

    def __init__(self, user: Pass) -> None:
        self._user = user

    async def admit(self, names: Iterable[str], known: Mapping[str, str] = NOBODY, former: Mapping[str, str] = NOBODY) -> dict[str, Pass]:
        return {checked(name): self._user for name in names}

    async def dismiss(self, names: Iterable[str]) -> None:
        """Nothing: the user is not the device's own."""
        for name in names:
            checked(name)
