"""The table of all homes: a line for each, which follows it, with what can be done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.numbers import LocalNumbers
from virtual_devices.console.parts import symbols
from virtual_devices.console.parts.safe import plain
from virtual_devices.console.watching.books import Audited
from virtual_devices.console.watching.homes_words import NONE, audit_long, cells
from virtual_devices.console.watching.overview import HomeRow

_NUMBERS = ("soc", "solar", "load", "cost", "devices")
Doing = Callable[[str], Any]


class HomeActions:
    """What lines call, by home. keeps: whether somebody hosts homes here.  builds: whether the person may make and end them."""

    def __init__(self, *, start: Doing, stop: Doing, copy: Doing, delete: Doing, keeps: bool, builds: bool) -> None:
        self.start, self.stop, self.copy, self.delete = start, stop, copy, delete
        self.keeps, self.builds = keeps, builds


class HomeLine:
    """One home. name: its name, in links only where it is one."""

    def __init__(self, name: str, actions: HomeActions, numbers: LocalNumbers) -> None:
        self._actions, self._numbers = actions, numbers
        self._name = name
        self._shown: tuple[HomeRow, Audited | None, bool, str, str] | None = None
        self._cells: dict[str, ui.label] = {}
        with ui.element("tr") as self.row:
            self.row.props["data-home"] = name
            with ui.element("td").classes("vd-whole"):
                ui.link(name, f"/home/{name}").classes("vd-home-link")
                self._why = ui.label().classes("vd-why")
            for column, head in texts.HOMES_HEADS.items():
                with ui.element("td") as cell:
                    cell.props["data-head"] = head
                    cell.classes("vd-num" if column in _NUMBERS else "")
                    self._cells[column] = ui.label()
            with ui.element("td").classes("vd-acts"):
                self._buttons()
        self._cells["state"].classes("vd-state")

    def _buttons(self) -> None:
        actions, name = self._actions, self._name
        ui.link(texts.HEALTH, f"/home/{name}/health").classes("q-mr-sm")
        if not actions.builds:
            return
        self._stop = ui.button(texts.STOP, on_click=lambda: actions.stop(name)).props('outline no-caps padding="xs md"')
        self._start = ui.button(texts.START, on_click=lambda: actions.start(name)).props('outline no-caps padding="xs md"')
        if actions.keeps:
            with ui.button(icon=symbols.MORE).props("flat round dense") as more, ui.menu():
                more.props["aria-label"] = texts.MORE
                ui.menu_item(texts.COPY, on_click=lambda: actions.copy(name))
                ui.menu_item(texts.DELETE, on_click=lambda: actions.delete(name))

    def show(self, row: HomeRow, audited: Audited | None, *, stored: bool, why: str, doing: str) -> None:
        """Follow the home. why: its process ended.  doing: what is being done with it, in a word."""
        now = (row, audited, stored, why, doing)
        if now == self._shown:
            return
        self._shown = now
        for column, text in cells(row, audited, self._numbers).items():
            self._cells[column].set_text(text)
            self._cells[column].classes(add="vd-blank" if text == NONE else "", remove="" if text == NONE else "vd-blank")
        self._why.set_text(plain(why))
        self._why.set_visibility(bool(why))
        self._cells["state"].classes(remove="vd-running vd-paused vd-waiting vd-stopped vd-sick", add="vd-sick" if why else f"vd-{row.condition}")
        audit = self._cells["audit"]
        audit.classes(remove="vd-check vd-cross", add="" if audited is None or audited.ok is None else "vd-check" if audited.ok else "vd-cross")
        audit.props["title"] = plain(audit_long(audited))
        audit.update()
        if self._actions.builds:
            stopped = row.condition == "stopped"
            self._stop.set_visibility(not stopped and row.fleet)
            self._start.set_visibility(stopped and stored)
            for button, word in ((self._stop, texts.STOP), (self._start, texts.START)):
                button.set_text(doing or word)
                button.set_enabled(not doing)

    def seen(self, *, visible: bool) -> None:
        """Be there, or not."""
        self.row.set_visibility(visible)


class HomesTable:
    """All lines, by name. numbers: as who looks writes them."""

    def __init__(self, actions: HomeActions, numbers: LocalNumbers) -> None:
        self._actions, self._numbers = actions, numbers
        self._lines: dict[str, HomeLine] = {}
        with ui.element("table").classes("vd-table vd-homes") as self.table:
            with ui.element("thead"), ui.element("tr"):
                for column, head in {"name": texts.HOME_COLUMN, **texts.HOMES_HEADS, "acts": texts.ACTIONS_COLUMN}.items():
                    with ui.element("th").props('scope="col"').classes("vd-num" if column in _NUMBERS else ""):
                        ui.label(head).classes("vd-hidden" if column == "acts" else "")
            self._body = ui.element("tbody")

    def show(
        self, rows: Mapping[str, HomeRow], audits: Mapping[str, Audited], stored: frozenset[str], ended: Mapping[str, str], doing: Mapping[str, str], found: Collection[str]
    ) -> None:
        """Follow the homes. found: only these are to be seen."""
        for name in self._lines.keys() - rows.keys():
            self._lines.pop(name).row.delete()
        for place, (name, row) in enumerate(sorted(rows.items())):
            line = self._lines.get(name)
            if line is None:
                with self._body:
                    line = self._lines[name] = HomeLine(name, self._actions, self._numbers)
                    line.row.move(target_index=place)
            line.show(row, audits.get(name), stored=name in stored, why=ended.get(name, ""), doing=doing.get(name, ""))
            line.seen(visible=name in found)
