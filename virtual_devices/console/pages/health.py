"""Whether a home is well: its books, its pace, its devices as their fleet sees them, what it logs and what it refused."""

from __future__ import annotations

from fastapi import Request
from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.console import Console, PageVisit
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.console.parts.frame import show_home
from virtual_devices.console.parts.homes.health_cards import (
    LINES,
    BooksCard,
    DevicesCard,
    ErrorsCard,
    LogCard,
    PaceCard,
)
from virtual_devices.console.parts.safe import plain
from virtual_devices.console.watching.books import BooksWatch, books_key
from virtual_devices.console.watching.latecomers import Latecomers
from virtual_devices.edge.visitor.answer import GRACE
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.names import CLOCK

LOOK = 1.0
"""Wall seconds between two looks."""
STANDS_AFTER = 4.0
"""Wall seconds without a window, beyond what one takes, after which somebody is late."""


def add(console: Console) -> None:
    """Serve ``/home/<name>/health``."""

    @ui.page("/home/{name}/health")
    async def health(request: Request, name: str) -> None:
        stored = await console.keeper.stored() if console.keeper is not None else ()
        show_home(console, request, name, "health", HealthPage, known=name in stored)


class HealthPage:
    """What stands on the page."""

    def __init__(self, visit: PageVisit) -> None:
        self._visit, bus = visit, visit.console.bus
        self._books: BooksWatch | None = None
        self._late: Latecomers | None = None
        self._stood, self._seen = bus.loop.time(), -1
        self._read = False
        with ui.element("div").classes("vd-health"):
            self._ended = ui.label().classes("vd-panel vd-why").props('role="alert"')
            self._ended.set_visibility(False)
            with ui.element("div").classes("vd-cards"):
                self._books_card, self._pace_card = BooksCard(visit), PaceCard(visit)
            self._devices = DevicesCard(visit, self._do, may=visit.may(PersonRole.OPERATE))
            with ui.element("div").classes("vd-pair"):
                self._log, self._errors = LogCard(self._lines), ErrorsCard(visit)
        ui.context.client.on_delete(self._leave)
        ui.timer(LOOK, self._look)

    def _leave(self) -> None:
        bus = self._visit.console.bus
        if self._books is not None:
            bus.leave(books_key(self._visit.home))
        self._end_waiting()

    async def _look(self) -> None:
        await self._tell_end()
        self._attend()
        self._find_late()
        watch = self._visit.watch
        self._books_card.show(self._books)
        self._pace_card.show(self._books, self._late.names() if self._late is not None else [])
        self._devices.show()
        self._errors.show()
        self._log.know(sorted(watch.wanted))
        if not self._read and (watch.fleet_online or self._visit.console.keeper is not None):
            self._read = True
            await self._log.again()

    async def _tell_end(self) -> None:
        """Why the home's process ended, where somebody here started it."""
        keeper = self._visit.console.keeper
        why = (await keeper.ended()).get(self._visit.home, "") if keeper is not None else ""
        self._ended.set_text(plain(texts.PROCESS_ENDED.format(home=self._visit.home, why=why)))
        self._ended.set_visibility(bool(why))

    def _attend(self) -> None:
        """Hear the ledger, as soon as it is known who keeps it."""
        settler, home = self._visit.watch.now().inverter, self._visit.home
        if self._books is None and settler:
            self._books = self._visit.console.bus.attend(books_key(home), lambda subscribe: BooksWatch(subscribe, home, settler))

    def _find_late(self) -> None:
        """Hear what devices propose while time stands still although it should not."""
        bus, watch, books = self._visit.console.bus, self._visit.watch, self._books
        now, clock = watch.now(), watch.picture.devices.get(CLOCK)
        version = books.version if books is not None else 0
        if version != self._seen or now.paused or clock is None or not clock.online:
            self._stood, self._seen = bus.loop.time(), version
            self._end_waiting()
            return
        step = books.last.span.step if books is not None and books.last is not None else 0
        takes = step / now.speed if now.speed else 0.0
        if self._late is None and bus.loop.time() - self._stood > STANDS_AFTER + GRACE + takes:
            self._late = bus.attend(f"late/{self._visit.home}", lambda subscribe: Latecomers(subscribe, self._visit.home))

    def _end_waiting(self) -> None:
        if self._late is not None:
            self._late = None
            self._visit.console.bus.leave(f"late/{self._visit.home}", keep=0)

    async def _do(self, verb: str, device: str) -> None:
        visit = self._visit
        if verb == "logs":
            await self._log.of(device)
        elif await visit.told(visit.console.bus.wish(visit.person, visit.home, "restart", name=device)):
            ui.notify(texts.RESTARTED.format(device=device), type="positive", position="top")

    async def _lines(self, device: str) -> list[str]:
        """The log of a device, or of the home; of one that does not run what its process said, where it was started here."""
        visit, keeper = self._visit, self._visit.console.keeper
        if visit.watch.fleet_online:
            try:
                answer = await visit.console.bus.wish(visit.person, visit.home, "logs", lines=LINES, **({"name": device} if device else {}))
            except VirtualDevicesError as error:
                return [str(error)]
            return answer.lines
        return list(await keeper.said(visit.home, LINES)) if keeper is not None and not device else []
