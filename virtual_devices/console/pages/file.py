"""A home as its file: shown, downloaded, changed and applied; and what it was before."""

from __future__ import annotations

from fastapi import Request
from nicegui import events, ui

from virtual_devices.console import texts
from virtual_devices.console.console import Console, PageVisit
from virtual_devices.console.making.home_text import exported, text_of_bytes
from virtual_devices.console.parts import symbols
from virtual_devices.console.parts.file.changing import HomeChange
from virtual_devices.console.parts.file.home_editor import HomeEditor
from virtual_devices.console.parts.file.revisions import RevisionList
from virtual_devices.console.parts.frame import REFRESH, show_home
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.forms.yaml import MAX_BYTES

REVISIONS_EVERY = 0.5
"""Wall seconds between two looks at whether there are more revisions."""
MEDIA_TYPE = "application/yaml"


def add(console: Console) -> None:
    """Serve ``/home/<name>/file``."""

    @ui.page("/home/{name}/file")
    def file(request: Request, name: str) -> None:
        show_home(console, request, name, "file", _shown)


def _shown(visit: PageVisit) -> None:
    with ui.element("div").classes("vd-file"):
        _FilePage(visit)


class _FilePage:
    def __init__(self, visit: PageVisit) -> None:
        self._visit, self._may = visit, visit.may_build
        self._seen = -1
        self._exported = self._kept = ""
        """As it runs; and a text of somebody's that it was made of, which is not to be kept."""
        with ui.element("section").classes("vd-panel"):
            with ui.element("div").classes("vd-file-head"):
                ui.label(texts.FILE_ABOUT).classes("vd-soft vd-grow")
                self._buttons()
            self._note = ui.label().classes("vd-warn").props('role="status"')
            self._editor = HomeEditor("", may=self._may, changed=self._changed)
        with ui.element("aside").classes("vd-cards vd-file-side"):
            with ui.element("section").classes("vd-panel"):
                with ui.element("h2"):
                    ui.label(texts.FILE_CHANGE)
                if not self._may:
                    ui.label(texts.FILE_LOOK_ONLY).classes("vd-soft")
                self._change = HomeChange(visit, self._editor, self._applied) if self._may else None
            with ui.element("section").classes("vd-panel"):
                self._revisions = RevisionList(visit)
        ui.timer(REFRESH, self._refresh)
        ui.timer(REVISIONS_EVERY, self._revisions.refresh)

    def _buttons(self) -> None:
        with ui.element("div").classes("vd-buttons"):
            ui.button(texts.FILE_DOWNLOAD, icon=symbols.DOWNLOAD, on_click=self._download).props("outline")
            if not self._may:
                return
            upload = ui.upload(auto_upload=True, max_files=1, max_file_size=MAX_BYTES, on_upload=self._uploaded, on_rejected=self._rejected)
            upload.classes("vd-unseen").props('accept=".yaml,.yml,.txt"')
            ui.button(texts.FILE_UPLOAD, icon=symbols.UPLOAD).props("outline").on("click", js_handler=f"() => getElement({upload.id}).$refs.qRef.pickFiles()")
            self._upload = upload
            ui.button(texts.FILE_AS_IT_RUNS, icon=symbols.REFRESH, on_click=self._as_it_runs).props("outline")

    def _refresh(self) -> None:
        watch = self._visit.watch
        if self._seen != watch.version:
            self._seen = watch.version
            self._follow()

    def _follow(self) -> None:
        """Show the home as it runs, unless somebody has written."""
        try:
            text = exported(self._visit.watch)
        except ConfigurationError as error:
            self._note_that(str(error))
            return
        if text == self._exported:
            return
        written, self._exported = self._editor.text not in (self._exported, self._kept), text
        if written and self._editor.text != text:
            self._note_that(texts.FILE_RUNS_OTHERWISE)
        else:
            self._note_that("")
            self._editor.show(text)

    def _note_that(self, text: str) -> None:
        self._note.set_text(text)
        self._note.set_visibility(bool(text))

    def _changed(self) -> None:
        if self._change is not None:
            self._change.forget()

    def _applied(self) -> None:
        self._kept = self._editor.text
        if self._note.text == texts.FILE_RUNS_OTHERWISE:  # the home was told of before the answer came
            self._as_it_runs()

    def _as_it_runs(self) -> None:
        self._note_that("")
        self._editor.show(self._exported)

    def _download(self) -> None:
        ui.download.content(self._editor.text, f"{self._visit.home}.yaml", MEDIA_TYPE)

    async def _uploaded(self, event: events.UploadEventArguments) -> None:
        self._upload.reset()
        if event.file.size() > MAX_BYTES:
            self._note_that(texts.FILE_TOO_LARGE)
            return
        try:
            self._editor.show(text_of_bytes(await event.file.read()))
        except ConfigurationError as error:
            self._note_that(str(error))
            return
        self._note_that("")

    def _rejected(self) -> None:
        self._note_that(texts.FILE_REJECTED)
