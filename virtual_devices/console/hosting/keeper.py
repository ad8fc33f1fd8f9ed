"""Who hosts homes for a console: makes them, starts them, copies them and does away with them. A console without one only shows what runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from virtual_devices.console.door.auth import Who
from virtual_devices.console.door.roles import Person, PersonRole


class HomesKeeper(Protocol):
    """Keeps homes where it can start them.

    What is done asks for the role ``build`` first, and answers in words what was done. Raises ConfigurationError in words where the person may not, the name or
    the home cannot be, or it cannot be done; BrokerError where the broker is away.
    """

    async def create(self, person: Person, name: str, text: str) -> str:
        """Keep a home under a name that no other has, and start it; what does not start is not kept. text: a home file; its own name is replaced by this one."""
        ...

    async def start(self, person: Person, name: str) -> str:
        """Start a home that is kept and does not run."""
        ...

    async def copy(self, person: Person, name: str, new: str) -> str:
        """Keep one more home that is as another is now, under a new name; it is not started."""
        ...

    async def delete(self, person: Person, name: str, *, records: bool = False) -> str:
        """End a home, and clear what it has left on the broker; its file goes to the trash. records: what it has recorded goes too."""
        ...

    async def stored(self) -> Sequence[str]:
        """Names of the homes that it could start, in order."""
        ...

    async def ended(self) -> Mapping[str, str]:
        """Why homes ended by themselves that it had started, in words; by name."""
        ...

    async def said(self, name: str, lines: int) -> Sequence[str]:
        """The last lines that a home's process has said, for homes that it keeps; else nothing."""
        ...


class HomesHost(Protocol):
    """The same without asking who: what a place has to offer. Each method as of ``HomesKeeper``."""

    async def create(self, name: str, text: str) -> str: ...

    async def start(self, name: str) -> str: ...

    async def copy(self, name: str, new: str) -> str: ...

    async def delete(self, name: str, *, records: bool) -> str: ...

    async def stored(self) -> Sequence[str]: ...

    async def ended(self) -> Mapping[str, str]: ...

    async def said(self, name: str, lines: int) -> Sequence[str]: ...


class AskingKeeper:
    """Asks each time whether the person may, before a place does it: the one door to all that makes homes and starts programs."""

    def __init__(self, who: Who, host: HomesHost) -> None:
        self._who, self._host = who, host

    async def create(self, person: Person, name: str, text: str) -> str:
        """See ``HomesKeeper``."""
        self._who.require(person, PersonRole.BUILD)
        return await self._host.create(name, text)

    async def start(self, person: Person, name: str) -> str:
        """See ``HomesKeeper``."""
        self._who.require(person, PersonRole.BUILD)
        return await self._host.start(name)

    async def copy(self, person: Person, name: str, new: str) -> str:
        """See ``HomesKeeper``."""
        self._who.require(person, PersonRole.BUILD)
        return await self._host.copy(name, new)

    async def delete(self, person: Person, name: str, *, records: bool = False) -> str:
        """See ``HomesKeeper``."""
        self._who.require(person, PersonRole.BUILD)
        return await self._host.delete(name, records=records)

    async def stored(self) -> Sequence[str]:
        """See ``HomesKeeper``."""
        return await self._host.stored()

    async def ended(self) -> Mapping[str, str]:
        """See ``HomesKeeper``."""
        return await self._host.ended()

    async def said(self, name: str, lines: int) -> Sequence[str]:
        """See ``HomesKeeper``."""
        return await self._host.said(name, lines)
