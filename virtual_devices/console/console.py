"""What pages are made of: the bus, who may, and the words for people; one of these for a whole console."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import Request
from nicegui import ui

from virtual_devices.console.bus import Bus
from virtual_devices.console.door.roles import Person, PersonRole
from virtual_devices.console.making.apart import Apart
from virtual_devices.console.numbers import LocalNumbers
from virtual_devices.console.past.records import HomeRecords
from virtual_devices.kit.errors import VirtualDevicesError

if TYPE_CHECKING:
    from virtual_devices.console.hosting.keeper import HomesKeeper
    from virtual_devices.console.watching.home_watch import HomeWatch


@dataclass(frozen=True, slots=True)
class Console:
    """What every page is given. records: where it finds what was.  keeper: who makes and starts homes; None: nobody here does.

    apart: where home files are read.
    """

    bus: Bus
    records: HomeRecords
    keeper: HomesKeeper | None = None
    apart: Apart = field(default_factory=Apart)

    def visit(self, request: Request, home: str = "") -> PageVisit:
        """A page that is being made for somebody."""
        person: Person = request.state.person
        return PageVisit(self, person, home, request.headers.get("accept-language", ""))


class PageVisit:
    """One page in one browser: who looks, and at which home.

    watch: the home, listened to until the page has gone; only where it shows one.  numbers: as this person writes them.
    """

    def __init__(self, console: Console, person: Person, home: str, accepted: str = "") -> None:
        self.console, self.home, self.numbers = console, home, LocalNumbers(accepted)
        self._asked_by, self._client = person, ui.context.client
        self._watch: HomeWatch | None = None
        if home:
            self._watch = console.bus.look_at(home)
            self._client.on_delete(lambda: console.bus.look_away(home))

    @property
    def person(self) -> Person:
        """Who is there now: a tab that somebody left open may come back with the session of whoever has logged in since."""
        scope: Mapping[str, Any] = (self._client.environ or {}).get("asgi.scope") or {}
        person = scope.get("state", {}).get("person")
        return person if isinstance(person, Person) else self._asked_by

    @property
    def watch(self) -> HomeWatch:
        """The home that the page shows."""
        if self._watch is None:
            raise RuntimeError("this page shows no home")
        return self._watch

    def may(self, needed: PersonRole) -> bool:
        """Whether the person may now do what needs a role; what is done is checked again."""
        role = self.console.bus.who.role_of(self.person)
        return role is not None and role.may(needed)

    @property
    def may_build(self) -> bool:
        """Whether the person may now change what the home is."""
        return self.may(PersonRole.BUILD)

    async def told(self, doing: Coroutine[Any, Any, Any]) -> bool:
        """Do something that may be refused, and tell the person where it is; whether it was done."""
        try:
            await doing
        except VirtualDevicesError as error:
            ui.notify(str(error), type="negative", position="top", multi_line=True, timeout=8000, close_button="✕")
            return False
        return True

    async def command(self, device: str, **changes: Any) -> bool:
        """Send a command to a device of this home, and tell the person where it is refused; whether it was taken."""
        return await self.told(self.console.bus.command(self.person, self.home, device, changes))
