"""A new home from a form: where it stands, what it has, and the home file that comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from fastapi import Request
from nicegui import ui

from virtual_devices.answers.starting.draft import HomeDraft
from virtual_devices.console import texts
from virtual_devices.console.console import Console, PageVisit
from virtual_devices.console.making.answering import read_answers
from virtual_devices.console.making.home_text import ReadText, TextRemark, read_text
from virtual_devices.console.making.new_home import Beginnings, beginnings
from virtual_devices.console.pages.file import MEDIA_TYPE
from virtual_devices.console.parts import symbols
from virtual_devices.console.parts.file.draft_form import DraftDevices
from virtual_devices.console.parts.file.home_editor import HomeEditor
from virtual_devices.console.parts.file.question_form import QuestionForm
from virtual_devices.console.parts.frame import framed
from virtual_devices.console.parts.safe import plain
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.names import is_name


def add(console: Console) -> None:
    """Serve ``/new``."""

    @ui.page("/new")
    def new(request: Request) -> None:
        visit = console.visit(request)
        with framed(visit, "homes"), ui.element("div").classes("vd-file") as place:
            waiting = ui.label(texts.FILE_READING)

        async def begin() -> None:
            try:
                found = await console.apart.do(beginnings, int(time.time()))
            except VirtualDevicesError as error:
                waiting.set_text(str(error))
                return
            waiting.delete()
            with place:
                _NewPage(visit, found)

        ui.timer(0.05, begin, once=True)


class _NewPage:
    def __init__(self, visit: PageVisit, found: Beginnings) -> None:
        self._visit, self._found = visit, found
        self._draft = HomeDraft()
        self._made = ""
        with ui.element("div").classes("vd-cards vd-new"):
            with ui.element("section").classes("vd-panel"):
                _heading(texts.MAKE_PLACE)
                self._place()
            with ui.element("section").classes("vd-panel"):
                _heading(texts.MAKE_DEVICES)
                self._devices = DraftDevices(found.kinds, self._changed)
        with ui.element("section").classes("vd-panel vd-new-file"):
            _heading(texts.MAKE_FILE)
            self._buttons()
            self._note = ui.label(texts.MAKE_WRITTEN).classes("vd-warn")
            self._editor = HomeEditor("", may=True, changed=self._edited)
            self._said = ui.element("div").classes("vd-changes").props('role="status" aria-live="polite"')
        self._begin_with(found.examples[0].name if found.examples else "")

    # -- the form ------------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        examples = {each.name: f"{each.name} – {each.title}" for each in self._found.examples}
        with ui.element("div").classes("vd-draft-form"):
            self._from = ui.select(examples, label=texts.MAKE_BEGIN_WITH, on_change=lambda event: self._begin_with(event.value)).classes("vd-draft-whole")
            self._name = ui.input(texts.MAKE_HOME_NAME, on_change=self._named)
            self._zone = ui.select(list(self._found.zones), label=texts.MAKE_ZONE, with_input=True, on_change=self._stands_in)
            self._site = {key: ui.input(texts.MAKE_SITE[key], on_change=self._putting(key)) for key in ("latitude", "longitude", "altitude")}
            self._speed = ui.select(texts.MAKE_SPEEDS, label=texts.MAKE_SPEED, value="1", on_change=self._paced)
        self._questions = QuestionForm(self._found.usual, self._answered)

    def _begin_with(self, name: str) -> None:
        found = next((each for each in self._found.examples if each.name == name), None)
        if found is None:
            return
        called = self._name.value
        self._from.set_value(name)
        self._take(deepcopy(found.draft), called if called and is_name(called) else "my_home")

    async def _answered(self, given: Mapping[str, str]) -> None:
        name = self._draft.name if is_name(self._draft.name) else "my_home"
        try:
            read = await self._visit.console.apart.do(read_answers, {**given, "name": name}, int(time.time()))
        except VirtualDevicesError as error:
            self._tell(str(error), wrong=True)
            return
        self._questions.show(read)
        if read.draft is not None:
            self._take(read.draft, read.draft.name)

    def _take(self, draft: HomeDraft, name: str) -> None:
        """Show another draft, under a name."""
        self._draft, draft.name = draft, name
        self._name.set_value(name)
        self._speed.set_value("1")
        self._show_site()
        self._devices.show(self._draft)
        self._changed()

    def _show_site(self) -> None:
        site = dict(self._draft.site)  # the controls tell each change back
        self._zone.set_value(site.get("time_zone") if site.get("time_zone") in self._found.zones else None)
        for key, control in self._site.items():
            control.set_value(str(site.get(key, "")))

    def _putting(self, key: str) -> Callable[[Any], None]:
        def put(event: Any) -> None:
            if str(self._draft.site.get(key, "")) != str(event.value or ""):
                self._draft.put(self._draft.site, key, event.value)
                self._changed()

        return put

    def _named(self) -> None:
        self._draft.name = str(self._name.value or "").strip()
        self._changed()

    def _stands_in(self, event: Any) -> None:
        if event.value and event.value != self._draft.site.get("time_zone"):
            self._draft.stand_in(str(event.value))
            self._show_site()
            self._devices.show(self._draft)
            self._changed()

    def _paced(self, event: Any) -> None:
        self._draft.put(self._draft.clock, "speed", "" if event.value == "1" else str(event.value))
        self._changed()

    # -- the file ------------------------------------------------------------------------------------------------------

    def _buttons(self) -> None:
        with ui.element("div").classes("vd-buttons vd-new-buttons"):
            self._check = ui.button(texts.MAKE_CHECK, icon=symbols.CHECK, on_click=self._on_check).props("outline")
            ui.button(texts.FILE_DOWNLOAD, icon=symbols.DOWNLOAD, on_click=self._download).props("outline")
            ui.button(texts.MAKE_ANEW, icon=symbols.REFRESH, on_click=self._anew).props("outline")
            if self._visit.console.keeper is not None and self._visit.may_build:
                self._start = ui.button(texts.MAKE_START, icon=symbols.PLAY, on_click=self._on_start).props("unelevated")
        if self._visit.console.keeper is None:
            ui.label(texts.MAKE_HOW_TO_START).classes("vd-file-note")
        elif not self._visit.may_build:
            ui.label(texts.MAKE_LOOK_ONLY).classes("vd-file-note")

    def _changed(self) -> None:
        """The form says something else: so does the file, unless somebody has written in it."""
        text = self._draft.text()
        if text == self._made:
            return
        written, self._made = self._editor.text != self._made, text
        self._note.set_visibility(written)
        if not written:
            self._editor.show(text)

    def _edited(self) -> None:
        self._said.clear()

    def _anew(self) -> None:
        self._note.set_visibility(False)
        self._editor.show(self._made)

    def _download(self) -> None:
        ui.download.content(self._editor.text, f"{self._draft.name if is_name(self._draft.name) else 'home'}.yaml", MEDIA_TYPE)

    async def _on_check(self) -> None:
        self._check.disable()
        try:
            await self._checked()
        except VirtualDevicesError as error:
            self._tell(str(error), wrong=True)
        finally:
            self._check.enable()

    async def _checked(self) -> ReadText | None:
        """What the text says, where it is a home; told either way."""
        text = self._editor.text
        self._tell(texts.FILE_READING)
        read = await self._visit.console.apart.do(read_text, text, int(time.time()), try_out=True)
        if text != self._editor.text:
            return None
        if read.problems:
            self._editor.say(read.problems)
            self._tell(texts.MAKE_WRONG.format(count=len(read.problems)), wrong=True)
            return None
        self._editor.say(read.warnings, kind="doubt")
        self._tell(read.verdict or texts.MAKE_NOT_TRIED.format(names=", ".join(read.files)), read.understood)
        return read

    def _tell(self, said: str, remarks: tuple[TextRemark, ...] = (), *, wrong: bool = False) -> None:
        self._said.clear()
        with self._said:
            ui.label(plain(said)).classes("vd-warn" if wrong else "vd-file-said")
            for each in remarks:
                ui.label(plain(each.text)).classes("vd-file-note")

    async def _on_start(self) -> None:
        keeper = self._visit.console.keeper
        self._start.disable()
        try:
            read = await self._checked()
            if read is None or keeper is None:
                return
            said = await keeper.create(self._visit.person, read.name, self._editor.text)
            ui.notify(plain(said), type="positive", position="top")
            if is_name(read.name):
                ui.navigate.to(f"/home/{read.name}")
        except VirtualDevicesError as error:
            self._tell(str(error), wrong=True)
        finally:
            self._start.enable()


def _heading(text: str) -> None:
    with ui.element("h2"):
        ui.label(text)
