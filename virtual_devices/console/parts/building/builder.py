"""Carries out steps of building for one page, and remembers how each is taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import orjson
from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.console import PageVisit
from virtual_devices.console.making.build_steps import Ask, BuildStep, DeviceOrder, FleetWish, UndoStack
from virtual_devices.console.making.building import BuildHouse
from virtual_devices.kit.errors import BrokerError, VirtualDevicesError

COMES_WITHIN = 30.0
"""Wall seconds that a device may take to be there again, before what was set of it is set again."""


class Builder:
    """undo: what can be taken back.  refused: the place or the device where something was refused last, and why; None: nothing was.

    said: what was done last.  changed: grows with each of these.  focus: the device at which the keyboard is to be, once that is shown.
    """

    def __init__(self, visit: PageVisit) -> None:
        self.visit = visit
        self.undo = UndoStack()
        self.refused: tuple[str, str] | None = None
        self.said = self.focus = ""
        self.changed = 0
        self._turn = asyncio.Lock()
        self._newest = 0

    @property
    def revision(self) -> int:
        """Of the home; an answer may have come before the word that everybody hears."""
        return max(self._newest, self.visit.watch.revision)

    def house(self) -> BuildHouse:
        """The home as it is now."""
        return BuildHouse.of(self.visit.watch)

    async def perform(self, step: BuildStep, *, focus: bool = False) -> None:
        """Do a step, when those before it are done. focus: the keyboard goes with its device.

        Raises VirtualDevicesError where it is refused, in words of who refuses.
        """
        async with self._turn:
            self.focus = step.device if focus else ""
            made: list[int] = []
            for number, ask in enumerate(step.asks):
                try:
                    revision = await self._asked(ask)
                except VirtualDevicesError:
                    await self._give_up(step, number)
                    raise
                made += [revision] if revision is not None else []
            before, after = (made[0] - 1, made[-1]) if made else (self.revision, self.revision)
            self.undo.push(step, before, after)
            self._tell(step.words)

    async def _give_up(self, step: BuildStep, done: int) -> None:
        """Take back what devices were told already, where what comes after that was refused. done: how many asks were."""
        told = {ask.device for ask in step.asks[:done] if isinstance(ask, DeviceOrder)}
        for ask in step.undo:
            if isinstance(ask, DeviceOrder) and ask.device in told:
                with suppress(VirtualDevicesError):  # the refusal is what is told
                    await self._asked(ask)

    async def do(self, make: Callable[[], BuildStep | None], at: str, *, focus: bool = False) -> bool:
        """Make a step and do it; where it is refused, say so there. at: a place or a device.  focus: the keyboard goes with the device."""
        try:
            step = make()
            if step is not None:
                await self.perform(step, focus=focus)
        except VirtualDevicesError as error:
            self.refuse(at, str(error))
            return False
        return step is not None

    async def take_back(self) -> None:
        """Undo the newest step, when those before it are done."""
        async with self._turn:
            if not self.undo.done:
                return
            revision, last = self.revision, self.undo.done[-1]
            try:
                for ask in self.undo.asks(revision):
                    revision = await self._asked(ask, patient=True) or revision
            except VirtualDevicesError as error:
                self.refuse("", str(error))
                return
            self.undo.undone(revision)
            self._tell(texts.UNDONE.format(what=last.step.words))

    def refuse(self, at: str, why: str) -> None:
        """Say why something was not done, where that is; empty: it is of the house as a whole."""
        self.refused, self.said = (at, why), ""
        self.changed += 1

    def _tell(self, words: str) -> None:
        self.refused, self.said = None, words
        self.changed += 1

    async def _asked(self, ask: Ask, *, patient: bool = False) -> int | None:
        """Ask it; the home's revision after it, where it has made one. patient: the device may have to come first."""
        visit = self.visit
        bus, person, home = visit.console.bus, visit.person, visit.home
        if isinstance(ask, FleetWish):
            answer = await bus.wish(person, home, ask.verb, **ask.of_it)
            self._newest = max(self._newest, answer.revision or 0)
            return answer.revision if answer.changes else None
        if patient:
            await self._wait_for(ask)
        await bus.command(person, home, ask.device, ask.changes)
        return None

    async def _wait_for(self, order: DeviceOrder) -> None:
        """A device that was just spawned is there after a moment."""
        watch = self.visit.watch

        def there() -> bool:
            seen = watch.picture.devices.get(order.device)
            return seen is not None and seen.online and bool(seen.state)

        if not await self.visit.console.bus.loop.until(there, COMES_WITHIN):
            raise BrokerError(f"{order.device} has not come back within {COMES_WITHIN:.0f} s; what was set while the home ran is not set again")

    def show(self, at: str) -> None:
        """Bring a place or a device into view, and the keyboard to its button."""
        ui.run_javascript(f"vdBuildShow({orjson.dumps(at).decode()})")

    def look_back(self) -> None:
        """A dialog is closed: the keyboard goes to what was done in it, or back."""
        ui.run_javascript('vdBuildShow("", true)')
