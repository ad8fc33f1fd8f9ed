"""Who hosts homes for a console: makes them, starts them, copies them and does away with them. A console without one only shows what runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from virtual_devices.console.roles import Person


class HomesKeeper(Protocol):
    """Keeps homes where it can start them.

    What is done asks for the role ``build`` first, and answers in words what was done. Raises ConfigurationError in words where the person may not, the name or
    the home cannot be, or it cannot be done; BrokerError where the broker is away.
    """

    async def create(self, person: Person, name: str, text: str) -> str:
        """Keep a home under a name that no other has, and start it. text: a home file; its own name is replaced by this one."""
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
