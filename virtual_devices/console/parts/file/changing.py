"""What a text would change in a home that runs, and the change: read, compared by the fleet, and applied as it was compared."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.console import PageVisit
from virtual_devices.console.making.home_text import ReadText, beside, read_text
from virtual_devices.console.parts.file.home_editor import HomeEditor
from virtual_devices.console.parts.safe import plain
from virtual_devices.fleet.asking import declared_form
from virtual_devices.kit.errors import VirtualDevicesError


@dataclass(frozen=True, slots=True)
class ComparedText:
    """What was compared. revision: of the home then."""

    read: ReadText
    prune: bool
    revision: int


class HomeChange:
    """Below an editor: what its text would change. For people who may build. applied: told when it is done."""

    def __init__(self, visit: PageVisit, editor: HomeEditor, applied: Callable[[], None]) -> None:
        self._visit, self._editor, self._applied = visit, editor, applied
        self._compared: ComparedText | None = None
        with ui.element("div").classes("vd-buttons"):
            self._compare = ui.button(texts.FILE_COMPARE, on_click=self._on_compare).props("outline")
            self._apply = ui.button(texts.FILE_APPLY, on_click=self._on_apply).props("unelevated")
        self._prune = ui.switch(texts.FILE_PRUNE, value=True, on_change=self.forget)
        with ui.element("div").classes("vd-changes").props('role="status" aria-live="polite"') as self._said:
            ui.label(texts.FILE_NOT_COMPARED).classes("vd-soft")
        self._apply.disable()

    def forget(self) -> None:
        """The text, or how it is meant, is another: what was compared is no more."""
        if self._compared is not None:
            self._compared = None
            self._apply.disable()
            self._tell(texts.FILE_NOT_COMPARED)

    async def _on_compare(self) -> None:
        visit, self._compared = self._visit, None
        self._apply.disable()
        self._compare.disable()
        try:
            await self._look()
        except VirtualDevicesError as error:
            self._tell(str(error), wrong=True)
        finally:
            self._compare.set_enabled(visit.may_build)

    async def _look(self) -> None:
        visit, text, prune = self._visit, self._editor.text, bool(self._prune.value)
        self._tell(texts.FILE_READING)
        read = await visit.console.apart.do(read_text, text, int(time.time()))
        if text != self._editor.text:
            self._tell(texts.FILE_NOT_COMPARED)
            return
        if read.problems:
            self._editor.say(read.problems)
            self._tell(texts.FILE_WRONG.format(count=len(read.problems)), wrong=True)
            return
        self._editor.say(read.warnings, kind="doubt")
        answer = await visit.console.bus.wish(
            visit.person, visit.home, "apply", devices=declared_form(read.devices), prune=prune, dry_run=True
        )
        if (text, prune) != (self._editor.text, bool(self._prune.value)):
            self._tell(texts.FILE_NOT_COMPARED)
            return
        self._compared = ComparedText(read, prune, answer.revision or 0)
        self._tell(answer.said, answer.changes, beside(read, visit.watch))
        self._apply.enable()

    async def _on_apply(self) -> None:
        visit, compared = self._visit, self._compared
        if compared is None:
            return
        if compared.revision != visit.watch.revision:
            self.forget()
            self._tell(texts.FILE_CHANGED_MEANWHILE, wrong=True)
            return
        self._compared = None
        self._apply.disable()
        try:
            answer = await visit.console.bus.wish(visit.person, visit.home, "apply", devices=declared_form(compared.read.devices), prune=compared.prune)
        except VirtualDevicesError as error:
            self._tell(str(error), wrong=True)
            return
        self._applied()
        self._tell(answer.said, answer.changes)

    def _tell(self, said: str, changes: list[str] | None = None, notes: list[str] | None = None, *, wrong: bool = False) -> None:
        self._said.clear()
        with self._said:
            ui.label(plain(said)).classes("vd-warn" if wrong else "vd-file-said")
            listed(changes or [])
            for note in notes or []:
                ui.label(plain(note)).classes("vd-file-note")


def listed(changes: list[str]) -> None:
    """Changes, one line each."""
    if changes:
        with ui.element("ul").classes("vd-diff"):
            for line in changes:
                with ui.element("li"):
                    ui.label(plain(line))


