"""A moment of the past, asked about: what was decided then and why, who set what led to it, what flowed and cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nicegui import run, ui

from virtual_devices.console import texts
from virtual_devices.console.parts.safe import plain
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.record.reading import why_words
from virtual_devices.record.reading.asked import Times
from virtual_devices.record.reading.why import Why, why


class MomentPanel:
    """A field for a time, and below it what was then. path: of the record that is shown, None without one.  told: called with each moment that was found."""

    def __init__(self, path: Callable[[], Path | None], told: Callable[[Why], None]) -> None:
        self._path, self._told = path, told
        self._found: Why | None = None
        with ui.element("section").classes("vd-panel"):
            with ui.element("h2"):
                ui.label(texts.AT_A_MOMENT)
            with ui.element("div").classes("vd-past-head"):
                self._field = ui.input(texts.MOMENT).props('type="datetime-local" step="1" stack-label dense').on("keydown.enter", self._ask)
                ui.button(texts.ASK, on_click=self._ask).props("outline")
            self._wrong = ui.label().classes("vd-warn").props('role="alert"')
            self._wrong.set_visibility(False)
            with ui.element("div").props('aria-live="polite"'), ui.element("div") as self._words:
                ui.label(texts.NO_MOMENT).classes("vd-soft")
            with ui.element("div") as self._settings:
                with ui.element("h3"):
                    ui.label(texts.SETTINGS_THEN)
                columns = [{"name": name, "label": label, "field": name, "align": "left"} for name, label in (("what", texts.SETTING_COLUMN), ("value", texts.VALUE_COLUMN), ("by", texts.BY_COLUMN))]
                self._table = ui.table(rows=[], columns=columns, row_key="what", pagination=0).props("flat dense wrap-cells hide-pagination hide-no-data").classes("vd-past-words")
                self._notes = ui.label().classes("vd-soft")
                self._all = ui.checkbox(texts.ALL_THEN, on_change=self._more)
            self._settings.set_visibility(False)

    async def _ask(self) -> None:
        text = str(self._field.value or "")
        if text:
            await self.show(lambda times: times.moment(text))

    async def show(self, moment: Callable[[Times], int]) -> None:
        """Tell of a moment, or what is wrong with it."""
        path = self._path()
        if path is None:
            return
        try:
            found: Why | None = await run.io_bound(why, path, moment, everything=self._all.value)
        except VirtualDevicesError as error:
            self._wrong.set_text(plain(str(error)))
            self._wrong.set_visibility(True)
            return
        if found is None:
            return  # the console ends
        self._wrong.set_visibility(False)
        self._found = found
        self._field.set_value((found.written(found.time) or "")[:19])
        self._words.clear()
        with self._words:
            with ui.element("p"):
                ui.label(plain(why_words.title(found)))
            for about, words in why_words.sections(found):
                with ui.element("h3"):
                    ui.label(texts.ABOUT[about])
                for each in words:
                    with ui.element("p"):
                        ui.label(plain(each))
        self._fill()
        self._told(found)
        ui.run_javascript(f"getHtmlElement({self._words.id})?.scrollIntoView({{ block: 'nearest' }})")  # below a chart, on a phone, out of sight

    async def _more(self) -> None:
        """The settings of all devices, or of those only that lead."""
        if self._found is not None:
            time = self._found.time
            await self.show(lambda _: time)

    def _fill(self) -> None:
        if self._found is None:
            return
        rows = why_words.setting_rows(self._found, everything=self._all.value)
        self._table.rows = [{"what": plain(what), "value": plain(value), "by": plain(by)} for what, value, by in rows]
        self._notes.set_text(" ".join(why_words.setting_notes(self._found)))
        self._settings.set_visibility(True)
