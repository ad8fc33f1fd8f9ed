"""What a run came to: a record's report, with its words, tables and pictures, as a page of the console."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request
from nicegui import run, ui
from nicegui.events import ValueChangeEventArguments

from virtual_devices.answers.charts.markup import Markup
from virtual_devices.answers.report.page import asset, body, page
from virtual_devices.answers.report.reading import RunSeen, see
from virtual_devices.console import texts
from virtual_devices.console.console import Console, PageVisit
from virtual_devices.console.parts.drawn import put
from virtual_devices.console.parts.frame import show_home
from virtual_devices.console.parts.safe import drawn, plain
from virtual_devices.console.past.records import HomeRecords, KeptPast
from virtual_devices.kit.errors import VirtualDevicesError

_ALIVE = "(() => {{ const begin = () => {{ const root = document.getElementById('{within}')?.querySelector('.vdr'); if (root) vdReport(root); else requestAnimationFrame(begin); }}; begin(); }})()"
"""The browser shows the report some moments after it was sent."""


def add(console: Console) -> None:
    """Serve ``/home/<name>/answers``."""

    @ui.page("/home/{name}/answers")
    async def answers(request: Request, name: str) -> None:
        recorded = name not in console.bus.homes and bool(await run.io_bound(console.records.of, name))
        show_home(console, request, name, "answers", AnswersPage, known=recorded)


@dataclass(frozen=True, slots=True)
class _Report:
    """What a thread has read: the records that there are, the one that is shown, and its report."""

    runs: Sequence[KeptPast]
    seen: RunSeen
    content: Markup


def _read(records: HomeRecords, home: str, of_run: str | None) -> _Report | None:
    """In a thread. None where there is no record. Raises VirtualDevicesError for one that is damaged."""
    runs = records.of(home)
    kept = next((each for each in reversed(runs) if of_run in (None, each.run)), None)
    if kept is None:
        return None
    seen = see(kept.path)
    return _Report(runs, seen, body(seen, time.time()))


class AnswersPage:
    """One page in one browser. A report is of the moment in which it was read, until somebody wants it read again or another run."""

    def __init__(self, visit: PageVisit) -> None:
        self._visit = visit
        self._run: str | None = None
        self._now: _Report | None = None
        ui.add_css(asset("report.css"))
        ui.add_body_html(f"<script>{asset('report.js')}</script>")
        self._nothing = ui.element("section").classes("vd-panel")
        with self._nothing:
            ui.label(texts.NO_RECORD)
            ui.label(texts.HOW_TO_RECORD).classes("vd-soft")
        self._nothing.set_visibility(False)
        with ui.element("section").classes("vd-panel"):
            with ui.element("div").classes("vd-past-head"):
                with ui.element("div").classes("vd-buttons"):
                    self._again = ui.button(texts.ANSWERS_AGAIN, on_click=self._load).props("outline")
                    self._page = ui.button(texts.ANSWERS_PAGE, on_click=self._download).props("outline")
                self._runs = ui.select([], label=texts.RUN, on_change=self._chosen).props("dense options-dense dropdown-icon='M7 10l5 5 5-5z'").classes("vd-past-run")
            self._note = ui.label(texts.ANSWERS_READING).classes("vd-soft").props('role="status"')
            self._wrong = ui.label().classes("vd-warn").props('role="alert"')
            self._shown = ui.element("div").classes("vd-answers")
        self._runs.set_visibility(False)
        self._page.set_enabled(False)
        ui.timer(0.0, self._load, once=True)

    async def _load(self) -> None:
        self._again.set_enabled(False)
        self._note.set_visibility(True)
        try:
            now = await run.io_bound(_read, self._visit.console.records, self._visit.home, self._run)
        except VirtualDevicesError as error:
            self._wrong.set_text(plain(str(error)))
            return
        finally:
            self._again.set_enabled(True)
            self._note.set_visibility(False)
        self._wrong.set_text("")
        self._now = now
        self._nothing.set_visibility(now is None)
        self._page.set_enabled(now is not None)
        if now is not None:
            self._fill(now)

    def _fill(self, now: _Report) -> None:
        self._runs.set_options([each.run for each in reversed(now.runs)], value=now.seen.facts.run)
        self._runs.set_visibility(len(now.runs) > 1)
        self._shown.clear()
        with self._shown:
            put(drawn(now.content))
        ui.run_javascript(_ALIVE.format(within=self._shown.html_id))

    async def _chosen(self, event: ValueChangeEventArguments[str]) -> None:
        if self._now is not None and event.value != self._now.seen.facts.run:
            self._run = str(event.value)
            await self._load()

    async def _download(self) -> None:
        if self._now is None:
            return
        seen = self._now.seen

        async def download() -> None:
            text = await run.io_bound(page, seen, time.time())
            if text is not None:  # else the console ends
                ui.download.content(text.encode(), f"{self._visit.home}-report.html", "text/html")

        await self._visit.told(download())
