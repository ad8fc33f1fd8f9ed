"""What a home was wanted to be before, and the way back to each of it."""

from __future__ import annotations

import time
from datetime import datetime

from nicegui import ui

from virtual_devices import __version__
from virtual_devices.console import texts
from virtual_devices.console.console import PageVisit
from virtual_devices.console.parts.file.changing import listed
from virtual_devices.console.parts.safe import plain
from virtual_devices.edge.messages.fleet import RevisionForm
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError, VirtualDevicesError

_AGAIN = 10.0
"""Wall seconds until it asks again where that was refused."""
_MOST_LINES = 4
"""Changes of a revision that are shown before somebody asks for all."""


class RevisionList:
    """The last of them, newest first."""

    def __init__(self, visit: PageVisit) -> None:
        self._visit = visit
        self._asked, self._not_before = -1, 0.0
        with ui.element("h2"):
            ui.label(texts.FILE_REVISIONS)
        self._list = ui.element("ol").classes("vd-revisions")
        self._why = ui.label().classes("vd-warn").props('role="alert"')
        self._why.set_visibility(False)
        self._dialog = _BackDialog(visit)

    async def refresh(self) -> None:
        """Ask for them, where there are others than before."""
        watch = self._visit.watch
        if watch.revision == self._asked or not watch.fleet_online or time.monotonic() < self._not_before:
            return
        self._asked = watch.revision
        try:
            answer = await self._visit.console.bus.wish(self._visit.person, self._visit.home, "revisions")
        except VirtualDevicesError as error:
            self._asked, self._not_before = -1, time.monotonic() + _AGAIN
            self._why.set_text(str(error))
            self._why.set_visibility(True)
            return
        self._why.set_visibility(False)
        self._list.clear()
        with self._list:
            for form in reversed(answer.revisions):
                self._row(form, now=form.revision == answer.revision)

    def _row(self, form: RevisionForm, *, now: bool) -> None:
        with ui.element("li").classes("vd-revision"):
            with ui.element("div").classes("vd-revision-head"):
                ui.label(str(form.revision)).classes("vd-number")
                with ui.element("div").classes("vd-grow"):
                    ui.label(self._when(form.time))
                    ui.label(texts.FILE_BY.format(who=plain(form.by))).classes("vd-soft")
                if now:
                    ui.label(texts.FILE_NOW).classes("vd-badge")
                elif self._visit.may_build:
                    ui.button(texts.FILE_BACK, on_click=lambda: self._dialog.open(form)).props("flat dense no-caps").props["aria-label"] = (
                        texts.FILE_BACK_TO.format(revision=form.revision)
                    )
            listed(form.changes[:_MOST_LINES])
            if rest := form.changes[_MOST_LINES:]:
                with ui.expansion(texts.FILE_MORE.format(count=len(rest))).props("dense"):
                    listed(rest)

    def _when(self, written: str) -> str:
        """By the home's clock on the wall, as far as it is known where it stands."""
        site = self._visit.watch.site
        try:
            moment = datetime.fromisoformat(written)
            local = moment if site is None else calendar(site.time_zone).local(int(moment.timestamp()))
        except (ValueError, OverflowError, OSError, ConfigurationError):
            return plain(written)
        return f"{local:%Y-%m-%d %H:%M:%S}"


class _BackDialog:
    """Asks once more, with what would change."""

    def __init__(self, visit: PageVisit) -> None:
        self._visit = visit
        self._revision = 0
        with ui.dialog() as self._dialog, ui.card().classes("vd-panel vd-sheet"):
            with ui.element("h2").classes("vd-sheet-title"):
                self._title = ui.label()
            self._said = ui.column().classes("full-width vd-changes")
            with ui.element("div").classes("vd-buttons"):
                self._back = ui.button(texts.FILE_BACK, on_click=self._on_back).props("unelevated")
                ui.button(texts.CLOSE, on_click=self._dialog.close).props("outline")

    async def open(self, form: RevisionForm) -> None:
        """Show what going back would change."""
        visit, self._revision = self._visit, form.revision
        self._title.set_text(texts.FILE_BACK_TO.format(revision=form.revision))
        self._back.disable()
        self._tell(texts.FILE_READING)
        self._dialog.open()
        if visit.watch.fleet_version != __version__:  # one of before would go back at once, instead of saying what would change
            self._tell(texts.FILE_OTHER_VERSION.format(theirs=plain(visit.watch.fleet_version), ours=__version__))
            self._back.enable()
            return
        try:
            answer = await visit.console.bus.wish(visit.person, visit.home, "rollback", revision=form.revision, dry_run=True)
        except VirtualDevicesError as error:
            self._tell(str(error), wrong=True)
            return
        if self._revision != form.revision:
            return
        self._tell(answer.said, answer.changes)
        self._back.set_enabled(bool(answer.changes))

    async def _on_back(self) -> None:
        visit = self._visit
        self._back.disable()
        try:
            await visit.console.bus.wish(visit.person, visit.home, "rollback", revision=self._revision)
        except VirtualDevicesError as error:
            self._tell(str(error), wrong=True)
            return
        self._dialog.close()
        ui.notify(texts.FILE_WENT_BACK.format(revision=self._revision), type="positive", position="top")

    def _tell(self, said: str, changes: list[str] | None = None, *, wrong: bool = False) -> None:
        self._said.clear()
        with self._said:
            ui.label(plain(said)).classes("vd-warn" if wrong else "vd-file-said")
            listed(changes or [])
